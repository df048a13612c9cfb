"""A line that goes dead without a word: noticed, replaced, and nothing is lost or said twice.

Both kernels drop whatever arrives for the connection, as a cable that was pulled out would; nobody
sends a FIN or a RST. The engine’s clock runs forty times as fast as everybody else’s.
"""

import asyncio
import ctypes
import os
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatlab.chat.timing import Timing
from chatlab.core.account import Security
from chatlab.core.connection import LinkState
from chatlab.core.events import MessageAdded, MessageChanged
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery
from chatlab.server.authority import issue
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.limits import ROOMS_DOMAIN
from chatlab.server.xmpp.listener import XmppServer, tls_context
from tests.helpers.xmpp_place import USERS, Client, Place, account_of

pytestmark = pytest.mark.only_on("linux")

RATE = 40
_SO_ATTACH_FILTER = 26
_DROP = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A classic BPF program of one instruction: keep 0 bytes of every packet."""


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / RATE)


FAST = Timing(monotonic=lambda: time.monotonic() * RATE, sleep=_sleep)


def deafen(descriptor: int) -> None:
    """Nothing that arrives for this socket is taken in any more; not even a RST."""
    program = ctypes.create_string_buffer(_DROP)
    address = struct.pack("HP", 1, ctypes.addressof(program))
    with socket.socket(fileno=os.dup(descriptor)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, address)


def pull_the_cable(server: XmppServer, client: Client) -> None:
    attempt = client.xmpp._attempt
    assert attempt is not None
    wire = attempt._link._transport
    assert wire is not None
    local = wire.connection.flow.local
    deafen(wire.fileno())  # type: ignore[attr-defined]
    (far,) = [
        connection._transport
        for connection in server._connections
        if connection._transport is not None
        and connection._transport.get_extra_info("peername")[:2] == (local.address, local.port)
    ]
    deafen(far.get_extra_info("socket").fileno())


@asynccontextmanager
async def lab(folder: Path) -> AsyncIterator[tuple[XmppServer, Place]]:
    certificate = issue(folder)
    server = XmppServer(Host(USERS))
    tls = tls_context(certificate.certificate_file, certificate.key_file)
    await server.start("127.0.0.1", 0, 0, tls)
    try:
        yield server, Place(server.plain_port, server.tls_port, certificate.ca_file, ROOMS_DOMAIN)
    finally:
        await server.stop()


@pytest.mark.parametrize("security", [Security.PLAIN, Security.STARTTLS])
def test_a_dead_line_is_noticed_and_what_was_under_way_arrives_once(
    tmp_path: Path, security: Security
) -> None:
    async def scene() -> None:
        async with lab(tmp_path) as (server, place):
            bob = await Client(account_of(place, "bob")).start()
            alice = await Client(account_of(place, security=security), timing=FAST).start()
            pull_the_cable(server, alice)
            (sent,) = alice.xmpp.send("bob@localhost", "into the void")
            await alice.until(lambda: alice.links[-1].state is LinkState.WAITING)
            assert "silent" in alice.links[-1].detail
            await alice.until(lambda: alice.links[-1].state is LinkState.ONLINE)
            assert "<resume" in alice.written

            def fate() -> list[Delivery | None]:
                changes = [e for e in alice.events if isinstance(e, MessageChanged)]
                return [e.delivery for e in changes if e.message == sent.id]

            await alice.until(lambda: Delivery.ECHOED in fate())
            alice.xmpp.send("bob@localhost", "after")

            def heard() -> list[str]:
                added = [e.message for e in bob.events if isinstance(e, MessageAdded)]
                return [m.text for m in added if m.direction is Direction.RECEIVED]

            await bob.until(lambda: "after" in heard())
            assert heard() == ["into the void", "after"]
            await alice.xmpp.stop()
            await bob.xmpp.stop()

    asyncio.run(scene())
