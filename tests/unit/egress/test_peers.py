"""Is the kernel's answer about a connection's owner read right?"""

import errno
import os
import socket
import struct
import sys

import pytest

from crawler.egress.peers import is_own_peer, owner_in, question

OURS = ("127.64.1.2", 3128)
THEIRS = ("127.0.0.1", 40000)


def answer(state: int, owner: int, inode: int) -> bytes:
    return (
        struct.pack("=IHHII", 88, 20, 0, 0, 0) + bytes([2, state, 0, 0]) + bytes(60) + struct.pack("=II", owner, inode)
    )


def refusal(code: int) -> bytes:
    return struct.pack("=IHHIIi", 36, 2, 0, 0, 0, -code) + bytes(16)


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        pytest.param(answer(1, 1000, 77), 1000, id="established"),
        pytest.param(answer(5, 0, 77), 0, id="half closed, of root"),
        pytest.param(answer(1, 0, 0), None, id="closed by its process, which makes it look like one of root"),
        pytest.param(answer(6, 0, 0), None, id="gone"),
        pytest.param(answer(10, 1000, 77), None, id="a listener at the same port"),
        pytest.param(refusal(errno.ENOENT), None, id="none"),
    ],
)
def test_owner(text: bytes, owner: int | None) -> None:
    assert owner_in(text) == owner


def test_a_kernel_that_does_not_answer_such_questions() -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EOPNOTSUPP)):
        owner_in(refusal(errno.EOPNOTSUPP))


def test_the_question_names_the_clients_end_first() -> None:
    text = question(THEIRS, OURS)

    assert len(text) == int.from_bytes(text[:4], sys.byteorder) == 72
    assert text[24:28] == struct.pack("!HH", 40000, 3128)
    assert (text[28:32], text[44:48]) == (socket.inet_aton("127.0.0.1"), socket.inet_aton("127.64.1.2"))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
def test_our_own_connection_is_ours_until_it_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        with server.accept()[0] as accepted:
            peer, own = accepted.getpeername(), accepted.getsockname()
            assert is_own_peer(peer, own)
            client.close()
            assert not is_own_peer(peer, own)
