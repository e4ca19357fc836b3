"""Which shapes go over the wire?

Pydantic models of the requests and answers, with the limits of the contract.  They check and describe; the work is
done elsewhere.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from crawler.config import Settings
from crawler.records import COLUMNS, Limits, Reason, Render
from worker.credentials import MAX_PASSWORD_LENGTH

MAX_ITEMS_COUNT = 10_000
"""Most items in one job, by contract."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    return text


class JobOptions(BaseModel):
    """What one item may cost; each is capped by the operator."""

    model_config = ConfigDict(extra="forbid", strict=True)

    render: Annotated[Render, Field(strict=False)] | None = Field(
        default=None, description="When a browser may be used."
    )
    max_pages: int | None = Field(default=None, ge=1, le=10, description="Most pages read for one item.")
    item_budget_s: float | None = Field(
        default=None, ge=5, le=120, description="Most time spent on one item, in seconds."
    )

    def limits(self, settings: Settings) -> Limits:
        """Combine with the operator's limits, which win where they are tighter."""
        own = settings.limits()
        render = own.render if self.render is None or own.render is Render.NEVER else self.render
        return Limits(
            render=render,
            max_pages_count=min(self.max_pages or own.max_pages_count, own.max_pages_count),
            item_budget_s=min(self.item_budget_s or own.item_budget_s, own.item_budget_s),
        )


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
    source_job_id: Annotated[str, AfterValidator(_printable)] | None = Field(
        default=None, min_length=1, max_length=128, description="A job upstream; stored and echoed, never looked up."
    )
    options: JobOptions = Field(default_factory=JobOptions)


Ef = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class JobCreated(BaseModel):
    """A job as it was accepted."""

    id: str
    job_type: Literal["socials"] = "socials"
    status: str = Field(examples=["pending"])
    items_count: int = Field(description="Items queued.")
    dropped_count: int = Field(description="Items left out because they have no usable website.")
    ef_cost: Ef = Field(description="Estimate, in EF.", examples=[0.0011])
    source_job_id: str | None
    created_at: datetime
    expires_at: datetime


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list["JobSnapshot"]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last one.")


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


class JobSnapshot(JobCreated):
    """A job as it stands."""

    processed_count: int
    found_count: int = Field(description="Items with at least one profile.")
    error_count: int = Field(description="Failed items.")
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    ef_charged: Ef
    options: dict[str, Any]
    summary: JobSummary


class LoginRequest(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"email": "anna@studio-atlas.example", "password": "correct horse battery"}]},
    )

    email: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=MAX_PASSWORD_LENGTH)


class AccountView(BaseModel):
    """An account, and what it has left."""

    id: str
    email: str | None = Field(description="Null for an account that only has tokens.")
    month: str = Field(description="The calendar month, in UTC, that the amounts are of.", examples=["2026-11"])
    ceiling_ef: Ef | None = Field(description="What it may spend in a month; null: as much as it likes.")
    spent_ef: Ef = Field(description="What jobs that have ended cost.")
    reserved_ef: Ef = Field(description="Estimates of the jobs that have not.")


class ModuleLimits(BaseModel):
    """The limits in force."""

    max_items: int
    max_body_bytes: int
    max_pages: int
    item_budget_s: float
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
