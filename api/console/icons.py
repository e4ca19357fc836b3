"""The few signs that stand beside words; drawn here, decorative, in the colour of their text."""

from collections.abc import Mapping

from markupsafe import Markup

_PATHS: Mapping[str, str] = {
    "found": "M3.5 8.5l3 3 6-7",
    "empty": "M4 8h8",
    "failed": "M4.5 4.5l7 7M11.5 4.5l-7 7",
    "pending": "M8 4.5V8l2.5 1.5M8 1.75a6.25 6.25 0 1 0 0 12.5a6.25 6.25 0 0 0 0-12.5",
    "running": "M8 1.75A6.25 6.25 0 0 1 14.25 8M8 14.25A6.25 6.25 0 0 1 1.75 8",
    "done": "M3.5 8.5l3 3 6-7",
    "cancelled": "M8 1.75a6.25 6.25 0 1 0 0 12.5a6.25 6.25 0 0 0 0-12.5M3.75 3.75l8.5 8.5",
    "download": "M8 2.5v7.5M5 7l3 3 3-3M3 13.5h10",
    "up": "M8 12.5v-9M4.5 7L8 3.5 11.5 7",
    "down": "M8 3.5v9M4.5 9L8 12.5 11.5 9",
    "drop": "M8 2.5l6 10.5H2z",
    "brand": "M3 9.5a4 4 0 0 1 4-4h2a4 4 0 0 1 0 8H8M13 6.5a4 4 0 0 1-4 4H7a4 4 0 0 1 0-8h1",
    "outside": "M6.5 3.5h-3v9h9v-3M9 3.5h3.5V7M12.5 3.5L7.5 8.5",
}


def icon(name: str, size: int = 14) -> Markup:
    """Draw a sign."""
    return Markup(
        f'<svg aria-hidden="true" focusable="false" width="{size}" height="{size}" viewBox="0 0 16 16" fill="none" '
        f'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{_PATHS[name]}"/></svg>'
    )
