"""A server that is gone without a word, and a window that nobody looks at."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from chatlab.chat.xmpp.management import ASK_AFTER
from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.connection import LinkState
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, SM, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)


class IdlingServer(PlayServer):
    """Offers client state indication."""

    def features(self) -> str:
        return super().features() + "<csi xmlns='urn:xmpp:csi:0'/>"


def scene(play_it: Callable[[Play], Awaitable[None]], server: PlayServer | None = None) -> None:
    async def run() -> None:
        play = await Play(DIRECT, server).start()
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def lets_resume(play: Play) -> None:
    """The server goes on with the session on the next connection."""
    play.server.on["resume"] = lambda element: play.server.say(
        f"<resumed xmlns='{SM}' previd='again' h='{play.server.counted}'/>"
    )


def test_a_dead_connection_is_noticed_within_45_seconds_and_made_anew() -> None:
    async def play_it(play: Play) -> None:
        lets_resume(play)
        play.server.transport.is_silent = True
        await play.time.advance(45)
        (lost,) = (each for each in play.of(ev.LinkChanged) if each.state is LinkState.WAITING)
        assert "silent for" in lost.detail
        await play.until(lambda: play.state is LinkState.ONLINE)
        assert len(play.server.transports) == 2

    scene(play_it)


def test_after_a_sleep_a_dead_connection_is_noticed_within_five_seconds() -> None:
    async def play_it(play: Play) -> None:
        lets_resume(play)
        play.xmpp.check_now()
        await play.time.advance(6)
        assert play.state is LinkState.ONLINE
        play.server.transport.is_silent = True
        play.xmpp.check_now()
        await play.time.advance(5.5)
        (lost,) = (each for each in play.of(ev.LinkChanged) if each.state is LinkState.WAITING)
        assert "silent for" in lost.detail
        play.xmpp.check_now()
        await play.until(lambda: play.state is LinkState.ONLINE)

    scene(play_it)


def test_a_server_that_answers_stays_and_tells_how_far_away_it_is() -> None:
    async def play_it(play: Play) -> None:
        await play.time.advance(300)
        assert play.state is LinkState.ONLINE
        assert len(play.of(ev.LagMeasured)) >= 10

    scene(play_it)


def test_a_server_that_refuses_pings_is_alive() -> None:
    async def play_it(play: Play) -> None:
        play.server.on["iq"] = lambda element: play.server.say(
            f"<iq type='error' id='{element.get('id')}' from='{element.get('to')}'>"
            "<error type='cancel'><service-unavailable "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        await play.time.advance(300)
        assert play.state is LinkState.ONLINE

    scene(play_it)


def test_blanks_between_stanzas_are_signs_of_life() -> None:
    async def play_it(play: Play) -> None:
        before = len(play.sent("urn:xmpp:ping"))
        for _ in range(5):
            await play.time.advance(10)
            play.server.say(" ")
        assert len(play.sent("urn:xmpp:ping")) == before
        assert play.state is LinkState.ONLINE

    scene(play_it)


def test_questions_alone_are_acknowledged_now_and_then() -> None:
    async def play_it(play: Play) -> None:
        before = len(play.sent("<r xmlns"))
        await play.time.advance(20 * ASK_AFTER + 60)
        assert len(play.sent("<r xmlns")) > before

    scene(play_it)


def test_a_server_that_can_hold_things_back_learns_that_nobody_looks() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.set_active(False)
        play.xmpp.set_active(False)
        assert len(play.sent("<inactive xmlns='urn:xmpp:csi:0'/>")) == 1
        play.xmpp.set_active(True)
        assert len(play.sent("<active xmlns='urn:xmpp:csi:0'/>")) == 1
        play.xmpp.set_active(False)
        lets_resume(play)
        play.server.transport.drop("the network is gone")
        await play.time.advance(5)
        await play.until(lambda: play.state is LinkState.ONLINE)
        assert len(play.sent("<inactive xmlns='urn:xmpp:csi:0'/>")) == 3

    scene(play_it, IdlingServer())


def test_other_servers_are_not_told() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.set_active(False)
        await settle()
        assert not play.sent("csi")

    scene(play_it)


def test_a_server_that_drips_half_a_stanza_for_ever_is_left() -> None:
    async def play_it(play: Play) -> None:
        play.server.say("<message from='eve@chat.test'><body>")
        first = play.server.transport
        for _ in range(26):
            if not first.is_closed:
                first.feed(b"x")
            await play.time.advance(5)
        ends = [each for each in play.of(ev.LinkChanged) if each.state is LinkState.WAITING]
        assert "does not end it" in ends[0].detail
        assert first.is_closed

    scene(play_it)
