"""Where do the Lua scripts come from?

They are files of the package, one script each.  Redis knows no ``require``: a script that needs a part of another file
is written after it, and sees its locals.
"""

from importlib.resources import files

CLOCK = (files("worker") / "clock.lua").read_text("utf-8")
"""Gives a script ``now_ms``."""


def lua(package: str, *names: str) -> str:
    """Return one script: the files ``lua/NAME.lua`` of a package, one after the other."""
    folder = files(package) / "lua"
    return "\n".join((folder / f"{name}.lua").read_text("utf-8") for name in names)
