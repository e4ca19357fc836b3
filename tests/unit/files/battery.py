"""Files of other programs, and what a crawl would have found for their rows."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.files import items as posting
from api.files import writing
from api.files.reading import Reading, open_table
from api.files.table import FileFormat, Table
from crawler.core.planning.website import website
from crawler.urls import SiteUrl

FOLDER = Path(__file__).parents[3] / "fixtures" / "files"


def found(table: Table) -> dict[int, Mapping[str, Any]]:
    """Stored results as a crawl makes them: each site names two accounts, by its host; a third cannot be reached."""
    results: dict[int, Mapping[str, Any]] = {}
    for index in range(len(table.rows)):
        item = posting.post(table, index)
        site = website(item["site_web"]) if item["site_web"] else None
        if not isinstance(site, SiteUrl):
            continue
        name = site.host.removeprefix("www.").partition(".")[0].replace("-", "")
        if name in ("forge", "oelberg"):
            results[index] = {"profiles": {}, "reason": "dns_error", "detail": ""}
            continue
        urls = {"facebook": f"https://www.facebook.com/{name}", "tiktok": f"https://www.tiktok.com/@{name}"}
        results[index] = {"profiles": urls, "reason": None, "detail": "", "evidence": {}}
    return results


def enriched(
    data: bytes, name: str, file_format: FileFormat | None = None, *, is_osm: bool = False, **how: Any
) -> tuple[bytes, list[str]]:
    """Write a file again with what was found; return it with what is said about it."""
    table = open_table(data, name, Reading(**how))
    additions = posting.additions(table, found(table), is_osm=is_osm)
    file = io.BytesIO()
    said = writing.write(table, additions, file_format or table.file_format, file)
    return file.getvalue(), [*table.notes, *said]
