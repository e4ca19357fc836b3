-- Note the outcome of an attempt, if the claim still holds.  After clock.lua.  Returns 1 if it does.
local record, webhooks, active = unpack(KEYS)
local member, job_id, claim_id, state, detail, attempts_count, pause_ms = unpack(ARGV)

local held = redis.call('HGET', active, member)
if not held or cjson.decode(held).claim_id ~= claim_id then return 0 end
redis.call('HDEL', active, member)
if redis.call('EXISTS', record) == 0 then
  redis.call('ZREM', webhooks, job_id)
  return 1
end
redis.call('HSET', record, 'webhook_state', state, 'webhook_detail', detail, 'webhook_attempts', attempts_count)
if state == 'pending' then
  redis.call('ZADD', webhooks, now_ms + pause_ms, job_id)
else
  redis.call('ZREM', webhooks, job_id)
end
return 1
