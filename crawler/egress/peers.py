"""Whose process is at the other end of a connection on this machine?

Asked by :mod:`crawler.egress.proxy`, so that other users of the machine cannot send requests through it.  The kernel
is asked for the one socket (``sock_diag(7)``), which takes some microseconds, however many there are.  Linux alone
says; processes of the same user look alike.
"""

import errno
import os
import socket
import struct
import sys

_SOCK_DIAG_PROTOCOL = 4  # NETLINK_SOCK_DIAG, linux/netlink.h
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI")
_PLACE = struct.Struct("!HH4s12x4s12x4x")
_ANY_COOKIE = b"\xff" * 8
_ANSWER = struct.Struct("=xB2x48x12xII")
_WITHOUT_OWNER = {6, 10}
"""TIME_WAIT, whose process has gone, and LISTEN, which is another socket at the same port (net/tcp_states.h)."""

Place = tuple[str, int]
"""IPv4 address and port."""


class UnknownOwnerError(Exception):
    """The kernel does not tell whose sockets there are."""


def is_own_peer(peer: Place, own: Place) -> bool:
    """Whether a connection's other end is a socket of our own user; one that has gone is not.

    Args:
        peer: its address and port.
        own: ours.

    Raises:
        UnknownOwnerError: it cannot be seen; the system is not Linux, or does not answer.
    """
    if sys.platform != "linux":
        raise UnknownOwnerError(sys.platform)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG_PROTOCOL) as kernel:
            kernel.settimeout(1)
            kernel.send(question(peer, own))
            owner = owner_in(kernel.recv(4096))
    except OSError as error:
        raise UnknownOwnerError(os.strerror(error.errno or 0)) from error
    return owner == os.geteuid()


def question(local: Place, remote: Place) -> bytes:
    """Return what the kernel is asked about the socket between two places."""
    place = _PLACE.pack(local[1], remote[1], socket.inet_aton(local[0]), socket.inet_aton(remote[0])) + _ANY_COOKIE
    body = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + place
    return _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + body


def owner_in(answer: bytes) -> int | None:
    """Read the user's number out of the kernel's answer; ``None`` where there is no such socket with an owner.

    Raises:
        OSError: the kernel does not answer such questions.
    """
    _, kind, _, _, _ = _HEADER.unpack_from(answer)
    if kind == _NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", answer, _HEADER.size)
        if -code == errno.ENOENT:
            return None
        raise OSError(-code, os.strerror(-code))
    state, owner, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    return None if state in _WITHOUT_OWNER or not inode else int(owner)  # without an inode, its process has closed it
