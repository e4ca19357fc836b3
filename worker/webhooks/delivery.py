"""How is a caller's own service notified that a job has ended?

By one POST, signed by the Standard Webhooks convention (https://www.standardwebhooks.com, seen 2026-11-25), that
leaves through the same door as every crawl: the address is judged when it is called, and no redirect is followed. What
fails is tried again with growing pauses.  :mod:`worker.webhooks.schedule` says which is
next; :mod:`worker.process.courier` is the process that makes the attempts, beside the workers.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx

from crawler.config import Settings
from crawler.egress.proxy import EgressProxy
from crawler.logs import log_context
from worker.accounts.webhook_secret import signing_secret
from worker.connection import Unavailable
from worker.jobs.record import Job, WebhookState, iso, snapshot
from worker.jobs.store import JobStore
from worker.webhooks.schedule import Claim, WebhookSchedule

logger = logging.getLogger(__name__)

ATTEMPT_TIMEOUT_S = 15.0
"""Longest wait for one answer, in seconds, connecting included; the convention asks for 15 to 30."""

PAUSE_FACTORS = (1, 12, 60, 360, 1440, 3600, 7200)
"""Pauses between attempts, in units of ``Settings.webhook_pause_s``: with 5 s, from 5 s to 10 h, 18 h in all."""

GONE = 410
"""Status by which a receiver says that it wants to hear no more; the convention's."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt; ``detail`` is short, and free of internal hosts and addresses."""

    is_delivered: bool
    is_final: bool
    detail: str


def message_of(job: Job) -> bytes:
    """Write the message: type, time, and the job as its snapshot has it, without the list of failures."""
    data = snapshot(job)
    del data["webhook"], data["summary"]["failed_items"]  # the one is known, the other may be long
    message = {"type": f"job.{job.status.value}", "timestamp": iso(job.completed_at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=_number).encode()


def signed_headers(secret: str, job_id: str, body: bytes, now_s: int) -> dict[str, str]:
    """Return the convention's headers; the id is the same for all attempts, so that repeats can be recognised."""
    message_id = f"msg_{job_id}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, b".".join((message_id.encode(), str(now_s).encode(), body)), hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


async def deliver(claim: Claim, schedule: WebhookSchedule, connection: Any, settings: Settings) -> None:
    """Make one attempt and note its outcome; never raises.

    Args:
        claim: the webhook.
        schedule: where the outcome is noted.
        connection: Redis, asynchronous.
        settings: the operator's settings.
    """
    with log_context(job_id=claim.job_id, account_id=claim.account_id):
        try:
            await _deliver(claim, schedule, connection, settings)
        except Unavailable as error:
            logger.warning("the webhook is due again when its claim runs out: %s", error)
        except Exception:
            logger.exception("the webhook is due again when its claim runs out")


async def _deliver(claim: Claim, schedule: WebhookSchedule, connection: Any, settings: Settings) -> None:
    job = await JobStore(connection).job(claim.account_id, claim.job_id)
    if job is None or job.webhook is None or not job.status.is_final:
        await schedule.note(claim, WebhookState.FAILED, "the job is gone", 0)
        return
    body = message_of(job)
    secret = await signing_secret(connection, claim.account_id, settings.secret.get_secret_value())
    attempt = await _post(job.webhook.url, body, signed_headers(secret, job.id, body, int(time.time())), settings)
    number = job.webhook.attempts_count
    is_over = attempt.is_final or number >= len(PAUSE_FACTORS)
    state = WebhookState.FAILED if is_over else WebhookState.PENDING
    if attempt.is_delivered:
        state = WebhookState.DELIVERED
    pause_s = 0 if is_over else settings.webhook_pause_s * PAUSE_FACTORS[number]
    await schedule.note(claim, state, attempt.detail, number + 1, pause_s)
    logger.info("webhook, attempt %s: %s, %s", number + 1, state.value, attempt.detail)


async def _post(url: str, body: bytes, headers: dict[str, str], settings: Settings) -> Attempt:
    """Call the receiver once."""
    target = urlsplit(url)
    async with EgressProxy(settings.allow_hosts) as proxy:
        try:
            async with (
                asyncio.timeout(ATTEMPT_TIMEOUT_S),
                httpx.AsyncClient(proxy=proxy.url, trust_env=False, timeout=ATTEMPT_TIMEOUT_S) as client,
                # What it answers besides the status is not read: it could be of any length.
                client.stream(
                    "POST", url, content=body, headers={**headers, "User-Agent": settings.user_agent}
                ) as answer,
            ):
                refused = proxy.failure_in(answer.headers.get("X-Socials-Reject", ""))
                if refused is None:
                    return _judged(answer.status_code)
        except TimeoutError:
            return Attempt(is_delivered=False, is_final=False, detail="no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            port = target.port if _has_port(url) else None
            refused = proxy.last_refusal(target.hostname or "", port or (443 if target.scheme == "https" else 80))
            if refused is None:
                return Attempt(is_delivered=False, is_final=False, detail=_words(error))
    is_blocked = refused.reason.value in ("blocked_address", "invalid_url")
    return Attempt(is_delivered=False, is_final=is_blocked, detail=refused.reason.value)


def _judged(status: int) -> Attempt:
    is_delivered = 200 <= status < 300
    return Attempt(is_delivered=is_delivered, is_final=is_delivered or status == GONE, detail=f"status {status}")


def _has_port(url: str) -> bool:
    try:
        return urlsplit(url).port is not None
    except ValueError:
        return False


def _words(error: Exception) -> str:
    return "the connection failed" if isinstance(error, httpx.TransportError) else "the address cannot be called"


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
