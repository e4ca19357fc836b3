"""Is a bad row of the table named, and is the packaged one good?"""

import pytest

from crawler.networks.table import TableError, parse, table
from crawler.records import Network, ProfileType

GOOD = """
[facebook]
home = "www.facebook.com"
[facebook.words]
system = ["login"]
[facebook.values]
name = "[a-z]+"
[facebook.types.page]
canonical = "https://www.facebook.com/{}"
key = "facebook:{}"
[[facebook.hosts]]
domain = "facebook.com"
[[facebook.paths]]
path = "{name}"
type = "page"
"""


def test_the_packaged_table_has_all_networks_and_is_read_once() -> None:
    assert set(table().grammars) == set(Network)
    assert table() is table()
    assert all(grammar.home in {f"www.{network.value}.com", "x.com"} for network, grammar in table().grammars.items())


def test_a_small_table() -> None:
    grammar = parse(GOOD).grammars[Network.FACEBOOK]

    assert set(grammar.rules) == {("site", "login"), ("site", "")}
    assert set(grammar.forms) == {ProfileType.PAGE}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("[facebook]", "[facebook", "not TOML", id="no TOML"),
        pytest.param("facebook", "myspace", "'myspace' is no Network", id="unknown network"),
        pytest.param('home = "www.facebook.com"', "", r"facebook: \['home'\] missing", id="field missing"),
        pytest.param('home = "', 'house = "x"\nhome = "', r"facebook: unknown \['house'\]", id="field unknown"),
        pytest.param("system =", "systems =", "facebook.words: 'systems' is no Kind", id="unknown kind of words"),
        pytest.param('"login"', '"Login"', "facebook.words.system: 'Login' is not lower case", id="word in capitals"),
        pytest.param('"[a-z]+"', '"[a-z+"', "facebook.values.name: ", id="bad pattern"),
        pytest.param(
            "types.page", "types.sheet", "facebook.types.sheet: 'sheet' is no ProfileType", id="unknown type"
        ),
        pytest.param("https://", "http://", "facebook.types.page: canonical is https", id="canonical without TLS"),
        pytest.param(".com/{}", ".com/", "facebook.types.page: canonical is https", id="canonical without value"),
        pytest.param(
            '"facebook:{}"', '"facebook:"', "facebook.types.page: canonical is https", id="key without value"
        ),
        pytest.param("key =", 'fold = ["upper"]\nkey =', "facebook.types.page: unknown fold", id="unknown fold"),
        pytest.param('"{name}"', '"{game}"', r"paths row 1 \(\{game\}\): no value called 'game'", id="unknown value"),
        pytest.param('"{name}"', '"Page"', r"paths row 1 \(Page\): 'Page' is not lower case", id="path in capitals"),
        pytest.param('type = "page"', "", "wants either a type or a kind", id="neither type nor kind"),
        pytest.param('type = "page"', 'type = "page"\nkind = "post"', "wants either a type or a kind", id="both"),
        pytest.param('type = "page"', 'kind = "poster"', "'poster' is no Kind", id="unknown kind"),
        pytest.param('type = "page"', 'type = "group"', "no canonical form for type 'group'", id="type without form"),
        pytest.param(
            'type = "page"', 'kind = "other"\nfallback = "group"', "no canonical form", id="fallback without form"
        ),
        pytest.param(
            'type = "page"', 'type = "page"\nquery = ["id"]', "query and value go together", id="query alone"
        ),
        pytest.param(
            'type = "page"', 'kind = "post"\ntarget = ["u"]', "a target wants either", id="target of no sort"
        ),
        pytest.param('type = "page"', 'type = "page"\ntail = "long"', "unknown tail 'long'", id="unknown tail"),
        pytest.param('type = "page"', 'type = "page"\ntakes = "all"', "takes 'all'", id="unknown takes"),
        pytest.param("domain =", 'name = "x"\ndomain =', r"facebook.hosts row 1: unknown \['name'\]", id="host field"),
        pytest.param("domain =", 'label_pattern = "("\ndomain =', "hosts row 1.label_pattern: ", id="host pattern"),
    ],
)
def test_a_bad_row_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse(GOOD.replace(old, new))
