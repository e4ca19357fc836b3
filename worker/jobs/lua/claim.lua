-- Take a shard.  After claiming.lua.  Returns what claim() does.
local record, shard = unpack(KEYS)
local lease_ms, claim_id, holder = tonumber(ARGV[1]), ARGV[2], ARGV[3]
return claim(record, shard, lease_ms, claim_id, holder)
