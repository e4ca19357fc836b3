-- Take the next webhook that is due.  After clock.lua and the names of keys.
--
-- Accounts take turns, the one served longest ago first, and none has more than some under way; a receiver has one at a
-- time.  What was taken is due again after the lease, if its courier dies.  Returns account and job, or nothing; the same
-- claim sent again, because its reply was lost, has the same answer.
local accounts, active = unpack(KEYS)
local lease_ms, most_per_account, claim_id = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local LOOKED_AT_COUNT = 50

local is_busy, active_counts = {}, {}
local entries = redis.call('HGETALL', active)
for index = 1, #entries, 2 do
  local held = cjson.decode(entries[index + 1])
  if held.claim_id == claim_id then return {held.account, held.job} end
  if held.until_ms <= now_ms then
    redis.call('HDEL', active, entries[index])
  else
    is_busy[held.receiver] = true
    active_counts[held.account] = (active_counts[held.account] or 0) + 1
  end
end

local function take(account, webhooks, job, receiver)
  redis.call('ZADD', webhooks, now_ms + lease_ms, job)
  redis.call('ZADD', accounts, now_ms, account)
  redis.call('HSET', active, account .. ' ' .. job, cjson.encode({
    account = account, job = job, receiver = receiver, claim_id = claim_id, until_ms = now_ms + lease_ms}))
  return {account, job}
end

for _, account in ipairs(redis.call('ZRANGE', accounts, 0, -1)) do
  local webhooks = string.format(WEBHOOKS_KEY, account)
  local due = {}
  if (active_counts[account] or 0) < most_per_account then
    due = redis.call('ZRANGEBYSCORE', webhooks, '-inf', now_ms, 'LIMIT', 0, LOOKED_AT_COUNT)
  end
  for _, job in ipairs(due) do
    local url = redis.call('HGET', string.format(RECORD_KEY, account, job), 'webhook')
    local receiver = url and string.lower(string.match(url, '^%w+://([^/?]*)') or url)
    if not url then
      redis.call('ZREM', webhooks, job)  -- it has expired
    elseif not is_busy[receiver] then
      return take(account, webhooks, job, receiver)
    end
  end
  if redis.call('EXISTS', webhooks) == 0 then redis.call('ZREM', accounts, account) end
end
return false
