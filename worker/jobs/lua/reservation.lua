-- Release what is reserved for a job.  Returns its month and its units, once; nothing where nothing is reserved.
local function release_reservation(quota, job_id)
  local reserved = redis.call('HGET', quota, 'job:' .. job_id)
  if not reserved then return nil end
  local month, units = string.match(reserved, '(%S+) (%d+)')
  redis.call('HDEL', quota, 'job:' .. job_id)
  redis.call('HINCRBY', quota, 'reserved:' .. month, '-' .. units)
  return month, tonumber(units)
end
