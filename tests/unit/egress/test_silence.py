from ipaddress import ip_address

import pytest

from crawler.egress.silence import KEPT_S, NAMES_COUNT, Silence

HERE, THERE = ip_address("192.0.2.1"), ip_address("192.0.2.2")


@pytest.mark.parametrize(
    ("host", "address", "now_s", "want"),
    [
        pytest.param("a.example", HERE, 1.0, True, id="the same host"),
        pytest.param("www.a.example", THERE, 1.0, True, id="its other name"),
        pytest.param("A.example", None, 1.0, True, id="however it is written"),
        pytest.param("b.example", HERE, 1.0, False, id="a neighbour on its address"),
        pytest.param("shop.a.example", HERE, 1.0, False, id="a name below it"),
        pytest.param("a.example", HERE, KEPT_S - 0.1, True, id="for a while"),
        pytest.param("a.example", HERE, KEPT_S + 0.1, False, id="not for ever"),
    ],
)
def test_a_silent_host_is_waited_for_once(host: str, address: object, now_s: float, want: bool) -> None:
    silence = Silence()
    silence.note_silence("a.example", HERE, 0.0)

    assert silence.is_silent(host, address, now_s) is want  # type: ignore[arg-type]


def test_an_address_speaks_for_its_names_once_several_kept_silent() -> None:
    silence = Silence()
    for number in range(NAMES_COUNT):
        assert not silence.is_silent("new.example", HERE, number)
        silence.note_silence(f"www.site{number}.example", HERE, number)

    assert silence.is_silent("new.example", HERE, NAMES_COUNT)
    assert not silence.is_silent("new.example", THERE, NAMES_COUNT)
    assert not silence.is_silent("new.example", HERE, KEPT_S + NAMES_COUNT)


def test_one_answer_clears_an_address() -> None:
    silence = Silence()
    for number in range(NAMES_COUNT):
        silence.note_silence(f"site{number}.example", HERE, 0.0)
    silence.note_answer("other.example", HERE)

    assert not silence.is_silent("new.example", HERE, 0.0)
    assert silence.is_silent("site0.example", HERE, 0.0)


def test_two_names_of_one_site_count_once() -> None:
    silence = Silence()
    for number in range(NAMES_COUNT - 1):
        silence.note_silence(f"site{number}.example", HERE, 0.0)
        silence.note_silence(f"www.site{number}.example", HERE, 0.0)

    assert not silence.is_silent("new.example", HERE, 0.0)
