"""Is a token what it says, and nothing else one?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.accounts.credentials import Kind, digest_of, is_digest, new_credential, read


@pytest.mark.parametrize("kind", ["token", "session"])
def test_a_new_credential_is_read_back(kind: Kind) -> None:
    made = new_credential(kind, "anna7")

    assert read(kind, made.text) == made
    assert made.text not in repr(made)
    assert read("session" if kind == "token" else "token", made.text) is None


@given(st.text())
def test_other_texts_are_none(text: str) -> None:
    assert read("token", text) is None


@given(st.data())
def test_a_credential_with_another_character_is_another(data: st.DataObject) -> None:
    made = new_credential("token", "anna")
    place = data.draw(st.integers(0, len(made.text) - 1))
    character = data.draw(st.characters().filter(lambda each: each != made.text[place]))

    other = read("token", made.text[:place] + character + made.text[place + 1 :])

    assert other is None or not is_digest(other, "secret", digest_of(made, "secret"))


@pytest.mark.parametrize(
    "text",
    [
        "socials_*_0123456789abcdef_" + "A" * 43,
        "socials_a:b_0123456789abcdef_" + "A" * 43,
        "socials__0123456789abcdef_" + "A" * 43,
        "socials_" + "a" * 33 + "_0123456789abcdef_" + "A" * 43,
        "socials_anna_0123456789abcdef_" + "A" * 42,
        "socials_anna_0123456789abcdef_" + "A" * 44,
        "socials_anna_0123456789ABCDEF_" + "A" * 43,
        "socials_anna_0123456789abcdef_" + "A" * 43 + "\n",
        "SOCIALS_anna_0123456789abcdef_" + "A" * 43,
        "",
    ],
)
def test_look_alikes_are_none(text: str) -> None:
    assert read("token", text) is None


def test_a_digest_is_of_one_credential_and_one_secret() -> None:
    made, other = new_credential("token", "anna"), new_credential("token", "anna")

    assert is_digest(made, "secret", digest_of(made, "secret"))
    assert not is_digest(made, "other", digest_of(made, "secret"))
    assert not is_digest(other, "secret", digest_of(made, "secret"))
    assert not is_digest(made, "secret", "")
