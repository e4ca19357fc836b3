"""Is a bad row of the table named, and is the packaged one good?"""

import re

import pytest

from crawler.networks.grammar import AppLink, Form, Grammar, Host, Marks, MetaElement, Rule, Segment, Table, Widget
from crawler.networks.table import TableError, parse, table
from crawler.records import Kind, Network, ProfileType

GOOD = """
[facebook]
home = "www.facebook.com"
[facebook.marks]
names = ["facebook"]
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
        pytest.param("facebook", "myspace", "^myspace: 'myspace' is no Network", id="unknown network"),
        pytest.param('home = "www.facebook.com"', "", r"facebook: \['home'\] missing", id="field missing"),
        pytest.param('home = "', 'house = "x"\nhome = "', r"facebook: unknown \['house'\]", id="field unknown"),
        pytest.param("[facebook.marks]", "[facebook.signs]", r"facebook: \['marks'\] missing", id="no marks"),
        pytest.param("names =", "name =", r"facebook.marks: \['names'\] missing", id="no names"),
        pytest.param('["facebook"]', "[]", "facebook.marks: names is empty", id="names empty"),
        pytest.param(
            '["facebook"]', '["Facebook"]', "facebook.marks: 'Facebook' is not lower case", id="name in capitals"
        ),
        pytest.param(
            '["facebook"]', '["facebook"]\nhint_pattern = "("', "facebook.marks.hint_pattern: ", id="bad hint"
        ),
        pytest.param(
            '["facebook"]',
            '["facebook"]\nfeed_classes = ["feed["]',
            "facebook.marks.feed_classes: ",
            id="bad class of feeds",
        ),
        pytest.param(
            '["facebook"]',
            '["facebook"]\n[[facebook.marks.widgets]]\nattribute = "data-id"\naddress = "https://x/{}"',
            "facebook.marks.widgets row 1: wants either a class or a script_type",
            id="widget without a class",
        ),
        pytest.param(
            '["facebook"]',
            '["facebook"]\n[[facebook.marks.widgets]]\nclass = "w"\nattribute = "data-id"\naddress = "x"',
            "facebook.marks.widgets row 1: address is https and holds one",
            id="widget without a place for the value",
        ),
        pytest.param(
            '["facebook"]',
            '["facebook"]\n[[facebook.marks.meta]]\nname = "fb:pages"\nvalue = "["\naddress = "https://x/{}"',
            "facebook.marks.meta row 1.value: ",
            id="bad value of a meta element",
        ),
        pytest.param("system =", "systems =", "^facebook.words: 'systems' is no Kind", id="unknown kind of words"),
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
        pytest.param(
            'type = "page"',
            'kind = "poster"',
            r"^facebook.paths row 1 \(\{name\}\): 'poster' is no Kind",
            id="unknown kind",
        ),
        pytest.param(
            'type = "page"', 'type = "sheet"', r"row 1 \(\{name\}\): 'sheet' is no", id="unknown type of a path"
        ),
        pytest.param(
            'type = "page"', 'kind = "other"\nfallback = "x"', r"row 1 \(\{name\}\): 'x' is no", id="unknown fallback"
        ),
        pytest.param(
            'type = "page"',
            'type = "page"\nquery = ["a"]\nvalue = "b"',
            r"row 1 .*: no value called 'b'",
            id="query value",
        ),
        pytest.param('type = "page"', 'type = "page"\nx = 1', r"row 1 .*: unknown \['x'\]", id="path field"),
        pytest.param('home = "', 'tab_pattern = "("\nhome = "', "^facebook.tab_pattern: ", id="tab pattern"),
        pytest.param('home = "', 'prefix_pattern = "("\nhome = "', "^facebook.prefix_pattern: ", id="prefix pattern"),
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
        pytest.param("domain =", 'kind = "x"\ndomain =', "^facebook.hosts row 1: 'x' is no Kind", id="host kind"),
        pytest.param("key =", "x = 1\nkey =", r"^facebook.types.page: unknown \['x'\]", id="type field"),
    ],
)
def test_a_bad_row_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse(GOOD.replace(old, new))


FULL = """
[facebook]
home = "www.facebook.com"
has_hashbang = true
has_marked_names = true
prefix_pattern = "v1"
is_tail_open = true
tabs = ["about"]
tab_pattern = "app_1"
sub_tabs = ["albums"]
items = ["posts"]
[facebook.marks]
names = ["face book"]
short_names = ["fb"]
signs = ["f"]
hint_pattern = "facebook"
scripted_pattern = "tr"
name_path = "in/{}"
plugin_classes = ["fb-page"]
plugin_elements = ["amp-page"]
address_attributes = ["data-page"]
feed_classes = ["fb-feed"]
share_words = ["tell it"]
script_ids = ["fb-root"]
app_schemes = ["fb"]
[[facebook.marks.widgets]]
class = "fb-id"
attribute = "data-id"
needs = ["data-type=page"]
address = "https://www.facebook.com/{}"
[[facebook.marks.widgets]]
script_type = "FB/Page"
attribute = "data-id"
address = "https://www.facebook.com/{}"
[[facebook.marks.meta]]
name = "FB:pages"
value = "[0-9]+"
address = "https://www.facebook.com/{}"
is_author = true
[[facebook.marks.app_links]]
words = ["page"]
keys = ["id"]
value = "[0-9]+"
address = "https://www.facebook.com/{}"
[facebook.words]
share = ["sharer"]
[facebook.values]
name = "[a-z]+"
[facebook.types.page]
canonical = "https://www.facebook.com/{}"
key = "facebook:{}"
fold = ["lower", "drop_dots"]
is_folded_for_users = true
name_characters = "_"
min_latin_count = 3
[facebook.types.group]
canonical = "https://www.facebook.com/groups/{}"
key = "facebook:groups/{}"
[[facebook.hosts]]
domain = "facebook.com"
labels = ["", "www"]
label_pattern = "[a-z]{2}"
reserved = ["latest"]
[[facebook.hosts]]
domain = "m.me"
group = "chat"
[[facebook.hosts]]
domain = "fb.me"
kind = "shortlink"
[[facebook.paths]]
path = "pg/*/{name}"
type = "page"
tail = "none"
takes = "path"
[[facebook.paths]]
path = "p/{name}"
type = "page"
[[facebook.paths]]
path = "watch"
query = ["v", "w"]
value = "name"
needs = ["a", "b=c"]
type = "page"
[[facebook.paths]]
path = "l.php"
target = ["u"]
kind = "system"
is_wrapper = true
[[facebook.paths]]
path = "login"
target = ["next"]
kind = "system"
is_same_network = true
reason = "wall"
[[facebook.paths]]
group = "chat"
path = "groups/{name}"
kind = "other"
fallback = "group"
[[facebook.paths]]
group = "chat"
path = ""
kind = "other"
"""


def test_every_field_arrives() -> None:
    name = re.compile("[a-z]+")
    none: frozenset[str] = frozenset()
    system = "page of the network itself"
    page, group = (
        Form(
            "https://www.facebook.com/{}",
            "facebook:{}",
            ("lower", "drop_dots"),
            is_folded_for_users=True,
            name_characters="_",
            min_latin_count=3,
        ),
        Form("https://www.facebook.com/groups/{}", "facebook:groups/{}", (), is_folded_for_users=False),
    )
    rules = {
        ("site", "pg"): Rule(
            "facebook.paths row 1 (pg/*/{name})",
            (Segment("pg"), Segment(), Segment(value=name)),
            type=ProfileType.PAGE,
            tail="none",
            takes="path",
        ),
        ("site", "p"): Rule(
            "facebook.paths row 2 (p/{name})", (Segment("p"), Segment(value=name)), type=ProfileType.PAGE
        ),
        ("site", "watch"): Rule(
            "facebook.paths row 3 (watch)",
            (Segment("watch"),),
            type=ProfileType.PAGE,
            query=("v", "w"),
            query_value=name,
            needs=(("a", ""), ("b", "c")),
        ),
        ("site", "l.php"): Rule(
            "facebook.paths row 4 (l.php)",
            (Segment("l.php"),),
            kind=Kind.SYSTEM,
            reason=system,
            target=("u",),
            is_wrapper=True,
            tail="any",
        ),
        ("site", "login"): Rule(
            "facebook.paths row 5 (login)",
            (Segment("login"),),
            kind=Kind.SYSTEM,
            reason="wall",
            target=("next",),
            tail="any",
        ),
        ("chat", "groups"): Rule(
            "facebook.paths row 6 (groups/{name})",
            (Segment("groups"), Segment(value=name)),
            kind=Kind.OTHER,
            reason="not an account",
            tail="any",
            fallback=ProfileType.GROUP,
        ),
        ("chat", ""): Rule("facebook.paths row 7 ()", (), kind=Kind.OTHER, reason="not an account", tail="any"),
        ("site", "sharer"): Rule("facebook.words.share", (Segment("sharer"),), kind=Kind.SHARE, reason="share button"),
    }
    network = Network.FACEBOOK
    address = "https://www.facebook.com/{}"
    marks = Marks(
        names=("face book",),
        short_names=("fb",),
        signs=("f",),
        hint="facebook",
        scripted="tr",
        name_path="in/{}",
        plugin_classes=("fb-page",),
        plugin_elements=("amp-page",),
        address_attributes=("data-page",),
        feed_classes=("fb-feed",),
        share_words=("tell it",),
        script_ids=("fb-root",),
        widgets=(
            Widget("fb-id", "", "data-id", (("data-type", "page"),), address),
            Widget("", "fb/page", "data-id", (), address),
        ),
        meta=(MetaElement("fb:pages", re.compile("[0-9]+"), address, is_author=True),),
        app_schemes=("fb",),
        app_links=(AppLink(("page",), ("id",), re.compile("[0-9]+"), address),),
    )

    assert parse(FULL) == Table(
        {
            network: Grammar(
                network=network,
                title="Facebook",
                home="www.facebook.com",
                has_hashbang=True,
                prefix=re.compile("v1"),
                is_tail_open=True,
                tabs=frozenset({"about"}),
                tab_pattern=re.compile("app_1"),
                sub_tabs=frozenset({"albums"}),
                items=frozenset({"posts"}),
                rules={key: (rule,) for key, rule in rules.items()},
                namers=frozenset({"pg", "p"}),
                forms={ProfileType.PAGE: page, ProfileType.GROUP: group},
                marks=marks,
                has_marked_names=True,
            )
        },
        {
            "facebook.com": Host(
                network,
                "facebook.com",
                frozenset({"", "www"}),
                re.compile("[a-z]{2}"),
                "site",
                None,
                frozenset({"latest"}),
            ),
            "m.me": Host(network, "m.me", none, None, "chat", None, none),
            "fb.me": Host(network, "fb.me", none, None, "site", Kind.SHORTLINK, none),
        },
    )


def test_what_is_not_said_is_off() -> None:
    text = '[facebook]\nhome = "www.facebook.com"\n[facebook.marks]\nnames = ["facebook"]'
    grammar = parse(text).grammars[Network.FACEBOOK]

    assert (grammar.has_hashbang, grammar.prefix, grammar.is_tail_open, grammar.tab_pattern) == (
        False,
        None,
        False,
        None,
    )
    assert grammar.tabs == grammar.sub_tabs == grammar.items == grammar.namers == frozenset()
    assert grammar.rules == grammar.forms == {}
    assert grammar.marks == Marks(names=("facebook",))
    assert not grammar.has_marked_names
