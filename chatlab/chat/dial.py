"""From an account to an open wire: look up, bind, capture, connect, secure; in this order.

The order is the point. Binding first fixes the local port, so the capture's filter is in place
before the SYN leaves, and the capture holds the connection from its first packet to its last.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from chatlab.chat.destinations import Destination, destinations, server_name
from chatlab.chat.dns import Resolver
from chatlab.chat.sockets import bound_towards, give_up_after, socket_address
from chatlab.chat.tls import USUAL_PORTS, TlsLayer
from chatlab.chat.wire import Wire, WireSink
from chatlab.core.account import Account, Application, Security
from chatlab.core.connection import Connection, LinkState
from chatlab.core.errors import ConnectError
from chatlab.core.flow import ConnectionId, FlowKey
from chatlab.core.ports import CaptureGate, ConnectionRegistry

_CONNECT_TIMEOUT_S = 15.0
_HANDSHAKE_TIMEOUT_S = 20.0
UNACKNOWLEDGED_S = 45.0
"""A link that is dead in one direction is noticed within this time, as one that is silent."""
_NEXT_ADDRESS_AFTER_S = 0.25
"""Connection Attempt Delay of RFC 8305, section 5."""
_FAULTS = {
    errno.ECONNREFUSED: (
        "nothing listens on that port",
        "Check the port, and that the server runs.",
    ),
    errno.ETIMEDOUT: ("it did not answer", "A firewall may drop the packets; try another port."),
    errno.EHOSTUNREACH: ("no way leads to that host", "Check your network connection."),
    errno.ENETUNREACH: ("the network is unreachable", "Check your network connection."),
    errno.ECONNRESET: ("it reset the connection", "Try again, or another server of the network."),
}

_ALPN = {Application.XMPP: ("xmpp-client",)}
"""What a ClientHello says it will speak, where TLS comes first (XEP-0368, section 3)."""

OnStage = Callable[[LinkState], None]


class Dialler:
    """Opens wires. One per session; knows the capture and the registry, not the protocols."""

    def __init__(
        self,
        gate: CaptureGate,
        registry: ConnectionRegistry,
        resolver: Resolver | None = None,
        *,
        accepts_any_certificate: bool = False,
        clock_ns: Callable[[], int] = time.time_ns,
        unacknowledged_s: float = UNACKNOWLEDGED_S,
    ) -> None:
        """``unacknowledged_s``: how long TCP waits for an acknowledgement before it gives up."""
        self._gate = gate
        self._registry = registry
        self._resolver = resolver
        self._accepts_any = accepts_any_certificate
        self._clock_ns = clock_ns
        self._unacknowledged_s = unacknowledged_s
        self._numbers = count(1)
        self._wires: dict[FlowKey, Wire] = {}

    def live(self) -> tuple[tuple[int, FlowKey], ...]:
        """Descriptor and flow of each open connection, for a capture that begins late."""
        return tuple((wire.fileno(), flow) for flow, wire in self._wires.items())

    def _forget(self, flow: FlowKey) -> None:
        del self._wires[flow]
        self.dismiss(flow)

    async def dial(self, account: Account, sink: WireSink, on_stage: OnStage) -> Wire:
        """A wire to the account's server, secured as the account says.

        Raises ConnectError, or CertificateError before anything of the account was sent.
        """
        if self._resolver is None:
            self._resolver = Resolver()
        on_stage(LinkState.RESOLVING)
        watcher = _LookUpWatcher(self, account)
        failure: ConnectError | None = None
        for place in await destinations(account, self._resolver, watcher):
            try:
                on_stage(LinkState.RESOLVING)
                found = await self._resolver.resolve(place.host, watcher)
                on_stage(LinkState.CONNECTING)
                wire = await self._first_to_answer(account, place, found.addresses, sink)
                break
            except ConnectError as error:
                failure = failure or error
        else:
            raise failure or AssertionError("there is at least one destination")
        if account.security is Security.DIRECT_TLS:
            on_stage(LinkState.SECURING)
            await self._secure(account, wire, _ALPN.get(account.application, ()))
        wire.release()
        return wire

    async def secure(self, wire: Wire, account: Account) -> None:
        """Go on in TLS on a wire that began in clear (STARTTLS), once the server agreed to it.

        Raises ConnectError, CertificateError; the wire is closed then. It proves the name that
        ``server_name`` gives. No ALPN: the stream is known already (XEP-0368, section 3).
        """
        await self._secure(account, wire, ())

    async def admit(self, sock: socket.socket, connection: Connection) -> Connection:
        """Start capturing a connection of ours, and make it known. The SYN comes after this."""
        captured = await self._gate.admit(sock.fileno(), connection.flow)
        connection = replace(connection, is_captured=captured, opened_ns=self._clock_ns())
        self._registry.opened(connection)
        return connection

    def dismiss(self, flow: FlowKey) -> None:
        self._gate.dismiss(flow)

    def new_connection(
        self,
        account: Account,
        flow: FlowKey,
        application: Application,
        purpose: str,
        host: str = "",
    ) -> Connection:
        return Connection(
            id=ConnectionId(f"{account.id}/{self._clock_ns():x}-{next(self._numbers)}"),
            account=account.id,
            application=application,
            flow=flow,
            purpose=purpose,
            host=host or account.host or server_name(account),
            opened_ns=self._clock_ns(),
        )

    async def _first_to_answer(
        self, account: Account, place: Destination, addresses: tuple[str, ...], sink: WireSink
    ) -> Wire:
        """Try the addresses, each a little after the one before (RFC 8305, section 5)."""
        waiting = list(addresses)
        running: set[asyncio.Task[Wire]] = set()
        failures: list[OSError] = []
        try:
            while waiting or running:
                if waiting:
                    attempt = self._connect(account, place, waiting.pop(0), sink)
                    running.add(asyncio.create_task(attempt, name=f"connect {place.host}"))
                patience = _NEXT_ADDRESS_AFTER_S if waiting else None
                done, running = await asyncio.wait(
                    running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                wires = [task.result() for task in done if task.exception() is None]
                for late in wires[1:]:
                    late.abort()
                if wires:
                    return wires[0]
                for error in (task.exception() for task in done):
                    if not isinstance(error, OSError):
                        raise error or AssertionError("a failed task has an exception")
                    failures.append(error)
        finally:
            for task in running:
                task.cancel()
        raise _refused(place, failures)

    async def _connect(
        self, account: Account, place: Destination, address: str, sink: WireSink
    ) -> Wire:
        """One attempt. Raises OSError (TimeoutError is one)."""
        loop = asyncio.get_running_loop()
        sock, flow = bound_towards(address, place.port, socket.SOCK_STREAM)
        try:
            purpose = f"{account.application.name} to {place.host}"
            connection = self.new_connection(
                account, flow, account.application, purpose, place.host
            )
            connection = await self.admit(sock, connection)
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                _, remote = socket_address(address, place.port, socket.SOCK_STREAM)
                await loop.sock_connect(sock, remote)
            give_up_after(sock, self._unacknowledged_s)
            starts_with_tls = account.security is Security.DIRECT_TLS
            wire = Wire(connection, self._registry, sink, starts_with_tls=starts_with_tls)
            await loop.create_connection(lambda: wire, sock=sock)
        except BaseException:
            sock.close()
            self.dismiss(flow)
            raise
        self._wires[flow] = wire
        wire.on_lost(lambda: self._forget(flow))
        return wire

    async def _secure(self, account: Account, wire: Wire, alpn: tuple[str, ...]) -> None:
        host = wire.connection.host
        try:
            tls = TlsLayer(
                account,
                server_name=server_name(account),
                alpn=alpn,
                accepts_any_certificate=self._accepts_any,
            )
            async with asyncio.timeout(_HANDSHAKE_TIMEOUT_S):
                await wire.start_tls(tls)
        except TimeoutError:
            wire.abort()
            raise ConnectError(
                f"{host} did not finish the TLS handshake in {_HANDSHAKE_TIMEOUT_S:.0f} s.",
                f"Is this the server’s TLS port? {USUAL_PORTS[account.application]}",
            ) from None
        except BaseException:
            wire.abort()
            raise


class _LookUpWatcher:
    """Gives look-up sockets to the capture, under the account that asked."""

    def __init__(self, dialler: Dialler, account: Account) -> None:
        self._dialler = dialler
        self._account = account

    async def opened(self, sock: socket.socket, flow: FlowKey, name: str) -> None:
        connection = self._dialler.new_connection(
            self._account, flow, Application.DNS, f"DNS look-up of {name}"
        )
        await self._dialler.admit(sock, connection)

    def closed(self, flow: FlowKey) -> None:
        self._dialler.dismiss(flow)


def _refused(place: Destination, failures: list[OSError]) -> ConnectError:
    last = failures[-1] if failures else OSError("no address")
    number = errno.ETIMEDOUT if isinstance(last, TimeoutError) else last.errno
    reason, hint = _FAULTS.get(
        number or 0, (last.strerror or str(last), "Check host, port and network.")
    )
    return ConnectError(f"No connection to {place.host} port {place.port}: {reason}.", hint)
