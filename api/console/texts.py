"""What does the console say, in the reader's language?

Reads ``languages/LANGUAGE.toml``, the one place of all texts; a translation is one more file with the same keys.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"


class Texts:
    """The texts of one language."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._texts: Mapping[str, Any] = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text.

        Args:
            key: path in the file, ``jobs.title``.
            values: what stands for ``{name}`` in the text; ``count`` chooses among its plural forms.

        Raises:
            KeyError: there is no such text, or it wants a value that is not given.
        """
        found: Any = self._texts
        for part in key.split("."):
            found = found[part]
        if isinstance(found, Mapping):
            found = found["one" if values["count"] == 1 else "other"]
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        return str(found).format_map(shown) if values else str(found)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return all texts of one section."""
        found: Mapping[str, Any] = self._texts[name]
        return found

    def keys(self) -> set[str]:
        """Return all keys; plural forms count as one."""
        return set(_keys(self._texts, ""))


def _keys(texts: Mapping[str, Any], before: str) -> list[str]:
    found: list[str] = []
    for name, value in texts.items():
        if isinstance(value, Mapping) and set(value) != {"one", "other"}:
            found += _keys(value, f"{before}{name}.")
        else:
            found.append(f"{before}{name}")
    return found
