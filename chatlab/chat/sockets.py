"""Small questions to the operating system about one socket of ours."""

import socket
import struct
import sys

from chatlab.core.flow import Endpoint, FlowKey, Transport

_PLATFORM: str = sys.platform
_DARWIN_SO_NWRITE = 0x1024
"""sys/socket.h: bytes in the send buffer that the peer has not acknowledged."""


def socket_address(
    address: str, port: int, kind: socket.SocketKind
) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Family and ``connect`` argument for a literal IP address, zone index included."""
    found = socket.getaddrinfo(address, port, type=kind, flags=socket.AI_NUMERICHOST)
    family, _, _, _, sockaddr = found[0]
    return family, sockaddr


def bound_towards(
    address: str, port: int, kind: socket.SocketKind
) -> tuple[socket.socket, FlowKey]:
    """A non-blocking socket, bound to the local address that the route to the peer uses.

    ``connect`` on a UDP socket sends nothing: it only asks the routing table. Binding to that
    address (port 0) fixes the whole 4-tuple before the first packet, so that a capture filter
    can be in place when the SYN leaves. Raises OSError when there is no route.
    """
    family, remote = socket_address(address, port, kind)
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(remote)
        local = probe.getsockname()
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        sock.bind((local[0], 0, *local[2:]))
        name = sock.getsockname()
    except OSError:
        sock.close()
        raise
    transport = Transport.TCP if kind is socket.SOCK_STREAM else Transport.UDP
    flow = FlowKey(
        Endpoint(_without_zone(name[0]), name[1]),
        Endpoint(_without_zone(str(remote[0])), port),
        transport,
    )
    return sock, flow


def give_up_after(sock: socket.socket, seconds: float) -> None:
    """Have TCP end the connection when what was sent is not acknowledged for so long (RFC 5482).

    Elsewhere than on Linux the answer to a PING of ours decides alone.
    """
    if _PLATFORM == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


def _without_zone(address: str) -> str:
    return address.partition("%")[0]


def unacknowledged_bytes(fileno: int) -> int | None:
    """Bytes handed to the kernel that the peer's TCP has not acknowledged; None where unknown."""
    if _PLATFORM == "linux":
        import fcntl
        import termios

        answer = fcntl.ioctl(fileno, termios.TIOCOUTQ, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])
    if _PLATFORM == "darwin":
        with socket.socket(fileno=socket.dup(fileno)) as sock:
            return sock.getsockopt(socket.SOL_SOCKET, _DARWIN_SO_NWRITE)
    return None  # Windows tells nobody; the captured ACKs remain.
