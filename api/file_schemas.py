"""Which shapes do people's files have over the wire?

Pydantic models of previews and of jobs made of files; the other shapes are in :mod:`api.schemas`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.files.table import FileFormat
from api.schemas import Ef, JobOptions, WebhookRequest


class ReadingRequest(BaseModel):
    """How a file is to be read; what is left out is found out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    column: str | None = Field(default=None, max_length=1000, description="The column with the websites.")
    name_column: str | None = Field(default=None, max_length=1000, description="The column with the names.")
    sheet: str | None = Field(default=None, max_length=100, description="Sheet of a workbook.")
    encoding: str | None = Field(default=None, max_length=40, description="Encoding of a text file.")
    delimiter: str | None = Field(default=None, max_length=1, description="What separates the cells of a text file.")


class FileJobRequest(ReadingRequest):
    """A job to make of a file."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"column": "web", "options": {"max_pages": 2}}]}
    )

    options: JobOptions = Field(default_factory=JobOptions)
    webhook: WebhookRequest | None = None


class ColumnView(BaseModel):
    """A column of a file."""

    name: str
    filled_count: int | None = Field(default=None, description="Values looked at that are not empty.")
    fitting_count: int | None = Field(default=None, description="Those of them that are websites, or names.")


class GuessView(BaseModel):
    """Which column was chosen, and why."""

    column: str = Field(description="Empty where it is not clear.")
    reason: str
    candidates: list[ColumnView]


class DroppedRows(BaseModel):
    """Rows that would be left out, for one reason."""

    reason: Literal["blank", "unusable"]
    count: int
    examples: list[str] = Field(description="The first of them: their place, and what stands there.")


class PreviewRow(BaseModel):
    """One row as it was read."""

    place: str = Field(description="Its place in the person's own program.", examples=["row 7"])
    values: list[str] = Field(description="Its cells in the order of the columns, long ones cut.")
    is_eligible: bool


class FilePreview(BaseModel):
    """A file as it would be read; no job is made."""

    id: str = Field(description="Names the file for an hour.")
    name: str
    file_format: FileFormat
    columns: list[str]
    site: GuessView
    name_guess: GuessView
    rows_count: int
    eligible_count: int
    dropped: list[DroppedRows]
    rows: list[PreviewRow] = Field(description="The first 20 rows.")
    sheet: str
    sheets: list[str]
    encoding: str | None = Field(description="Of a text file, as it was read.")
    delimiter: str | None = Field(description="Of a text file, as it was read.")
    notes: list[str] = Field(description="What people should know about the reading.")
    ef_cost: Ef = Field(description="Estimate of the job, in EF.")
    ef_left: Ef | None = Field(description="What the account has left this month; null: as much as it likes.")
