"""The only part that needs the capture capability, and only for milliseconds.

Run as ``python -I -S opener.py`` with one end of a Unix socket pair as standard input. It is
sent a socket of the caller's own, bound to its local address, with the text ``ADDRESS PORT``
of the peer. The local end is read from that socket: holding it is the proof that the caller may
see this connection. A TCP socket that is not connected may name port 0, which means any port of
that one peer: it is going to listen. Back goes a packet socket whose filter passes this one connection and
is locked for good (SO_LOCK_FILTER); then the opener is gone.

Nothing the caller says is believed: a socket that another user has made, one from another network
namespace, or one bound to an address that is not this machine's, proves nothing and is refused.

The answer is one line, ``opened`` with the descriptor or ``refused CODE: reason``. What cannot be
taken back from the holder of a packet socket is sending on it, and seeing who is given the same
two ends later; whoever makes this program privileged for other users should know.
"""

import array
import ctypes
import os
import socket
import struct
import sys

if not __package__:
    # Run as a file: the package lies two directories up; it and its parent are empty modules.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from chatlab.capture.bpf import connection_filter

RECEIVE_BUFFER = 256 * 1024 * 1024
"""Bytes of frames that may wait in the kernel while the capture process is dead, or its disk busy.

Memory is taken only for frames that do wait. A disk that stalled for two seconds at 100 MB/s
was seen to fill 64 MiB."""
REQUEST_LIMIT = 256
PATIENCE_S = 5.0

# asm-generic/socket.h, linux/if_packet.h, linux/if_ether.h
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_PROTOCOL = 38
_SO_LOCK_FILTER = 44
_SO_NETNS_COOKIE = 71
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_ETH_P_ALL = 3

_MAPPED_IPV4 = bytes(10) + b"\xff\xff"


class Refused(Exception):
    """The request is turned down; ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def main() -> int:
    with socket.socket(fileno=os.dup(0)) as channel:
        channel.settimeout(PATIENCE_S)
        try:
            with serve(channel) as opened:
                socket.send_fds(channel, [b"opened\n"], [opened.fileno()])
        except Refused as refusal:
            channel.send(f"refused {refusal.code}: {refusal}\n".encode())
            return 1
    return 0


def serve(channel: socket.socket) -> socket.socket:
    """Read one request and open what it asks for. Raises Refused."""
    try:
        request, descriptors, _, _ = socket.recv_fds(channel, REQUEST_LIMIT, 1)
    except OSError as error:
        raise Refused("request", f"no request came ({error.strerror or error})") from None
    if len(descriptors) != 1:
        raise Refused("request", "the request holds no socket")
    try:
        owned = socket.socket(fileno=descriptors[0])
    except OSError:
        os.close(descriptors[0])
        raise Refused("socket", "the descriptor is not a socket") from None
    with owned:
        _check_owner(owned)
        local = local_end(owned)
        remote = remote_end(owned, request)
        transport = owned.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL)
        try:
            program = connection_filter(local, remote, transport)
        except ValueError as error:
            raise Refused("request", str(error)) from None
        return open_packet_socket(program, owned)


def _check_owner(owned: socket.socket) -> None:
    """A socket that was passed on shows nothing but that somebody passed it on."""
    caller = os.getuid()
    if caller and os.fstat(owned.fileno()).st_uid != caller:
        raise Refused("foreign", "the socket belongs to another user")


def local_end(owned: socket.socket) -> tuple[bytes, int]:
    """The end that the caller has proved to own. Raises Refused."""
    if owned.family not in (socket.AF_INET, socket.AF_INET6):
        raise Refused("socket", "the socket is neither IPv4 nor IPv6")
    kinds = {socket.SOCK_STREAM: socket.IPPROTO_TCP, socket.SOCK_DGRAM: socket.IPPROTO_UDP}
    if owned.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL) != kinds.get(owned.type):
        raise Refused("socket", "the socket is neither TCP nor UDP")
    name = owned.getsockname()
    if not name[1]:
        raise Refused("unbound", "the socket is not bound to a port")
    address = socket.inet_pton(owned.family, name[0].partition("%")[0])
    if not any(address.removeprefix(_MAPPED_IPV4)):
        raise Refused("wildcard", "the socket is bound to no particular address")
    try:
        # Binding to a foreign address is allowed to anyone (IP_FREEBIND) and proves nothing.
        with socket.socket(owned.family, socket.SOCK_DGRAM) as probe:
            probe.bind((name[0], 0, *name[2:]))
    except OSError:
        raise Refused("foreign", f"{name[0]} is not an address of this machine") from None
    return address.removeprefix(_MAPPED_IPV4), int(name[1])


def remote_end(owned: socket.socket, request: bytes) -> tuple[bytes, int]:
    """The peer that the request names, which a connected socket must agree with."""
    try:
        text, port = request.decode("ascii").split()
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        remote = socket.inet_pton(family, text).removeprefix(_MAPPED_IPV4), int(port)
    except (ValueError, OSError):
        raise Refused("request", "the remote address cannot be read") from None
    if not 0 <= remote[1] < 65536:
        raise Refused("request", f"{remote[1]} is not a port")
    if not any(remote[0]):
        raise Refused("wildcard", "the remote address stands for everybody")
    if not remote[1] and owned.type != socket.SOCK_STREAM:
        raise Refused("wildcard", "only a TCP socket can wait for a peer whose port is not known")
    try:
        peer = owned.getpeername()
    except OSError:
        return remote
    address = socket.inet_pton(owned.family, peer[0].partition("%")[0])
    if (address.removeprefix(_MAPPED_IPV4), peer[1]) != remote:
        raise Refused("request", "the socket is connected to somewhere else")
    return remote


def open_packet_socket(program: bytes, owned: socket.socket) -> socket.socket:
    """A packet socket that sees what ``program`` passes, on every interface.

    It is created deaf (protocol 0) and bound last, so no frame slips in before the filter.
    """
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise Refused("permission", error.strerror or "not permitted") from None
    except OSError as error:
        raise Refused("system", error.strerror or str(error)) from None
    try:
        _check_namespace(opened, owned)
        code = array.array("B", program)
        address, size = code.buffer_info()
        opened.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", size // 8, address)
        )
        opened.setsockopt(socket.SOL_SOCKET, _SO_LOCK_FILTER, 1)
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        opened.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        _grow_buffer(opened)
        _bind_everywhere(opened)
    except OSError as error:
        opened.close()
        raise Refused("system", error.strerror or str(error)) from None
    except Refused:
        opened.close()
        raise
    return opened


def _check_namespace(opened: socket.socket, owned: socket.socket) -> None:
    """Anyone may be root of a network namespace of their own and bind any address there."""
    try:
        cookies = {
            each.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8) for each in (opened, owned)
        }
    except OSError:
        if os.getuid() == 0:
            return  # a kernel before 5.14; root could see everything anyway
        raise Refused("system", "telling network namespaces apart needs Linux 5.14") from None
    if len(cookies) != 1:
        raise Refused("foreign", "the socket belongs to another network namespace")


def _bind_everywhere(opened: socket.socket) -> None:
    """Bind to interface 0, which means all; Python's own ``bind`` wants an interface's name."""
    address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(_ETH_P_ALL), 0, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).bind(opened.fileno(), address, len(address)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _grow_buffer(opened: socket.socket) -> None:
    """As much as is wanted where allowed (CAP_NET_ADMIN), else what the system grants everyone."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


if __name__ == "__main__":
    sys.exit(main())
