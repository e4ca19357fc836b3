-- Make an account unless its name is taken.  Returns 1 if it was made.
local accounts, record = unpack(KEYS)
local sign_in_name, account_id = ARGV[1], ARGV[2]
local FIRST_FIELD = 3

if redis.call('HSETNX', accounts, sign_in_name, account_id) == 0 then return 0 end
redis.call('HSET', record, unpack(ARGV, FIRST_FIELD))
return 1
