"""What is a token, a session, a password, and how is one verified?

Random texts, keyed hashes and Argon2; no Redis.  Asked by :mod:`worker.accounts.store` and the API.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal

import argon2

from worker.accounts.keys import ACCOUNT_ID

Kind = Literal["token", "session", "link"]

MAX_PASSWORD_LENGTH = 1024
"""Longest password that is hashed, in characters; chosen, so that hashing takes the time it should."""

MAX_AT_A_TIME = 2
"""Passwords hashed at a time in one process: each takes 64 MiB and four threads."""

_PREFIXES: dict[Kind, str] = {"token": "socials", "session": "session", "link": "link"}
_TEXT = re.compile(rf"(socials|session|link)_({ACCOUNT_ID.pattern})_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")

_hasher = argon2.PasswordHasher()


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, session or sign-in link as the caller shows it; ``text`` is the secret."""

    kind: Kind
    account_id: str
    id: str
    text: str

    def __repr__(self) -> str:
        """Name it without its secret: this may end in a log."""
        return f"Credential({self.kind} {self.id} of {self.account_id})"


def new_credential(kind: Kind, account_id: str) -> Credential:
    """Make one, of 256 random bits."""
    credential_id = secrets.token_hex(8)
    text = f"{_PREFIXES[kind]}_{account_id}_{credential_id}_{secrets.token_urlsafe(32)}"
    return Credential(kind, account_id, credential_id, text)


def read(kind: Kind, text: str) -> Credential | None:
    """Read a credential that a caller shows; ``None`` where it is none of that kind."""
    found = _TEXT.fullmatch(text)
    if found is None or found[1] != _PREFIXES[kind]:
        return None
    return Credential(kind, found[2], found[3], text)


def digest_of(credential: Credential, secret: str) -> str:
    """Return the keyed hash under which a credential is stored."""
    return hmac.new(secret.encode(), credential.text.encode(), hashlib.sha256).hexdigest()


def is_digest(credential: Credential, secret: str, digest: str) -> bool:
    """Say in constant time whether a stored hash is of this credential."""
    return hmac.compare_digest(digest_of(credential, secret), digest)


async def hash_password(password: str) -> str:
    """Hash a password with Argon2id, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _hasher.hash, password)


async def is_password(password: str, stored: str) -> bool:
    """Say whether a password is the stored one, in a thread; takes its time where none is stored, too."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _is_password, password, stored)


def _is_password(password: str, stored: str) -> bool:
    # Before the choice: the first one waits for it whether the account is there or not.
    decoy = _decoy()
    try:
        _hasher.verify(stored or decoy, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return bool(stored)


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads of their own: a rush of sign-ins must not hold up what else waits for a thread."""
    return ThreadPoolExecutor(MAX_AT_A_TIME, thread_name_prefix="passwords")


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
