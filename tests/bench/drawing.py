"""How does a measurement look?  Plain SVG, readable on light and dark pages."""

import math
from collections.abc import Sequence
from typing import Protocol


class Bar(Protocol):
    """What is drawn of one way to crawl."""

    mode: str
    precision: float
    recall: float
    sites_per_minute: float
    cpu_s: float


_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="system-ui, sans-serif" font-size="13">'
    '<rect width="100%" height="100%" rx="6" fill="#fff"/><g fill="#222">{body}</g></svg>\n'
)


def bars(rows: Sequence[Bar]) -> str:
    """Draw what each way finds and what it costs, as bars."""
    dearest = max(row.cpu_s for row in rows)
    body = ['<text x="16" y="26" font-size="16" font-weight="600">Found, and what it costs</text>']
    for number, row in enumerate(rows):
        top = 48 + number * 54
        found, cost = 400 * row.recall, max(2.0, 400 * row.cpu_s / dearest)
        body.append(
            f'<text x="16" y="{top + 22}" font-weight="600">{row.mode}</text>'
            f'<rect x="150" y="{top}" width="{found:.0f}" height="16" rx="2" fill="#2a7f62"/>'
            f'<text x="{158 + found:.0f}" y="{top + 13}">recall {row.recall:.2f}, precision {row.precision:.2f}</text>'
            f'<rect x="150" y="{top + 20}" width="{cost:.0f}" height="16" rx="2" fill="#c0562b"/>'
            f'<text x="{158 + cost:.0f}" y="{top + 33}">{row.cpu_s:.2f} processor s a site, '
            f"{row.sites_per_minute:.0f} sites a minute</text>"
        )
    return _FRAME.format(width=860, height=60 + 54 * len(rows), body="".join(body))


def curve(points: Sequence[tuple[int, float, float]], latency_ms: int) -> str:
    """Draw sites a minute by sites at a time, beside the straight line of proportion; both scales are logarithmic."""
    left, top, width, height = 70, 50, 560, 280
    least = 0.7 * min(rate for _, rate, _ in points)
    most = 1.4 * max(rate for _, rate, _ in points)
    last = len(points) - 1

    def at(number: float, rate: float) -> str:
        share = math.log(rate / least) / math.log(most / least)
        return f"{left + width * number / last:.1f},{top + height * (1 - share):.1f}"

    line = " ".join(at(number, rate) for number, (_, rate, _) in enumerate(points))
    first = points[0]
    proportional = [(number, first[1] * each[0] / first[0]) for number, each in enumerate(points)]
    straight = " ".join(at(number, rate) for number, rate in proportional if rate <= most)
    body = [
        f'<text x="16" y="26" font-size="16" font-weight="600">Sites a minute, {latency_ms} ms added to every answer</text>',
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#bbb"/>',
        f'<polyline points="{straight}" fill="none" stroke="#999" stroke-dasharray="5 4"/>',
        f'<polyline points="{line}" fill="none" stroke="#2a7f62" stroke-width="2.5"/>',
        f'<text x="{left + width / 2}" y="{top + height + 44}" text-anchor="middle">sites at a time; below: processors in '
        "use; dashed: in proportion</text>",
    ]
    for number, (concurrency, rate, cores) in enumerate(points):
        x, y = at(number, rate).split(",")
        body.append(
            f'<circle cx="{x}" cy="{y}" r="3.5" fill="#2a7f62"/>'
            f'<text x="{x}" y="{float(y) - 9:.1f}" text-anchor="middle">{rate:.0f}</text>'
            f'<text x="{x}" y="{top + height + 16}" text-anchor="middle">{concurrency}</text>'
            f'<text x="{x}" y="{top + height + 62}" text-anchor="middle" fill="#777">{cores:.1f}</text>'
        )
    return _FRAME.format(width=680, height=top + height + 80, body="".join(body))
