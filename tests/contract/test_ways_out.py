"""Does everything leave through the one function for its way out?

The functions are held to it by ``tests/unit/test_ways_out.py``; here, by reading the code, that nothing goes past them.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for package in ("api", "crawler", "worker") for path in (ROOT / package).rglob("*.py"))

WAYS_OUT = {
    "print": {
        "api/cli/terminal.py": "the way to a terminal",
        "api/files/old_workbook.py": "a child's answer to its parent, JSON of plain letters",
        "crawler/engines/install.py": "sentences of its own alone; it runs before there is anything else",
    },
    "click.echo": {},
    "click.secho": {},
    "sys.stdout.write": {},
    "sys.stderr.write": {"crawler/config.py": "one sentence, escaped in place: this package cannot see the terminal"},
    "logging.StreamHandler": {"crawler/logs.py": "the way to the log"},
    "logging.FileHandler": {},
    "traceback.print_exc": {},
    "Markup": {
        "api/console/rendering.py": "JSON for scripts",
        "api/console/pictures.py": "what comes in is escaped",
        "api/console/icons.py": "drawn here; nothing foreign comes in",
    },
    "csv.writer": {"api/files/export.py": "the way to CSV of the API; cells go through cells.safe"},
    "csv.DictWriter": {},
}
"""Calls that write to people or spreadsheets, and the files that may make them, with the reason."""


@pytest.fixture(scope="module")
def calls() -> list[tuple[str, str, str]]:
    """File, function and arguments of each call."""
    return [
        (str(path.relative_to(ROOT)), ast.unparse(node.func), ast.unparse(node))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    ]


@pytest.mark.parametrize("call", WAYS_OUT)
def test_only_these_files_write_so(calls: list[tuple[str, str, str]], call: str) -> None:
    assert {path for path, name, _ in calls if name == call} == set(WAYS_OUT[call])


def test_templates_escape_everything(calls: list[tuple[str, str, str]]) -> None:
    """By default, without exceptions; an expression in a tag stands in quotes, or it could begin an attribute."""
    templates = [*(ROOT / "api").rglob("*.html")]
    assert len(templates) > 5
    for path in templates:
        text = path.read_text("utf-8")
        assert not re.findall(r"\|\s*safe\b|autoescape|\|\s*tojson", text), path
        assert not re.findall(r"\s[\w:-]+=\{\{", text), path
        for script in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL):
            assert script in ("", "{{ script_texts }}"), (path, script)
    environments = [text for _, name, text in calls if name == "Environment"]
    assert len(environments) == 2
    assert all("autoescape=True" in each or "select_autoescape(default=True" in each for each in environments)


def test_scripts_of_pages_write_text_alone() -> None:
    for path in (ROOT / "api").rglob("*.js"):
        text = path.read_text("utf-8")
        assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path
        )
