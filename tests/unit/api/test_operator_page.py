"""What does the operator's page make of what it is given?"""

from datetime import UTC, datetime

from api.console.operator import _pages_a_minute


def test_pages_a_minute_are_those_of_the_minutes_so_far() -> None:
    days = [{"pages": {"static": 2880}}, {"pages": {}}, {"pages": {"static": 90, "light": 45}}]

    found = _pages_a_minute(days, datetime(2026, 3, 2, 1, 30, tzinfo=UTC))

    assert found == {"light": [0.0, 0.0, 0.5], "static": [2.0, 0.0, 1.0]}
