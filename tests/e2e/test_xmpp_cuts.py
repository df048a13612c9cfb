"""Connections that are cut with messages under way: none is lost, none comes twice (XEP-0198).

The server is a real prosody; somebody on the way cuts the connection in the middle of whatever is
being sent, again and again. (That a resumption itself is cut, at any byte of it, is a matter of
``tests/unit/chat/test_xmpp_resumption.py``.)

Prosody 0.12 reads a resumed session with the XML parser of its first connection. Half a stanza
that the parser got before a cut therefore swallows what comes next, or makes it “not well-formed”.
It reads 8,192 bytes at a time, and TLS hands it whole stanzas only up to that: so what is typed
between two cuts stays below, and each cut waits until the server has all of before. The last test
shows what becomes of a stanza that is not.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from chatlab.core.account import Security
from chatlab.core.connection import LinkState
from chatlab.core.events import MessageAdded, MessageChanged
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery
from tests.helpers.prosody import ROOMS, prosody
from tests.helpers.xmpp_place import Client, Place, account_of
from tests.helpers.xmpp_user import XmppUser

pytestmark = pytest.mark.servers("prosody")

COUNT = 100
CUTS = 4
_TAKEN = (Delivery.ECHOED, Delivery.DELIVERED, Delivery.DISPLAYED)


class CuttingProxy:
    """Carries bytes; ``cut_after`` so many more, in either direction, it drops the connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._left: int | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[None]] = set()
        self.cuts = 0

    def cut_after(self, count: int) -> None:
        self._left = count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers = [writer, outer]
        await asyncio.gather(self._carry(reader, outer), self._carry(inner, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                if self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                writer.write(data)
                if self._left == 0:
                    self._cut()
                    return
        except ConnectionError:
            return
        writer.close()

    def _cut(self) -> None:
        self._left = None
        self.cuts += 1
        self._abort()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def end(self) -> None:
        """Leave nothing behind, whoever is still connected."""
        self._abort()
        await asyncio.gather(*self._serving, return_exceptions=True)


@asynccontextmanager
async def cutting(port: int) -> AsyncIterator[tuple[CuttingProxy, int]]:
    proxy = CuttingProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        yield proxy, server.sockets[0].getsockname()[1]
        await proxy.end()


def answer_all(bob: XmppUser, jid: str) -> list[int]:
    """Answer each message as it comes; the numbers that came, to the last one and what follows."""
    heard: list[int] = []
    while True:
        found = bob.wait_for("<body>out ([0-9]+)</body>|id=.finished")
        if found[1] is None:
            return heard
        heard.append(int(found[1]))
        text = f"in {len(heard) - 1}"
        bob.say(f"<message to='{jid}' type='chat' id='{text}'><body>{text}</body></message>")
        if heard[-1] == COUNT - 1:
            ping = "<ping xmlns='urn:xmpp:ping'/>"
            bob.say(f"<iq type='get' to='localhost' id='finished'>{ping}</iq>")


async def keep_connected(client: Client) -> None:
    """Do not wait as long as the engine would."""
    while True:
        await client.until(lambda: client.links[-1].state is LinkState.WAITING)
        client.xmpp.start()
        await client.until(lambda: client.links[-1].state is not LinkState.WAITING)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_and_nothing_doubled_when_connections_break(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)

    async def scene(place: Place, bob: XmppUser) -> None:
        async with cutting(place.port) as (proxy, port):
            alice = await Client(account_of(place, port=port, security=Security.STARTTLS)).start()
            jid = alice.xmpp.session.context.state.jid
            bobs_work = asyncio.create_task(asyncio.to_thread(answer_all, bob, jid))
            keeping = asyncio.create_task(keep_connected(alice))
            for number in range(COUNT):
                if number % (COUNT // CUTS) == 5:
                    await alice.until(partial(has_taken, alice, number))
                    proxy.cut_after(chance.randrange(1, 3000))
                alice.xmpp.send("bob@localhost", f"out {number}")
                await asyncio.sleep(0.01)  # People do not type everything at once.
            assert await bobs_work == list(range(COUNT)), alice.story
            added = [e.message for e in alice.events if isinstance(e, MessageAdded)]
            await alice.until(lambda: len(received(alice)) >= COUNT)
            assert received(alice) == [f"in {number}" for number in range(COUNT)]
            sent = [message.id for message in added if message.direction is Direction.SENT]
            await alice.until(lambda: all(fate(alice, each) in _TAKEN for each in sent))
            assert proxy.cuts == CUTS
            assert alice.written.count("<resume ") == CUTS
            assert alice.written.count('id="bind"') == 1
            keeping.cancel()
            await alice.xmpp.stop()

    with prosody(tmp_path / "prosody", {"alice": "secret", "bob": "secret"}) as running:
        place = Place(running.port, running.tls_port, running.certificate.ca_file, ROOMS)
        with XmppUser(running.host, running.port, "bob", "secret", "localhost") as bob:
            asyncio.run(scene(place, bob))


def received(client: Client) -> list[str]:
    added = [event.message for event in client.events if isinstance(event, MessageAdded)]
    return [each.text for each in added if each.direction is Direction.RECEIVED]


def has_taken(client: Client, count: int) -> bool:
    """So many messages are with the server."""
    changes = (event for event in client.events if isinstance(event, MessageChanged))
    return len({event.message for event in changes if event.delivery in _TAKEN}) == count


def fate(client: Client, message: str) -> Delivery | None:
    changes = (event for event in client.events if isinstance(event, MessageChanged))
    states = [event.delivery for event in changes if event.message == message and event.delivery]
    assert Delivery.FAILED not in states
    return states[-1] if states else None


def test_a_text_that_was_cut_does_not_swallow_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlab.chat.xmpp.resumption.UNREAD_S", 0.3)
    long = "x" * 40_000

    async def scene(place: Place, bob: XmppUser) -> None:
        async with cutting(place.port) as (proxy, port):
            alice = await Client(account_of(place, port=port, security=Security.PLAIN)).start()
            alice.xmpp.send("bob@localhost", "before")
            await alice.until(partial(has_taken, alice, 1))
            proxy.cut_after(20_000)
            alice.xmpp.send("bob@localhost", long)
            await alice.until(lambda: alice.links[-1].state is LinkState.WAITING)
            alice.xmpp.send("bob@localhost", "after")
            keeping = asyncio.create_task(keep_connected(alice))
            texts = await asyncio.to_thread(texts_to_the_last, bob, "after")
            assert texts == ["before", long, "after"], alice.story
            await alice.until(partial(has_taken, alice, 3))
            assert any("does not read what it is sent" in each.detail for each in alice.links)
            assert alice.written.count('id="bind"') == 2
            keeping.cancel()
            await alice.xmpp.stop()

    with prosody(tmp_path / "prosody", {"alice": "secret", "bob": "secret"}) as running:
        place = Place(running.port, running.tls_port, running.certificate.ca_file, ROOMS)
        with XmppUser(running.host, running.port, "bob", "secret", "localhost") as bob:
            asyncio.run(scene(place, bob))


def texts_to_the_last(bob: XmppUser, last: str) -> list[str]:
    texts: list[str] = []
    while last not in texts:
        texts.append(bob.wait_for("<body>([^<]*)</body>")[1])
    return texts
