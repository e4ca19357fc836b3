"""Does every row of the URL fixtures come out as it says?"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.networks.report import row
from crawler.records import Network

FOLDER = Path(__file__).parents[3] / "fixtures" / "urls"
FILES = sorted(FOLDER.glob("*.tsv"))
ESCAPE = re.compile(r"\\(?:[\\tn]|u[0-9a-f]{4})")
NETWORKS = tuple(network.value for network in Network)


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("# "):
            written, expected, note = line.split("\t")
            yield ESCAPE.sub(lambda escape: json.loads(f'"{escape[0]}"'), written), expected, note


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.faults(70, 71)
def test_rows(path: Path) -> None:
    wrong = [
        f"{url!r} ({note}): {found['canonical'] or found['kind']}, expected {expected}"
        for url, expected, note in _rows(path)
        if ((found := row(url))["canonical"] or found["kind"]) != expected
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_are_written_once(path: Path) -> None:
    urls = [url for url, _, _ in _rows(path)]

    assert len(urls) == len(set(urls))


@pytest.mark.parametrize("network", NETWORKS)
def test_each_network_has_rows_of_both_sorts(network: str) -> None:
    expected = [expected for _, expected, _ in _rows(FOLDER / f"{network}.tsv")]
    profiles = [value for value in expected if value.startswith("https://")]

    assert len(expected) >= 60
    assert 20 <= len(profiles) <= len(expected) - 20


@pytest.mark.parametrize("network", NETWORKS)
def test_a_refusal_names_its_network(network: str) -> None:
    """Of the rows in a network's own file, those on its hosts say so even when they are refused."""
    strangers = [
        url
        for url, expected, _ in _rows(FOLDER / f"{network}.tsv")
        if expected in ("post", "shortlink", "share") and row(url)["network"] != network
    ]

    assert not strangers
