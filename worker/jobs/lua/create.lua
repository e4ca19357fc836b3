-- Make a job of staged items, reserve its estimate and use up its idempotency key: all of it or nothing.
-- After clock.lua and storage.lua.
--
-- Returns 'created' with the times of creation and expiry in ms; 'known' with the id of the job that the key stands for;
-- 'conflict' where the key stands for a request with another body; 'ceiling' with the ceiling and what is used of it;
-- 'full' with what the account's jobs take; 'incomplete' where items are missing.
local record, items, staged, jobs, open, ready, quota, account, once, sizes, expiring = unpack(KEYS)
-- One by one: there may be more arguments than Lua unpacks.
local member, job_id, life_ms, items_count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local month, units = ARGV[5], ARGV[6]
local body_digest, once_life_ms = ARGV[7], ARGV[8]  -- body_digest is empty without an idempotency key
local bytes, most_bytes = tonumber(ARGV[9]), tonumber(ARGV[10])
local fields_count = tonumber(ARGV[11])
local FIRST_FIELD = 12
local first_shard = FIRST_FIELD + fields_count

local prefix = string.sub(record, 1, #record - #job_id)
local expires_at_ms = now_ms + life_ms

local function refuse(...)
  redis.call('DEL', staged)
  return {...}
end

local function outlive(key)
  if redis.call('PTTL', key) < life_ms then redis.call('PEXPIREAT', key, expires_at_ms) end
end

-- The same command again, whose reply was lost: ids are random.
if redis.call('EXISTS', record) == 1 then
  return {'created', unpack(redis.call('HMGET', record, 'created_at_ms', 'expires_at_ms'))}
end
if body_digest ~= '' then
  local known_id, known_digest = string.match(redis.call('GET', once) or '', '(%S+) (%S+)')
  if known_id and redis.call('EXISTS', prefix .. known_id) == 1 then
    if known_digest ~= body_digest then return refuse('conflict') end
    return refuse('known', known_id)
  end
end
if redis.call('LLEN', staged) ~= items_count then return refuse('incomplete') end
local stored = stored_bytes(sizes, expiring)
if stored + bytes > most_bytes then return refuse('full', string.format('%.0f', stored)) end
local ceiling = redis.call('HGET', account, 'ceiling')
local counted = redis.call('HMGET', quota, 'spent:' .. month, 'reserved:' .. month)
local used = tonumber(counted[1] or 0) + tonumber(counted[2] or 0)
if ceiling and used + tonumber(units) > tonumber(ceiling) then
  return refuse('ceiling', ceiling, string.format('%.0f', used))
end

redis.call('HINCRBY', quota, 'reserved:' .. month, units)
redis.call('HSET', quota, 'job:' .. job_id, month .. ' ' .. units)
redis.call('RENAME', staged, items)
redis.call('PEXPIREAT', items, expires_at_ms)
redis.call('HSET', record, 'created_at_ms', now_ms, 'expires_at_ms', expires_at_ms,
           unpack(ARGV, FIRST_FIELD, first_shard - 1))
redis.call('PEXPIREAT', record, expires_at_ms)
if body_digest ~= '' then redis.call('SET', once, job_id .. ' ' .. body_digest, 'PX', once_life_ms) end

-- The turns of a new job start where the account is: its jobs share it, whatever their size.  Within a turn the older
-- job comes first.
local first_ready = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
local turn = math.floor(first_ready[2] or 0) + now_ms % 100000000 / 1000000000
for number = 0, #ARGV - first_shard do
  local shard = record .. ':shard:' .. number
  redis.call('HSET', shard, 'inputs', ARGV[first_shard + number], 'state', 'pending', 'token', 0,
             'lease_until_ms', 0, 'deaths', 0, 'queued_at_ms', 0)
  redis.call('PEXPIREAT', shard, expires_at_ms)
  redis.call('ZADD', ready, turn + number, job_id .. ' ' .. number)
end
add_bytes(sizes, job_id, bytes)
redis.call('ZADD', expiring, expires_at_ms, job_id)
redis.call('SADD', open, member)
redis.call('ZADD', jobs, now_ms, job_id)
outlive(jobs)
outlive(ready)
outlive(sizes)
outlive(expiring)
-- A few of the oldest that have expired go each time, so that the list never holds many.
for _, old_id in ipairs(redis.call('ZRANGE', jobs, 0, 9)) do
  if redis.call('EXISTS', prefix .. old_id) == 0 then redis.call('ZREM', jobs, old_id) end
end
return {'created', tostring(now_ms), tostring(expires_at_ms)}
