-- Take the next shard off RQ's queue for a turn that is under way, and claim it in the same step.  After claiming.lua.
--
-- The ids of entries are ACCOUNT-JOB-NUMBER-TOKEN.  An account of which the turn holds nothing is served beyond its room.
-- Returns {'taken', account, job, number, token, deaths}; {'alone'} where a shard comes next over which alone_deaths
-- workers died, or one over a shard of one input, and the turn holds others, which could die with it; {'refused', id}
-- for an entry of another kind, which is removed; {} where nothing can be taken.
--
-- reply keeps what this very call has taken: sent again, because its reply was lost, it has the same answer.
local queue, reply = unpack(KEYS)
local lease_ms, has_room, entry_prefix, claim_id, holder = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3], ARGV[4], ARGV[5]
local alone_deaths = tonumber(ARGV[6])
local FIRST_ACCOUNT, LOOKED_AT_COUNT = 7, 50

local answered = redis.call('GET', reply)
if answered then return cjson.decode(answered) end

local held, holds_any = {}, #ARGV >= FIRST_ACCOUNT
for argument = FIRST_ACCOUNT, #ARGV do held[ARGV[argument]] = true end

local function remove(id)
  redis.call('LREM', queue, 1, id)
  redis.call('DEL', entry_prefix .. id)
end

for _, id in ipairs(redis.call('LRANGE', queue, 0, LOOKED_AT_COUNT - 1)) do
  local account, job, number = string.match(id, '^([a-z0-9]+)%-(%x+%-%x+%-%x+%-%x+%-%x+)%-(%d+)%-%d+$')
  if not account then
    remove(id)
    return {'refused', id}
  end
  local record = string.format(RECORD_KEY, account, job)
  local shard = string.format(SHARD_KEY, account, job, number)
  local state, counted, inputs = unpack(redis.call('HMGET', shard, 'state', 'deaths', 'inputs'))
  local deaths = (tonumber(counted) or 0) + (state == 'running' and 1 or 0)  -- the last one is counted by its claim
  local has_one = not string.find(inputs or ',', ',', 1, true)
  if holds_any and deaths >= (has_one and 1 or alone_deaths) then return {'alone'} end
  if has_room or not held[account] then
    remove(id)
    local claimed = claim(record, shard, lease_ms, claim_id, holder)
    if claimed then
      local answer = {'taken', account, job, number, tostring(claimed[1]), tostring(claimed[2])}
      redis.call('SET', reply, cjson.encode(answer), 'PX', lease_ms)
      return answer
    end
  end
end
return {}
