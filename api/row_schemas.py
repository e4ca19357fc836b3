"""Which shapes do the rows of a job have over the wire?

Pydantic models of pages, single items and marks; the other shapes are in :mod:`api.schemas`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Time
from crawler.records import Engine, Network, Reason
from worker.jobs.record import JobStatus
from worker.jobs.rows import Outcome


class MarkView(BaseModel):
    """What a reviewer said of the profile of one network."""

    verdict: Literal["wrong", "right"]
    url: str = Field(description="The right profile, canonical; empty with `wrong`.")
    was: str = Field(description="What the results said when the mark was made.")
    at: Time


class FoundProfile(BaseModel):
    """A profile as the crawl found it."""

    url: str
    score: float | None = Field(description="From 0.0 to 1.0; null for a profile that came with the item.")


class RowView(BaseModel):
    """One row of a job."""

    index: int = Field(description="Place of the item in the job, from 0.")
    item: dict[str, Any] = Field(description="The item with the six columns, as results give it, marks applied.")
    outcome: Outcome
    reason: Reason | None
    detail: str = Field(description="What went wrong, for people.")
    engine: Engine | None = Field(description="The most expensive engine that was needed.")
    pages_count: int
    profiles: dict[Network, FoundProfile] = Field(description="What the crawl found, by network.")
    marks: dict[Network, MarkView] = Field(description="What reviewers said, by network.")


class FacetCounts(BaseModel):
    """How many rows each choice would leave, the other choices being as they are."""

    outcome: dict[Outcome, int]
    network: dict[Network, int]
    reason: dict[Reason, int]
    marked: int
    scores: list[int] = Field(description="All rows by the score of their weakest profile, ten bars from 0.0 to 1.0.")


class ResultsPage(BaseModel):
    """One page of the rows of a job."""

    status: JobStatus
    offset: int
    limit: int
    total: int = Field(description="Rows of the job.")
    matched: int = Field(description="Rows that fit the choices, on all pages.")
    facets: FacetCounts
    rows: list[RowView]


class Signal(BaseModel):
    """What spoke for or against a profile."""

    name: str
    weight: float | None = Field(description="In log-odds; null for a remark that has none.")


class JudgedProfile(BaseModel):
    """A profile with what it was judged by."""

    url: str
    score: float | None
    signals: list[Signal]
    page: str | None = Field(description="The page it was found on.")
    place: str | None = Field(description="What kind of link, in which part of the page.")
    engine: Engine | None


class LostProfile(JudgedProfile):
    """A profile that was found and not chosen."""

    why_lost: str


class JudgedNetwork(BaseModel):
    """What was found of one network."""

    chosen: JudgedProfile | None
    alternates: list[LostProfile]


class ItemView(RowView):
    """One item of a job with its evidence and pages."""

    networks: dict[Network, JudgedNetwork]
    pages: list[dict[str, Any]] = Field(description="The pages asked for, in order, as in `social_evidence`.")
    stop_reason: str = Field(description="Why no more pages were read.")


_PROFILE = f"https://www.{next(iter(Network))}.com/studioatlas"


class MarkRequest(BaseModel):
    """What a reviewer says of the profile of one network."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"verdict": "right", "url": _PROFILE}, {"verdict": "wrong"}]},
    )

    verdict: Literal["wrong", "right"] = Field(description="`wrong` empties the column, `right` puts `url` into it.")
    url: str = Field(default="", max_length=2048, description="The right profile; only with `right`.")
