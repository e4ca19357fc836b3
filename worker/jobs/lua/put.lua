-- Keep one result, with its counters and events, and end the job with the last one.  After ending.lua and storage.lua.
--
-- about: JSON of what to count (is_found, is_failed, counters).  Returns 'kept'; 'known' for a second result, which
-- changes nothing; 'stale' from a worker that has lost the shard; 'ended' or 'gone' where the job is over.
local answers, sizes, shard = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
local token, place, result, about, item_event, failure = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local progress_pause_ms, answer_line = tonumber(ARGV[9]), ARGV[10]

local known = redis.call('HMGET', record, 'status', 'found', 'error', 'items_count', 'progress_at_ms', 'expires_at_ms')
local status, found_count, failed_count, items_count = known[1], tonumber(known[2]), tonumber(known[3]), tonumber(known[4])
local progress_at_ms, expires_at_ms = tonumber(known[5]), known[6]
if not status then return 'gone' end
if status ~= 'running' then return 'ended' end
if redis.call('HGET', shard, 'token') ~= token then return 'stale' end
if redis.call('HSETNX', results, place, result) == 0 then return 'known' end
redis.call('APPEND', answers, answer_line)
add_bytes(sizes, string.match(member, '%S+$'), #result + #item_event)
about = cjson.decode(about)
local processed = redis.call('HINCRBY', record, 'processed', 1)
if about.is_found then found_count = redis.call('HINCRBY', record, 'found', 1) end
for _, counter in ipairs(about.counters) do
  redis.call('HINCRBY', record, counter, 1)
  if string.sub(counter, 1, 9) == 'profiles:' then count_day(counter, 1) else count(counter, 1) end
end
count(about.is_failed and 'items:failed' or about.is_found and 'items:found' or 'items:empty', 1)
if about.is_failed then
  failed_count = redis.call('HINCRBY', record, 'error', 1)
  if failed_count <= most_listed then redis.call('RPUSH', failures, failure) end
end
redis.call('XADD', events, '*', 'type', 'item', 'data', item_event)
local is_last = processed >= items_count
local is_due = is_last or now_ms - progress_at_ms >= progress_pause_ms
if is_due then
  redis.call('HSET', record, 'progress_at_ms', now_ms)
  redis.call('XADD', events, '*', 'type', 'progress', 'data', cjson.encode({
    processed_count = processed, found_count = found_count, error_count = failed_count, items_count = items_count}))
end
-- A key has no end until it is given one: when it may be new, and from time to time, should it have been lost meanwhile.
if is_due or processed == 1 or (about.is_failed and failed_count == 1) then
  for _, key in ipairs({events, results, failures, answers}) do redis.call('PEXPIREAT', key, expires_at_ms) end
end
if is_last then finish('done', '') end
return 'kept'
