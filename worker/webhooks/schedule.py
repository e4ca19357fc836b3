"""Which webhook is next, and what became of it?

In Redis, for all couriers together: each claims atomically, so that no webhook is delivered twice at a time; accounts
take turns; a receiver is called one at a time.  What a courier claimed and never noted is due again after its lease.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from worker.connection import guarded
from worker.jobs.keys import ACTIVE_WEBHOOKS, LUA_KEYS, WEBHOOKS, JobKeys
from worker.jobs.record import WebhookState
from worker.lua import CLOCK, lua

LEASE_S = 60
"""How long a claim holds, in seconds; an attempt ends long before."""

MOST_PER_ACCOUNT_COUNT = 4
"""Maximum deliveries of one account under way, over all couriers; chosen."""

_CLAIM = CLOCK + LUA_KEYS + lua(__package__, "claim")
_NOTE = CLOCK + lua(__package__, "note")


@dataclass(frozen=True, slots=True)
class Claim:
    """A webhook in a courier's hands."""

    id: str
    account_id: str
    job_id: str


class WebhookSchedule:
    """The webhooks that wait; every method raises :class:`~worker.connection.Unavailable` where Redis stays away.

    Args:
        connection: Redis, asynchronous.
    """

    def __init__(self, connection: Any) -> None:
        self._claim, self._note = map(connection.register_script, (_CLAIM, _NOTE))

    async def claim(self) -> Claim | None:
        """Take the next webhook that is due."""
        claim_id = uuid.uuid4().hex
        with guarded():
            args = [LEASE_S * 1000, MOST_PER_ACCOUNT_COUNT, claim_id]
            found = await self._claim(keys=[WEBHOOKS, ACTIVE_WEBHOOKS], args=args)
        return Claim(claim_id, *found) if found else None

    async def note(
        self, claim: Claim, state: WebhookState, detail: str, attempts_count: int, pause_s: int = 0
    ) -> bool:
        """Note the outcome of an attempt.

        Args:
            claim: the webhook; nothing is noted where another courier has it by now.
            state: where the call stands.
            detail: outcome, for people.
            attempts_count: attempts made, this one included.
            pause_s: while it is pending, when it is due again, in seconds from now.

        Returns:
            Whether the claim held.
        """
        keys = JobKeys(claim.account_id, claim.job_id)
        with guarded():
            is_noted = await self._note(
                keys=[keys.record, keys.webhooks, ACTIVE_WEBHOOKS],
                args=[
                    *(keys.open_member, claim.job_id, claim.id, state.value, detail, attempts_count),
                    pause_s * 1000,
                ],
            )
        return bool(is_noted)
