"""Sessions that are taken up again (XEP-0198), wherever the connection is cut meanwhile."""

import asyncio
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core.account import Security
from chatlab.core.connection import LinkState
from chatlab.core.events import LinkChanged, MessageAdded
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, SM, Play, PlayServer, message
from tests.helpers.xmpp_transport import PlayTransport

BOB = "bob@chat.test"
DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
STEP = 7
"""Bytes from one place of a cut to the next; no unit is so short."""


class ResumingServer(PlayServer):
    """Keeps what it sent until it is acknowledged, and can cut a resumption at any byte of it."""

    def __init__(self) -> None:
        super().__init__(("PLAIN",))
        self.cut_after: int | None = None
        """Bytes behind ``<resume/>``, in both directions, that the next connection carries."""
        self.cuts = 0
        self.bodies: list[str] = []
        """Messages of the client's, as they came."""
        self._stanzas: list[str] = []
        """All of the session that went to the client."""
        self._left: int | None = None

    def cut(self) -> None:
        self.cuts += 1
        self._left = None
        self._is_counting = False
        self.transport.drop("The connection was cut.")

    def deliver(self, text: str) -> None:
        """Somebody writes to the client, connected or not."""
        self._stanzas.append(message(BOB, text, f"m-{text}"))
        if self._is_counting:
            self._write(self._stanzas[-1])

    def say(self, *texts: str) -> None:
        if self._is_counting:
            self._stanzas += [text for text in texts if text.startswith("<iq")]
        self._write(*texts)

    def take(self, transport: PlayTransport, data: bytes) -> None:
        if not transport.is_closed:
            super().take(transport, self._carried(data))
            self._cut_where_it_is_due()

    def _write(self, *texts: str) -> None:
        self.transport.feed(self._carried("".join(texts).encode()))
        self._cut_where_it_is_due()

    def _carried(self, data: bytes) -> bytes:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data

    def _cut_where_it_is_due(self) -> None:
        if self._left == 0:
            self.cut()

    def on_message(self, element: ET.Element) -> None:
        self.bodies.append(element.findtext("{jabber:client}body") or "")

    def on_resume(self, element: ET.Element) -> None:
        self._is_counting = True
        self._left, self.cut_after = self.cut_after, None
        resumed = f"<resumed xmlns='{SM}' previd='again' h='{self.counted}'/>"
        self._write(resumed, *self.missing(element), f"<r xmlns='{SM}'/>")

    def missing(self, element: ET.Element) -> list[str]:
        """What the client does not have that sent this."""
        return self._stanzas[int(element.get("h", "")) :]


def received(play: Play) -> list[str]:
    messages = [event.message for event in play.of(MessageAdded)]
    return [each.text for each in messages if each.direction is Direction.RECEIVED]


async def cut_once(play: Play, server: ResumingServer, cut_after: int) -> bool:
    """Have a resumption cut, and another one mend it; False when it was over before."""
    server.cut()
    await play.until(lambda: play.state is LinkState.WAITING)
    play.events = [*play.of(LinkChanged)[-1:]]
    typed = [*server.bodies, f"one {cut_after}", f"two {cut_after}"]
    said = [f"one back {cut_after}", f"two back {cut_after}"]
    for text, answer in zip(typed[-2:], said, strict=True):
        play.xmpp.send(BOB, text)
        server.deliver(answer)
    cuts, server.cut_after = server.cuts + 1, cut_after
    play.xmpp.start()
    await play.until(lambda: server.cuts == cuts or server.bodies == typed)
    await settle()
    play.xmpp.start()
    await play.until(lambda: len(server.bodies) >= len(typed) and len(received(play)) >= len(said))
    await settle()
    assert (server.bodies, received(play)) == (typed, said)
    return server.cuts == cuts


async def one_in_doubt(server: ResumingServer) -> Play:
    """Somebody who said “one” to Bob; the connection was cut before the server had it."""
    play = await Play(DIRECT, server).start()
    await settle()
    server.transport.is_silent = True
    play.xmpp.send(BOB, "one")
    server.cut()
    await play.until(lambda: play.state is LinkState.WAITING)
    return play


def test_wherever_a_resumption_is_cut_nothing_is_lost_and_nothing_comes_twice() -> None:
    async def scene() -> None:
        server = ResumingServer()
        play = await Play(DIRECT, server).start()
        await settle()
        cut_after = STEP
        while await cut_once(play, server, cut_after):
            cut_after += STEP
        assert cut_after > 800  # All of it was cut through, the flush of the queue, too.

    asyncio.run(scene())


def test_what_still_waits_when_a_resumption_breaks_is_not_taken_for_received(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 0.0)  # One stanza for each turn.

    async def scene() -> None:
        server = ResumingServer()
        play = await Play(DIRECT, server).start()
        await settle()
        server.transport.is_silent = True
        play.xmpp.send(BOB, "lost on the way")
        server.cut()
        await play.until(lambda: play.state is LinkState.WAITING)
        said = ["one", "two", "three"]
        for text in said:
            server.deliver(text)

        def resume_and_break(element: ET.Element) -> None:
            del server.on["resume"]
            resumed = f"<resumed xmlns='{SM}' previd='again' h='{server.counted}'/>"
            server.transport.feed(resumed.encode())
            server.transport.feed("".join(server.missing(element)).encode())
            server.cut()

        server.on["resume"] = resume_and_break
        play.xmpp.start()
        await play.until(lambda: server.cuts == 2 and play.state is LinkState.WAITING)
        play.xmpp.start()
        await play.until(lambda: bool(server.bodies) and len(received(play)) >= len(said))
        assert (server.bodies, received(play)) == (["lost on the way"], said)
        await play.stop()

    asyncio.run(scene())


def test_what_a_broken_parser_of_the_servers_never_read_is_sent_in_the_next_session() -> None:
    async def scene() -> None:
        server = ResumingServer()
        play = await one_in_doubt(server)
        play.xmpp.send(BOB, "two")

        def resume_without_reading(element: ET.Element) -> None:
            server.transport.is_silent = True
            fault = "<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            server.say(f"<resumed xmlns='{SM}' previd='again' h='{server.counted}'/>")
            asyncio.get_running_loop().call_later(
                0,
                server.say,
                f"<a xmlns='{SM}' h='{server.counted}'/>",
                f"<stream:error>{fault}</stream:error></stream:stream>",
            )
            server.on["resume"] = lambda _: server.say(f"<failed xmlns='{SM}'/>")

        server.on["resume"] = resume_without_reading
        play.xmpp.start()
        await play.until(lambda: bool(play.sent("two")) and play.state is LinkState.WAITING)
        play.xmpp.send(BOB, "three")
        play.xmpp.start()
        await play.until(lambda: play.deliveries.count(Delivery.ECHOED) == 3)
        assert server.bodies == ["one", "two", "three"]
        await play.stop()

    asyncio.run(scene())


class SwallowingServer(PlayServer):
    """Cut inside a text, it takes all of each connection that resumes for more of that text."""

    def __init__(self, *, answers_the_end: bool) -> None:
        super().__init__(("PLAIN",))
        self.answers_the_end = answers_the_end
        self.is_swallowing = False
        self.resumptions = 0
        self.swallowed = b""
        self.bodies: list[str] = []

    def take(self, transport: PlayTransport, data: bytes) -> None:
        if transport.is_closed or not self.is_swallowing:
            super().take(transport, data)
            return
        self.swallowed += data
        if self.answers_the_end and data.endswith(b"</stream:stream>"):
            self.is_swallowing = False
            self.on["resume"] = lambda _: self.say(f"<failed xmlns='{SM}'/>")
            fault = "<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            self.say(
                f"<a xmlns='{SM}' h='{self.counted}'/>"
                f"<stream:error>{fault}</stream:error></stream:stream>"
            )

    async def dial(self, *args: object) -> PlayTransport:
        self.is_swallowing = False
        return await super().dial(*args)  # type: ignore[arg-type]

    def on_resume(self, element: ET.Element) -> None:
        self.resumptions += 1
        self.is_swallowing = True
        self.say(f"<resumed xmlns='{SM}' previd='again' h='{self.counted}'/>")

    def on_message(self, element: ET.Element) -> None:
        self.bodies.append(element.findtext("{jabber:client}body") or "")


@pytest.mark.parametrize(("answers_the_end", "resumptions"), [(True, 1), (False, 2)])
def test_a_server_that_swallows_a_resumed_stream_is_left_for_a_new_session(
    answers_the_end: bool, resumptions: int
) -> None:
    async def scene() -> None:
        server = SwallowingServer(answers_the_end=answers_the_end)
        play = await Play(DIRECT, server).start()
        await settle()
        server.transport.is_silent = True
        play.xmpp.send(BOB, "one")
        server.transport.drop("The connection was cut.")
        await play.until(lambda: play.state is LinkState.WAITING)
        play.xmpp.start()
        await play.until(lambda: server.is_swallowing and play.state is LinkState.ONLINE)
        play.xmpp.send(BOB, "two")
        for _ in range(12):  # Somebody talks all the while: the server is not silent.
            if not server.transport.is_closed:
                server.say(message(BOB, "still there?", f"m-{play.time.now}"))
            await play.time.advance(5)
        await play.until(lambda: play.deliveries.count(Delivery.ECHOED) == 2)
        assert server.bodies == ["one", "two"]
        assert server.resumptions == resumptions
        assert Delivery.FAILED not in play.deliveries[-2:]
        reasons = [each.detail for each in play.of(LinkChanged) if "does not read" in each.detail]
        assert len(reasons) == resumptions
        await play.stop()

    asyncio.run(scene())


def test_a_server_that_is_slow_after_a_resumption_is_not_left() -> None:
    async def scene() -> None:
        server = ResumingServer()
        play = await one_in_doubt(server)
        server.on["r"] = lambda _: None
        play.xmpp.start()
        await play.until(lambda: play.state is LinkState.ONLINE)
        await play.time.advance(9)
        assert server.bodies == ["one"]
        server.say(f"<a xmlns='{SM}' h='{server.counted}'/>")
        del server.on["r"]
        await play.time.advance(60)
        assert len(server.transports) == 2
        assert (server.bodies, play.state) == (["one"], LinkState.ONLINE)
        await play.stop()

    asyncio.run(scene())
