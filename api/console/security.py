"""What may a page of ours do in a browser?

Pure: the headers of pages and of everything else.  The policy lets nothing in from elsewhere, runs no script that is
not a file of ours, and takes no text for markup.
"""

from collections.abc import Mapping

_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}

_COMMON: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer."""


def _policy(changes: Mapping[str, str | None] = {}) -> str:  # never changed
    rules = {name: value for name, value in {**_POLICY, **changes}.items() if value is not None}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page_headers(*, has_swagger: bool = False, has_picture: bool = False) -> dict[str, str]:
    """Return the headers of a page.

    Args:
        has_picture: the page shows a picture that came with it, by a ``data:`` address.
        has_swagger: the page holds Swagger UI, which shows pictures from ``data:`` addresses and writes markup
            (seen in 5.32, 2026-11), so that Trusted Types would break it.
    """
    changes: dict[str, str | None] = {"img-src": "'self' data:"} if has_swagger or has_picture else {}
    if has_swagger:
        changes |= {"require-trusted-types-for": None, "trusted-types": None}
    return {
        **_COMMON,
        "Content-Security-Policy": _policy(changes),
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }


def other_headers() -> dict[str, str]:
    """Return the headers of what is no page: should a browser show it as one, it may do nothing at all."""
    return {**_COMMON, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
