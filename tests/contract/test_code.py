"""Do the house rules that a machine can check hold?"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import crawler

ROOT = Path(__file__).parents[2]
FILES = sorted(path for package in ("api", "crawler", "worker") for path in (ROOT / package).rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__init__.py"]


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                        yield member


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_names_are_explained(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))

    assert ast.get_docstring(tree), "the module has no docstring"
    for node in _public(tree):
        assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name == "__init__.py" and path != ROOT / "crawler" / "__init__.py"],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_package_files_are_empty(path: Path) -> None:
    """So that importing a neighbour never drags Scrapy in."""
    assert not path.read_text("utf-8").strip()


def test_the_library_loads_what_is_used_and_no_more() -> None:
    code = "import sys, crawler, crawler.records; print(sorted({'pydantic', 'scrapy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
    assert all(getattr(crawler, name) for name in crawler.__all__)


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


UNIDIOMATIC = re.compile(r"\b(told|somebody|nobody|spared|mend(s|ed|ing)?)\b", re.IGNORECASE)


def test_words_are_those_of_technical_writing() -> None:
    """In code, comments, messages and scripts alike."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for package in ("api", "crawler", "worker")
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in (".py", ".lua")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNIDIOMATIC.search(line.replace("_", " "))
    ]

    assert not found, found
