"""The only part that needs the capture capability, and only for milliseconds.

Run as ``python -I -S opener.py`` with one end of a Unix socket pair as standard input. It is
sent a socket of the caller's own, bound to its local address, with the text ``ADDRESS PORT``
of the peer. The local end is read from that socket: holding it is the proof that the caller may
see this connection. A TCP socket that is not connected may name port 0, which means any port of
that one peer: it is going to listen. Back goes a packet socket whose filter passes this one connection and
is locked for good (SO_LOCK_FILTER); then the opener is gone. It serves one request a run.

Nothing the caller says is believed. Who the caller is, the kernel tells (SO_PEERCRED), and so it
does for the socket's owner (fstat). A socket that another user has made, one whose local end
another user holds, too (SO_REUSEADDR), one from another network namespace, or one bound to an
address that is not this machine's, proves nothing and is refused.

What cannot be taken back from the holder of a packet socket is sending on it, listening
promiscuously, binding it to one interface instead of all, and seeing who is given the same two ends
later. What it sees stays that one 4-tuple, wherever it is bound. An installed opener therefore
serves only the users that its administrator has listed (``serve_listed``).

The answer is one line, ``opened`` with the descriptor or ``refused CODE: reason``.
"""

import array
import ctypes
import os
import select
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

# asm-generic/socket.h, linux/if_packet.h, linux/if_ether.h, net/tcp_states.h
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_PROTOCOL = 38
_SO_LOCK_FILTER = 44
_SO_NETNS_COOKIE = 71
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_ETH_P_ALL = 3
_TIME_WAIT = "06"

_CREDENTIALS = struct.Struct("=iII")
_EVERYBODY = "*"
_MAPPED_IPV4 = bytes(10) + b"\xff\xff"


class Refused(Exception):
    """The request is turned down; ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def main(users: str = "") -> int:
    """Serve one request; ``users`` is the file of those that may ask, empty for no such limit."""
    try:
        channel = socket.socket(fileno=os.dup(0))
    except OSError:
        print("This program is started by ChatLab, with a socket to talk through.", file=sys.stderr)
        return 2
    with channel:
        channel.settimeout(PATIENCE_S)
        try:
            return answer(channel, users)
        except ConnectionError:
            return 1  # The caller is gone, and with it whom to tell.


def answer(channel: socket.socket, users: str) -> int:
    """Hand over a packet socket, or say why not; returns the exit code."""
    try:
        with serve(channel, users) as opened:
            socket.send_fds(channel, [b"opened\n"], [opened.fileno()])
    except Refused as refusal:
        channel.send(f"refused {refusal.code}: {refusal}\n".encode())
        return 1
    return 0


def serve(channel: socket.socket, users: str = "") -> socket.socket:
    """Read one request and open what it asks for. Raises Refused."""
    caller = caller_of(channel)
    if users:
        check_listed(caller, users)
    request, owned = receive(channel)
    with owned:
        if caller and os.fstat(owned.fileno()).st_uid != caller:
            # A socket that was passed on shows nothing but that somebody passed it on.
            raise Refused("foreign", "the socket belongs to another user")
        local = local_end(owned)
        remote = remote_end(owned, request)
        transport = owned.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL)
        try:
            program = connection_filter(local, remote, transport)
        except ValueError as error:
            raise Refused("request", str(error)) from None
        if caller:
            check_alone(local, transport, caller)
        return open_packet_socket(program, owned)


def caller_of(channel: socket.socket) -> int:
    """The user who asks, by the kernel's word. Raises Refused."""
    if channel.family != socket.AF_UNIX:
        raise Refused("request", "requests come through a Unix socket")
    credentials = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    caller = int(_CREDENTIALS.unpack(credentials)[1])
    # Started as root (by polkit) it serves who holds the other end; else its own user alone.
    if os.getuid() not in (0, caller):
        raise Refused("foreign", "the request comes from another user")
    return caller


def check_listed(caller: int, users: str) -> None:
    """Obey the administrator's list: user ids, one a line, or ``*`` for everybody."""
    try:
        with open(users, encoding="utf-8", errors="replace") as file:
            listed = {line.partition("#")[0].strip() for line in file}
    except OSError as error:
        raise Refused("unlisted", f"{users} cannot be read ({error.strerror})") from None
    if caller and not {str(caller), _EVERYBODY} & listed:
        raise Refused("unlisted", f"user {caller} is not listed in {users}")


def receive(channel: socket.socket) -> tuple[bytes, socket.socket]:
    """The one request and the one socket with it. Raises Refused."""
    try:
        request, descriptors, flags, _ = socket.recv_fds(channel, REQUEST_LIMIT, 2)
    except OSError as error:
        raise Refused("request", f"no request came ({error.strerror or error})") from None
    try:
        if len(descriptors) != 1 or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise Refused("request", "the request does not hold one socket and one address")
        if _is_there_more(channel):
            raise Refused("request", "one run serves one request")
        return request, socket.socket(fileno=os.dup(descriptors[0]))
    except OSError:
        raise Refused("socket", "the descriptor is not a socket") from None
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _is_there_more(channel: socket.socket) -> bool:
    ready, _, _ = select.select([channel], [], [], 0)
    return bool(ready and channel.recv(1, socket.MSG_PEEK))


def check_alone(local: tuple[bytes, int], transport: int, caller: int) -> None:
    """With SO_REUSEADDR several users may hold one port: then its frames may be anybody's."""
    name = "tcp" if transport == socket.IPPROTO_TCP else "udp"
    for table in (f"/proc/self/net/{name}", f"/proc/self/net/{name}6"):
        for text, state, user in _sockets(table):
            # What is in TIME_WAIT belongs to nobody any more; it is listed as root's.
            if state == _TIME_WAIT or user == caller:
                continue
            address, port = listed_end(text)
            # Who listens for TCP on all addresses shares its port with nobody.
            is_everywhere = transport == socket.IPPROTO_UDP and not any(address)
            if port == local[1] and (address == local[0] or is_everywhere):
                raise Refused("shared", f"user {user} holds port {port}, too")


def _sockets(table: str) -> list[tuple[str, str, int]]:
    """Local end, state and owner of each row of a table of proc_net_tcp(5)."""
    try:
        with open(table, encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
    except FileNotFoundError:
        return []  # A system without IPv6.
    except OSError as error:
        raise Refused("system", f"{table} cannot be read ({error.strerror})") from None
    return [(row[1], row[3], int(row[7])) for row in rows]


def listed_end(text: str) -> tuple[bytes, int]:
    """An end as those tables write it: words in this machine's order, then the port."""
    words, _, port = text.partition(":")
    address = b"".join(
        struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8)
    )
    return address.removeprefix(_MAPPED_IPV4), int(port, 16)


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
        equip(opened, program)
        _bind_everywhere(opened)
    except OSError as error:
        opened.close()
        raise Refused("system", error.strerror or str(error)) from None
    except Refused:
        opened.close()
        raise
    return opened


def equip(opened: socket.socket, program: bytes, room: int = RECEIVE_BUFFER) -> None:
    """Lock the filter in place; have times, directions and room for frames that wait."""
    code = array.array("B", program)
    address, size = code.buffer_info()
    filters = struct.pack("HP", size // 8, address)
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
    opened.setsockopt(socket.SOL_SOCKET, _SO_LOCK_FILTER, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
    _grow_buffer(opened, room)


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


def _grow_buffer(opened: socket.socket, room: int) -> None:
    """As much as is wanted where allowed (CAP_NET_ADMIN), else what the system grants everyone."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, room)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)


if __name__ == "__main__":
    sys.exit(main())
