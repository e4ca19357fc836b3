-- End a job that has not ended.  After ending.lua.  Returns 1 if this call ended it.
local status, message = ARGV[3], ARGV[4]

local current = redis.call('HGET', record, 'status')
if current ~= 'pending' and current ~= 'running' then return 0 end
finish(status, message)
return 1
