"""Who may use the service, and who is asking?

Accounts, their passwords, tokens and sessions, kept in Redis.  Asked by the API on every request and by ``socials
account`` and ``token``.  What an account may spend is :mod:`worker.accounts.quota`, how often it may do something
:mod:`worker.accounts.rates`.

A token or session is a random secret that carries its account and its id, so that it is looked up under its account's
keys; Redis holds only an HMAC of it.  Passwords are kept by Argon2id, computed in threads.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self

from worker.accounts.credentials import (
    Credential,
    digest_of,
    hash_password,
    is_digest,
    is_password,
    new_credential,
    read,
)
from worker.accounts.keys import ACCOUNTS, AccountKeys
from worker.accounts.quota import Month, ef, month_of, units
from worker.accounts.scripts import ADD_ACCOUNT, CHANGE
from worker.accounts.secret_check import accept_secret, check_secret
from worker.accounts.webhook_secret import signing_secret
from worker.connection import Unavailable, for_api, guarded

LOCAL_ACCOUNT = "local"
"""The account that ``socials serve`` makes on a fresh machine."""

USED_EVERY_MS = 60_000
"""How fresh the time of a token's last use is kept, in milliseconds: a write for each request would be too many."""


LINK_S = 600
"""How long a sign-in link may be used, in seconds."""


class AccountError(Exception):
    """An account or token cannot be made or found; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    ``ceiling_ef`` is what it may spend in a calendar month (UTC), ``None``: as much as it likes.
    """

    id: str
    email: str
    is_active: bool
    ceiling_ef: Decimal | None
    created_at: datetime
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; its secret is not."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


class Accounts:
    """Accounts in Redis; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any, secret: str) -> None:
        self._redis = connection
        self._secret = secret
        self._add = connection.register_script(ADD_ACCOUNT)
        self._change = connection.register_script(CHANGE)

    @classmethod
    def connect(cls, url: str, secret: str) -> Self:
        """Connect lazily.

        Args:
            url: the Redis.
            secret: key of the hashes of tokens and sessions.
        """
        return cls(for_api(url), secret)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def check_secret(self) -> None:
        """Say whether the secret is the one of the stored hashes.

        Raises:
            WrongSecret: it is another one.
        """
        await check_secret(self._redis, self._secret)

    async def accept_secret(self) -> int:
        """Go on with another secret; returns how many tokens, sessions and links were revoked."""
        return await accept_secret(self._redis, self._secret)

    async def add(
        self,
        email: str,
        password: str | None,
        ceiling_ef: Decimal | None,
        account_id: str | None = None,
        *,
        is_operator: bool = False,
    ) -> Account:
        """Make an account.

        Args:
            email: to sign in with; ``""`` where only tokens are used.
            password: to sign in with; ``None``: signing in is not possible.
            ceiling_ef: what it may spend in a month; ``None``: as much as it likes.
            account_id: its id; a random one without it.
            is_operator: whether it sees how the whole service stands.

        Raises:
            AccountError: there is an account of that e-mail or id.
        """
        account_id = account_id or uuid.uuid4().hex[:12]
        email = _email(email)
        record = {
            "email": email,
            "password": await hash_password(password) if password is not None else "",
            "is_active": 1,
            "is_operator": int(is_operator),
            "created_at_ms": _now_ms(),
            **({"ceiling": units(ceiling_ef)} if ceiling_ef is not None else {}),
        }
        with guarded():
            fields = [part for pair in record.items() for part in pair]
            keys = [ACCOUNTS, AccountKeys(account_id).record]
            is_new = await self._add(keys=keys, args=[email or account_id, account_id, *fields])
        if not is_new:
            raise AccountError(f"there is an account {email or account_id} already")
        return _account(account_id, record)

    async def all(self) -> list[Account]:
        """Return all accounts, by the time they were made."""
        with guarded():
            ids = sorted((await self._redis.hgetall(ACCOUNTS)).values())
        found = [await self.get(account_id) for account_id in ids]
        return sorted((account for account in found if account), key=lambda account: account.created_at)

    async def get(self, account_id: str) -> Account | None:
        """Return the account of an id."""
        with guarded():
            record = await self._redis.hgetall(AccountKeys(account_id).record)
        return _account(account_id, record) if record else None

    async def find(self, name: str) -> Account:
        """Return the account of an id or e-mail.

        Raises:
            AccountError: there is none.
        """
        with guarded():
            account_id = await self._redis.hget(ACCOUNTS, name.strip().casefold())
        account = await self.get(account_id or name)
        if account is None:
            raise AccountError(f"there is no account {name}; `socials account list` shows them")
        return account

    async def set_active(self, account_id: str, *, is_active: bool) -> None:
        """Switch an account on or off."""
        await self._set(account_id, {"is_active": int(is_active)})

    async def set_ceiling(self, account_id: str, ceiling_ef: Decimal | None) -> None:
        """Change what an account may spend in a month."""
        if ceiling_ef is not None:
            await self._set(account_id, {"ceiling": units(ceiling_ef)})
            return
        with guarded():
            await self._redis.hdel(AccountKeys(account_id).record, "ceiling")

    async def set_password(self, account_id: str, password: str) -> None:
        """Change a password, and end all sessions that the old one opened."""
        await self._set(account_id, {"password": await hash_password(password)})
        await self.close_sessions(account_id)

    async def set_operator(self, account_id: str, *, is_operator: bool) -> None:
        """Say whether an account sees how the whole service stands."""
        await self._set(account_id, {"is_operator": int(is_operator)})

    async def with_password(self, email: str, password: str) -> Account | None:
        """Return the account that signs in with these, or ``None``; takes the same time for an unknown e-mail."""
        with guarded():
            # An unknown e-mail takes the same steps, to an account that cannot be.
            account_id = await self._redis.hget(ACCOUNTS, email.strip().casefold()) or "-"
            record = await self._redis.hgetall(AccountKeys(account_id).record)
        is_right = await is_password(password, record.get("password", ""))
        return _account(account_id, record) if is_right and record.get("email") else None

    async def month(self, account_id: str) -> Month:
        """Return what an account has spent and reserved this month."""
        name = month_of(datetime.now(UTC))
        with guarded():
            spent, reserved = await self._redis.hmget(
                AccountKeys(account_id).quota, f"spent:{name}", f"reserved:{name}"
            )
        return Month(name, ef(int(spent or 0)), ef(int(reserved or 0)))

    async def create_token(self, account_id: str, name: str) -> tuple[str, Token]:
        """Make a token; it is returned this once and kept as a hash only."""
        credential = new_credential("token", account_id)
        keys = AccountKeys(account_id)
        record = {"digest": digest_of(credential, self._secret), "name": name, "created_at_ms": _now_ms()}
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hset(keys.credential("token", credential.id), mapping=record)
                step.sadd(keys.tokens, credential.id)
                await step.execute()
        return credential.text, _token(credential.id, record)

    async def tokens(self, account_id: str) -> list[Token]:
        """Return the account's tokens, oldest first."""
        keys = AccountKeys(account_id)
        with guarded():
            ids = sorted(await self._redis.smembers(keys.tokens))
            records = [await self._redis.hgetall(keys.credential("token", token_id)) for token_id in ids]
        found = [_token(token_id, record) for token_id, record in zip(ids, records, strict=True) if record]
        return sorted(found, key=lambda token: token.created_at)

    async def revoke_token(self, account_id: str, token_id: str) -> bool:
        """Make a token void; say whether there was one."""
        keys = AccountKeys(account_id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.delete(keys.credential("token", token_id))
                step.srem(keys.tokens, token_id)
                deleted, _ = await step.execute()
        return bool(deleted)

    async def open_session(self, account_id: str, life_s: int) -> str:
        """Open a session; the text for the cookie is kept as a hash only."""
        credential = new_credential("session", account_id)
        key = AccountKeys(account_id).credential("session", credential.id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hset(key, mapping={"digest": digest_of(credential, self._secret), "created_at_ms": _now_ms()})
                step.expire(key, life_s)
                await step.execute()
        return credential.text

    async def close_session(self, text: str) -> None:
        """End a session; harmless when repeated."""
        credential = read("session", text)
        if credential is not None:
            with guarded():
                await self._redis.delete(AccountKeys(credential.account_id).credential("session", credential.id))

    async def close_sessions(self, account_id: str) -> None:
        """End all sessions of an account, and its unused sign-in links."""
        with guarded():
            for kind in ("session", "link"):
                async for key in self._redis.scan_iter(AccountKeys(account_id).credential(kind, "*"), count=1000):
                    await self._redis.delete(key)

    async def create_link(self, account_id: str) -> str:
        """Make the secret of a sign-in link, good for one use within :data:`LINK_S`; kept as a hash only."""
        credential = new_credential("link", account_id)
        key = AccountKeys(account_id).credential("link", credential.id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hset(key, mapping={"digest": digest_of(credential, self._secret), "created_at_ms": _now_ms()})
                step.expire(key, LINK_S)
                await step.execute()
        return credential.text

    async def use_link(self, text: str) -> Account | None:
        """Return the account that a sign-in link signs in, and use the link up; ``None`` where it is void."""
        credential = read("link", text)
        owner = await self.owner(credential) if credential else None
        if credential is None or owner is None:
            return None
        with guarded():
            # Of two who use it at the same time, one deletes it.
            is_first = await self._redis.delete(AccountKeys(owner.id).credential("link", credential.id))
        return owner if is_first else None

    async def owner(self, credential: Credential) -> Account | None:
        """Return the account that a token or session speaks for, active or not; ``None`` where it is void."""
        keys = AccountKeys(credential.account_id)
        key = keys.credential(credential.kind, credential.id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                kept, account = await step.hmget(key, "digest", "used_at_ms").hgetall(keys.record).execute()
        if not is_digest(credential, self._secret, kept[0] or "") or not account:
            return None
        await self._note_use(key, int(kept[1] or 0))
        return _account(credential.account_id, account)

    async def webhook_secret(self, account_id: str, *, is_renewed: bool = False) -> str:
        """Return what signs the account's webhooks; a new one where asked for, and then no other any more."""
        return await signing_secret(self._redis, account_id, self._secret, is_renewed=is_renewed)

    async def _note_use(self, key: str, used_at_ms: int) -> None:
        now_ms = _now_ms()
        if now_ms - used_at_ms < USED_EVERY_MS:
            return
        try:
            with guarded():
                await self._change(keys=[key], args=["used_at_ms", now_ms])
        except Unavailable:
            return  # a Redis that refuses writes still answers reads

    async def _set(self, account_id: str, fields: Mapping[str, Any]) -> None:
        with guarded():
            args = [part for pair in fields.items() for part in pair]
            is_there = await self._change(keys=[AccountKeys(account_id).record], args=args)
        if not is_there:
            raise AccountError(f"there is no account {account_id}")


def _email(text: str) -> str:
    """An e-mail as it is compared: no two accounts differ in case alone."""
    email = text.strip().casefold()
    name, at, host = email.rpartition("@")
    is_email = bool(name and at and host) and len(email) <= 254 and email.isprintable() and " " not in email
    if email and not is_email:
        raise AccountError(f"{text!r} is no e-mail address")
    return email


def _account(account_id: str, record: Mapping[str, Any]) -> Account:
    ceiling = record.get("ceiling")
    return Account(
        account_id,
        str(record["email"]),
        int(record["is_active"]) == 1,
        ef(int(ceiling)) if ceiling is not None else None,
        _time(record["created_at_ms"]),
        # Accounts made before there were operators: the one that the machine's own service made is one.
        str(record.get("is_operator", int(account_id == LOCAL_ACCOUNT))) == "1",
    )


def _token(token_id: str, record: Mapping[str, Any]) -> Token:
    used_at_ms = record.get("used_at_ms")
    return Token(
        token_id,
        str(record.get("name", "")),
        _time(record["created_at_ms"]),
        _time(used_at_ms) if used_at_ms else None,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _time(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
