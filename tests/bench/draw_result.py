"""Draws ``docs/result.svg``: six rows of a list, what came back for each, and the evidence behind one profile.

``python -m tests.bench.draw_result`` enriches sample sites with the real command and draws what it answers.
"""

import json
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
SITES = {
    "bakkerij-kruimelwoud": "Bakkerij Kruimelwoud",
    "skuaford-cycles": "Skuaford Cycles",
    "orchestre-des-vasieres": "Orchestre des Vasières",
    "tandheelkunde-zwanenbries": "Tandheelkunde Zwanenbries",
    "glashuette-nebelhain": "Glashütte Nebelhain",
    "tarnwick-inn": "Tarnwick Inn",
}
COLUMNS = {
    "social_facebook": "f",
    "social_instagram": "ig",
    "social_linkedin": "in",
    "social_twitter": "x",
    "social_youtube": "yt",
}
OPENED = "tandheelkunde-zwanenbries"
"""The site whose evidence is shown: of the first network on which another profile lost."""

STYLE = """text { font: 14px system-ui, sans-serif; fill: #1b2229; }
.muted { fill: #56616c; } .small { font-size: 12px; } .bold { font-weight: 600; } .link { fill: #0b5cad; }
.page { fill: #ffffff; } .surface { fill: #f4f6f8; stroke: #d5dbe1; } .rule { stroke: #d5dbe1; } .found { fill: #0a7a55; } .failed { fill: #b42318; }
@media (prefers-color-scheme: dark) { text { fill: #e6eaee; } .muted { fill: #a5b0ba; } .link { fill: #7cb8f7; }
.page { fill: #12171d; } .surface { fill: #1a2129; stroke: #333d47; } .rule { stroke: #333d47; } .found { fill: #3fb884; } .failed { fill: #ff8577; } }"""


def results() -> list[dict[str, Any]]:
    """Enrich the sites with the command."""
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli.samples"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as served:
        assert served.stdout is not None
        about = json.loads(served.stdout.readline())
        sites = {item["site_web"].split("//")[1].split(".")[0]: item["site_web"] for item in about["items"]}
        rows = "".join(json.dumps({"id": name, "name": SITES[name], "site_web": sites[name]}) + "\n" for name in SITES)
        allowed = [word for host in about["allow_hosts"] for word in ("--allow-host", host)]
        done = subprocess.run(
            [sys.executable, "-c", "from api.cli.main import main; main()", "enrich", "-", "--from", "jsonl", "--evidence", *allowed],
            input=rows, capture_output=True, text=True, check=True,
        )  # fmt: skip
        served.terminate()
    return [json.loads(line) for line in done.stdout.splitlines()]


def draw(rows: list[dict[str, Any]]) -> str:
    """Return the picture."""
    parts, y = [], 54
    for row in rows:
        parts.append(text(24, y, SITES[row["id"]], "bold"))
        found = {sign: row[column] for column, sign in COLUMNS.items() if row.get(column)}
        x = 300
        for url in found.values():
            label = url.removeprefix("https://").removeprefix("www.").rstrip("/")
            label = label if len(label) <= 38 else f"{label[:37]}…"
            parts.append(f'<circle class="found" cx="{x}" cy="{y - 5}" r="4"/>' + text(x + 10, y, label, "link small"))
            x += 20 + 7 * len(label)
            if x > 800:
                break
        if not found:
            parts.append(
                f'<circle class="failed" cx="300" cy="{y - 5}" r="4"/>'
                + text(310, y, "no profile, and the reason in the summary", "muted small")
            )
        parts.append(f'<line class="rule" x1="24" x2="876" y1="{y + 12}" y2="{y + 12}"/>')
        y += 34
    evidence = next(row for row in rows if row["id"] == OPENED)["social_evidence"]
    networks = [found for name, found in evidence.items() if f"social_{name}" in COLUMNS and found["chosen"]]
    about = max(networks, key=lambda found: len(found["alternates"]))
    y += 4
    lines = [("Why this profile?", "bold"), (f"✓ {about['chosen']['url']}   score {about['chosen']['score']:.2f}", "")]
    lines += [(f"    {about['chosen']['place']}: {', '.join(about['chosen']['reasons'])}", "muted small")]
    for lost in about["alternates"][:1]:
        lines += [
            (f"   {lost['url']}   score {lost['score']:.2f}", ""),
            (f"    {lost['place']}: {', '.join(lost['reasons'])}", "muted small"),
        ]
    parts.append(f'<rect class="surface" x="24" y="{y - 12}" width="852" height="{22 * len(lines) + 18}" rx="6"/>')
    for place, (words, kind) in enumerate(lines):
        parts.append(text(40, y + 12 + 22 * place, words, kind))
    height = y + 22 * len(lines) + 24
    title = "Six rows of a list with the profiles found for each, and the evidence behind one of them"
    head = text(24, 26, "What you give", "muted small") + text(300, 26, "What you get back", "muted small")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" role="img" aria-label="{title}">'
        f"<title>{title}</title><style>{STYLE}</style>"
        f'<rect class="page" width="900" height="{height}" rx="8"/>{head}{"".join(parts)}</svg>\n'
    )


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """One line of text."""
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


if __name__ == "__main__":
    (DOCS / "result.svg").write_text(draw(results()), "utf-8")
