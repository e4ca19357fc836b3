-- Take the shards that are next, as many as an account may have released.  Returns their names.
--
-- The more accounts have something to do, the fewer shards each may have released, so that no account waits behind what
-- others hold ready; at least as many as there are workers.
local ready, released, account, busy = unpack(KEYS)
local account_id, workers_count, most_count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local taken = {}
if redis.call('HGET', account, 'is_active') == '0' then return taken end
redis.call('SADD', busy, account_id)
local limit = math.max(workers_count, math.floor(most_count / redis.call('SCARD', busy)))
while redis.call('SCARD', released) < limit do
  local first = redis.call('ZPOPMIN', ready)
  if #first == 0 then break end
  redis.call('SADD', released, first[1])
  taken[#taken + 1] = first[1]
end
if redis.call('SCARD', released) == 0 then redis.call('SREM', busy, account_id) end
return taken
