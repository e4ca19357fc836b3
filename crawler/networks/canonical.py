"""How is an account written: once for users, once for merging?

Asked by everything that keeps profiles.  The URL is rebuilt from what identifies the account and from nothing else.
It decides nothing about whose account it is.
"""

import unicodedata
from urllib.parse import quote

from crawler.networks import quirks
from crawler.networks.match import Match, read
from crawler.networks.table import table
from crawler.records import Profile, ProfileType, Refusal

_NUMBERS = frozenset({ProfileType.PAGE_ID, ProfileType.CHANNEL, ProfileType.UNRESOLVED})
_SAFE = "/-._~!$&'()*+,;=:@"
"""Left as they are in a path (RFC 3986, ``pchar``)."""


def profile_of(url: str) -> Profile | Refusal:
    """Say which profile a URL names, in its canonical form, or why none.

    Args:
        url: a link as it was typed, broken or not; anything else is refused too, nothing raises.
    """
    outcome = read(url)
    if outcome.refusal is not None:
        return outcome.refusal
    assert outcome.match is not None  # noqa: S101 - one of the two is always there
    return canonical(outcome.match)


def fallback_of(url: str) -> Profile | None:
    """Return what a refused URL still stands for: a Facebook group, or a copied ``share/`` link not followed.

    To be used only where the site names nothing better for that network.
    """
    outcome = read(url)
    if outcome.refusal is None or outcome.match is None:
        return None
    return canonical(outcome.match)


def canonical(match: Match) -> Profile:
    """Write an account in its canonical form.

    Percent-encoded UTF-8 where the name has other letters than English ones.
    """
    form = table().grammars[match.network].forms[match.type]
    folded = _folded(match.value, form.fold)
    shown = folded if form.is_folded_for_users else match.value
    return Profile(
        network=match.network,
        type=match.type,
        url=form.canonical.format(quote(shown, safe=_SAFE)),
        key=form.key.format(folded),
        handle="" if match.type in _NUMBERS else shown,
    )


def _folded(value: str, fold: tuple[str, ...]) -> str:
    if "last_segment" in fold:
        return value.rpartition("/")[2]
    if "lower" in fold or ("lower_unless_member" in fold and not quirks.is_member_hash(value)):
        value = value.lower()
        if not value.isascii():
            value = unicodedata.normalize("NFC", value)
    return value.replace(".", "") if "drop_dots" in fold else value
