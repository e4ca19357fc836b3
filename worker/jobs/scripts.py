"""Which steps on a job in Redis are atomic?

The Lua scripts with their keys and arguments, asked by the store, the shards, the queue and the webhooks.  How keys
are called stands in :mod:`worker.jobs.keys`.
"""

from worker.jobs.keys import METRICS, WEBHOOKS
from worker.jobs.record import MAX_LISTED_FAILURES_COUNT

_NOW = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_HELD = """
-- Let go of what is reserved for a job; month and units of it, once.
local function held(quota, job_id)
  local kept = redis.call('HGET', quota, 'job:' .. job_id)
  if not kept then return nil end
  local month, units = string.match(kept, '(%S+) (%d+)')
  redis.call('HDEL', quota, 'job:' .. job_id)
  redis.call('HINCRBY', quota, 'reserved:' .. month, '-' .. units)
  return month, tonumber(units)
end
"""

CREATE = (
    _NOW
    + """
local function outlive(key, at_ms)
  if redis.call('PTTL', key) < at_ms - now_ms then redis.call('PEXPIREAT', key, at_ms) end
end
local record, items, staged, jobs, open, ready, quota = unpack(KEYS)
-- One by one: there may be more arguments than Lua unpacks.
local member, job_id, month, units = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local expires_at_ms = now_ms + tonumber(ARGV[3])
if redis.call('EXISTS', record) == 1 then
  redis.call('DEL', staged)
  return {'known'}
end
local ceiling = redis.call('HGET', KEYS[8], 'ceiling')
local held = redis.call('HMGET', quota, 'spent:' .. month, 'reserved:' .. month)
local used = tonumber(held[1] or 0) + tonumber(held[2] or 0)
if ceiling and used + tonumber(units) > tonumber(ceiling) then
  redis.call('DEL', staged)
  return {'ceiling', ceiling, string.format('%.0f', used)}
end
redis.call('HINCRBY', quota, 'reserved:' .. month, units)
redis.call('HSET', quota, 'job:' .. job_id, month .. ' ' .. units)
redis.call('RENAME', staged, items)
redis.call('PEXPIREAT', items, expires_at_ms)
local fields_count = tonumber(ARGV[6])
redis.call('HSET', record, 'created_at_ms', now_ms, 'expires_at_ms', expires_at_ms,
           unpack(ARGV, 7, 6 + fields_count))
redis.call('PEXPIREAT', record, expires_at_ms)
-- The turns of a new job start where the account is: its jobs share it, whatever their size.  Within a turn the older
-- job comes first.
local first = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
local turn = math.floor(first[2] or 0) + now_ms % 100000000 / 1000000000
for number = 0, #ARGV - 7 - fields_count do
  local shard = record .. ':shard:' .. number
  redis.call('HSET', shard, 'inputs', ARGV[7 + fields_count + number], 'state', 'pending', 'token', 0,
             'lease_until_ms', 0, 'deaths', 0, 'queued_at_ms', 0)
  redis.call('PEXPIREAT', shard, expires_at_ms)
  redis.call('ZADD', ready, turn + number, job_id .. ' ' .. number)
end
redis.call('SADD', open, member)
redis.call('ZADD', jobs, now_ms, job_id)
outlive(jobs, expires_at_ms)
outlive(ready, expires_at_ms)
-- A few of the oldest that have expired go each time, so that the list never holds many.
local prefix = string.sub(record, 1, #record - #job_id)
for _, old in ipairs(redis.call('ZRANGE', jobs, 0, 9)) do
  if redis.call('EXISTS', prefix .. old) == 0 then redis.call('ZREM', jobs, old) end
end
return {'created'}
"""
)
"""Make a job of items that were staged, and reserve its estimate.  KEYS: record, items, staged items, jobs, open,
ready, quota, account.  ARGV: member of open, id, life in ms, month, estimate in units, number of the record's fields
and values, these, then per shard the places of its inputs.  Returns ``created``, ``known`` where the record is there,
or ``ceiling`` with the ceiling and what is used of it."""

RELEASE = """
local taken = {}
if redis.call('HGET', KEYS[3], 'is_active') == '0' then return taken end
while redis.call('SCARD', KEYS[2]) < tonumber(ARGV[1]) do
  local first = redis.call('ZPOPMIN', KEYS[1])
  if #first == 0 then break end
  redis.call('SADD', KEYS[2], first[1])
  taken[#taken + 1] = first[1]
end
return taken
"""
"""Take the shards whose turn it is.  KEYS: ready, released, account.  ARGV: shards an account may have released."""

RESTORE = """
local status = redis.call('HGET', KEYS[1], 'status')
if status ~= 'pending' and status ~= 'running' then return end
for number = 0, tonumber(redis.call('HGET', KEYS[1], 'shards_count')) - 1 do
  local state = redis.call('HGET', KEYS[1] .. ':shard:' .. number, 'state')
  local name = ARGV[1] .. ' ' .. number
  if (state == 'pending' or state == 'running') and redis.call('SISMEMBER', KEYS[3], name) == 0 then
    redis.call('ZADD', KEYS[2], 'NX', number, name)
  end
end
"""
"""Have the shards of an open job wait for their turn, those that do not and are not done.  KEYS: record, ready,
released.  ARGV: id."""

FORGET = (
    _HELD
    + """
local job_id = ARGV[2]
redis.call('SREM', KEYS[1], ARGV[1])
held(KEYS[2], job_id)
local function is_its(name) return string.sub(name, 1, #job_id + 1) == job_id .. ' ' end
for _, name in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  if is_its(name) then redis.call('ZREM', KEYS[3], name) end
end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  if is_its(name) then redis.call('SREM', KEYS[4], name) end
end
"""
)
"""Let go of what is left of a job that expired before it ended; nothing is charged.  KEYS: open, quota, ready,
released.  ARGV: member of open, id."""

_END = (
    _HELD
    + f"local most_listed = {MAX_LISTED_FAILURES_COUNT}"
    + """
local function count(name, by) redis.call('HINCRBY', '"""
    + METRICS
    + """', name, by) end
local function finish(status, message)
  redis.call('HSET', KEYS[1], 'status', status, 'completed_at_ms', now_ms)
  count('jobs:' .. status, 1)
  local told = redis.call('HMGET', KEYS[1], 'items_count', 'processed')
  local rest = tonumber(told[1]) - tonumber(told[2])
  local expires_at_ms = redis.call('HGET', KEYS[1], 'expires_at_ms')
  if rest > 0 then
    local reason = status == 'cancelled' and 'cancelled' or 'internal_error'
    redis.call('HINCRBY', KEYS[1], 'processed', rest)
    redis.call('HINCRBY', KEYS[1], 'error', rest)
    redis.call('HINCRBY', KEYS[1], 'failures:' .. reason, rest)
    count('failures:' .. reason, rest)
    count('items:failed', rest)
    local listed = redis.call('LLEN', KEYS[9])
    local place = 0
    while rest > 0 and listed < most_listed do
      if redis.call('HEXISTS', KEYS[8], place) == 0 then
        local item = redis.call('LINDEX', KEYS[7], place)
        if not item then break end
        redis.call('RPUSH', KEYS[9], cjson.encode({index = place, site_web = cjson.decode(item).site_web,
          reason = reason, detail = 'the job ended before this item was read'}))
        listed = listed + 1
        rest = rest - 1
      end
      place = place + 1
    end
    redis.call('PEXPIREAT', KEYS[9], expires_at_ms)
  end
  if message ~= '' then redis.call('HSET', KEYS[1], 'error_message', message) end
  local counts = redis.call('HMGET', KEYS[1], 'processed', 'found', 'error', 'items_count')
  local job_id = string.match(ARGV[1], '%S+$')
  -- The price of an item is a whole number of units, so the division is exact.
  local month, units = held(KEYS[4], job_id)
  if month then
    local charged = (tonumber(counts[4]) - tonumber(counts[3])) * (units / tonumber(counts[4]))
    redis.call('HINCRBY', KEYS[4], 'spent:' .. month, string.format('%.0f', charged))
  end
  for number = 0, tonumber(redis.call('HGET', KEYS[1], 'shards_count')) - 1 do
    redis.call('ZREM', KEYS[5], job_id .. ' ' .. number)
    redis.call('SREM', KEYS[6], job_id .. ' ' .. number)
  end
  redis.call('XADD', KEYS[2], '*', 'type', status, 'data', cjson.encode({
    processed_count = tonumber(counts[1]), found_count = tonumber(counts[2]), error_count = tonumber(counts[3]),
    items_count = tonumber(counts[4]), status = status}))
  redis.call('PEXPIREAT', KEYS[2], expires_at_ms)
  redis.call('SREM', KEYS[3], ARGV[1])
  if redis.call('HEXISTS', KEYS[1], 'webhook') == 1 then redis.call('SADD', '"""
    + WEBHOOKS
    + """', ARGV[1]) end
end
local status = redis.call('HGET', KEYS[1], 'status')
"""
)

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
"""End a job that has not ended; inputs without an answer count as failed.  KEYS: those of an ending.  ARGV:
member of open, status, error message.  Returns 1 if this call ended it."""

NOTE_WEBHOOK = """
local is_there = redis.call('EXISTS', KEYS[1]) == 1
if is_there then
  redis.call('HSET', KEYS[1], 'webhook_state', ARGV[2], 'webhook_detail', ARGV[3])
  redis.call('HINCRBY', KEYS[1], 'webhook_attempts', 1)
end
if ARGV[2] ~= 'pending' or not is_there then redis.call('SREM', KEYS[2], ARGV[1]) end
"""
"""Note what came of an attempt to call a receiver.  KEYS: record, webhooks.  ARGV: member of open, state, detail."""

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
if redis.call('SREM', KEYS[3], ARGV[3]) == 1 and ARGV[2] == 'pending' then
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[2], math.floor(first[2] or 0), ARGV[3])
end
return 1
"""
"""Let a shard go.  KEYS: shard, ready, released.  ARGV: token, new state (``pending`` to hand it back, ``done``), name
of the shard among the account's."""

PUT = (
    _NOW
    + _END
    + """
if not status then return 'gone' end
if status ~= 'running' then return 'ended' end
if redis.call('HGET', KEYS[10], 'token') ~= ARGV[2] then return 'stale' end
if redis.call('HSETNX', KEYS[8], ARGV[3], ARGV[4]) == 0 then return 'known' end
local about = cjson.decode(ARGV[5])
local processed = redis.call('HINCRBY', KEYS[1], 'processed', 1)
if about.is_found then redis.call('HINCRBY', KEYS[1], 'found', 1) end
for _, field in ipairs(about.counters) do
  redis.call('HINCRBY', KEYS[1], field, 1)
  if string.sub(field, 1, 9) ~= 'profiles:' then count(field, 1) end
end
count(about.is_failed and 'items:failed' or about.is_found and 'items:found' or 'items:empty', 1)
if about.is_failed then
  local failures = redis.call('HINCRBY', KEYS[1], 'error', 1)
  if failures <= most_listed then redis.call('RPUSH', KEYS[9], ARGV[7]) end
end
redis.call('XADD', KEYS[2], '*', 'type', 'item', 'data', ARGV[6])
local counts = redis.call('HMGET', KEYS[1], 'found', 'error', 'items_count', 'progress_at_ms')
local is_last = processed >= tonumber(counts[3])
if is_last or now_ms - tonumber(counts[4]) >= tonumber(ARGV[8]) then
  redis.call('HSET', KEYS[1], 'progress_at_ms', now_ms)
  redis.call('XADD', KEYS[2], '*', 'type', 'progress', 'data', cjson.encode({
    processed_count = processed, found_count = tonumber(counts[1]), error_count = tonumber(counts[2]),
    items_count = tonumber(counts[3])}))
end
local expires_at_ms = redis.call('HGET', KEYS[1], 'expires_at_ms')
for _, key in ipairs({KEYS[2], KEYS[8], KEYS[9]}) do redis.call('PEXPIREAT', key, expires_at_ms) end
if is_last then finish('done', '') end
return 'kept'
"""
)
"""Keep one result, with its counters and events, and end the job with the last one.

KEYS: those of an ending, shard.  ARGV: member of open, token, place of the item, result, what to count (``is_found``,
``is_failed``, ``counters``), data of the item event, failure for the list, pause between two progress events in ms.
Returns ``kept``; ``known`` for a second result, which changes nothing; ``stale`` from a worker that has lost the
shard; ``ended`` or ``gone`` where the job is over."""

SPLIT = """
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
local expires_at_ms = redis.call('HGET', KEYS[1], 'expires_at_ms')
local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
for number = 5, #ARGV do
  local place = redis.call('HINCRBY', KEYS[1], 'shards_count', 1) - 1
  local key = ARGV[2] .. place
  redis.call('HSET', key, 'inputs', '[' .. ARGV[number] .. ']', 'state', 'pending', 'token', 0,
             'lease_until_ms', 0, 'deaths', ARGV[3], 'queued_at_ms', 0)
  redis.call('PEXPIREAT', key, expires_at_ms)
  redis.call('ZADD', KEYS[3], math.floor(first[2] or 0), string.match(ARGV[4], '%S+') .. ' ' .. place)
end
redis.call('HSET', KEYS[2], 'state', 'done', 'lease_until_ms', 0)
redis.call('SREM', KEYS[4], ARGV[4])
return 1
"""
"""Make a shard of its own for each of some inputs of a shard, and end that.  KEYS: record, shard, ready, released.
ARGV: token, prefix of shard keys, deaths that the new shards start with, name of the shard among the account's, places
of the inputs."""
