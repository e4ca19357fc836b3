-- Note what came of an attempt to call a receiver.
local record, webhooks = unpack(KEYS)
local member, state, detail, attempts_count = unpack(ARGV)

local is_there = redis.call('EXISTS', record) == 1
if is_there then
  redis.call('HSET', record, 'webhook_state', state, 'webhook_detail', detail, 'webhook_attempts', attempts_count)
end
if state ~= 'pending' or not is_there then redis.call('SREM', webhooks, member) end
