-- Let go of what is left of a job that expired before it ended; nothing is charged.  After reservation.lua.
local open, quota, ready, released = unpack(KEYS)
local member, job_id = ARGV[1], ARGV[2]

local function is_of_job(name) return string.sub(name, 1, #job_id + 1) == job_id .. ' ' end

redis.call('SREM', open, member)
release_reservation(quota, job_id)
for _, name in ipairs(redis.call('ZRANGE', ready, 0, -1)) do
  if is_of_job(name) then redis.call('ZREM', ready, name) end
end
for _, name in ipairs(redis.call('SMEMBERS', released)) do
  if is_of_job(name) then redis.call('SREM', released, name) end
end
