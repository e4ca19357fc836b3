-- How a shard is claimed: claim(record, shard, lease_ms, claim_id, holder).  After clock.lua.  Returns the fencing token and the
-- number of workers that died over the shard, or nothing where it is done, its job has ended, or another holds it.
-- The same claim sent again, because its reply was lost, has the same answer.
local function claim(record, shard, lease_ms, claim_id, holder)
  local status = redis.call('HGET', record, 'status')
  if status ~= 'pending' and status ~= 'running' then return false end
  local state, lease_until_ms, deaths, token, last_claim_id =
    unpack(redis.call('HMGET', shard, 'state', 'lease_until_ms', 'deaths', 'token', 'claim_id'))
  if not state or state == 'done' then return false end
  deaths = tonumber(deaths)
  if state == 'running' and last_claim_id == claim_id then return {tonumber(token), deaths} end
  if state == 'running' then
    if tonumber(lease_until_ms) > now_ms then return false end
    deaths = redis.call('HINCRBY', shard, 'deaths', 1)
  end
  token = redis.call('HINCRBY', shard, 'token', 1)
  redis.call('HSET', shard, 'state', 'running', 'lease_until_ms', now_ms + lease_ms, 'claim_id', claim_id,
             'holder', holder)
  if status == 'pending' then redis.call('HSET', record, 'status', 'running', 'started_at_ms', now_ms) end
  return {token, deaths}
end
