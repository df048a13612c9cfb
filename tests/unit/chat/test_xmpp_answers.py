"""Small questions: what we tell of ourselves, what we ask of others, and what nobody learns."""

import asyncio
import hashlib
import platform
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab import __version__
from chatlab.chat.xmpp.discovery import NODE, OURS, verification
from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from tests.helpers.xmpp_play import ACCOUNT, ME, Play

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BOB = "bob@chat.test"
INFO = "http://jabber.org/protocol/disco#info"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


def scene(play_it: Callable[[Play], Awaitable[None]]) -> None:
    async def run() -> None:
        play = await Play(DIRECT).start()
        await play.time.advance(1)
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def ask(play: Play, payload: str, kind: str = "get") -> str:
    """What is answered to bob."""
    before = len(play.sent('id="q1"'))
    play.server.say(f"<iq type='{kind}' id='q1' from='{BOB}/x' to='{ME}'>{payload}</iq>")
    (answer,) = play.sent('id="q1"')[before:]
    return answer.line


def test_ping_version_and_time_are_answered_without_telling_of_the_user() -> None:
    async def play_it(play: Play) -> None:
        assert 'type="result"' in ask(play, "<ping xmlns='urn:xmpp:ping'/>")
        version = ask(play, "<query xmlns='jabber:iq:version'/>")
        assert f"<version>{__version__}</version>" in version
        assert platform.system().lower() not in version.lower()
        moment = ask(play, "<time xmlns='urn:xmpp:time'/>")
        assert "<tzo>+00:00</tzo>" in moment
        assert "<utc>2023-11-14T22:13:21Z</utc>" in moment

    scene(play_it)


@pytest.mark.parametrize(
    "payload",
    [
        "<query xmlns='http://jabber.org/protocol/commands'/>",
        "<command xmlns='http://jabber.org/protocol/commands' node='x'/>",
        "<query xmlns='jabber:iq:last'/>",
    ],
)
def test_nothing_else_is_answered_and_nobody_commands_us(payload: str) -> None:
    async def play_it(play: Play) -> None:
        for kind in ("get", "set"):
            assert 'type="error"' in ask(play, payload, kind)

    scene(play_it)


def test_our_presence_says_in_short_what_our_answer_says_in_full() -> None:
    async def play_it(play: Play) -> None:
        assert f'ver="{verification()}"' in play.sent("<presence>")[0].line
        told = ask(play, f"<query xmlns='{INFO}' node='{NODE}#{verification()}'/>")
        query = ET.fromstring(told).find(f"{{{INFO}}}query")
        assert query is not None
        identity = query.find(f"{{{INFO}}}identity")
        assert identity is not None
        text = "/".join(identity.get(key, "") for key in ("category", "type", "lang", "name")) + "<"
        features = sorted(each.get("var", "") for each in query.iterfind(f"{{{INFO}}}feature"))
        text += "".join(f"{each}<" for each in features)
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
        assert b64encode(digest).decode() == verification()
        assert features == sorted(OURS)
        assert "item-not-found" in ask(play, f"<query xmlns='{INFO}' node='other'/>")

    scene(play_it)


def test_questions_of_ours_are_told_in_words() -> None:
    async def play_it(play: Play) -> None:
        replies = {
            "ping": "",
            "version": "<query xmlns='jabber:iq:version'><name>Psi</name>"
            "<version>1.5</version></query>",
            "time": "<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2024-01-01T00:00:00Z</utc></time>",
            "whois": "<vCard xmlns='vcard-temp'><FN>Bob</FN><EMAIL><USERID>b@x</USERID></EMAIL>"
            "</vCard>",
        }
        words = {"ping": "answered after", "version": "uses Psi 1.5", "time": "It is 2024"}
        words["whois"] = "name: Bob; e-mail: b@x"
        for verb, payload in replies.items():
            play.server.on["iq"] = lambda iq, payload=payload: play.server.say(  # type: ignore[misc]
                f"<iq type='result' id='{iq.get('id')}' from='{iq.get('to')}'>{payload}</iq>"
            )
            play.xmpp.execute(parse(f"/{verb} {BOB}"), "")
            await play.time.advance(1)
            assert words[verb] in play.of(ev.Informed)[-1].text
        with pytest.raises(UsageError, match="no zoe here"):
            play.xmpp.execute(parse("/whois zoe"), "")
        play.xmpp.execute(parse("/lag"), "")
        await play.time.advance(1)
        assert play.of(ev.LagMeasured)

    scene(play_it)


def test_a_refusal_is_told_in_words() -> None:
    async def play_it(play: Play) -> None:
        stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
        play.server.on["iq"] = lambda iq: play.server.say(
            f"<iq type='error' id='{iq.get('id')}' from='{iq.get('to')}'>"
            f"<error type='cancel'><item-not-found xmlns='{stanzas}'/></error></iq>"
        )
        play.xmpp.execute(parse(f"/whois {BOB}"), "")
        await play.time.advance(1)
        assert "no such address" in play.of(ev.Informed)[-1].text

    scene(play_it)
