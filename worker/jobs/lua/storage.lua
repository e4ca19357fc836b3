-- What an account's jobs take: stored_bytes(), add_bytes(), remove_job().  After clock.lua.
-- sizes: hash of bytes by job, and their sum as 'total'; expiring: sorted set of the same jobs by when they expire.
local function remove_job(sizes, expiring, job_id)
  local bytes = redis.call('HGET', sizes, job_id)
  if bytes then
    redis.call('HDEL', sizes, job_id)
    if redis.call('HINCRBY', sizes, 'total', '-' .. bytes) <= 0 then redis.call('DEL', sizes) end
  end
  redis.call('ZREM', expiring, job_id)
end

local function stored_bytes(sizes, expiring)
  for _, job_id in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', now_ms, 'LIMIT', 0, 1000)) do
    remove_job(sizes, expiring, job_id)
  end
  return tonumber(redis.call('HGET', sizes, 'total') or 0)
end

local function add_bytes(sizes, job_id, bytes)
  redis.call('HINCRBY', sizes, job_id, bytes)
  redis.call('HINCRBY', sizes, 'total', bytes)
end
