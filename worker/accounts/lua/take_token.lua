-- Take a token out of a bucket that fills up steadily.  After clock.lua.
--
-- window_ms: time in which an empty bucket is full again.  Returns whether there was a token, whole tokens left, ms
-- until the next one, ms until the bucket is full.
local bucket = KEYS[1]
local capacity, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])

local level, at_ms = unpack(redis.call('HMGET', bucket, 'level', 'at_ms'))
if level then
  local passed_ms = math.max(0, now_ms - tonumber(at_ms))
  level = math.min(capacity, tonumber(level) + passed_ms * capacity / window_ms)
else
  level = capacity
end
local is_allowed = 0
if level >= 1 then
  is_allowed = 1
  level = level - 1
end
local full_ms = math.ceil((capacity - level) * window_ms / capacity)
redis.call('HSET', bucket, 'level', string.format('%.6f', level), 'at_ms', now_ms)
redis.call('PEXPIRE', bucket, math.max(1, full_ms))
return {is_allowed, math.floor(level), math.ceil(math.max(0, 1 - level) * window_ms / capacity), full_ms}
