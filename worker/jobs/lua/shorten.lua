-- Have the leases of some shards end earlier than they would.  After clock.lua.
--
-- holder: the turn whose shards are meant, the worker whose turns' are, or '' for all.  lease_ms: for how long their
-- leases may hold from now on.
-- Returns the places, from 1, of those that were shortened.
local holder, lease_ms = ARGV[1], tonumber(ARGV[2])

local function is_meant(name) return holder == '' or name == holder or string.sub(name, 1, #holder + 1) == holder .. ':' end

local shortened = {}
for place, shard in ipairs(KEYS) do
  local state, current_holder, lease_until_ms = unpack(redis.call('HMGET', shard, 'state', 'holder', 'lease_until_ms'))
  if state == 'running' and is_meant(current_holder or '') and tonumber(lease_until_ms) > now_ms + lease_ms then
    redis.call('HSET', shard, 'lease_until_ms', now_ms + lease_ms)
    shortened[#shortened + 1] = place
  end
end
return shortened
