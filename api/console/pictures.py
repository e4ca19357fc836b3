"""Which pictures say it quicker than numbers?

Pure: figures in, SVG out, drawn by the server without a style or script of its own.  Every picture has a title and a
description with the numbers; colours come from classes, and no two parts differ by colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup, escape

WIDTH = 640.0
"""Width of a picture in its own units; the page scales it."""

_ids = count()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: its kind (a class of the stylesheet), what it is called, and how much."""

    kind: str
    label: str
    value: float


def _svg(title: str, description: str, width: float, height: float, inner: str, *, stretch: bool = False) -> Markup:
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    return Markup(
        f'<svg class="picture" role="img" viewBox="0 0 {width:g} {height:g}"{ratio}>'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{inner}</svg>"
    )


def stacked_bar(title: str, parts: Sequence[Part], whole: float) -> Markup:
    """Draw one bar of parts in their order, 2 units apart; failed parts are hatched, empty ones hollow."""
    height, gap, at = 18.0, 2.0, 0.0
    pattern = f"hatch-{next(_ids)}"
    shapes = [
        f'<pattern id="{pattern}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" class="fill-page"/><line x1="1" y1="0" x2="1" y2="6" class="stroke-failed" '
        'stroke-width="2.5"/></pattern>'
    ]
    shown = [part for part in parts if part.value > 0]
    for part in shown:
        width = max(WIDTH * part.value / whole, 3.0) if whole else 0.0
        fill = f' fill="url(#{pattern})"' if part.kind == "failed" else ""
        shapes.append(
            f'<rect x="{at + 1:.2f}" y="1" width="{max(width - gap, 1.0):.2f}" height="{height - 2:g}" rx="3" '
            f'class="fill-{escape(part.kind)}"{fill}><title>{escape(part.label)}: {part.value:,.0f}</title></rect>'
        )
        at += width
    description = ", ".join(f"{part.label}: {part.value:,.0f}" for part in parts)
    return _svg(title, description, max(WIDTH, at), height, "".join(shapes), stretch=True)


def bar(value: float, most: float, kind: str = "bar") -> Markup:
    """Draw one thin bar beside its number; it says nothing that the number does not."""
    width = 100 * value / most if most else 0.0
    return Markup(
        '<svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">'
        '<rect width="100" height="10" rx="2" class="fill-track"/>'
        f'<rect width="{max(width, 1.0) if value else 0:.2f}" height="10" rx="2" class="fill-{escape(kind)}"/></svg>'
    )


def histogram(title: str, counts: Sequence[int], threshold: float) -> Markup:
    """Draw scores from 0 to 1 as bars of equal width, with the threshold as a line."""
    width, height, top, foot = 320.0, 96.0, 14.0, 18.0
    most = max(counts, default=0) or 1
    step = width / len(counts)
    shapes: list[str] = []
    for place, value in enumerate(counts):
        tall = (height - top - foot) * value / most
        low, high = place / len(counts), (place + 1) / len(counts)
        if value:
            shapes.append(
                f'<rect x="{place * step + 1:.1f}" y="{height - foot - tall:.1f}" width="{step - 2:.1f}" '
                f'height="{tall:.1f}" rx="2" class="fill-bar"><title>{low:.1f}-{high:.1f}: {value:,}</title></rect>'
            )
    x = threshold * width
    shapes.append(f'<line x1="0" x2="{width}" y1="{height - foot}" y2="{height - foot}" class="line line-faint"/>')
    shapes.append(f'<line x1="{x}" x2="{x}" y1="2" y2="{height - foot}" class="line line-faint"/>')
    for mark, anchor in ((0.0, "start"), (threshold, "middle"), (1.0, "end")):
        shapes.append(
            f'<text x="{mark * width:g}" y="{height - 3}" text-anchor="{anchor}" class="muted">{mark:.1f}</text>'
        )
    text = ", ".join(f"{place / len(counts):.1f}: {value:,}" for place, value in enumerate(counts) if value)
    return _svg(title, text or "0", width, height, "".join(shapes))


def sparkline(title: str, values: Sequence[float], unit: str = "") -> Markup:
    """Draw values over time as a line, with the last, the least and the most of them named."""
    width, height = 320.0, 56.0
    if not values:
        return Markup("")
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)
    points = " ".join(
        f"{4 + place * step:.1f},{height - 8 - (height - 16) * (value - least) / span:.1f}"
        for place, value in enumerate(values)
    )
    text = f"last {values[-1]:,.4g}{unit}, least {least:,.4g}{unit}, most {most:,.4g}{unit}"
    x, _, y = points.rpartition(" ")[2].partition(",")
    inner = f'<polyline class="line" points="{points}"/><circle class="fill-bar" cx="{x}" cy="{y}" r="3.5"/>'
    return _svg(title, text, width, height, inner)


def daily_bars(
    title: str, days: Sequence[tuple[str, float]], unit: str, ceiling: float | None = None, width: float = WIDTH
) -> Markup:
    """Draw one bar per day; the ceiling, where there is one, as a line."""
    height, top, foot = 140.0, 10.0, 20.0
    most = max([value for _, value in days] + ([ceiling] if ceiling else []), default=0.0) or 1.0
    step = width / max(len(days), 1)
    shapes: list[str] = []
    for place, (day, value) in enumerate(days):
        tall = (height - top - foot) * value / most
        if value:
            shapes.append(
                f'<rect x="{place * step + 1:.1f}" y="{height - foot - tall:.1f}" width="{max(step - 2, 1):.1f}" '
                f'height="{max(tall, 1):.1f}" rx="2" class="fill-bar"><title>{escape(day)}: {value:g} {escape(unit)}'
                "</title></rect>"
            )
    if ceiling:
        y = height - foot - (height - top - foot) * ceiling / most
        shapes.append(f'<line x1="0" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" class="line line-faint"/>')
    shapes.append(f'<line x1="0" x2="{width}" y1="{height - foot}" y2="{height - foot}" class="line line-faint"/>')
    if days:
        shapes.append(f'<text x="0" y="{height - 4}" class="muted">{escape(days[0][0])}</text>')
        shapes.append(
            f'<text x="{width}" y="{height - 4}" text-anchor="end" class="muted">{escape(days[-1][0])}</text>'
        )
    text = ", ".join(f"{day}: {value:g}" for day, value in days if value)
    return _svg(title, text or "0", width, height, "".join(shapes))


def parts_of(counts: Mapping[str, int], labels: Mapping[str, str]) -> list[Part]:
    """Return found, empty, failed and pending, in this order, as parts of a bar."""
    return [Part(kind, labels[kind], counts.get(kind, 0)) for kind in ("found", "empty", "failed", "pending")]
