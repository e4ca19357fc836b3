"""How does the proxy read, check and write HTTP/1.1 heads, and how does it mark a refusal as its own?

Asked by :mod:`crawler.egress.proxy` only.  Pure: bytes in, values out; it opens nothing and waits for nothing.

What comes from a client is read strictly (RFC 9112 with every "may tolerate" turned down): our clients are Scrapy and
two browsers, so an odd head is an attempt to smuggle a request past the guard.  What comes from a site is read
leniently, as browsers do, and written anew, so that clients only ever see clean heads.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.egress.policy import is_hostname, literal
from crawler.records import Failure, Reason

REJECT_HEADER = "X-Socials-Reject"
"""Header of a reply that the proxy itself made; one of that name from a site is dropped."""

Headers = tuple[tuple[bytes, bytes], ...]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]+) HTTP/1\.([01])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*+([\t -~\x80-\xff]*)")
_LENIENT_FIELD = re.compile(rb"(" + _TOKEN + rb")[ \t]*+:[ \t]*+(.*)", re.DOTALL)
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) +([1-9][0-9]{2})(?: ++(.*))?", re.DOTALL | re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]*)([/?][^#]*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Za-z:.%_~-]+\]|[^:@\[\]]+)(?::([0-9]{1,5}))?")

# RFC 9110 7.6.1 and its predecessors.  Alt-Svc goes too: a browser must not learn of a way around the proxy.
_HOP_BY_HOP = frozenset(
    {
        b"alt-svc",
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        REJECT_HEADER.lower().encode(),
    }
)

_STATUSES = {
    Reason.INVALID_URL: 400,
    Reason.UNSUPPORTED_SCHEME: 400,
    Reason.BLOCKED_ADDRESS: 403,
    Reason.TIMEOUT: 504,
    Reason.INTERNAL_ERROR: 500,
}
"""Every other reason is 502: the site's side is at fault."""


@dataclass(frozen=True, slots=True)
class Framing:
    """Where a body ends: after ``length_bytes``, after its last chunk, or (neither) when the peer closes."""

    length_bytes: int | None = None
    is_chunked: bool = False


LAST_CHUNK = b"0\r\n\r\n"
NO_BODY = Framing(length_bytes=0)


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request with its own target; ``path`` is empty for CONNECT."""

    method: bytes
    host: str
    port: int
    path: bytes
    headers: Headers
    framing: Framing = NO_BODY
    is_http_1_0: bool = False
    is_keep_alive: bool = False
    is_upgrade: bool = False
    expects_continue: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A site's reply, its headers without those that belong to one connection."""

    status: int
    phrase: bytes
    headers: Headers
    framing: Framing
    length_header: bytes | None = None
    """``Content-Length`` of a reply that by rule has no body (HEAD, 304)."""


def parse_request(head: bytes) -> Request | Failure:
    """Read one request head, its closing blank line included; any oddity is an ``invalid_url`` failure."""
    if not head.endswith(b"\r\n\r\n"):
        return _invalid("bare line feed")
    first, *lines = head[:-4].split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        return _invalid("malformed request line")
    fields = [_FIELD.fullmatch(text) for text in lines]
    headers = tuple((field[1], field[2].rstrip(b" \t")) for field in fields if field is not None)
    if len(headers) != len(lines):
        return _invalid("malformed header")
    method, is_http_1_0 = line[1], line[3] == b"0"
    target = _target(method, line[2].decode("ascii"))
    if isinstance(target, Failure):
        return target
    host, port, path = target
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or any(not _is_same(text, host, port, method) for text in hosts):
        return _invalid("Host differs from the target")
    if not hosts and not is_http_1_0 and method != b"CONNECT":
        return _invalid("no Host")
    framing = _request_framing(headers)
    if isinstance(framing, Failure):
        return framing
    connection = _tokens(headers, b"connection") | _tokens(headers, b"proxy-connection")
    return Request(
        method=method,
        host=host,
        port=port,
        path=path,
        headers=_end_to_end(headers, connection),
        framing=framing,
        is_http_1_0=is_http_1_0,
        is_keep_alive=not is_http_1_0 and b"close" not in connection,
        # Only WebSocket: any other protocol (h2c) could carry requests that are not vetted.
        is_upgrade=b"upgrade" in connection and _tokens(headers, b"upgrade") == {b"websocket"} and framing == NO_BODY,
        expects_continue=b"100-continue" in _tokens(headers, b"expect"),
    )


def _target(method: bytes, target: str) -> tuple[str, int, bytes] | Failure:
    if method == b"CONNECT":
        authority = parse_authority(target, None)
        return authority if isinstance(authority, Failure) else (*authority, b"")
    url = _ABSOLUTE.fullmatch(target)
    if url is None:
        return _invalid("not an absolute http URL")
    if url[1].lower() != "http":
        return Failure(Reason.UNSUPPORTED_SCHEME, "not http")
    authority = parse_authority(url[2], 80)
    if isinstance(authority, Failure):
        return authority
    path = url[3] or "/"
    return (*authority, (path if path.startswith("/") else "/" + path).encode("ascii"))


def parse_authority(text: str, default_port: int | None) -> tuple[str, int] | Failure:
    """Read ``host`` or ``host:port``; the host comes back in lower case, without a final dot, an IPv6 in brackets."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return _invalid("malformed host")
    host = match[1].lower().removesuffix(".")
    port = int(match[2]) if match[2] else default_port
    if port is None or not 0 < port < 65536:
        return _invalid("no port" if port is None else "no such port")
    if literal(host) is None and not is_hostname(host):
        return _invalid("malformed host")
    return host, port


def _is_same(text: bytes, host: str, port: int, method: bytes) -> bool:
    # For CONNECT some clients leave the port out of Host, though it is no default.
    return parse_authority(text.decode("latin-1"), port if method == b"CONNECT" else 80) == (host, port)


def _request_framing(headers: Headers) -> Framing | Failure:
    codings, lengths = _values(headers, b"transfer-encoding"), _values(headers, b"content-length")
    if codings:
        if lengths:
            return _invalid("both Transfer-Encoding and Content-Length")
        return Framing(is_chunked=True) if [c.lower() for c in codings] == [b"chunked"] else _invalid("unknown coding")
    if len(lengths) > 1 or not all(_is_length(length) for length in lengths):
        return _invalid("malformed Content-Length")
    return Framing(length_bytes=int(lengths[0])) if lengths else NO_BODY


def parse_reply(head: bytes, method: bytes) -> Reply | Failure:
    """Read one reply head of a site, its closing blank line included; ``method`` is that of the request."""
    first, *lines = re.sub(rb"\r?\n[ \t]+", b" ", head).rstrip(b"\r\n").split(b"\n")
    line = _STATUS_LINE.fullmatch(first.rstrip(b"\r"))
    if line is None:
        return Failure(Reason.HTTP_ERROR, "malformed status line")
    fields = [_LENIENT_FIELD.fullmatch(text.rstrip(b"\r")) for text in lines]
    headers = tuple((field[1], _CONTROLS.sub(b" ", field[2].rstrip(b" \t"))) for field in fields if field is not None)
    status = int(line[2])
    lengths = set(_values(headers, b"content-length"))
    is_length_known = len(lengths) == 1 and _is_length(min(lengths))
    framing = Framing()
    if method == b"HEAD" or status < 200 or status in (204, 304):
        framing = NO_BODY
    elif codings := b",".join(_values(headers, b"transfer-encoding")):
        # RFC 9112 6.3: Transfer-Encoding overrides Content-Length.
        if codings.strip().lower() != b"chunked":
            return Failure(Reason.HTTP_ERROR, "unknown transfer coding")
        framing = Framing(is_chunked=True)
    elif lengths:
        if not is_length_known:
            return Failure(Reason.HTTP_ERROR, "contradictory Content-Length")
        framing = Framing(length_bytes=int(min(lengths)))
    return Reply(
        status=status,
        phrase=_CONTROLS.sub(b" ", line[3] or b""),
        headers=_end_to_end(headers, _tokens(headers, b"connection")),
        framing=framing,
        length_header=min(lengths) if framing == NO_BODY and is_length_known and status not in (101, 204) else None,
    )


def request_head(request: Request) -> bytes:
    """Write a request for its site: origin form, ``Host`` from the target, one request per connection."""
    host = request.host if request.port == 80 else f"{request.host}:{request.port}"
    version = b"0" if request.is_http_1_0 else b"1"
    lines = [request.method + b" " + request.path + b" HTTP/1." + version, b"Host: " + host.encode("ascii")]
    lines += [b"Connection: Upgrade", b"Upgrade: websocket"] if request.is_upgrade else [b"Connection: close"]
    lines += [name + b": " + value for name, value in request.headers]
    if request.framing.is_chunked:
        lines.append(b"Transfer-Encoding: chunked")
    elif request.framing.length_bytes or request.method in (b"POST", b"PUT", b"PATCH"):
        lines.append(b"Content-Length: %d" % (request.framing.length_bytes or 0))
    return b"\r\n".join([*lines, b"", b""])


def reply_head(reply: Reply, *, is_chunked: bool, is_keep_alive: bool) -> bytes:
    """Write a site's reply for the client; ``is_chunked``: the body follows in chunks, whatever it came in."""
    lines = [b"HTTP/1.1 %d " % reply.status + reply.phrase]
    lines += [name + b": " + value for name, value in reply.headers]
    if is_chunked:
        lines.append(b"Transfer-Encoding: chunked")
    elif reply.length_header is not None:
        lines.append(b"Content-Length: " + reply.length_header)
    elif reply.framing.length_bytes is not None and reply.status >= 200 and reply.status not in (204, 304):
        lines.append(b"Content-Length: %d" % reply.framing.length_bytes)
    if reply.status == 101:
        lines += [b"Connection: Upgrade", b"Upgrade: websocket"]
    else:
        lines.append(b"Connection: keep-alive" if is_keep_alive else b"Connection: close")
    return b"\r\n".join([*lines, b"", b""])


def chunk(piece: bytes) -> bytes:
    """Write one chunk of a chunked body; ``piece`` is not empty, since an empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def refusal(failure: Failure, token: str, *, is_keep_alive: bool) -> bytes:
    """Write the proxy's own "no": the mark stands in the reason phrase and in ``REJECT_HEADER``.

    The phrase is there for Scrapy, whose ``TunnelError`` shows status and phrase of a refused CONNECT and nothing
    else (scrapy/core/downloader/handlers/http11.py, 2.19).
    """
    text = mark(failure, token).encode("ascii")
    body = f"{failure.reason}: {failure.detail}\n".encode("ascii")
    lines = [
        b"HTTP/1.1 %d " % _STATUSES.get(failure.reason, 502) + text,
        REJECT_HEADER.encode() + b": " + text,
        b"Content-Type: text/plain; charset=us-ascii",
        b"Cache-Control: no-store",
        b"Content-Length: %d" % len(body),
        b"Connection: keep-alive" if is_keep_alive else b"Connection: close",
    ]
    return b"\r\n".join([*lines, b"", body])


def mark(failure: Failure, token: str) -> str:
    """Write a failure so that :func:`failure_in` finds it again; only who knows ``token`` can."""
    return f"{token} {failure.reason}: {re.sub(r'[^A-Za-z0-9 .,:()/_-]', ' ', failure.detail)};"


def failure_in(text: str, token: str) -> Failure | None:
    """Find the mark of the proxy that owns ``token`` in a header value or an error message."""
    found = re.search(re.escape(token) + r" ([a-z_]+): ([^;]*);", text)
    return Failure(Reason(found[1]), found[2]) if found else None


def _end_to_end(headers: Headers, connection: Iterable[bytes]) -> Headers:
    dropped = _HOP_BY_HOP.union(connection)
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


def _values(headers: Headers, name: bytes) -> Sequence[bytes]:
    return [value for key, value in headers if key.lower() == name]


def _tokens(headers: Headers, name: bytes) -> set[bytes]:
    return {token.strip().lower() for value in _values(headers, name) for token in value.split(b",")} - {b""}


def _is_length(value: bytes) -> bool:
    return value.isdigit() and len(value) < 19


def _invalid(detail: str) -> Failure:
    return Failure(Reason.INVALID_URL, detail)
