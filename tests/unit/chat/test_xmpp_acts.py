"""What is sent and is no talk of its own: where it fails, its author hears of it."""

from xml.etree import ElementTree as ET

import pytest

from chatlab.chat.xmpp.stream import parse_element
from chatlab.core import events as ev
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity
from tests.helpers import xmpp_scene
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ME, Play, message
from tests.helpers.xmpp_scene import BOB, EVE, ROOM, scene

at_once = xmpp_scene.at_once


def refusal(of: str, sender: str) -> str:
    return (
        f"<message type='error' from='{sender}' to='{ME}' id='{of}'><error type='auth'>"
        "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )


def last_sent(play: Play) -> ET.Element:
    return parse_element(play.sent("<message")[-1].line.encode())


def complaints(play: Play) -> list[ev.Informed]:
    return [told for told in play.of(ev.Informed) if "did not arrive" in told.text]


@pytest.mark.parametrize(
    ("typed", "chat", "sender", "words"),
    [
        ("/correct hello", BOB, BOB, "Your correction"),
        ("/correct hello", ROOM, ROOM, "Your correction"),
        ("/topic mine", ROOM, ROOM, "Your subject of the room"),
        (f"/invite {EVE}", ROOM, EVE, f"Your invitation of {EVE}"),
        (f"/invite {EVE}", ROOM, "chat.test", f"Your invitation of {EVE}"),
    ],
)
def test_a_refusal_is_told_where_it_was_asked_for(
    typed: str, chat: str, sender: str, words: str
) -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.send(chat, "helo")
        await settle()
        play.xmpp.execute(parse(typed), chat)
        name = last_sent(play).get("id", "")
        play.server.say(refusal(name, "mallory@evil.test/x"), refusal("other", sender))
        assert not complaints(play)
        play.server.say(refusal(name, sender), refusal(name, sender))
        (told,) = complaints(play)
        assert told.text.startswith(f"{words} did not arrive. {sender} refused: you may not")
        assert (told.chat, told.severity) == (chat, Severity.ERROR)

    scene(play_it, in_room=True)


def test_a_reaction_and_a_message_taken_back_that_are_refused_are_told() -> None:
    async def play_it(play: Play) -> None:
        (sent,) = play.xmpp.send(BOB, "hello")
        play.server.say(message(BOB, "hi"))
        play.xmpp.react(BOB, "m1", "👍")
        play.server.say(refusal(last_sent(play).get("id", ""), BOB))
        play.xmpp.retract(BOB, sent.msgid)
        play.server.say(refusal(last_sent(play).get("id", ""), BOB))
        first, second = complaints(play)
        assert first.text.startswith("Your reaction did not arrive.")
        assert second.text.startswith("Your wish to take a message back did not arrive.")

    scene(play_it)


def test_what_a_lost_session_may_have_taken_with_it_is_told() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.send(BOB, "helo")
        await settle()
        play.xmpp.execute(parse("/correct hello"), BOB)
        await settle()
        play.server.transport.is_silent = True
        play.xmpp.execute(parse("/correct hello!"), BOB)
        play.server.on["resume"] = lambda _: play.server.say("<failed xmlns='urn:xmpp:sm:3'/>")
        play.server.transport.drop("broken")
        await play.time.advance(3)
        await play.until(lambda: play.state is LinkState.ONLINE)
        lost = [told for told in play.of(ev.Informed) if "may not have arrived" in told.text]
        assert [(told.chat, told.hint) for told in lost] == [(BOB, "Do it once more.")]

    scene(play_it)
