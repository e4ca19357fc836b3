"""Which keys does an account have in Redis, and which steps on them are atomic?

The one place that spells the key names of accounts; those of jobs are in :mod:`worker.jobs.keys`.

====================================  ==============================================================================
``socials:ACCOUNT:account``           hash: ``email``, ``password`` (Argon2), ``is_active``, ``is_operator``,
                                      ``ceiling`` (in units; absent: none), ``created_at_ms``
``socials:ACCOUNT:tokens``            set: ids of the account's tokens
``socials:ACCOUNT:token:ID``          hash: ``digest``, ``name``, ``created_at_ms``, ``used_at_ms``
``socials:ACCOUNT:session:ID``        hash: the same of a session; it lives as long as the session
``socials:ACCOUNT:link:ID``           hash: ``digest``; a sign-in link, until it is used or ten minutes are over
``socials:ACCOUNT:rate:WHAT``         hash: a token bucket; it lives until it would be full again
``socials:ACCOUNT:webhook-salt``      string: the account's part of the secret that signs its webhooks
``socials:ACCOUNT:quota``             hash: ``spent:MONTH``, ``reserved:MONTH`` in units, and per job that has not
                                      ended ``job:ID``: ``MONTH UNITS``, what is reserved for it
``socials:ACCOUNT:streams``           sorted set: the account's open event streams by when they are given up
``socials:accounts``                  hash: e-mail, or id where an account has none -> id.  Of no account, like
``socials:rate:sign-in:DIGEST``       the bucket of sign-ins with one e-mail, or from one address, and
``socials:secret-check``              string: shows whether a process has the secret of all these hashes
====================================  ==============================================================================
"""

import re
from dataclasses import dataclass

ACCOUNTS = "socials:accounts"

SECRET_CHECK = "socials:secret-check"  # noqa: S105  # the name of a key

ACCOUNT_ID = re.compile(r"[a-z0-9]{1,32}")
"""What an account's id looks like; anything else never becomes part of a key."""


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """The keys of one account."""

    account_id: str

    @property
    def record(self) -> str:
        """Hash: the account."""
        return f"socials:{self.account_id}:account"

    @property
    def tokens(self) -> str:
        """Set: ids of its tokens."""
        return f"socials:{self.account_id}:tokens"

    def credential(self, kind: str, credential_id: str) -> str:
        """Hash: one ``token``, ``session`` or ``link``."""
        return f"socials:{self.account_id}:{kind}:{credential_id}"

    def rate(self, what: str) -> str:
        """Hash: how often the account may do something."""
        return f"socials:{self.account_id}:rate:{what}"

    @property
    def webhook_salt(self) -> str:
        """String: the account's part of the secret that signs its webhooks."""
        return f"socials:{self.account_id}:webhook-salt"

    @property
    def quota(self) -> str:
        """Hash: what is spent and reserved."""
        return f"socials:{self.account_id}:quota"

    @property
    def streams(self) -> str:
        """Sorted set: open event streams."""
        return f"socials:{self.account_id}:streams"


def sign_in_rate(digest: str) -> str:
    """Hash: attempts to sign in."""
    return f"socials:rate:sign-in:{digest}"
