-- Take a shard.  After claiming.lua.  Returns what claim() does.
local record, shard = unpack(KEYS)
return claim(record, shard, tonumber(ARGV[1]))
