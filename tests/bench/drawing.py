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


class Time(Protocol):
    """What is drawn of one line of a list's table."""

    what: str
    wall_s: float
    cpu_s: float


def times(lines: Sequence[Time]) -> str:
    """Draw how long each way takes, on the clock and of the processor, as bars; the scale is logarithmic."""
    body = ['<text x="16" y="26" font-size="16" font-weight="600">Seconds on the clock, and of the processor</text>']

    def length(seconds: float) -> float:
        return max(2.0, 110 * math.log10(max(seconds, 0.01) / 0.01))

    for number, line in enumerate(lines):
        top = 48 + number * 44
        body.append(
            f'<text x="16" y="{top + 20}">{line.what}</text>'
            f'<rect x="330" y="{top}" width="{length(line.wall_s):.0f}" height="14" rx="2" fill="#2a7f62"/>'
            f'<text x="{338 + length(line.wall_s):.0f}" y="{top + 12}">{line.wall_s:.2f} s</text>'
            f'<rect x="330" y="{top + 17}" width="{length(line.cpu_s):.0f}" height="14" rx="2" fill="#c0562b"/>'
            f'<text x="{338 + length(line.cpu_s):.0f}" y="{top + 29}">{line.cpu_s:.2f} s</text>'
        )
    return _FRAME.format(width=900, height=64 + 44 * len(lines), body="".join(body))


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


def reliability(
    bands: Sequence[tuple[float, float, int, float, float]],
    prices: Sequence[tuple[float, float, float]],
    threshold: float,
) -> str:
    """Draw what scores mean, and beside it what a threshold costs.

    Args:
        bands: low and high end, number of profiles, mean score, and share that is right, all shares from 0.0 to 1.0.
        prices: threshold, precision, recall.
        threshold: the one in use.
    """
    top, size, left, right = 60, 300, 60, 470
    least = 0.8

    def at(x: float, y: float, start: int) -> tuple[float, float]:
        return start + size * x, top + size * (1 - y)

    body = ['<text x="16" y="28" font-size="16" font-weight="600">What a score means, on sites held out</text>']
    body += [
        f'<rect x="{start}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#bbb"/>'
        for start in (left, right)
    ]
    body.append(
        f'<line x1="{left}" y1="{top + size}" x2="{left + size}" y2="{top}" stroke="#999" stroke-dasharray="5 4"/>'
    )
    for low, high, count, mean, share in bands:
        if not count:
            continue
        x, y = at(mean, share, left)
        lowest, highest = _wilson(share, count)
        body.append(
            f'<line x1="{x:.1f}" y1="{at(0, lowest, left)[1]:.1f}" x2="{x:.1f}" y2="{at(0, highest, left)[1]:.1f}" '
            f'stroke="#2a7f62" stroke-width="1.5"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#2a7f62">'
            f"<title>{low:.2f} to {high:.2f}: {count} profiles, {share:.0%} right</title></circle>"
        )
    for values, colour, name in ((1, "#2a7f62", "precision"), (2, "#c0562b", "recall")):
        places = [at(each[0], (each[values] - least) / (1 - least), right) for each in prices]
        inside = [f"{x:.1f},{y:.1f}" for x, y in places if y <= top + size]
        body.append(f'<polyline points="{" ".join(inside)}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = places[0]
        body.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="{colour}">{name}</text>')
    x, _ = at(threshold, 0, right)
    body.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + size}" stroke="#999" stroke-dasharray="2 3"/>')
    body.append(f'<text x="{x + 5:.1f}" y="{top + size - 8}" fill="#777">in use</text>')
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        for start in (left, right):
            x, _ = at(tick, 0, start)
            body.append(f'<text x="{x:.1f}" y="{top + size + 18}" text-anchor="middle">{tick:g}</text>')
        _, y = at(0, tick, left)
        body.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
        body.append(f'<text x="{right - 8}" y="{y + 4:.1f}" text-anchor="end">{least + tick * (1 - least):.2f}</text>')
    for start, text in ((left, "score across, share that is right upward"), (right, "threshold")):
        body.append(f'<text x="{start + size / 2}" y="{top + size + 42}" text-anchor="middle">{text}</text>')
    return _FRAME.format(width=right + size + 30, height=top + size + 60, body="".join(body))


def _wilson(share: float, count: int) -> tuple[float, float]:
    """Return the ends of Wilson's 90 % interval of a share (E. B. Wilson, 1927)."""
    z = 1.645
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def growth(points: Sequence[tuple[int, float]]) -> str:
    """Draw sites a second by workers, beside the straight line of proportion; both scales are logarithmic."""
    left, top, width, height = 70, 50, 560, 300
    first, last = points[0], points[-1]
    most = first[1] * last[0] / first[0]

    def at(workers: float, rate: float) -> str:
        x = math.log(workers / first[0]) / math.log(last[0] / first[0])
        y = math.log(rate / first[1]) / math.log(most / first[1])
        return f"{left + width * x:.1f},{top + height * (1 - y):.1f}"

    line = " ".join(at(*point) for point in points)
    body = [
        '<text x="16" y="26" font-size="16" font-weight="600">Sites a second, by workers</text>',
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#bbb"/>',
        f'<polyline points="{at(*first)} {at(last[0], most)}" fill="none" stroke="#999" stroke-dasharray="5 4"/>',
        f'<polyline points="{line}" fill="none" stroke="#2a7f62" stroke-width="2.5"/>',
        f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">workers; dashed: in proportion</text>',
    ]
    for workers, rate in points:
        x, y = at(workers, rate).split(",")
        body.append(
            f'<circle cx="{x}" cy="{y}" r="3.5" fill="#2a7f62"/>'
            f'<text x="{x}" y="{float(y) - 9:.1f}" text-anchor="middle">{rate:.0f}</text>'
            f'<text x="{x}" y="{top + height + 16}" text-anchor="middle">{workers}</text>'
        )
    return _FRAME.format(width=680, height=top + height + 56, body="".join(body))
