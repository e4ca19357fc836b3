-- Undo create.lua for a job that no worker has begun: nothing of it is left, its idempotency key included.
-- After clock.lua, reservation.lua and storage.lua.  Returns 1 if the job is gone, 0 if it has begun.
local record, items, jobs, open, ready, released, quota, once, staged, sizes, expiring = unpack(KEYS)
local member, job_id = ARGV[1], ARGV[2]

redis.call('DEL', staged)
local status, shards_count = unpack(redis.call('HMGET', record, 'status', 'shards_count'))
if not status then return 1 end
if status ~= 'pending' then return 0 end
for number = 0, tonumber(shards_count) - 1 do
  redis.call('DEL', record .. ':shard:' .. number)
  redis.call('ZREM', ready, job_id .. ' ' .. number)
  redis.call('SREM', released, job_id .. ' ' .. number)
end
redis.call('DEL', record, items)
redis.call('ZREM', jobs, job_id)
redis.call('SREM', open, member)
release_reservation(quota, job_id)
remove_job(sizes, expiring, job_id)
if string.match(redis.call('GET', once) or '', '%S+') == job_id then redis.call('DEL', once) end
return 1
