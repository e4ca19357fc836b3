"""Which steps on an account in Redis are atomic?

The Lua scripts of ``worker/accounts/lua``: each says what it does, takes and returns.
"""

from worker.lua import CLOCK, lua

ADD_ACCOUNT = lua(__package__, "add_account")
CHANGE = lua(__package__, "change")
TAKE_TOKEN = CLOCK + lua(__package__, "take_token")
OPEN_STREAM = CLOCK + lua(__package__, "open_stream")
