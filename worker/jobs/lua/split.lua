-- Make a shard of its own for each of some inputs of a shard, and end that.  The new shards start with some deaths
-- counted.  Returns 1, or 0 where the shard is no longer ours or its job has ended.
local record, shard, ready, released = unpack(KEYS)
local token, shard_prefix, deaths, name = unpack(ARGV, 1, 4)
local FIRST_INPUT = 5

local status, expires_at_ms = unpack(redis.call('HMGET', record, 'status', 'expires_at_ms'))
if status ~= 'running' then return 0 end
local state, current_token = unpack(redis.call('HMGET', shard, 'state', 'token'))
if current_token ~= token then return 0 end
if state == 'done' then return 1 end  -- the same command again, whose reply was lost
local job_id = string.match(name, '%S+')
local first_ready = redis.call('ZRANGE', ready, 0, 0, 'WITHSCORES')
for argument = FIRST_INPUT, #ARGV do
  local number = redis.call('HINCRBY', record, 'shards_count', 1) - 1
  local new_shard = shard_prefix .. number
  redis.call('HSET', new_shard, 'inputs', '[' .. ARGV[argument] .. ']', 'state', 'pending', 'token', 0,
             'lease_until_ms', 0, 'deaths', deaths, 'queued_at_ms', 0)
  redis.call('PEXPIREAT', new_shard, expires_at_ms)
  redis.call('ZADD', ready, math.floor(first_ready[2] or 0), job_id .. ' ' .. number)
end
redis.call('HSET', shard, 'state', 'done', 'lease_until_ms', 0)
redis.call('SREM', released, name)
return 1
