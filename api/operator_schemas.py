"""Which shapes does the state of the whole service have over the wire?"""

from pydantic import BaseModel, Field

from api.schemas import Ef
from crawler.records import Network, Reason


class WorkerView(BaseModel):
    """A worker that runs."""

    name: str
    memory_bytes: int = Field(description="With all its children, browsers included.")
    shards_count: int = Field(description="Shards that its crawl has in hand.")
    sites_count: int = Field(description="Sites of these without a result yet.")


class DayView(BaseModel):
    """What the service did on one day, in UTC."""

    day: str = Field(examples=["2026-03-02"])
    found: int
    empty: int
    failed: int
    failures: dict[str, int] = Field(description="Failed places by reason.")
    pages: dict[str, int] = Field(description="Pages asked for, by engine.")


class CoverageView(BaseModel):
    """How often a network is found, against the days before."""

    network: Network
    share: float | None = Field(description="Today, from 0.0 to 1.0; null where too few places were read.")
    usual_share: float | None = Field(description="Median of up to seven days before.")
    is_drop: bool
    shares: list[float | None] = Field(description="By day, oldest first.")


class SettingView(BaseModel):
    """A setting in force."""

    name: str
    value: str = Field(description="Secrets are not shown, only whether they are set.")
    default: str
    is_changed: bool
    source: str = Field(description="`environment`, `command line` or `default`.")


class AccountUse(BaseModel):
    """An account with its use this month."""

    id: str
    email: str | None
    is_active: bool
    is_operator: bool
    spent_ef: Ef
    ceiling_ef: Ef | None


class SlowHost(BaseModel):
    """A host that took long."""

    host: str
    elapsed_ms: int = Field(description="Spent on the pages of one site on it, the most of all.")


class FailingHostView(BaseModel):
    """A host on which sites failed."""

    host: str
    failed_count: int
    reason: Reason = Field(description="Of most of them.")


class OperatorView(BaseModel):
    """How the whole service stands."""

    workers: list[WorkerView]
    workers_count: int
    queue_age_s: float = Field(description="Age of the oldest job that no worker has begun.")
    queued_count: int
    open_jobs: dict[str, int]
    webhooks_count: int
    pages: dict[str, int] = Field(description="Pages asked for, by engine, so far.")
    seconds_per_page: dict[str, float] = Field(description="Mean time of a page, by engine.")
    browsers: dict[str, int] = Field(description="Browsers that were lost, or ended after their share.")
    days: list[DayView] = Field(description="The last 14 days, oldest first.")
    coverage: list[CoverageView]
    slow_hosts: list[SlowHost] = Field(description="Among the first rows of the latest jobs, slowest first.")
    failing_hosts: list[FailingHostView] = Field(description="Likewise, most failing first.")
    settings: list[SettingView]
    accounts: list[AccountUse]
