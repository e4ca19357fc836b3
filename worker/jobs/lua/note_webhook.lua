-- Note what came of an attempt to call a receiver.
local record, webhooks = unpack(KEYS)
local member, state, detail = unpack(ARGV)

local is_there = redis.call('EXISTS', record) == 1
if is_there then
  redis.call('HSET', record, 'webhook_state', state, 'webhook_detail', detail)
  redis.call('HINCRBY', record, 'webhook_attempts', 1)
end
if state ~= 'pending' or not is_there then redis.call('SREM', webhooks, member) end
