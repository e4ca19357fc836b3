"""Which steps on a job in Redis are atomic?

The Lua scripts of ``worker/jobs/lua``: each says what it does and returns, and names its keys and arguments in its
first lines.  How keys are called stands in :mod:`worker.jobs.keys`.
"""

from worker.jobs.keys import LUA_KEYS
from worker.lua import CLOCK, lua

STAGE = lua(__package__, "stage")
STORED = CLOCK + lua(__package__, "storage", "stored")
CREATE = CLOCK + lua(__package__, "storage", "create")
WITHDRAW = CLOCK + lua(__package__, "reservation", "storage", "withdraw")
RELEASE = lua(__package__, "release")
RESTORE = lua(__package__, "restore")
FORGET = lua(__package__, "reservation", "forget")
END_JOB = CLOCK + lua(__package__, "reservation", "ending", "end")
CLAIM = CLOCK + lua(__package__, "claiming", "claim")
MANNERS = lua(__package__, "manners")
TAKE = CLOCK + LUA_KEYS + lua(__package__, "claiming", "take")
SHORTEN = CLOCK + lua(__package__, "shorten")
RENEW = CLOCK + lua(__package__, "renew")
GIVE_UP = lua(__package__, "give_up")
PUT = CLOCK + lua(__package__, "reservation", "ending", "storage", "put")
SPLIT = lua(__package__, "split")
