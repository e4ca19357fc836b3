"""Is a network that is found less often shown as a drop, and nothing else?"""

from datetime import date, timedelta

import pytest

from api.coverage import coverage
from crawler.records import Network
from worker.jobs.metrics import Day


def day(place: int, found: int, empty: int, profiles: int) -> Day:
    counters = {"items:found": found, "items:empty": empty, f"profiles:{Network.FACEBOOK.value}": profiles}
    return Day(date(2026, 3, 1) + timedelta(days=place), counters)


@pytest.mark.parametrize(
    ("today", "share", "is_drop"),
    [
        pytest.param((80, 20, 40), 0.4, False, id="as usual"),
        pytest.param((80, 20, 31), 0.31, False, id="a little less"),
        pytest.param((80, 20, 29), 0.29, True, id="a drop"),
        pytest.param((80, 20, 80), 0.8, False, id="more"),
        pytest.param((10, 5, 0), None, False, id="too few places to say"),
    ],
)
def test_drops(today: tuple[int, int, int], share: float | None, is_drop: bool) -> None:
    days = [*(day(place, 80, 20, 40) for place in range(5)), day(5, *today)]

    about = coverage(days)[0]

    assert (about["share"], about["usual_share"], about["is_drop"]) == (share, 0.4, is_drop)


def test_nothing_is_said_without_days_before() -> None:
    assert not any(each["is_drop"] for each in coverage([day(0, 100, 0, 0)]))
