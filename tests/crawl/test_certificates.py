"""Does a bad certificate hide a public page only where the operator wants it to?"""

import datetime as dt
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.crawl.child import crawl
from tests.crawl.test_crawl import FOUND, FULL

pytestmark = pytest.mark.crawl


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = FULL.encode() if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Handshakes that break are the test."""


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now - dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path_factory.mktemp("tls")))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("is_strict", "profiles", "reason"),
    [pytest.param(False, FOUND, None, id="read and told"), pytest.param(True, {}, "tls_error", id="refused")],
)
@pytest.mark.faults(32)
def test_bad_certificate(port: int, is_strict: bool, profiles: dict[str, str], reason: str | None) -> None:
    order = {
        "items": [{"site_web": f"https://bakery.localhost:{port}/"}],
        "settings": {"allow_hosts": [f"*.localhost:{port}"], "tls_strict": is_strict},
        "limits": {"render": "never"},
    }

    answer, _ = crawl(order)

    result = answer["results"][0]
    assert (result["profiles"], result["reason"]) == (profiles, reason), result
    assert any(page.get("tls_invalid") for page in result["evidence"]["pages"]) is not is_strict
