"""How do numbers, times and addresses look to people?

Pure; filters of the templates.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit


def number(value: float) -> str:
    """Write a count with separators: ``9,412``."""
    return f"{value:,.0f}"


def percent(part: float, whole: float) -> str:
    """Write a share in whole percent, but never 0 % or 100 % of what is neither."""
    if not whole:
        return "0 %"
    share = round(100 * part / whole)
    if share == 0 and part > 0:
        return "<1 %"
    return f"{min(share, 99) if part < whole else share} %"


def score(value: float | None) -> str:
    """Write a score with two decimals, rounded down so that it never looks better than it is."""
    return "" if value is None else f"{int(value * 100 + 1e-9) / 100:.2f}"


def weight(value: float | None) -> str:
    """Write the weight of a signal with its sign."""
    return "" if value is None else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def ef(value: float | Decimal | None) -> str:
    """Write an amount of EF with as many decimals as it needs, two at least."""
    text = f"{Decimal(str(value or 0)):.8f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{int(whole):,}.{decimals.ljust(2, '0')}"


def duration(seconds: float) -> str:
    """Write a time span in at most two units: ``45 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    left = max(0, round(seconds))
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, left = divmod(left, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2])


def moment(value: str | None) -> datetime | None:
    """Read a time of the interface."""
    return datetime.fromisoformat(value) if value else None


def day_and_time(value: str | None) -> str:
    """Write a time of the interface: ``26 Nov 2026, 01:15 UTC``."""
    at = moment(value)
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" if at else ""


def size(count: float) -> str:
    """Write a number of bytes: ``14.2 kB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def link(url: Any) -> str:
    """Return an address that may stand behind a link, ``""`` for what is none: ``javascript:`` and its like."""
    if not isinstance(url, str):
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def site(value: Any) -> str:
    """Shorten a website to what people call it."""
    text = value.strip() if isinstance(value, str) else ""
    for start in ("https://", "http://"):
        text = text.removeprefix(start)
    return text.removeprefix("www.").rstrip("/")


def handle(url: Any) -> str:
    """Shorten a profile's address to what tells it from others on its network."""
    if not isinstance(url, str):
        return str(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = unquote(parts.path).strip("/")
    if not parts.netloc or not path:
        return url
    for start in ("company/", "school/", "showcase/", "in/", "channel/", "pages/", "people/", "groups/"):
        path = path.removeprefix(start)
    if path == "profile.php":
        return parts.query.removeprefix("id=")
    return path
