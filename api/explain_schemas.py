"""Which shapes does the story of one site have over the wire?"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.row_schemas import FoundProfile, JudgedNetwork
from crawler.records import Network, Reason, Render


class ExplainRequest(BaseModel):
    """A site to explain."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"site_web": "https://studio-atlas.example", "name": "Studio Atlas"}]},
    )

    site_web: str = Field(min_length=1, max_length=2048, description="The website as a person would type it.")
    name: str = Field(default="", max_length=200, description="What the place is called, where that is known.")


class ExplainedMode(BaseModel):
    """How a site was read in one way, what was found and what it cost."""

    profiles: dict[Network, FoundProfile]
    networks: dict[Network, JudgedNetwork]
    pages: list[dict[str, Any]]
    stop_reason: str
    reason: Reason | None
    detail: str
    elapsed_ms: int = Field(description="Spent on pages, one after the other.")
    bytes: int = Field(description="Of the documents read.")


class MatteringSetting(BaseModel):
    """A setting that made a difference."""

    name: str
    value: str
    is_default: bool
    why: str


class Explained(BaseModel):
    """The story of one site."""

    site_web: str
    in_force: Render = Field(description="The way that jobs read it here.")
    modes: dict[Render, ExplainedMode]
    settings: list[MatteringSetting]
    screenshot: str | None = Field(
        description="The page with the chosen links marked, a JPEG in base64; null where there is none."
    )
    screenshot_problem: str = Field(description="Why there is no screenshot; empty where there is one.")
