-- Take the shards whose turn it is, as many as an account may have released.  Returns their names.
local ready, released, account = unpack(KEYS)
local most_released = tonumber(ARGV[1])

local taken = {}
if redis.call('HGET', account, 'is_active') == '0' then return taken end
while redis.call('SCARD', released) < most_released do
  local first = redis.call('ZPOPMIN', ready)
  if #first == 0 then break end
  redis.call('SADD', released, first[1])
  taken[#taken + 1] = first[1]
end
return taken
