-- Let a shard go: 'pending' hands it back, 'done' ends it.  Returns 1 if it was ours.
--
-- One whose results are not all here is handed back all the same: a Redis that took over from another lacks the last ones.
local shard, ready, released, results = unpack(KEYS)
local token, new_state, name = unpack(ARGV)

local current_token, inputs = unpack(redis.call('HMGET', shard, 'token', 'inputs'))
if current_token ~= token then return 0 end
if new_state == 'done' then
  for _, place in ipairs(cjson.decode(inputs or '[]')) do
    if redis.call('HEXISTS', results, place) == 0 then new_state = 'pending' end
  end
end
redis.call('HSET', shard, 'state', new_state, 'lease_until_ms', 0)
if redis.call('SREM', released, name) == 1 and new_state == 'pending' then
  local first_ready = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
  redis.call('ZADD', ready, math.floor(first_ready[2] or 0), name)
end
return 1
