"""Do the README's rows come out as it shows?"""

import io
import re
from pathlib import Path

from api.files import items as posting
from api.files import writing
from api.files.reading import open_table

ROOT = Path(__file__).parents[3]


def test_one_row_in_and_the_same_row_out() -> None:
    given, expected = re.findall(r"```csv\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    table = open_table(given.encode(), "places.csv")
    profiles = {
        "facebook": "https://www.facebook.com/baeckereimueller",
        "instagram": "https://www.instagram.com/baeckerei.mueller/",
    }
    file = io.BytesIO()

    writing.write(table, posting.additions(table, {0: {"profiles": profiles, "reason": None}}), "csv", file)

    assert file.getvalue().decode() == expected


def test_the_page_about_files_names_every_option() -> None:
    from api.cli.main import enrich

    page = (ROOT / "docs" / "files.md").read_text("utf-8")
    options = {option for parameter in enrich.params for option in parameter.opts if option.startswith("--")}

    assert options - {"--output", "--format", "--render", "--max-pages", "--allow-host"} <= set(
        re.findall(r"--[a-z-]+", page)
    )
