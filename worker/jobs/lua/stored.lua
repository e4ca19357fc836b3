-- Return what an account's jobs take, in bytes.  After storage.lua.
local sizes, expiring = unpack(KEYS)
return stored_bytes(sizes, expiring)
