-- Change fields of a hash that exists; what was deleted meanwhile does not come back.  Returns 1 if it exists.
local record = KEYS[1]
local fields = ARGV

if redis.call('EXISTS', record) == 0 then return 0 end
redis.call('HSET', record, unpack(fields))
return 1
