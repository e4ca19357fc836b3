"""What does the command line say of one URL?

Asked by ``socials classify``.  A pure function; it prints nothing.
"""

from typing import Any

from crawler.networks.canonical import profile_of
from crawler.networks.vendors import is_vendor
from crawler.records import Kind, Refusal


def row(url: str) -> dict[str, Any]:
    """Describe a URL.

    Returns:
        ``url`` as given, ``network`` and ``canonical`` (``None`` where there is none), ``kind``, and ``reason``: the
        type of the profile, or why there is none.  A vendor's account is no profile here, since no site is crawled.
    """
    found = profile_of(url)
    if isinstance(found, Refusal):
        network = found.network.value if found.network else None
        return {"url": url, "network": network, "kind": found.kind.value, "canonical": None, "reason": found.reason}
    if is_vendor(found):
        reason = "account of a vendor of site tools"
        return {
            "url": url,
            "network": found.network.value,
            "kind": Kind.OTHER.value,
            "canonical": None,
            "reason": reason,
        }
    return {
        "url": url,
        "network": found.network.value,
        "kind": Kind.PROFILE.value,
        "canonical": found.url,
        "reason": found.type.value,
    }
