"""What every test of a fault is judged by in the end, beside its own words; see :mod:`tests.standing`."""

import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.standing")

from tests.standing import GONE_WITHIN_S, assert_jobs, assert_silence, temporary_files  # noqa: E402  # rewritten first

PURE = ("unit", "contract")
"""Folders whose tests start nothing."""


def _is_judged(item: pytest.Item) -> bool:
    return item.get_closest_marker("faults") is not None and not set(PURE) & set(item.path.parts)


@pytest.fixture(autouse=True)
def _standing_outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Judge what is left of a test of a fault when it and its fixtures are over."""
    if not _is_judged(request.node):
        yield
        return
    tmp_path_factory.getbasetemp()  # before the folder for temporary files is another
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    with temporary_files(GONE_WITHIN_S) as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        yield
    for log in folder.rglob("*.log") if folder else ():
        assert_silence(log.read_text("utf-8", "replace"))
    if "redis_server" in request.fixturenames:
        assert_jobs(request.getfixturevalue("redis_server").url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge what was logged, or written to standard error, while a test of a fault ran."""
    report = yield
    if report.when == "teardown" and report.passed and _is_judged(item):
        try:
            assert_silence("\n".join(text for name, text in report.sections if "stdout" not in name))
        except AssertionError as error:
            report.outcome, report.longrepr = "failed", f"a secret or a traceback was logged: {error}"
    return report
