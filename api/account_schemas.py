"""Which shapes does what an account sees of itself have over the wire?

Tokens, use by day, webhook secret and deliveries; the other shapes are in :mod:`api.schemas`.
"""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Ef, Time


class TokenRequest(BaseModel):
    """A token to make."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"name": "nightly import"}]}
    )

    name: str = Field(min_length=1, max_length=100, description="What it is for, to know it again.")


class TokenView(BaseModel):
    """What is known of a token; its secret is not."""

    id: str
    name: str
    created_at: Time
    used_at: Time | None = Field(description="About when it was used last.")


class TokenList(BaseModel):
    """The account's tokens, oldest first."""

    tokens: list[TokenView]


class TokenCreated(TokenView):
    """A new token with its secret."""

    token: str = Field(description="The secret, shown this once.")


class UseOfDay(BaseModel):
    """What the jobs created on one day came to."""

    day: str = Field(description="Calendar day in UTC.", examples=["2026-03-02"])
    jobs_count: int
    items_count: int
    found_count: int
    failed_count: int
    ef: Ef = Field(description="What they were charged so far.")


class UseByDay(BaseModel):
    """Use by day, oldest first, as far back as jobs are kept; days without jobs are left out."""

    days: list[UseOfDay]


class WebhookSecret(BaseModel):
    """What signs the account's webhooks."""

    secret: str


class Delivery(BaseModel):
    """What came of telling a receiver that a job has ended."""

    job_id: str
    url: str
    status: str = Field(description="`pending`, `delivered` or `failed`.")
    attempts_count: int
    detail: str
    ended_at: Time | None


class DeliveryList(BaseModel):
    """Deliveries of the newest jobs, newest first."""

    deliveries: list[Delivery]
