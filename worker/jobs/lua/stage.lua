-- Append items to a list that a job is being made of.  Sent twice it appends once: the place must be the next one.
local staged = KEYS[1]
local place, life_s = tonumber(ARGV[1]), ARGV[2]
local FIRST_ITEM = 3
if redis.call('LLEN', staged) == place then
  redis.call('RPUSH', staged, unpack(ARGV, FIRST_ITEM))
  redis.call('EXPIRE', staged, life_s)
end
