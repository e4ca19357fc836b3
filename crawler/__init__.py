"""Finds the social profiles that an organisation runs itself, by reading its website.

The library: :func:`find_profiles` and its twins, and the values they take and give.  Names load when they are first
used, so that importing one part of the package does not load the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.config import Settings
    from crawler.library import find_profiles, find_profiles_async, iter_profiles, iter_profiles_async
    from crawler.records import Engine, Failure, Limits, Network, Reason, Render, SiteInput, SiteResult

__all__ = [
    "Engine",
    "Failure",
    "Limits",
    "Network",
    "Reason",
    "Render",
    "Settings",
    "SiteInput",
    "SiteResult",
    "find_profiles",
    "find_profiles_async",
    "iter_profiles",
    "iter_profiles_async",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "config" if name == "Settings" else "library" if name.islower() else "records"
    return getattr(import_module(f"crawler.{home}"), name)
