"""Does the service run over TLS, with a password and an ACL user that may do only what it needs?"""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import signal
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.service.test_workers import Bench, OwnRedis, assert_complete

pytestmark = pytest.mark.redis

ACL = "on >opensesame resetkeys ~socials:* ~rq:* ~socials resetchannels &rq:* -@all +@all -@dangerous -@admin +info +keys"
"""What docs/how-to/second-machine.md gives the service: its own keys and channels, no administration."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of 127.0.0.1 that signs itself; returns its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@contextlib.contextmanager
def tls_before(port: int, files: tuple[Path, Path]) -> Iterator[int]:
    """Take TLS connections for a Redis that is built without; yields the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    is_ready, ports = threading.Event(), list[int]()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    writers: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, inner_writer))
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

    async def serve() -> None:
        server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        stop.append((asyncio.get_running_loop(), asyncio.Event()))
        is_ready.set()
        await stop[0][1].wait()
        server.close()
        for writer in writers:
            writer.close()
        # An open TLS transport at the end of the loop would warn in whichever test collects garbage next.
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert is_ready.wait(10)
    yield ports[0]
    stop[0][0].call_soon_threadsafe(stop[0][1].set)
    thread.join()


def test_a_job_over_tls_with_an_acl_user(tmp_path: Path) -> None:
    own = OwnRedis(tmp_path)
    own.start()
    with redis.Redis.from_url(own.url) as connection:
        connection.execute_command("ACL", "SETUSER", "socials", *ACL.split())
        connection.execute_command("ACL", "SETUSER", "default", "off")
    files = certificate(tmp_path)
    with tls_before(own.port, files) as port:
        url = f"rediss://socials:opensesame@127.0.0.1:{port}/0?ssl_ca_certs={files[0]}"
        bench = Bench(url, tmp_path)
        try:
            bench.start_worker()
            job = bench.create(30)
            done = bench.wait(job, lambda now: now.status.is_final)
            assert done.found_count == 30
            assert_complete(bench, job, 30)
            assert "NOPERM" not in bench.log(0)
            with redis.Redis.from_url(url) as connection, pytest.raises(redis.ResponseError):
                connection.flushall()
        finally:
            bench.close()
    own.stop(signal.SIGKILL)


def test_a_certificate_of_a_stranger_is_refused(tmp_path: Path) -> None:
    own = OwnRedis(tmp_path)
    own.start()
    with (
        tls_before(own.port, certificate(tmp_path)) as port,
        redis.Redis.from_url(f"rediss://127.0.0.1:{port}") as connection,
        pytest.raises(redis.ConnectionError),
    ):
        connection.ping()
    own.stop(signal.SIGKILL)
