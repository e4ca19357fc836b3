-- Take and free sites for requests, many in one step.
--
-- ARGV: JSON of [kind, token, milliseconds, keys...] each.  'enter' takes all keys for so long where all are free, or our
-- own; 'leave' keeps those that are ours for so long, as a pause.  Returns for each how long to wait, in milliseconds.
local waits = {}
for _, text in ipairs(ARGV) do
  local step = cjson.decode(text)
  local kind, token, ms = step[1], step[2], step[3]
  local wait_ms = 0
  if kind == 'enter' then
    for place = 4, #step do wait_ms = math.max(wait_ms, redis.call('PTTL', step[place])) end
    if wait_ms <= 0 then
      wait_ms = 0
      for place = 4, #step do redis.call('SET', step[place], token, 'PX', ms) end
    end
  else
    for place = 4, #step do
      if redis.call('GET', step[place]) == token then
        if ms > 0 then redis.call('PEXPIRE', step[place], ms) else redis.call('DEL', step[place]) end
      end
    end
  end
  waits[#waits + 1] = wait_ms
end
return waits
