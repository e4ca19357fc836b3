-- How a job ends: finish(status, message).  After clock.lua and reservation.lua, before the scripts that may end a job;
-- they take the keys of JobKeys.ending first, and these two arguments.
local record, events, open, quota, ready, released, items, results, failures = unpack(KEYS, 1, 9)
local webhooks, webhook_accounts, metrics = unpack(KEYS, 10, 12)
local member, most_listed = ARGV[1], tonumber(ARGV[2])

-- What is counted for the day alone; a day's counters are kept for forty days.
local day = metrics .. ':' .. math.floor(now_ms / 86400000)
local is_day_kept = false
local function count_day(name, by)
  redis.call('HINCRBY', day, name, by)
  if not is_day_kept then redis.call('EXPIRE', day, 40 * 86400) end
  is_day_kept = true
end
local function count(name, by)
  redis.call('HINCRBY', metrics, name, by)
  count_day(name, by)
end

-- List the items without a result as failed, the first ones, as far as there is room.
local function list_unanswered(unanswered_count, reason)
  local listed_count = redis.call('LLEN', failures)
  local place = 0
  while unanswered_count > 0 and listed_count < most_listed do
    if redis.call('HEXISTS', results, place) == 0 then
      local item = redis.call('LINDEX', items, place)
      if not item then break end
      redis.call('RPUSH', failures, cjson.encode({index = place, site_web = cjson.decode(item).site_web,
        reason = reason, detail = 'the job ended before this item was read'}))
      listed_count = listed_count + 1
      unanswered_count = unanswered_count - 1
    end
    place = place + 1
  end
end

-- Items without a result count as failed.
local function fail_unanswered(status)
  local counts = redis.call('HMGET', record, 'items_count', 'processed')
  local unanswered_count = tonumber(counts[1]) - tonumber(counts[2])
  if unanswered_count == 0 then return end
  local reason = status == 'cancelled' and 'cancelled' or 'internal_error'
  redis.call('HINCRBY', record, 'processed', unanswered_count)
  redis.call('HINCRBY', record, 'error', unanswered_count)
  redis.call('HINCRBY', record, 'failures:' .. reason, unanswered_count)
  count('failures:' .. reason, unanswered_count)
  count('items:failed', unanswered_count)
  list_unanswered(unanswered_count, reason)
end

-- Charge the items that did not fail, and release what was reserved for all.
local function settle(job_id, items_count, failed_count)
  local month, units = release_reservation(quota, job_id)
  if month then
    -- The price of an item is a whole number of units, so the division is exact.
    local charged = (items_count - failed_count) * (units / items_count)
    redis.call('HINCRBY', quota, 'spent:' .. month, string.format('%.0f', charged))
  end
end

local function finish(status, message)
  local job_id = string.match(member, '%S+$')
  redis.call('HSET', record, 'status', status, 'completed_at_ms', now_ms)
  if message ~= '' then redis.call('HSET', record, 'error_message', message) end
  count('jobs:' .. status, 1)
  fail_unanswered(status)
  local kept = redis.call('HMGET', record, 'processed', 'found', 'error', 'items_count', 'shards_count',
                          'expires_at_ms', 'webhook')
  local failed_count, items_count = tonumber(kept[3]), tonumber(kept[4])
  local shards_count, expires_at_ms, webhook = tonumber(kept[5]), kept[6], kept[7]
  settle(job_id, items_count, failed_count)
  for number = 0, shards_count - 1 do
    redis.call('ZREM', ready, job_id .. ' ' .. number)
    redis.call('SREM', released, job_id .. ' ' .. number)
    redis.call('DEL', record .. ':shard:' .. number)  -- nothing asks for it any more
  end
  redis.call('XADD', events, '*', 'type', status, 'data', cjson.encode({
    processed_count = tonumber(kept[1]), found_count = tonumber(kept[2]), error_count = failed_count,
    items_count = items_count, status = status}))
  redis.call('PEXPIREAT', events, expires_at_ms)
  redis.call('PEXPIREAT', failures, expires_at_ms)
  redis.call('SREM', open, member)
  if webhook then
    redis.call('ZADD', webhooks, now_ms, job_id)
    if redis.call('PTTL', webhooks) < expires_at_ms - now_ms then redis.call('PEXPIREAT', webhooks, expires_at_ms) end
    redis.call('ZADD', webhook_accounts, 'NX', 0, string.match(member, '^%S+'))
  end
end
