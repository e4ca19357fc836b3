"""Are signals values, so that nothing hangs on how they are worded?"""

import pytest

from crawler.core.judging.signals import Role, Signal
from tests.blocks import blocks, judged


def test_labels_are_distinct_and_every_member_is_its_own() -> None:
    assert len({each.label for each in Signal}) == len(Signal) == len(Signal.__members__)


def test_the_own_statements_are_statements() -> None:
    own = {each for each in Signal if each.is_own_statement}

    assert own == {Signal.OWN_JSON_LD, Signal.OWN_MICRODATA}
    assert all(each.is_statement for each in own)
    assert not Signal.SAME_NAME.is_statement
    assert Signal.SAME_NAME.role is Role.CONTEXT


def test_a_place_has_one_statement_and_no_label_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    some = list(blocks())[::10]
    before = [judged(block) for block in some]
    for each in (each for group in before for each in group):
        assert sum(signal.is_statement for signal in each.signals) == 1, each.profile

    for number, signal in enumerate(Signal):
        monkeypatch.setattr(signal, "label", f"own feed or post {-number}")

    for block, group in zip(some, before, strict=True):
        assert [(each.profile, each.score) for each in judged(block)] == [
            (each.profile, each.score) for each in group
        ], block.id
