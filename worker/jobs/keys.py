"""Which keys does a job have in Redis, and how long do they live?

The one place that spells the key names of jobs; what is done to them in one step is :mod:`worker.jobs.scripts`, the
keys of accounts are :mod:`worker.accounts.keys`.  All keys of a job expire together, at the time its record names.

================================  ==================================================================================
``socials:ACCOUNT:job:ID``        hash: the record and its counters (``profiles:NETWORK``, ``engines:ENGINE``,
                                  ``failures:REASON``)
``socials:ACCOUNT:job:ID:items``  list of JSON: the items as posted, in order
``...:results``                   hash: place of the item -> result as JSON
``...:failed``                    list of JSON: the first failures
``...:labels``, ``...:answers``   text: lines by which rows are found and sorted, of the items and of the results
``...:file``                      hash: the file that the items come from, see :mod:`worker.jobs.uploads`
``...:marks``                     hash: place and network -> what a reviewer said, as JSON
``...:events``                    stream: what happened; its ids are the ids of the server-sent events
``...:shard:N``                   hash: ``inputs`` (JSON), ``state``, ``token``, ``lease_until_ms``, ``deaths``,
                                  ``queued_at_ms``, ``claim_id``, ``holder``
``...:staged:RANDOM``             list: items on their way into a job that is being created
``socials:ACCOUNT:upload:ID``     hash: a file that may become a job, for an hour; ``...:uploads``: their ids
``socials:ACCOUNT:jobs``          sorted set: ids of the account's jobs by the time they were created
``socials:ACCOUNT:ready``         sorted set of ``ID N``: shards that wait for their account's turn, by that turn
``socials:ACCOUNT:released``      set of ``ID N``: shards that are queued or worked on, a few per account at a time
``socials:ACCOUNT:sizes``         hash: id -> bytes that the job takes, and their sum as ``total``
``socials:ACCOUNT:expiring``      sorted set: ids of those jobs by when they expire
``socials:ACCOUNT:once:DIGEST``   string: ``ID DIGEST-OF-BODY``, what an idempotency key stands for
``socials:ACCOUNT:webhooks``      sorted set: ids of ended jobs whose receivers were not reached yet, by when due
``socials:webhooks``              sorted set: accounts with such jobs, by when they were served last
``socials:webhooks:active``       hash of JSON: ``ACCOUNT ID`` -> who delivers it, to where, until when
``socials:probe``                 string, for a second: whether Redis takes writes
``socials:metrics``               hash of counters: ``jobs:STATUS``, ``items:OUTCOME``, ``failures:REASON``,
                                  ``engines:ENGINE``, ``pages:ENGINE``, ``seconds:ENGINE``, ``browsers:CAUSE``,
                                  ``unreadable:ENGINE``, ``unreadable_seconds:ENGINE``
``socials:metrics:DAY``           hash: the same of one day (days since 1970), and ``profiles:NETWORK``; forty days
``socials:worker-memory``         hash: worker -> ``BYTES SECONDS-SINCE-1970``
``socials:worker-engines``        hash: worker -> ``{"ENGINE": [PROCESSES, BYTES]}``, JSON
``socials:worker-holds``          hash: worker -> ``SHARDS SITES`` that its crawl has in hand
``socials:workers``               sorted set: workers by their last sign of life, in milliseconds since 1970
``socials:wake:PROCESS``          stream of one entry, for a minute: an API process wakes its reader of events with it
``socials:taken:CLAIM``           string of JSON, for a lease: the shard that one call took off the queue
``socials:manners:WHAT``          string that expires: a domain or an address that a request is under way to, or whose
                                  pause is not over
``socials:busy``                  set of accounts with shards that are queued or worked on
``socials:open``                  set of ``ACCOUNT ID``: jobs that have not ended, for the sweeper.  The only key of no
                                  account; it goes with the jobs.
================================  ==================================================================================
"""

from dataclasses import dataclass
from typing import Self

from worker.accounts.keys import AccountKeys

OPEN = "socials:open"

BUSY = "socials:busy"

MANNERS_PREFIX = "socials:manners:"

WEBHOOKS = "socials:webhooks"

ACTIVE_WEBHOOKS = "socials:webhooks:active"

PROBE = "socials:probe"

METRICS = "socials:metrics"

WORKER_MEMORY = "socials:worker-memory"

WORKER_ENGINES = "socials:worker-engines"

WORKER_HOLDS = "socials:worker-holds"

WORKERS = "socials:workers"

NO_EVENT = "0-0"
"""Id before all events of a stream."""

WAKE_LIFE_S = 60
"""How long a wake-up call is kept, in seconds."""


def taken_key(claim_id: str) -> str:
    """String: what one call took off the queue."""
    return f"socials:taken:{claim_id}"


def wake_key(process: str) -> str:
    """Stream with which one process wakes its reader of events."""
    return f"socials:wake:{process}"


@dataclass(frozen=True, slots=True)
class JobKeys:
    """The keys of one job."""

    account_id: str
    job_id: str

    @property
    def record(self) -> str:
        """Hash: the record."""
        return f"socials:{self.account_id}:job:{self.job_id}"

    @property
    def items(self) -> str:
        """List: the items."""
        return f"{self.record}:items"

    @property
    def results(self) -> str:
        """Hash: the results."""
        return f"{self.record}:results"

    @property
    def failed(self) -> str:
        """List: the first failures."""
        return f"{self.record}:failed"

    @property
    def labels(self) -> str:
        """String: a line per item, see :mod:`worker.jobs.rows`."""
        return f"{self.record}:labels"

    @property
    def answers(self) -> str:
        """String: a line per result, in the order in which they came."""
        return f"{self.record}:answers"

    @property
    def marks(self) -> str:
        """Hash: what reviewers said of the profiles."""
        return f"{self.record}:marks"

    @property
    def file(self) -> str:
        """Hash: the file that the items come from."""
        return f"{self.record}:file"

    @property
    def uploads(self) -> str:
        """List: ids of the account's uploads, newest first."""
        return f"socials:{self.account_id}:uploads"

    def upload(self, upload_id: str) -> str:
        """Hash: a file that may become a job."""
        return f"socials:{self.account_id}:upload:{upload_id}"

    @property
    def events(self) -> str:
        """Stream: the events."""
        return f"{self.record}:events"

    @property
    def open_member(self) -> str:
        """What names the job in the set of open jobs."""
        return f"{self.account_id} {self.job_id}"

    @classmethod
    def of_member(cls, member: bytes | str) -> Self:
        """Read :attr:`open_member` back, as a connection gives it that decodes or does not."""
        account_id, _, job_id = (member.decode() if isinstance(member, bytes) else member).partition(" ")
        return cls(account_id, job_id)

    @property
    def jobs(self) -> str:
        """Sorted set: the account's jobs."""
        return f"socials:{self.account_id}:jobs"

    @property
    def ready(self) -> str:
        """Sorted set: the account's shards that wait for its turn."""
        return f"socials:{self.account_id}:ready"

    @property
    def released(self) -> str:
        """Set: the account's shards that are queued or worked on."""
        return f"socials:{self.account_id}:released"

    @property
    def sizes(self) -> str:
        """Hash: what the account's jobs take."""
        return f"socials:{self.account_id}:sizes"

    @property
    def expiring(self) -> str:
        """Sorted set: the account's jobs by when they expire."""
        return f"socials:{self.account_id}:expiring"

    @property
    def webhooks(self) -> str:
        """Sorted set: the account's jobs whose receivers were not reached yet."""
        return f"socials:{self.account_id}:webhooks"

    @property
    def account(self) -> str:
        """Hash: the account."""
        return AccountKeys(self.account_id).record

    @property
    def quota(self) -> str:
        """Hash: what the account has spent and reserved."""
        return AccountKeys(self.account_id).quota

    @property
    def ending(self) -> list[str]:
        """What the end of a job touches, in the order in which scripts take it."""
        first = [self.record, self.events, OPEN, self.quota, self.ready, self.released]
        return [*first, self.items, self.results, self.failed, self.webhooks, WEBHOOKS, METRICS]

    def staged(self, random: str) -> str:
        """List: items of a job that is being created."""
        return f"{self.record}:staged:{random}"

    def member(self, number: int) -> str:
        """What names a shard in the sets of its account."""
        return f"{self.job_id} {number}"

    def once(self, digest: str) -> str:
        """String: what an idempotency key stands for."""
        return f"socials:{self.account_id}:once:{digest}"

    def shard(self, number: int) -> str:
        """Hash: one shard."""
        return f"{self.record}:shard:{number}"


_ANY_JOB = JobKeys("%s", "%s")

LUA_KEYS = f"""
local RECORD_KEY, SHARD_KEY = '{_ANY_JOB.record}', '{_ANY_JOB.shard(0).removesuffix("0")}%s'
local WEBHOOKS_KEY = '{_ANY_JOB.webhooks}'
"""
"""Names the keys of any job to a Lua script, for ``string.format``: account, job and number of the shard."""
