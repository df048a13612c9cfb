"""Messages that were under way when a session was lost: archives tell what became of them."""

import asyncio
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.message import Delivery
from tests.helpers import xmpp_scene
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, Play, PlayServer, fate
from tests.helpers.xmpp_scene import BOB, ROOM

at_once = xmpp_scene.at_once
BARE = "ann@chat.test"
INFO, MAM = "http://jabber.org/protocol/disco#info", "urn:xmpp:mam:2"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"


class Remembering(PlayServer):
    """Took a message, lost the session before it said so, and has the message in its archive."""

    def __init__(self) -> None:
        super().__init__(("PLAIN",))
        self.kept: list[str] = []

    def on_iq(self, element: ET.Element) -> None:
        name, query = element.get("id", ""), element.find(f"{{{MAM}}}query")
        if element.find(f"{{{INFO}}}query") is not None:
            origin = f" from='{element.get('to')}'"
            info = f"<query xmlns='{INFO}'><feature var='{MAM}'/></query>"
            self.say(f"<iq type='result' id='{name}'{origin}>{info}</iq>")
        elif query is not None and not element.get("to"):
            self.say(*(self._result(query.get("queryid", ""), each) for each in self.kept))
            self.say(f"<iq type='result' id='{name}'><fin xmlns='{MAM}' complete='true'/></iq>")
        else:
            super().on_iq(element)

    def _result(self, query: str, stanza: str) -> str:
        stamp = "<delay xmlns='urn:xmpp:delay' stamp='2023-11-14T22:13:20Z'/>"
        return (
            f"<message from='{BARE}'><result xmlns='{MAM}' queryid='{query}' id='a1'>"
            f"<forwarded xmlns='urn:xmpp:forward:0'>{stamp}{stanza}</forwarded></result></message>"
        )

    def on_resume(self, element: ET.Element) -> None:
        self.say("<failed xmlns='urn:xmpp:sm:3'/>")


def ours(to: str, name: str, sender: str = f"{BARE}/desk", kind: str = "chat") -> str:
    return (
        f"<message xmlns='jabber:client' type='{kind}' from='{sender}' to='{to}' id='{name}'>"
        "<body>under way</body></message>"
    )


async def lose(play: Play) -> None:
    play.server.transport.drop("broken")
    await play.time.advance(3)
    await play.until(lambda: [e.state for e in play.of(ev.LinkChanged)].count(LinkState.ONLINE) > 1)


def test_a_message_that_the_archive_has_did_not_fail() -> None:
    async def scene() -> None:
        server = Remembering()
        play = await Play(replace(ACCOUNT, security=Security.DIRECT_TLS), server).start()
        await settle()
        server.transport.is_silent = True
        (there,) = play.xmpp.send(BOB, "under way")
        (lost,) = play.xmpp.send(BOB, "lost")
        server.kept = [ours(BOB, there.msgid)]
        await lose(play)
        assert fate(play, there)[-4:] == [
            *(Delivery.FAILED, Delivery.QUEUED, Delivery.WRITTEN, Delivery.ECHOED)
        ]
        assert fate(play, lost)[-1] is Delivery.FAILED
        assert len(play.of(ev.MessageAdded)) == 2
        play.xmpp.resend(lost.id)
        await play.until(lambda: fate(play, lost)[-1] is Delivery.ECHOED)
        await play.stop()

    asyncio.run(scene())


def test_a_message_that_was_refused_stays_so_whatever_the_archive_has() -> None:
    async def scene() -> None:
        server = Remembering()
        play = await Play(replace(ACCOUNT, security=Security.DIRECT_TLS), server).start()
        await settle()
        (sent,) = play.xmpp.send(BOB, "under way")
        await settle()
        server.say(
            f"<message type='error' from='{BOB}' id='{sent.msgid}'><error type='cancel'>"
            f"<service-unavailable xmlns='{STANZAS}'/></error></message>"
        )
        server.kept = [ours(BOB, sent.msgid)]
        await lose(play)
        assert fate(play, sent)[-1] is Delivery.FAILED
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize("is_here", [True, False])
def test_a_room_that_shows_our_message_when_it_is_entered_again_has_it(is_here: bool) -> None:
    async def scene() -> None:
        server = Remembering()
        play = await Play(replace(ACCOUNT, security=Security.DIRECT_TLS), server).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        server.transport.is_silent = True
        (sent,) = play.xmpp.send(ROOM, "under way")
        name = ET.fromstring(play.sent("under way")[-1].line).get("id", "")
        await lose(play)
        await play.until(lambda: len(play.of(ev.MembersListed)) == 2)
        history = ours(ROOM, name if is_here else "other", f"{ROOM}/ann", "groupchat")
        stamp = "<delay xmlns='urn:xmpp:delay' stamp='2023-11-14T22:13:20Z'/></message>"
        server.say(history.replace("</message>", stamp))
        assert fate(play, sent)[-1] is (Delivery.ECHOED if is_here else Delivery.FAILED)
        assert len(play.of(ev.MessageAdded)) == (1 if is_here else 2)
        await play.stop()

    asyncio.run(scene())
