"""Which shapes go over the wire?

Pydantic models of the requests and answers, with the limits of the contract.  They check and describe; the work is
done elsewhere.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from crawler.config import Settings
from crawler.records import COLUMNS, Limits, Reason, Render
from worker.accounts.credentials import MAX_PASSWORD_LENGTH
from worker.jobs.record import IdempotencyKey, JobStatus, iso
from worker.jobs.submit import Submission

MAX_ITEMS_COUNT = 10_000
"""Maximum items per job, by contract."""


PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
"""No controls, line breaks, or signs that only steer how others are shown; a pattern, so that the description can say
it: which characters Unicode has not assigned yet, it cannot."""


IDEMPOTENCY_KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
"""1 to 255 printable characters; a header's value neither begins nor ends with a space (RFC 9110, 5.5)."""

CURSOR = r"^[0-9]{1,15}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""A position in the list of jobs: when a job was created, in ms, and its id."""

WEBHOOK_URL = r"^https?://[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?([/?][!-~]*)?$"

PATTERNS = {
    IDEMPOTENCY_KEY: "must be 1 to 255 printable ASCII characters",
    CURSOR: "must be the next_cursor of a previous page, unchanged",
    WEBHOOK_URL: "must be an http or https URL, for example https://hooks.example.com/socials",
}
"""Messages for values that do not match; patterns are for machines."""


def _printable(text: str) -> str:
    if not re.fullmatch(PRINTABLE[1:-1], text):
        raise PydanticCustomError("not_printable", "must contain printable characters only")
    return text


def _whole(value: object) -> object:
    """Take ``4.0`` for 4, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


PagesCount = Annotated[int, Field(ge=1, le=10), BeforeValidator(_whole)]


class JobOptions(BaseModel):
    """What one item may cost; each is capped by the operator's maximum, which `GET /api/modules/socials` shows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    render: Annotated[Render, Field(strict=False)] | None = Field(
        default=None, description="When a browser may be used."
    )
    max_pages: PagesCount | None = Field(default=None, description="Maximum pages read per item.")
    item_budget_s: float | None = Field(default=None, ge=5, le=120, description="Time budget per item, in seconds.")

    def limits(self, settings: Settings) -> Limits:
        """Return what one item may cost: these, up to the operator's maximum, else the operator's defaults."""
        default = settings.limits()
        return Limits(
            render=default.render if self.render is None or default.render is Render.NEVER else self.render,
            max_pages_count=min(self.max_pages or default.max_pages_count, settings.options_max_pages_count),
            item_budget_s=min(self.item_budget_s or default.item_budget_s, settings.options_item_budget_s),
        )


class WebhookRequest(BaseModel):
    """Where to send a notification when the job ends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(
        max_length=2048,
        pattern=WEBHOOK_URL,
        description="Called once by POST when the job has ended; must be reachable from the internet.",
        examples=["https://hooks.studio-atlas.example/socials"],
    )


SourceJobId = Annotated[
    str,
    Field(min_length=1, max_length=128, json_schema_extra={"pattern": PRINTABLE}),
    AfterValidator(_printable),
]


class JobRequest(BaseModel):
    """A job to create."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"items": [{"name": "Studio Atlas", "site_web": "https://studio-atlas.example"}]}]
        },
    )

    items: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_ITEMS_COUNT,
        description="What to enrich: objects with a `site_web`; every other key comes back untouched.",
    )
    source_job_id: SourceJobId | None = Field(
        default=None, description="A job upstream; stored and echoed, never looked up."
    )
    options: JobOptions = Field(default_factory=JobOptions)
    webhook: WebhookRequest | None = Field(
        default=None, description="Notified when the job ends; signed as Standard Webhooks specifies."
    )

    @field_validator("items")
    @classmethod
    def _operators_limit(cls, items: list[dict[str, Any]], info: ValidationInfo) -> list[dict[str, Any]]:
        settings: Settings | None = (info.context or {}).get("settings")
        if settings is not None and len(items) > settings.max_items_count:
            message = f"must have at most {settings.max_items_count} items; split them into several jobs"
            raise PydanticCustomError("too_many_items", message)
        return items

    def submission(self, account_id: str, settings: Settings, key: IdempotencyKey | None) -> Submission:
        """Return what an account submits with this."""
        url = self.webhook.url if self.webhook else None
        return Submission(account_id, self.items, self.options.limits(settings), self.source_job_id, url, key)


Time = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Ef = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class WebhookCreated(BaseModel):
    """The receiver of a new job's webhook."""

    url: str
    secret: str = Field(
        description="Signing secret of all webhooks of the account; the receiver verifies with it.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )


class WebhookView(BaseModel):
    """The receiver of a job's webhook, and its delivery status."""

    url: str
    status: Literal["pending", "delivered", "failed"]
    attempts_count: int
    detail: str = Field(description="Outcome of the last attempt.", examples=["status 204"])


class JobAccepted(BaseModel):
    """A job as it was accepted."""

    id: str
    job_type: Literal["socials"] = "socials"
    status: JobStatus
    items_count: int = Field(description="Items queued.")
    dropped_count: int = Field(description="Items dropped because they have no usable website.")
    ef_cost: Ef = Field(description="Estimate, in EF.", examples=[0.0011])
    source_job_id: str | None
    file_name: str | None = Field(default=None, description="The file that the items come from, if from one.")
    created_at: Time
    expires_at: Time


class JobCreated(JobAccepted):
    """A new job."""

    webhook: WebhookCreated | None = None


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list["JobSnapshot"]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last page.")


class FailedItem(BaseModel):
    """An item without a profile because something went wrong."""

    index: int
    site_web: str
    reason: Reason
    detail: str


class JobSummary(BaseModel):
    """What the job found so far."""

    profiles: dict[str, int] = Field(description="Profiles found, per network.")
    engines: dict[str, int] = Field(description="Items per engine that settled them.")
    failures: dict[str, int] = Field(description="Failed items, per reason.")
    failed_items: list[FailedItem] = Field(description="The first 100 failed items.")


class JobQueue(BaseModel):
    """What a pending job waits for."""

    workers_count: int = Field(description="Running workers; a job waits until there is one.")
    shards_ahead_count: int = Field(description="Shards of your other jobs that come first.")


class JobSnapshot(JobAccepted):
    """A job as it stands."""

    processed_count: int
    found_count: int = Field(description="Items with at least one profile.")
    error_count: int = Field(description="Failed items.")
    started_at: Time | None
    completed_at: Time | None
    error_message: str | None
    ef_charged: Ef
    options: dict[str, Any]
    summary: JobSummary
    webhook: WebhookView | None = None
    queue: JobQueue | None = Field(default=None, description="Only of a pending job that is asked for by its id.")


class LoginRequest(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"email": "anna@studio-atlas.example", "password": "correct horse battery"}]},
    )

    email: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=MAX_PASSWORD_LENGTH)


class LinkRequest(BaseModel):
    """The secret of a one-time link."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"link": "link_local_0123456789abcdef_mYlF2q1d0Xo0y0kz8m3mYlF2q1d0Xo0y0kz8m3wRt5A"}]
        },
    )

    link: str = Field(min_length=1, max_length=500, description="What stands behind the # of the link.")


class AccountView(BaseModel):
    """An account and its spending."""

    id: str
    email: str | None = Field(description="Null for an account that only has tokens.")
    is_operator: bool = Field(description="Whether it may see how the whole service stands.")
    month: str = Field(description="The calendar month, in UTC, that the amounts are of.", examples=["2026-11"])
    ceiling_ef: Ef | None = Field(description="Spending limit per month; null if unlimited.")
    spent_ef: Ef = Field(description="Cost of the jobs that have ended.")
    reserved_ef: Ef = Field(description="Estimated cost of the jobs that have not ended.")


class ModuleLimits(BaseModel):
    """The limits in force."""

    max_items: int = Field(description="Maximum items per job.")
    max_body_bytes: int = Field(description="Maximum size of a request body.")
    max_pages: int = Field(description="Maximum of the option `max_pages`.")
    default_max_pages: int = Field(description="Pages read for one item at most, without that option.")
    item_budget_s: float = Field(description="Maximum of the option `item_budget_s`, in seconds.")
    default_item_budget_s: float = Field(description="Time spent on one item at most, without that option.")
    retention_s: int
    ef_per_item: Ef


class Module(BaseModel):
    """What this module does, for pipelines that chain modules."""

    name: Literal["socials"] = "socials"
    category: Literal["enrich"] = "enrich"
    needs: list[str] = ["site_web"]
    produces: list[str] = list(COLUMNS)
    pipelinable: bool = True
    continuous_monitoring: bool = False
    limits: ModuleLimits


class Health(BaseModel):
    """Whether the process runs."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One thing the service needs."""

    is_ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether jobs would be worked on now, with a reason for each thing needed."""

    status: Literal["ready", "degraded"]
    checks: dict[str, Check]
