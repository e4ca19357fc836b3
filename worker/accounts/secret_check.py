"""Is the service's secret the one with which tokens and sessions were stored?

Redis holds a value that follows from the secret: a process with another one is refused at once, instead of printing
tokens that nothing accepts.  Asked by every command and process that has the secret.
"""

import hashlib
import hmac
from typing import Any

from worker.accounts.keys import ACCOUNTS, SECRET_CHECK, AccountKeys
from worker.connection import guarded


class WrongSecret(Exception):  # noqa: N818  # it names a state, not a mistake
    """The secret is not the one of the stored tokens; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "SOCIALS_SECRET is not the secret that the stored tokens and sessions were made with. Fix: set the "
            "original secret; or replace it for good with `socials account accept-secret`, which revokes them all"
        )


async def check_secret(connection: Any, secret: str) -> None:
    """Compare the secret with the one used before; the first one is the one to compare with.

    Args:
        connection: Redis, asynchronous.
        secret: ``Settings.secret``.

    Raises:
        WrongSecret: it is another one.
    """
    with guarded():
        async with connection.pipeline(transaction=True) as step:
            step.set(SECRET_CHECK, _value(secret), nx=True)
            _, kept = await step.get(SECRET_CHECK).execute()
    if not hmac.compare_digest(kept or "", _value(secret)):
        raise WrongSecret


async def accept_secret(connection: Any, secret: str) -> int:
    """Go on with another secret: revoke what was stored under the old one.

    Returns:
        How many tokens, sessions and sign-in links were revoked.
    """
    with guarded():
        account_ids = set((await connection.hgetall(ACCOUNTS)).values())
        revoked_count = 0
        for account_id in sorted(account_ids):
            keys = AccountKeys(account_id)
            for kind in ("token", "session", "link"):
                async for key in connection.scan_iter(keys.credential(kind, "*")):
                    revoked_count += await connection.delete(key)
            await connection.delete(keys.tokens)
        # Last: broken off before, the next attempt goes on.
        await connection.set(SECRET_CHECK, _value(secret))
    return revoked_count


def _value(secret: str) -> str:
    return hmac.new(secret.encode(), b"socials secret check", hashlib.sha256).hexdigest()
