"""The account on its server: another password, and its end (XEP-0077)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core.account import Security
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, LocalProtocolError
from tests.helpers.xmpp_play import ACCOUNT, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
REGISTER = "{jabber:iq:register}"


class Keeper(PlayServer):
    """A server that lets accounts be changed, or breaks off in the middle of it."""

    breaks_off = False
    has_forgotten = False
    refuses = ""
    behind = ""
    """Said right behind the answer."""

    def on_auth(self, element: ET.Element) -> None:
        if self.has_forgotten:
            self.refuse()
        else:
            super().on_auth(element)

    def on_iq(self, element: ET.Element) -> None:
        query = element.find(f"{REGISTER}query")
        if query is None:
            super().on_iq(element)
        elif self.breaks_off:
            self.transport.abort("The connection broke.")
        elif self.refuses:
            self.say(
                f"<iq type='error' id='{element.get('id')}' from='chat.test'><error type='cancel'>"
                f"<{self.refuses} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
        else:
            name = element.get("id", "")
            self.say(f"<iq type='result' id='{name}' from='chat.test'/>{self.behind}")


def scene(play_it: Callable[[Play, Keeper], Awaitable[None]]) -> None:
    async def run() -> None:
        server = Keeper()
        play = await Play(DIRECT, server).start()
        await play_it(play, server)
        await play.stop()

    asyncio.run(run())


def test_a_password_is_changed_when_the_server_says_so() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        await play.xmpp.change_password("s3cret")
        (asked,) = [text for text in server.heard if "jabber:iq:register" in text]
        assert "<username>ann</username>" in asked
        assert "<password>s3cret</password>" in asked
        with pytest.raises(LocalProtocolError):
            await play.xmpp.change_password("")

    scene(play_it)


def test_consoles_never_show_a_new_password() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        await play.xmpp.change_password("s3cret")
        assert play.sent("jabber:iq:register")
        assert not play.sent("s3cret")

    scene(play_it)


def test_a_deleted_account_stays_offline_and_says_why() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        await play.xmpp.delete_account()
        assert not await play.until_it_waits()
        assert "deleted" in play.detail

    scene(play_it)


def test_the_end_of_the_stream_right_behind_the_answer_is_no_other_reason() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        error = "<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        server.behind = f"<stream:error>{error}</stream:error></stream:stream>"
        await play.xmpp.delete_account()
        assert not await play.until_it_waits()
        assert "deleted" in play.detail

    scene(play_it)


def test_an_account_is_not_called_deleted_when_nobody_has_said_so() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.breaks_off = True
        deleting = asyncio.ensure_future(play.xmpp.delete_account())
        await play.until(lambda: play.state is LinkState.WAITING)
        assert "deleted" not in play.detail
        await play.xmpp.stop()  # The session, and every question of it, ends here at the latest.
        with pytest.raises(ChatlabError):
            await deleting

    scene(play_it)


def test_an_account_is_gone_when_the_server_knows_it_no_more_afterwards() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.breaks_off = server.has_forgotten = True
        deleting = asyncio.ensure_future(play.xmpp.delete_account())
        await play.until(lambda: play.state is LinkState.WAITING)
        play.xmpp.start()  # At once, not when the pause is over.
        await deleting
        assert play.state is LinkState.OFFLINE
        assert "no such account" in play.detail

    scene(play_it)


def test_a_server_that_keeps_the_account_leaves_us_online() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.refuses = "forbidden"
        with pytest.raises(ChatlabError):
            await play.xmpp.delete_account()
        assert play.state is LinkState.ONLINE

    scene(play_it)
