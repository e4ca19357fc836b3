"""What can go wrong with a page, in the closed list of reasons?

The only file that knows Scrapy's exception types.  Asked by :mod:`crawler.pages` and by the engines.
"""

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from crawler.records import Failure, Reason


class RenderError(Exception):
    """A page could not be rendered; carries the reason."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.failure = Failure(reason, detail)


def failure_from(error: BaseException | None) -> Failure:
    """Map an exception of Scrapy, Twisted or a browser engine to the closed list of reasons."""
    if isinstance(error, RenderError):
        return error.failure
    if isinstance(error, IgnoreRequest):
        if "redirect" in str(error):
            return Failure(Reason.TOO_MANY_REDIRECTS, "redirected without end")
        if "DOWNLOAD_MAXSIZE" in str(error):
            return Failure(Reason.TOO_LARGE, "the answer is too large once it is unpacked")
        return Failure(Reason.NOT_HTML, "the answer was ignored")
    if any(mark in repr(error) for mark in _TLS_MARKS):
        return Failure(Reason.TLS_ERROR, "bad certificate, or the handshake failed")
    for kind, reason, detail in _REASONS:
        if isinstance(error, kind):
            return Failure(reason, detail)
    if "Tunnel" in type(error).__name__:
        return Failure(Reason.CONNECT_ERROR, "connection failed")
    return Failure(Reason.INTERNAL_ERROR, type(error).__name__)


_TLS_MARKS = ("OpenSSL.SSL", "SSL routines", "VerificationError", "CertificateError")
"""What TLS failures have in their text; Scrapy gives them under the same type as other broken connections."""

_REASONS: tuple[tuple[type[BaseException], Reason, str], ...] = (
    (DownloadTimeoutError, Reason.TIMEOUT, "no answer in time"),
    (TimeoutError, Reason.TIMEOUT, "no answer in time"),
    (CannotResolveHostError, Reason.DNS_ERROR, "host name not found"),
    (DownloadConnectionRefusedError, Reason.CONNECT_ERROR, "connection refused"),
    (UnsupportedURLSchemeError, Reason.UNSUPPORTED_SCHEME, "only http and https are read"),
    (NotSupported, Reason.UNSUPPORTED_SCHEME, "only http and https are read"),
    (DownloadCancelledError, Reason.TOO_LARGE, "the answer is too large"),
    (ResponseDataLossError, Reason.CONNECT_ERROR, "the connection broke in the middle of the answer"),
    (DownloadFailedError, Reason.CONNECT_ERROR, "the connection broke"),
    (OSError, Reason.CONNECT_ERROR, "connection failed"),
)
