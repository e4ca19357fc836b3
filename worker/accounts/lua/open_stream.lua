-- Count an open event stream, or go on counting it.  After clock.lua.  Returns 0 where there are too many.
local streams = KEYS[1]
local stream_id, most_count, lease_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])  -- most_count 0: it is open already

redis.call('ZREMRANGEBYSCORE', streams, '-inf', now_ms)
if most_count > 0 and redis.call('ZCARD', streams) >= most_count then return 0 end
redis.call('ZADD', streams, now_ms + lease_ms, stream_id)
redis.call('PEXPIRE', streams, lease_ms)
return 1
