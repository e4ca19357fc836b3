-- Take the next shard off RQ's queue for a turn that is under way, and claim it in the same step.  After claiming.lua.
--
-- The ids of entries are ACCOUNT-JOB-NUMBER-TOKEN.  An account of which the turn holds nothing is served beyond its room.
-- Returns {'taken', account, job, number, token, deaths}; {'alone'} where a shard comes next over which a worker died,
-- and the turn holds others, which could die with it; {'refused', id} for an entry of another kind, which is removed; {}
-- where nothing can be taken.
local queue = KEYS[1]
local lease_ms, has_room, entry_prefix = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3]
local FIRST_ACCOUNT, LOOKED_AT_COUNT = 4, 50

local held, holds_any = {}, #ARGV >= FIRST_ACCOUNT
for argument = FIRST_ACCOUNT, #ARGV do held[ARGV[argument]] = true end

local function remove(id)
  redis.call('LREM', queue, 1, id)
  redis.call('DEL', entry_prefix .. id)
end

for _, id in ipairs(redis.call('LRANGE', queue, 0, LOOKED_AT_COUNT - 1)) do
  local account, job, number = string.match(id, '^(.+)%-(%x+%-%x+%-%x+%-%x+%-%x+)%-(%d+)%-%d+$')
  if not account then
    remove(id)
    return {'refused', id}
  end
  local record = 'socials:' .. account .. ':job:' .. job
  local shard = record .. ':shard:' .. number
  local state, deaths = unpack(redis.call('HMGET', shard, 'state', 'deaths'))
  if holds_any and (state == 'running' or (tonumber(deaths) or 0) > 0) then return {'alone'} end
  if has_room or not held[account] then
    remove(id)
    local claimed = claim(record, shard, lease_ms)
    if claimed then return {'taken', account, job, number, claimed[1], claimed[2]} end
  end
end
return {}
