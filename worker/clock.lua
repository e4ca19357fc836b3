-- now_ms: Redis' own clock, in milliseconds since 1970.  All times of jobs and leases are taken from it.
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
