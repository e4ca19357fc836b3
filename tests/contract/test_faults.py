"""Which test shows each fault and bad input, and what comes of it?

``docs/faults.md`` is written from the marks ``@pytest.mark.faults(number, ...)`` of the tests:
``UPDATE=1 pytest tests/contract/test_faults.py`` writes it anew.
"""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "faults.md"

TITLES = {
    1: "A body that is no JSON object",
    2: "`items` missing or of another type",
    3: "10,000 items, and one more",
    4: "No item with a usable website",
    5: "An estimate above the ceiling",
    6: "Wrong credentials",
    7: "A deactivated account",
    8: "Too many requests",
    9: "A body that is too large, also without a length",
    10: "A body at a byte a second",
    11: "A packed body",
    12: "JSON nested without end, odd numbers, equal keys",
    13: "Odd strings and keys",
    14: "Unknown fields of a request",
    15: "Another method, type or path",
    16: "The same idempotency key",
    17: "An odd `source_job_id`",
    18: "A chain of jobs, and a retry",
    19: "Fuzzing of every operation",
    20: "A job id that is none",
    21: "Spellings of one address",
    22: "Other schemes",
    23: "Addresses that cannot be read",
    24: "Addresses that are too long or hold control characters",
    25: "International names",
    26: "User info in an address",
    27: "Several addresses in one field",
    28: "A website that is a profile",
    29: "One site in many items",
    30: "A name without an address",
    31: "No connection",
    32: "Bad certificates",
    33: "Internal IPv4 addresses",
    34: "Internal IPv6 addresses",
    35: "Internal names",
    36: "A public and an internal address",
    37: "Rebinding",
    38: "Redirects to internal targets",
    39: "Navigation to internal targets",
    40: "Sub-resources from internal targets",
    41: "WebSocket, WebTransport and WebRTC",
    42: "Workers that fetch",
    43: "Prefetching of names",
    44: "HTTP/3",
    45: "A variable or rule that opens the door",
    46: "The proxy dies in mid-job",
    47: "Plain requests and webhooks to internal targets",
    48: "Ports of other services",
    49: "The service's own addresses",
    50: "Request smuggling at the proxy",
    51: "The allowance for fixtures",
    52: "Endless scripts",
    53: "A page that takes all memory",
    54: "Processes of a browser that crash",
    55: "Documents of any size, depth and shape",
    56: "Pages that never settle",
    57: "Content that comes late",
    58: "Links in shadow roots, frames and data",
    59: "Overridden built-ins",
    60: "A page that moves while it is read",
    61: "Dialogs and prompts",
    62: "Thousands of windows, frames and requests",
    63: "Redirects without end",
    64: "Slow servers",
    65: "Packed bombs",
    66: "Malformed answers",
    67: "Answers that are no page",
    68: "Error pages, parked domains, walls",
    69: "Character encodings",
    70: "Odd addresses of links",
    71: "Links that are nobody's profile",
    72: "Hidden links",
    73: "What one site leaves for another",
    74: "A killed browser",
    75: "A driver that is killed or frozen",
    76: "A browser that does not start",
    77: "A browser that does not close",
    78: "Navigation that is aborted",
    79: "All limits reached at once",
    80: "Thousands of items through one worker",
    81: "The container's memory limit",
    82: "What a killed worker leaves",
    83: "A worker as the first process of a container",
    84: "The sandbox",
    85: "A full disk",
    86: "A clock that jumps",
    87: "A killed worker",
    88: "A work process that dies again and again",
    89: "An item that kills its worker",
    90: "SIGTERM in mid-job",
    91: "Two owners of one shard",
    92: "Redis restarted under a job",
    93: "Redis unreachable",
    94: "Redis that refuses or is slow",
    95: "Redis that lost everything",
    96: "Stored and not queued",
    97: "A finished job met again",
    98: "A cancelled job",
    99: "No worker",
    100: "Fifty large jobs and a small one",
    101: "Expired jobs",
    102: "Entries of the queue that are not ours",
    103: "Counters",
    104: "Streams opened at any time",
    105: "`Last-Event-ID`",
    106: "An API process killed in mid-stream",
    107: "Silent streams",
    108: "Clients that vanish or do not read",
    109: "Many streams",
    110: "The end of an API process with open streams",
    111: "Results before the end",
    112: "Formats",
    113: "Items with differing keys in CSV",
    114: "Cells with signs of CSV",
    115: "Formulas in cells",
    116: "Items that carry a social column",
    117: "Long results",
    118: "Crawled values are data",
    119: "Another account's job",
    120: "Stored credentials",
    121: "Insecure settings in production",
    122: "Requests from other origins",
    123: "Forged headers",
    124: "Webhooks",
    125: "Metrics and health",
    126: "Strangers' words in the log",
    127: "robots.txt",
    128: "One request at a time for a site",
    129: "`Retry-After` of sites",
    130: "Page and byte budgets",
}
"""What each number stands for."""

WITHOUT = {
    46: "It lives in the process that crawls, and ends with it.",
    72: "Fixtures under fixtures/sites, one for a rule.",
    83: "Needs a container; deploy/image_check.py starts the service in an empty root.",
}
"""Why a number has no mark."""


def _marked() -> Iterator[tuple[int, str, str]]:
    """Number, test and outcome: what the test's docstring says, else its name in words."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.faults":
                    words = node.name.removeprefix("test_").replace("_", " ")
                    for number in mark.args:
                        place = f"{path.relative_to(TESTS.parent)}::{node.name}"
                        yield ast.literal_eval(number), place, words


def _page() -> str:
    marked: dict[int, list[tuple[str, str]]] = {}
    for number, place, words in _marked():
        marked.setdefault(number, []).append((place, words))
    lines = [
        "# Faults and bad inputs",
        "",
        "What is known to go wrong, the tests that show what comes of it, and the outcome in the tests' own words.",
        "",
        "<!-- generated by tests/contract/test_faults.py; run it with UPDATE=1 to renew -->",
        "",
        "| number | fault | test | outcome |",
        "|---|---|---|---|",
    ]
    for number, title in sorted(TITLES.items()):
        for place, words in marked.get(number, [("", WITHOUT.get(number, ""))]):
            lines.append(f"| {number} | {title} | {f'`{place}`' if place else 'none'} | {words} |")
    return "\n".join(lines) + "\n"


def test_every_number_has_a_test_or_a_reason() -> None:
    marked = {number for number, _, _ in _marked()}

    assert set(TITLES) == set(range(1, 131))
    assert marked | set(WITHOUT) == set(TITLES)
    assert marked.isdisjoint(WITHOUT)


def test_the_page_says_what_the_marks_say() -> None:
    if os.environ.get("UPDATE"):
        PAGE.write_text(_page(), "utf-8")

    assert PAGE.read_text("utf-8") == _page()
