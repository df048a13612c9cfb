"""Sockets to other people's programs: bound first, then captured, then connected or listening.

The capture's filter needs both ends of a connection. Of one that we open, both are known once the
socket is bound. Of one that we wait for, the peer's port is not; where its address is known (the
server shows it, or both sit on this machine), the filter passes every port of that one address
and the capture holds the SYN. Where it is not, the capture begins when the connection was
accepted: then its handshake is missing, which the evidence of its messages says.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from chatlab.chat.sockets import bound_towards, socket_address, unacknowledged_bytes
from chatlab.core.account import Account, Application
from chatlab.core.connection import Connection
from chatlab.core.errors import ConnectError
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey, WireRange
from chatlab.core.ports import CaptureGate, ConnectionRegistry

CONNECT_TIMEOUT_S = 20.0
_FAULTS = {
    errno.ECONNREFUSED: "nothing listens there any more, or a firewall turns us away",
    errno.ETIMEDOUT: "there was no answer; a firewall or a router (NAT) keeps us out",
    errno.EHOSTUNREACH: "no way leads there",
    errno.ENETUNREACH: "no way leads there",
    errno.ECONNRESET: "the connection was broken off at once",
}


class Refused(ConnectError):
    """The peer's machine answered, and said no; waiting would not help."""


class PeerSocket:
    """One connected socket, every byte of it counted. Closed by who made it."""

    def __init__(
        self, sock: socket.socket, connection: Connection, registry: ConnectionRegistry
    ) -> None:
        self.connection = connection
        self._sock = sock
        self._registry = registry
        self._sent = 0
        self._received = 0
        self.is_closed = False
        self._on_closed: list[Callable[[], None]] = []

    def on_closed(self, callback: Callable[[], None]) -> None:
        self._on_closed.append(callback)

    async def receive(self, most: int) -> tuple[bytes, WireRange]:
        """The next bytes, ``b""`` at the peer's end, and where they lie. Raises OSError."""
        data = await asyncio.get_running_loop().sock_recv(self._sock, most)
        span = ByteRange(self._received, self._received + len(data))
        self._received = span.stop
        if data:
            self._registry.carried(self.connection, Direction.RECEIVED, data)
        return data, WireRange(self.connection.id, Direction.RECEIVED, span)

    async def send(self, data: bytes) -> WireRange:
        """Hand ``data`` to TCP, waiting where it cannot take more. Raises OSError."""
        await asyncio.get_running_loop().sock_sendall(self._sock, data)
        return self._note_sent(data)

    def send_now(self, data: bytes) -> int:
        """Hand over as much as TCP takes without waiting; how much that was. Raises OSError."""
        try:
            taken = self._sock.send(data)
        except BlockingIOError:
            return 0
        self._note_sent(data[:taken])
        return taken

    def _note_sent(self, data: bytes) -> WireRange:
        span = ByteRange(self._sent, self._sent + len(data))
        self._sent = span.stop
        self._registry.carried(self.connection, Direction.SENT, data)
        return WireRange(self.connection.id, Direction.SENT, span)

    def acknowledged(self) -> int | None:
        """Bytes of ours that the peer's TCP has; None where the system cannot tell."""
        if self.is_closed:
            return None
        waiting = unacknowledged_bytes(self._sock.fileno())
        return None if waiting is None else self._sent - waiting

    def fileno(self) -> int:
        return self._sock.fileno()

    def finish_sending(self) -> None:
        """Say that nothing more will come (FIN), and go on reading."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            # The peer may have gone already, and then there is nobody to tell.
            if error.errno not in (errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE):
                raise

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._sock.close()
            for callback in self._on_closed:
                callback()


class Listener:
    """A socket that waits for one peer, on one address and port."""

    def __init__(self, sock: socket.socket, endpoint: Endpoint, dialler: "PeerDialler") -> None:
        self.endpoint = endpoint
        self.watched: FlowKey | None = None
        """What the capture lets through for it; None while nothing is captured."""
        self.opened_ns = 0
        self._sock = sock
        self._dialler = dialler
        self._is_handed_over = False

    async def accept(
        self, account: Account, purpose: str, peer: str, may_come: Callable[[str], bool]
    ) -> PeerSocket:
        """The first connection whose address ``may_come``; others are closed at once."""
        loop = asyncio.get_running_loop()
        while True:
            sock, name = await loop.sock_accept(self._sock)
            remote = Endpoint(str(name[0]).partition("%")[0], int(name[1]))
            if may_come(remote.address):
                break
            sock.close()
        self._sock.close()
        try:
            sock.setblocking(False)
            return await self._dialler.adopt(self, sock, remote, account, purpose, peer)
        except BaseException:
            sock.close()
            raise

    def hand_over(self) -> FlowKey | None:
        """The connection takes over what is watched."""
        self._is_handed_over = True
        return self.watched

    def close(self) -> None:
        """Listen no longer; a connection that was accepted stays."""
        self._sock.close()
        if not self._is_handed_over and self.watched is not None:
            self._dialler.dismiss(self.watched)
            self.watched = None


class PeerDialler:
    """Opens them. One per session; knows the capture and the registry, not the protocol."""

    def __init__(
        self,
        gate: CaptureGate,
        registry: ConnectionRegistry,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._gate = gate
        self._registry = registry
        self._clock_ns = clock_ns
        self._numbers = count(1)
        self._open: dict[FlowKey, PeerSocket] = {}

    def live(self) -> tuple[tuple[int, FlowKey], ...]:
        """Descriptor and flow of each open connection, for a capture that begins late."""
        return tuple((peer.fileno(), flow) for flow, peer in self._open.items())

    def dismiss(self, flow: FlowKey) -> None:
        self._gate.dismiss(flow)

    async def connect(
        self, account: Account, address: str, port: int, purpose: str, peer: str
    ) -> PeerSocket:
        """Connect to where somebody listens for us. Raises ConnectError."""
        where = str(Endpoint(address, port))
        try:
            sock, flow = bound_towards(address, port, socket.SOCK_STREAM)
        except OSError as error:
            raise _not_connected(peer, where, error) from error
        try:
            connection = self._connection(account, flow, purpose, peer, self._clock_ns())
            captured = await self._gate.admit(sock.fileno(), flow)
            connection = replace(connection, is_captured=captured, opened_ns=self._clock_ns())
            self._registry.opened(connection)
            _, remote = socket_address(address, port, socket.SOCK_STREAM)
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().sock_connect(sock, remote)
        except OSError as error:
            sock.close()
            self.dismiss(flow)
            raise _not_connected(peer, where, error) from error
        except BaseException:
            sock.close()
            self.dismiss(flow)
            raise
        return self._keep(PeerSocket(sock, connection, self._registry), flow)

    async def listen(self, address: str, ports: Sequence[int], expected: str) -> Listener:
        """Listen on ``address``, on the first of ``ports`` that is free (0: any).

        ``expected``: the peer's address, where it is known, else empty. Raises ConnectError.
        """
        sock = _bound(address, ports)
        try:
            name = sock.getsockname()
            listener = Listener(sock, Endpoint(address, int(name[1])), self)
            listener.opened_ns = self._clock_ns()
            if expected and (":" in expected) == (":" in address):
                flow = FlowKey(listener.endpoint, Endpoint(expected, 0))
                if await self._gate.admit(sock.fileno(), flow):
                    listener.watched = flow
            sock.listen(1)
        except BaseException:
            sock.close()
            raise
        return listener

    async def adopt(
        self,
        listener: Listener,
        sock: socket.socket,
        remote: Endpoint,
        account: Account,
        purpose: str,
        peer: str,
    ) -> PeerSocket:
        """Make a connection known that a listener has accepted."""
        flow = FlowKey(listener.endpoint, remote)
        watched = listener.watched
        is_covered = watched is not None and watched.remote.address == remote.address
        connection = self._connection(account, flow, purpose, peer, listener.opened_ns)
        if is_covered and watched is not None:
            listener.hand_over()
        else:
            listener.close()
            watched = flow
            await self._gate.admit(sock.fileno(), flow)
        connection = replace(connection, is_captured=is_covered)
        self._registry.opened(connection)
        return self._keep(PeerSocket(sock, connection, self._registry), watched)

    def _keep(self, peer: PeerSocket, watched: FlowKey) -> PeerSocket:
        flow = peer.connection.flow
        self._open[flow] = peer
        peer.on_closed(lambda: self._forget(flow, watched))
        return peer

    def _forget(self, flow: FlowKey, watched: FlowKey) -> None:
        del self._open[flow]
        self.dismiss(watched)

    def _connection(
        self, account: Account, flow: FlowKey, purpose: str, peer: str, opened_ns: int
    ) -> Connection:
        return Connection(
            id=ConnectionId(f"{account.id}/dcc-{self._clock_ns():x}-{next(self._numbers)}"),
            account=account.id,
            application=Application.DCC,
            flow=flow,
            purpose=purpose,
            host=peer,
            opened_ns=opened_ns,
        )


def _bound(address: str, ports: Sequence[int]) -> socket.socket:
    family, _ = socket_address(address, 0, socket.SOCK_STREAM)
    problem = OSError("no port")
    for port in ports:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.bind((address, port))
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    some = f"ports {ports[0]} to {ports[-1]}" if len(ports) > 1 else f"port {ports[0]}"
    raise ConnectError(
        f"None of the {some} of {address} can be listened on: {problem.strerror or problem}."
        if any(ports)
        else f"{address} cannot be listened on: {problem.strerror or problem}.",
        "Choose other ports in the preferences, or wait until the ports are free."
        if any(ports)
        else "Check your network connection.",
    )


def _not_connected(peer: str, where: str, error: OSError) -> ConnectError:
    number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno
    reason = _FAULTS.get(number or 0, error.strerror or str(error))
    kind = Refused if number == errno.ECONNREFUSED else ConnectError
    return kind(
        f"No connection to {peer} at {where}: {reason}.",
        f"Ask {peer} to offer it once more, or the other way round (passive DCC).",
    )
