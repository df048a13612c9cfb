"""Rooms and connections that break: what was being entered is entered, and asked no more often."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree as ET

from chatlab.chat.wire import WireSink
from chatlab.chat.xmpp.room_words import JOIN_REFUSED
from chatlab.core import events as ev
from chatlab.core.account import Account, Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import ConnectError
from chatlab.core.message import Delivery
from tests.helpers.xmpp_play import ACCOUNT, SM, Play, PlayServer, fate
from tests.helpers.xmpp_transport import PlayTransport

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ROOM = "lab@rooms.chat.test"


class FadingServer(PlayServer):
    """Cannot be reached at times; what it was doing goes on when it can."""

    is_gone = False

    async def dial(
        self, account: Account, sink: WireSink, on_stage: Callable[[LinkState], None]
    ) -> PlayTransport:
        if self.is_gone:
            raise ConnectError("The network is gone.", "Wait.")
        return await super().dial(account, sink, on_stage)

    def on_resume(self, element: ET.Element) -> None:
        self._is_counting = True
        self.say(f"<resumed xmlns='{SM}' previd='again' h='{self.counted}'/>")


def test_a_room_that_could_not_answer_because_the_network_was_gone_is_waited_for() -> None:
    async def scene() -> None:
        server = FadingServer(("PLAIN",))
        play = await Play(DIRECT, server).start()
        server.transport.is_silent = server.is_gone = True
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        (sent,) = play.xmpp.send(ROOM, "hello")
        server.transport.drop("The network is gone.")
        await play.time.advance(60)
        server.is_gone = False
        await play.time.advance(60)
        await play.until(lambda: Delivery.ECHOED in fate(play, sent))
        assert not [told for told in play.of(ev.Informed) if told.code == JOIN_REFUSED]
        await play.stop()

    asyncio.run(scene())


def test_a_room_is_asked_as_often_after_many_breaks_as_after_none() -> None:
    async def scene() -> None:
        server = FadingServer(("PLAIN",))
        play = await Play(DIRECT, server).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        for number in range(2, 7):
            server.transport.drop("The connection broke.")
            await play.time.advance(100)
            await play.until(partial(_has_been_online, play, number))
        before = len(play.sent("ping"))
        await play.time.advance(600)
        pings = [line for line in play.sent("ping")[before:] if f"{ROOM}/ann" in line.line]
        assert len(pings) == 1
        await play.stop()

    asyncio.run(scene())


def _has_been_online(play: Play, times: int) -> bool:
    return [each.state for each in play.of(ev.LinkChanged)].count(LinkState.ONLINE) == times
