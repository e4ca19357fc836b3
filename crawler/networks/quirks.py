"""What do the networks do that the table cannot say?

Each function answers one oddity, with the source it is known from.  Asked by the matcher and the canonical form; it
reads no URL as a whole.
"""

import re
import unicodedata
from collections.abc import Sequence

_MEMBER = re.compile(r"AC[a-z]AA[A-Za-z0-9_-]{10,}")

_YOUR = re.compile(
    r"(?:insert|enter|add|put)?your(?:company|business|brand|organi[sz]ation|org|fan|facebook|fb|instagram|insta|ig|twitter|x|linked|in"
    r"|tiktok|youtube|social|custom|public|user|page|name|handle|channel|profile|account|id|link|url|site"
    r"|website|shop|store|here){1,30}|(?:insert|enter|add|put)?your[a-z]{1,20}(?:name|handle)"
    # sergiokopplin/indigo, _config.yml: "mytwitter" and its like; sample footers: "hospitalname" (both seen 2026-11).
    r"|my(?:facebook|fb|instagram|insta|twitter|linkedin|tiktok|youtube)"
    r"|(?:hospital|restaurant|hotel|cafe|store|shop|club|school|church|salon|clinic|firm|team|artist|band|app)name"
)
_PLACEHOLDERS = frozenset(
    {"username", "usernamehere", "user", "example", "pagename", "pagenamehere", "companyname", "undefined", "null"}
    | {"none", "nan", "false", "placeholder", "changeme", "loremipsum", "handle"}
    | {"businessname", "brandname", "sitename", "insertlinkhere", "inserturlhere", "linkhere", "urlhere"}
    | {"examplecom", "exampleuser", "examplepage", "examplename", "examplecompany", "examplechannel"}
    | {"http", "https", "www"}  # what is left of an address that was cut off
    | {
        "name"
    }  # facebook.com/name and its like: default of Nicepage's social icons, in many exported pages (seen 2026-11)
    | {"johndoe"}  # luizdepra/hugo-coder, exampleSite/hugo.toml (seen 2026-11)
    | {"profilename", "channelname", "handlename", "accountname", "insertusername", "insertusernamehere", "userid"}
)
_ALL_X = re.compile(r"x{4,}|ucx{22}")
_MARKS = re.compile(r"[-_.]+")
_TITLE = " -_.'\u2019(),!&+"
"""What a page's title has in an address beside letters and digits; never ``=`` or ``?``, which would end the path."""


def public_profile(segments: Sequence[str]) -> str:
    """Turn the old ``/pub/name/a/b/c`` of LinkedIn into the name it redirects to.

    Args:
        segments: ``pub``, the name, and three numbers of up to three hexadecimal digits.

    Returns:
        ``name-cba`` with c and b padded to three digits, as LinkedIn's own redirects did (seen 2026-11 in the rules of
        the package linkedin-canonical-url).
    """
    _, name, a, b, c = segments[:5]
    return f"{name}-{c.zfill(3)}{b.zfill(3)}{a}"


def titled_path(segments: Sequence[str]) -> str:
    """Return ``people/Title/pfbid...`` of Facebook.

    The title is decoration: one that no title is made of becomes ``_``, as Facebook itself writes.
    """
    keyword, title, number = segments[:3]
    return f"{keyword.lower()}/{title if is_word(title, _TITLE) else '_'}/{number}"


def is_member_hash(value: str) -> bool:
    """Say whether a LinkedIn name is the encoded number of a member, whose case counts."""
    return _MEMBER.fullmatch(value) is not None


def is_word(value: str, extra: str) -> bool:
    """Say whether a name has only letters, digits and combining marks of any script, and the characters of ``extra``.

    A regular expression of the standard library cannot name combining marks, without which Hindi and Thai names
    would not pass.
    """
    if value.isascii():
        return all(character.isalnum() or character in extra for character in value)
    return all(
        character in extra or character in "\u200c\u200d" or unicodedata.category(character)[0] in "LMN"
        for character in value
    )


def is_placeholder(value: str) -> bool:
    """Say whether a name stands in a template for one that was never filled in.

    Compared as a whole: ``yourlocalbaker.leeds`` is a real name.
    """
    plain = _MARKS.sub("", value.lower())
    return plain in _PLACEHOLDERS or _YOUR.fullmatch(plain) is not None or _ALL_X.fullmatch(plain) is not None
