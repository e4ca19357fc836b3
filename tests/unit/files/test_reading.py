"""Is a person's file opened as they would read it themselves?"""

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook

from api.files.reading import Reading, open_table, require_site
from api.files.table import Table, TableError


def opened(data: bytes, name: str = "list.csv", **how: Any) -> Table:
    return open_table(data, name, Reading(**how))


def xlsx(*sheets: list[list[Any]], links: dict[str, str] | None = None) -> bytes:
    book = Workbook()
    for number, records in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        for record in records:
            sheet.append(record)
        for cell, url in (links or {}).items():
            sheet[cell].hyperlink = url
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def tabled(table: Table) -> list[dict[str, Any]]:
    return [dict(row.item) for row in table.rows]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param("a.csv", b"site_web,n\r\na.com,1\r\n", [{"site_web": "a.com", "n": "1"}], id="plain"),
        pytest.param("a.csv", b"\xef\xbb\xbfsite_web;n\na.com;1,5\n", [{"site_web": "a.com", "n": "1,5"}], id="Excel, EU"),
        pytest.param("a.csv", b"sep=;\r\nn;site_web\r\nx;a.com\r\n", [{"n": "x", "site_web": "a.com"}], id="sep="),
        pytest.param("a.tsv", b"n\tsite_web\nx\ta.com\n", [{"n": "x", "site_web": "a.com"}], id="tabs"),
        pytest.param("a.txt", b"n\tsite_web\nx, y\ta.com\n", [{"n": "x, y", "site_web": "a.com"}], id="tabs in .txt"),
        pytest.param("a.csv", b"n|site_web\nx|a.com\n", [{"n": "x", "site_web": "a.com"}], id="pipes"),
        pytest.param("a.csv", "n,site_web\nCafé,a.com\n".encode("cp1252"), [{"n": "Café", "site_web": "a.com"}], id="cp1252"),
        pytest.param("a.csv", "名前,site_web\nパン屋,a.com\n".encode("cp932"), [{"名前": "パン屋", "site_web": "a.com"}], id="Shift_JIS"),
        pytest.param("a.csv", "店名,site_web\n寿司屋,a.com\n".encode("cp932"), [{"店名": "寿司屋", "site_web": "a.com"}], id="Shift_JIS, no kana"),
        pytest.param("a.csv", "n,site_web\n“Groß” Müller,a.com\n".encode("cp1252"), [{"n": "“Groß” Müller", "site_web": "a.com"}], id="typographic quotes"),
        pytest.param("a.csv", "n,site_web\né,a.com\n".encode("utf-16"), [{"n": "é", "site_web": "a.com"}], id="UTF-16"),
        pytest.param("a.csv", "n,site_web\né,a.com\n".encode("utf-16-le"), [{"n": "é", "site_web": "a.com"}], id="UTF-16 without a mark"),
        pytest.param("a.csv", b'n,site_web\n"a\nb",a.com\n\n', [{"n": "a\nb", "site_web": "a.com"}], id="line break in a cell"),
        pytest.param("a.csv", b'n, site_web\n"a, b", "a.com"\n', [{"n": "a, b", "site_web": "a.com"}], id="blanks after commas"),
        pytest.param("a.csv", b'n,site_web\n"The" pub,a.com\n5" pipe,b.com\n', [{"n": "The pub", "site_web": "a.com"}, {"n": '5" pipe', "site_web": "b.com"}], id="quotes inside cells"),
        pytest.param("a.csv", b"site_web,n\na.com\n", [{"site_web": "a.com", "n": ""}], id="short row"),
        pytest.param("a.csv", b"site_web,\na.com,x\n", [{"site_web": "a.com", "column_2": "x"}], id="nameless column"),
        pytest.param("a.csv", b"n,n,site_web\n1,2,a.com\n", [{"n": "1", "n (2)": "2", "site_web": "a.com"}], id="a column twice"),
        pytest.param("a.csv", b"My list\n\nn;website\nx;a.com\n", [{"n": "x", "website": "a.com"}], id="a title above"),
        pytest.param("a.csv", b"site_web\nhttp://a.com/x,y\nb.com\n", [{"site_web": "http://a.com/x,y"}, {"site_web": "b.com"}], id="one column with commas"),
        pytest.param("a.csv", b"n,site_web\rx,a.com\r", [{"n": "x", "site_web": "a.com"}], id="carriage returns alone"),
        pytest.param("a.json", b'[{"site_web": "a.com", "n": [1]}]', [{"site_web": "a.com", "n": [1]}], id="JSON"),
        pytest.param("a.json", b'{"items": [{"site_web": "a.com"}]}', [{"site_web": "a.com"}], id="JSON of a job"),
        pytest.param("a.json", b'{"site_web": "a.com"}', [{"site_web": "a.com"}], id="one object"),
        pytest.param("a.json", b'{"site_web": 1}\n{"site_web": "b.com"}', [{"site_web": 1}, {"site_web": "b.com"}], id="JSON lines under another name"),
        pytest.param("a.jsonl", b'{"site_web": "a.com"}\n\n{"site_web": 5}', [{"site_web": "a.com"}, {"site_web": 5}], id="JSONL"),
        pytest.param("a.xlsx", xlsx([["site_web", "n"], ["a.com", 1], [None, None], ["b.com", 2.5]]), [{"site_web": "a.com", "n": 1}, {"site_web": "b.com", "n": 2.5}], id="XLSX"),
        pytest.param("a.xlsx", xlsx([["Deckblatt"]], [[], ["n", "Internetseite"], ["x", "a.com"]]), [{"n": "x", "Internetseite": "a.com"}], id="XLSX, second sheet"),
        pytest.param("", xlsx([["site_web"], ["a.com"]]), [{"site_web": "a.com"}], id="XLSX without a name"),
        pytest.param("", b'[{"site_web": "a.com"}]', [{"site_web": "a.com"}], id="JSON without a name"),
    ],
)  # fmt: skip
def test_rows(name: str, data: bytes, expected: list[dict[str, Any]]) -> None:
    assert tabled(opened(data, name)) == expected


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        pytest.param("a.csv", b"", "no rows", id="empty"),
        pytest.param("a.csv", b"site_web\n", "no rows", id="header only"),
        pytest.param("a.csv", b"name,town\nx,a.com\n", "no column site_web.* the columns are: name, town", id="no column"),
        pytest.param("a.csv", b"Bakery,https://a.com\nx,b.com\n", "first row holds values", id="no header"),
        pytest.param("a.csv", b"n,website,url\nx,a.com,b.com\n", "several columns.*website.*url.*--column website", id="several columns"),
        pytest.param("a.csv", b"site_web,n\na.com,1,2\n", r"row 2 \(line 2\) has 3 cells, and the header has 2.*comma", id="too many cells"),
        pytest.param("a.csv", b"Website,n,Website\na.com,1,2\n", "Website occurs twice", id="a column twice"),
        pytest.param("a.csv", b'n,site_web\nx,a.com\n"y,b.com\nz,c.com\n', "line 3: a quote is opened and never closed", id="a quote never closed"),
        pytest.param("a.csv", b'n,site_web\n"y,b.com\n"z",c.com\n', "line 2: a quote is opened .* later line", id="a quote closed by the next"),
        pytest.param("a.json", b"{", "not JSON", id="not JSON"),
        pytest.param("a.json", b'{"a": [{}], "b": [{}]}', "several lists", id="several lists"),
        pytest.param("a.json", b"5", "no list of objects", id="no list"),
        pytest.param("a.json", b"[1]", "item 1 is not an object", id="no object"),
        pytest.param("a.json", b'[{"site_web": NaN}]', "NaN is not JSON", id="NaN"),
        pytest.param("a.json", b'[{"site_web": -Infinity}]', "-Infinity is not JSON", id="infinity"),
        pytest.param("a.json", b'[{"site_web": "\\ud800"}]', "item 1: site_web is not valid Unicode", id="half a surrogate pair"),
        pytest.param("a.json", b"[" * 100_000, "nested too deeply", id="nested"),
        pytest.param("a.jsonl", b'{"site_web": 1}\n{', "line 2 is not JSON", id="not JSONL"),
        pytest.param("a.jsonl", b'{"site_web": 1}\n{"n": NaN}', "line 2 cannot be kept: NaN", id="NaN in JSONL"),
        pytest.param("a.xlsx", b"PK", "not a workbook", id="not XLSX"),
        pytest.param("a.xlsx", xlsx([[]]), "no rows", id="an empty workbook"),
        pytest.param("a.xls", b"\xd0\xcf\x11\xe0", "not an .xls workbook", id="not XLS"),
        pytest.param("a.ods", b"PK", "not a workbook", id="not ODS"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(name: str, data: bytes, words: str) -> None:
    with pytest.raises(TableError, match=words):
        require_site(opened(data, name))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("name;website;site_web", "site_web"),
        ("Site Web;n", "Site Web"),
        ("n;WEBSITE", "WEBSITE"),
        ("n;Website URL", "Website URL"),
        ("n;Internetseite", "Internetseite"),
        ("n;Página web", "Página web"),
        ("n;contact:website", "contact:website"),
        ("n;ホームページ", "ホームページ"),
        ("n;Company Domain", "Company Domain"),
        ("n;website status", ""),
        ("n;websites visited count", ""),
    ],
)
def test_the_website_column(header: str, expected: str) -> None:
    values = ";".join("a.com" for _ in header.split(";"))

    assert opened(f"{header}\n{values}\n".encode()).site.column == expected


@pytest.mark.parametrize(
    ("values", "expected", "words"),
    [
        ([("a.com", "https://www.google.com/maps/place/a")], "website", "pages of directories"),
        (
            [("a.com", "https://facebook.com/anna.cafe"), ("b.com", "https://facebook.com/berta.cafe")],
            "website",
            "networks",
        ),
        (
            [("a.com", "pics.example/1.jpg"), ("b.com", "pics.example/2"), ("c.com", "pics.example/3")],
            "website",
            "pages of pics.example",
        ),
        ([("a.com", "")], "website", "is empty"),
        ([("a.com", "yes")], "website", "holds no web addresses"),
        ([("a.com", "b.com")], "", "--column website"),
        ([("", "")], "", "several"),
    ],
)
def test_several_candidates_are_told_apart_by_what_stands_in_them(
    values: list[tuple[str, str]], expected: str, words: str
) -> None:
    table = opened(json.dumps([{"website": first, "url": second} for first, second in values]).encode(), "a.json")

    assert table.site.column == expected
    assert words in table.site.reason


def test_columns_that_are_named() -> None:
    data = b'[{"name": "A", "tags": {"website": "a.com", "links": ["b.com"]}}]'

    assert opened(data, "a.json").site.column == "tags.website"
    table = opened(data, "a.json", column="tags.links.0", name_column="NAME")
    assert (list(table.values(table.site.column)), table.name.column) == (["b.com"], "name")
    with pytest.raises(TableError, match=r"--column: there is no column tags\.links\.1; the columns are: name, tags"):
        opened(data, "a.json", column="tags.links.1")
    with pytest.raises(TableError, match="--name-column"):
        opened(data, "a.json", name_column="title")


def test_options_that_do_not_apply_are_refused() -> None:
    with pytest.raises(TableError, match="--sheet: the file has no sheets"):
        opened(b"site_web\na.com\n", sheet="x")
    with pytest.raises(TableError, match="--encoding: a workbook"):
        opened(xlsx([["site_web"], ["a.com"]]), "a.xlsx", encoding="utf-8")


def test_rows_have_the_numbers_of_the_spreadsheet() -> None:
    csv = opened(b'sep=,\nn,site_web\n"a\nb",a.com\n\nc,b.com\n')
    book = opened(xlsx([[], ["site_web"], ["a.com"], [], ["b.com"]]), "a.xlsx")
    lines = opened(b'\n{"site_web": "a.com"}\n', "a.jsonl")

    assert [csv.place(index) for index in range(2)] == ["row 2", "row 4"]
    assert [book.place(index) for index in range(2)] == ["row 3", "row 5"]
    assert lines.place(0) == "line 2"


def test_links_behind_labels_are_websites() -> None:
    data = xlsx(
        [["site_web"], ["Website"], ['=HYPERLINK("http://b.com/","Our ""best"" site")'], ["=HYPERLINK(B4)", "c.com"]],
        links={"A2": "http://a.com/"},
    )
    table = opened(data, "a.xlsx")

    assert [getattr(value, "url", "") for value in table.values("site_web")] == [
        "http://a.com/",
        "http://b.com/",
        "c.com",
    ]


def test_a_sheet_can_be_chosen() -> None:
    data = xlsx([["site_web"], ["a.com"]], [["site_web"], ["b.com"]])

    assert tabled(opened(data, "a.xlsx"))[0]["site_web"] == "a.com"
    assert tabled(opened(data, "a.xlsx", sheet="2"))[0]["site_web"] == "b.com"
    assert tabled(opened(data, "a.xlsx", sheet="SHEET1"))[0]["site_web"] == "b.com"
    with pytest.raises(TableError, match="no sheet x; the sheets are: Sheet, Sheet1"):
        opened(data, "a.xlsx", sheet="x")
