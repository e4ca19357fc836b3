"""What all unit tests share: short properties, so that the whole of them stays a matter of seconds."""

import gc

from hypothesis import settings

# No deadline: the machines are shared, and a pause would fail a test.
settings.register_profile("unit", max_examples=50, deadline=None)
settings.load_profile("unit")

gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look at it again and again, neither before nor from here on."""
    gc.freeze()
    gc.enable()
