-- Have the shards of an open job wait for their turn, those that do not and are not done.
local record, ready, released = unpack(KEYS)
local job_id = ARGV[1]

local status, shards_count = unpack(redis.call('HMGET', record, 'status', 'shards_count'))
if status ~= 'pending' and status ~= 'running' then return end
for number = 0, tonumber(shards_count) - 1 do
  local state = redis.call('HGET', record .. ':shard:' .. number, 'state')
  local name = job_id .. ' ' .. number
  if (state == 'pending' or state == 'running') and redis.call('SISMEMBER', released, name) == 0 then
    redis.call('ZADD', ready, 'NX', number, name)
  end
end
