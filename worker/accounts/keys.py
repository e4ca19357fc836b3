"""Which keys does an account have in Redis, and which steps on them are atomic?

The one place that spells the key names and Lua scripts of accounts; those of jobs are in :mod:`worker.jobs.keys`.

====================================  ==============================================================================
``socials:ACCOUNT:account``           hash: ``email``, ``password`` (Argon2), ``is_active``, ``ceiling`` (in units;
                                      absent: none), ``created_at_ms``
``socials:ACCOUNT:tokens``            set: ids of the account's tokens
``socials:ACCOUNT:token:ID``          hash: ``digest``, ``name``, ``created_at_ms``, ``used_at_ms``
``socials:ACCOUNT:session:ID``        hash: the same of a session; it lives as long as the session
``socials:ACCOUNT:rate:WHAT``         hash: a token bucket; it lives until it would be full again
``socials:ACCOUNT:webhook-salt``      string: the account's part of the secret that signs its webhooks
``socials:ACCOUNT:quota``             hash: ``spent:MONTH``, ``reserved:MONTH`` in units, and per job that has not
                                      ended ``job:ID``: ``MONTH UNITS``, what is reserved for it
``socials:ACCOUNT:streams``           sorted set: the account's open event streams by when they are given up
``socials:accounts``                  hash: e-mail, or id where an account has none -> id.  Of no account, like
``socials:rate:sign-in:DIGEST``       the bucket of sign-ins with one e-mail, or from one address.
====================================  ==============================================================================
"""

import re
from dataclasses import dataclass

ACCOUNTS = "socials:accounts"

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
        """Hash: one ``token`` or ``session``."""
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
    """Hash: how often somebody may try to sign in."""
    return f"socials:rate:sign-in:{digest}"


ADD_ACCOUNT = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
return 1
"""
"""Make an account unless its name is taken.  KEYS: accounts, record.  ARGV: sign-in name, id, fields of the record.
Returns 1 if it was made."""

CHANGE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
"""
"""Change fields of a hash that exists; what was deleted meanwhile does not come back.  KEYS: hash.  ARGV: fields."""

TAKE = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local most, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at_ms')
local level = most
if kept[1] then
  local passed_ms = math.max(0, now_ms - tonumber(kept[2]))
  level = math.min(most, tonumber(kept[1]) + passed_ms * most / window_ms)
end
local is_allowed = 0
if level >= 1 then
  is_allowed = 1
  level = level - 1
end
local full_ms = math.ceil((most - level) * window_ms / most)
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at_ms', now_ms)
redis.call('PEXPIRE', KEYS[1], math.max(1, full_ms))
return {is_allowed, math.floor(level), math.ceil(math.max(0, 1 - level) * window_ms / most), full_ms}
"""
"""Take a token out of a bucket that fills up steadily.  KEYS: bucket.  ARGV: tokens it holds, time in which an empty
one is full again in ms.  Returns whether there was one, whole tokens left, ms until the next, ms until it is full."""

OPEN_STREAM = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms)
local most = tonumber(ARGV[2])
if most > 0 and redis.call('ZCARD', KEYS[1]) >= most then return 0 end
redis.call('ZADD', KEYS[1], now_ms + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
"""Count an open stream, or go on counting it.  KEYS: streams.  ARGV: its id, most streams (0: it is open already),
lease in ms.  Returns 0 where there are too many."""
