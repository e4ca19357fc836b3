-- Let a shard go: 'pending' hands it back, 'done' ends it.  Returns 1 if it was ours.
local shard, ready, released = unpack(KEYS)
local token, new_state, name = unpack(ARGV)

if redis.call('HGET', shard, 'token') ~= token then return 0 end
redis.call('HSET', shard, 'state', new_state, 'lease_until_ms', 0)
if redis.call('SREM', released, name) == 1 and new_state == 'pending' then
  local first_ready = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
  redis.call('ZADD', ready, math.floor(first_ready[2] or 0), name)
end
return 1
