"""With what are the webhooks of an account signed?

Asked by the API, which shows it to callers that create a job with a webhook, and by
:mod:`worker.webhooks.delivery`, which signs.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from worker.accounts.keys import AccountKeys
from worker.connection import guarded


async def signing_secret(connection: Any, account_id: str, master: str, *, is_renewed: bool = False) -> str:
    """Return the secret that signs an account's webhooks, ``whsec_`` and 32 bytes in base64.

    It follows from the service's secret and a random number kept with the account: neither a copy of Redis nor the
    service's secret alone gives it away.

    Args:
        connection: Redis, asynchronous.
        account_id: whose it is.
        master: ``Settings.secret``.
        is_renewed: make a new one; the old one signs nothing any more.
    """
    key = AccountKeys(account_id).webhook_salt
    with guarded():
        async with connection.pipeline(transaction=True) as step:
            step.set(key, secrets.token_hex(32), nx=not is_renewed)
            _, salt = await step.get(key).execute()
    digest = hmac.digest(master.encode(), f"webhook {account_id} {salt}".encode(), hashlib.sha256)
    return f"whsec_{base64.b64encode(digest).decode()}"
