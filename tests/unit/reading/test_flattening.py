"""Does a document that would cost the parser more than its length lose what makes it do so, and nothing else?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.core.reading.flattening import MAX_ATTRIBUTES_COUNT, MAX_DEPTH, MAX_FORMATTING_COUNT, flattened

COUNT = 3_000
LINK = '<a href="https://x.com/atlas">X</a>'
NAMES = "div span p b i a li ul table tr td select option q textarea button section x-y ruby rt font".split()


def size(html: str) -> tuple[int, int]:
    """Elements of a document, and how deep they go."""
    count = deepest = 0
    waiting = [(LexborHTMLParser(html).root, 0)]
    while waiting:
        node, depth = waiting.pop()
        while node is not None:
            count, deepest = count + 1, max(deepest, depth)
            waiting.append((node.child, depth + 1))
            node = node.next
    return count, deepest


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div></q>" * COUNT, id="stray-end-tags"),
        pytest.param("<rt>" * COUNT, id="rt"),
        pytest.param("<ruby>" + "<ruby><rt>" * COUNT, id="ruby"),
        pytest.param("<div><!--</div>-->" * COUNT, id="end-tag-in-a-comment"),
        pytest.param("<div><!doctype </div>>" * COUNT, id="end-tag-in-a-declaration"),
        pytest.param('<div x="</div>">' * COUNT, id="end-tag-in-an-attribute"),
        pytest.param("<div x=</div>" * COUNT, id="end-tag-in-a-bare-attribute"),
        pytest.param("<div><textarea></div></textarea>" * COUNT, id="end-tag-in-raw-text"),
        pytest.param("<div><select></div></select>" * COUNT, id="end-tag-in-a-form"),
        pytest.param("<div><table></div></table>" * COUNT, id="end-tag-in-a-table"),
        pytest.param("<div><template></div></template>" * COUNT, id="end-tag-in-a-template"),
        pytest.param("<div><svg></div></svg>" * COUNT, id="end-tag-in-a-drawing"),
        pytest.param("<span><div></span>" * COUNT, id="ordinary-end-tag-across-a-block"),
        pytest.param("<p><button>" * COUNT, id="paragraphs-in-buttons"),
        pytest.param("<footer><p>" * COUNT, id="paragraphs-closed-by-blocks"),
        pytest.param("<x-y>" * COUNT, id="elements-of-one's-own"),
        pytest.param("<DIV\n>" * COUNT, id="another-spelling"),
    ],
)
def test_depth_is_bounded(html: str) -> None:
    assert size(flattened(html + LINK))[1] <= MAX_DEPTH + 10
    assert LexborHTMLParser(flattened(html + LINK)).css_first("a[href]") or "</" not in html or "x=" in html


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param("<b a{}></i>", id="stray-end-tags"),
        pytest.param("<b a{}><!--</b>-->", id="end-tag-in-a-comment"),
        pytest.param("<b a{}><table></b></table>", id="end-tag-in-a-table"),
        pytest.param("<b a{}><table><td></b></table>", id="end-tag-in-a-cell"),
        pytest.param("<p><font a{}>", id="fonts"),
        pytest.param("<a href=/{}><b a{}><div>", id="links"),
    ],
)
def test_formatting_that_is_opened_again_is_bounded(opened: str) -> None:
    html = "".join(opened.replace("{}", str(number)) for number in range(600)) + "<p>x" * COUNT

    assert size(flattened(html))[0] <= (600 * 5 + COUNT) * (MAX_FORMATTING_COUNT + 6)


def test_attributes_are_bounded() -> None:
    html = "<div " + " ".join(f"a{number}=1" for number in range(20_000)) + ">" + LINK

    tree = LexborHTMLParser(flattened(html))

    assert len(tree.css_first("div").attributes) == MAX_ATTRIBUTES_COUNT
    assert tree.css_first("a[href]") is not None


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<ul>" + "<li><a href=/>x</a>" * COUNT + "</ul>", id="items-left-open"),
        pytest.param("<table>" + "<tr><td><b>x</b><td>y" * COUNT + "</table>", id="cells-left-open"),
        pytest.param("<p><span>x" * COUNT, id="paragraphs-left-open"),
        pytest.param("<div><p>x</div>" * COUNT, id="closed-by-their-parent"),
        pytest.param('<a href="/"><i class="fa fa-x"></i></a>' * COUNT, id="icons"),
        pytest.param("<div><span><b>x</b></span><img><br/></div>" * COUNT, id="plain"),
        pytest.param("<svg><g><path d=''/></g></svg>" * COUNT, id="drawings"),
        pytest.param("<dl>" + "<dt>x<dd>y" * COUNT + "</dl>", id="terms"),
        pytest.param("<b><p>x</b></p>" * COUNT, id="crossed"),
    ],
)
def test_usual_documents_stay_as_they_are(html: str) -> None:
    assert flattened(html) == html


@settings(derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(("", "/")), st.sampled_from(NAMES), st.sampled_from(("", " a", " a=1"))), max_size=40
    )
)
def test_no_order_of_tags_goes_deeper(tags: list[tuple[str, str, str]]) -> None:
    """What the stack takes for closed is closed: repeated often enough, any mistake would add up."""
    once = "".join(f"<{slash}{name}{attributes if not slash else ''}>" for slash, name, attributes in tags)

    assert size(flattened(once * 100))[1] <= 3 * MAX_DEPTH  # the parser adds bodies and rows to tables
