-- Go on holding a shard.  After clock.lua.  Returns 'held', 'lost' or 'ended'.
local record, shard = unpack(KEYS)
local token, lease_ms = ARGV[1], tonumber(ARGV[2])

if redis.call('HGET', record, 'status') ~= 'running' then return 'ended' end
if redis.call('HGET', shard, 'token') ~= token then return 'lost' end
redis.call('HSET', shard, 'lease_until_ms', now_ms + lease_ms)
return 'held'
