"""Which keys does a job have in Redis, how long do they live, and which steps on them are atomic?

The one place that spells key names and Lua.  All keys of a job expire together, at the time its record names.

================================  ==================================================================================
``socials:ACCOUNT:job:ID``        hash: the record and its counters (``profiles:NETWORK``, ``engines:ENGINE``,
                                  ``failures:REASON``)
``socials:ACCOUNT:job:ID:items``  list of JSON: the items as posted, in order
``...:results``                   hash: place of the item -> result as JSON
``...:failed``                    list of JSON: the first failures
``...:events``                    stream: what happened; its ids are the ids of the server-sent events
``...:shard:N``                   hash: ``inputs`` (JSON), ``state``, ``token``, ``lease_until_ms``, ``deaths``,
                                  ``queued_at_ms``
``socials:ACCOUNT:jobs``          sorted set: ids of the account's jobs by the time they were created
``socials:ACCOUNT:once:DIGEST``   string: ``ID DIGEST-OF-BODY``, what an idempotency key stands for
``socials:wake:PROCESS``          stream of one entry, for a minute: an API process wakes its reader of events with it
``socials:open``                  set of ``ACCOUNT ID``: jobs that have not ended, for the sweeper.  The only key of no
                                  account; it goes with the jobs.
================================  ==================================================================================
"""

from dataclasses import dataclass

OPEN = "socials:open"

NO_EVENT = "0-0"
"""Id before all events of a stream."""

WAKE_LIFE_S = 60
"""How long a wake-up call is kept, in seconds."""


def wake_key(process: str) -> str:
    """Stream with which one process wakes its reader of events."""
    return f"socials:wake:{process}"


@dataclass(frozen=True, slots=True)
class JobKeys:
    """The keys of one job."""

    account_id: str
    job_id: str

    @property
    def record(self) -> str:
        """Hash: the record."""
        return f"socials:{self.account_id}:job:{self.job_id}"

    @property
    def items(self) -> str:
        """List: the items."""
        return f"{self.record}:items"

    @property
    def results(self) -> str:
        """Hash: the results."""
        return f"{self.record}:results"

    @property
    def failed(self) -> str:
        """List: the first failures."""
        return f"{self.record}:failed"

    @property
    def events(self) -> str:
        """Stream: the events."""
        return f"{self.record}:events"

    @property
    def open_member(self) -> str:
        """What names the job in the set of open jobs."""
        return f"{self.account_id} {self.job_id}"

    @property
    def jobs(self) -> str:
        """Sorted set: the account's jobs."""
        return f"socials:{self.account_id}:jobs"

    def once(self, digest: str) -> str:
        """String: what an idempotency key stands for."""
        return f"socials:{self.account_id}:once:{digest}"

    def shard(self, number: int) -> str:
        """Hash: one shard."""
        return f"{self.record}:shard:{number}"


_NOW = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_END = """
local function finish(status, message)
  redis.call('HSET', KEYS[1], 'status', status, 'completed_at_ms', now_ms)
  local told = redis.call('HMGET', KEYS[1], 'items_count', 'processed')
  local rest = tonumber(told[1]) - tonumber(told[2])
  if rest > 0 then
    redis.call('HINCRBY', KEYS[1], 'processed', rest)
    redis.call('HINCRBY', KEYS[1], 'error', rest)
    redis.call('HINCRBY', KEYS[1], status == 'cancelled' and 'failures:cancelled' or 'failures:internal_error', rest)
  end
  if message ~= '' then redis.call('HSET', KEYS[1], 'error_message', message) end
  local counts = redis.call('HMGET', KEYS[1], 'processed', 'found', 'error', 'items_count')
  redis.call('XADD', KEYS[2], '*', 'type', status, 'data', cjson.encode({
    processed_count = tonumber(counts[1]), found_count = tonumber(counts[2]), error_count = tonumber(counts[3]),
    items_count = tonumber(counts[4]), status = status}))
  redis.call('PEXPIREAT', KEYS[2], redis.call('HGET', KEYS[1], 'expires_at_ms'))
  redis.call('SREM', KEYS[3], ARGV[1])
end
local status = redis.call('HGET', KEYS[1], 'status')
"""

END_JOB = (
    _NOW
    + _END
    + """
if not status then return 0 end
if status ~= 'pending' and status ~= 'running' then return 0 end
finish(ARGV[2], ARGV[3])
return 1
"""
)
"""End a job that has not ended; inputs without an answer count as failed.  KEYS: record, events, open.  ARGV: member
of open, status, error message.  Returns 1 if this call ended it."""

CLAIM = (
    _NOW
    + """
local status = redis.call('HGET', KEYS[1], 'status')
if status ~= 'pending' and status ~= 'running' then return false end
local shard = redis.call('HMGET', KEYS[2], 'state', 'lease_until_ms', 'deaths')
if not shard[1] or shard[1] == 'done' then return false end
local deaths = tonumber(shard[3])
if shard[1] == 'running' then
  if tonumber(shard[2]) > now_ms then return false end
  deaths = redis.call('HINCRBY', KEYS[2], 'deaths', 1)
end
local token = redis.call('HINCRBY', KEYS[2], 'token', 1)
redis.call('HSET', KEYS[2], 'state', 'running', 'lease_until_ms', now_ms + ARGV[1])
if status == 'pending' then redis.call('HSET', KEYS[1], 'status', 'running', 'started_at_ms', now_ms) end
return {token, deaths}
"""
)
"""Take a shard.  KEYS: record, shard.  ARGV: lease in ms.  Returns the fencing token and the number of workers that
died over the shard, or nothing where it is done, ended, or in another's hands."""

RENEW = (
    _NOW
    + """
local status = redis.call('HGET', KEYS[1], 'status')
if status ~= 'running' then return 'ended' end
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 'lost' end
redis.call('HSET', KEYS[2], 'lease_until_ms', now_ms + ARGV[2])
return 'held'
"""
)
"""Go on holding a shard.  KEYS: record, shard.  ARGV: token, lease in ms.  Returns ``held``, ``lost`` or ``ended``."""

GIVE_UP = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'lease_until_ms', 0)
return 1
"""
"""Let a shard go.  KEYS: shard.  ARGV: token, new state (``pending`` to hand it back, ``done``)."""

PUT = (
    _NOW
    + _END
    + """
if not status then return 'gone' end
if status ~= 'running' then return 'ended' end
if redis.call('HGET', KEYS[4], 'token') ~= ARGV[2] then return 'stale' end
if redis.call('HSETNX', KEYS[5], ARGV[3], ARGV[4]) == 0 then return 'known' end
local about = cjson.decode(ARGV[5])
local processed = redis.call('HINCRBY', KEYS[1], 'processed', 1)
if about.is_found then redis.call('HINCRBY', KEYS[1], 'found', 1) end
for _, field in ipairs(about.counters) do redis.call('HINCRBY', KEYS[1], field, 1) end
if about.is_failed then
  local failures = redis.call('HINCRBY', KEYS[1], 'error', 1)
  if failures <= tonumber(ARGV[8]) then redis.call('RPUSH', KEYS[6], ARGV[7]) end
end
redis.call('XADD', KEYS[2], '*', 'type', 'item', 'data', ARGV[6])
local counts = redis.call('HMGET', KEYS[1], 'found', 'error', 'items_count', 'progress_at_ms')
local is_last = processed >= tonumber(counts[3])
if is_last or now_ms - tonumber(counts[4]) >= tonumber(ARGV[9]) then
  redis.call('HSET', KEYS[1], 'progress_at_ms', now_ms)
  redis.call('XADD', KEYS[2], '*', 'type', 'progress', 'data', cjson.encode({
    processed_count = processed, found_count = tonumber(counts[1]), error_count = tonumber(counts[2]),
    items_count = tonumber(counts[3])}))
end
local expires_at_ms = redis.call('HGET', KEYS[1], 'expires_at_ms')
for _, key in ipairs({KEYS[2], KEYS[5], KEYS[6]}) do redis.call('PEXPIREAT', key, expires_at_ms) end
if is_last then finish('done', '') end
return 'kept'
"""
)
"""Keep one result, with its counters and events, and end the job with the last one.

KEYS: record, events, open, shard, results, failed.  ARGV: member of open, token, place of the item, result, what to
count (``is_found``, ``is_failed``, ``counters``), data of the item event, failure for the list, most failures listed,
pause between two progress events in ms.  Returns ``kept``; ``known`` for a second result, which changes nothing;
``stale`` from a worker that has lost the shard; ``ended`` or ``gone`` where the job is over."""

SPLIT = """
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
local expires_at_ms = redis.call('HGET', KEYS[1], 'expires_at_ms')
for number = 4, #ARGV do
  local place = redis.call('HINCRBY', KEYS[1], 'shards_count', 1) - 1
  local key = ARGV[2] .. place
  redis.call('HSET', key, 'inputs', '[' .. ARGV[number] .. ']', 'state', 'pending', 'token', 0,
             'lease_until_ms', 0, 'deaths', ARGV[3], 'queued_at_ms', 0)
  redis.call('PEXPIREAT', key, expires_at_ms)
end
redis.call('HSET', KEYS[2], 'state', 'done', 'lease_until_ms', 0)
return 1
"""
"""Make a shard of its own for each of some inputs of a shard, and end that.  KEYS: record, shard.  ARGV: token, prefix
of shard keys, deaths that the new shards start with, places of the inputs."""
