"""Messages over XMPP: their bytes, their date, what is refused and what fails, in words."""

import asyncio
from dataclasses import replace

import pytest

from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import (
    ChatOpened,
    MessageAdded,
    MessageChanged,
)
from chatlab.core.message import Delivery, MessageKind
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, fate, message, wires

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BOB = "bob@chat.test"


def test_a_received_message_has_exactly_its_bytes() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        before = play.server.transport.received
        texts = [message(f"{BOB}/phone", f"nr {i}", f"m{i}") for i in range(3)]
        play.server.say("\n", *texts, " ")
        await play.until(lambda: len(play.of(MessageAdded)) == 3)
        at = before + 1
        for event, text in zip(play.of(MessageAdded), texts, strict=True):
            wire = event.message.wire
            assert wire is not None
            assert (wire.span.start, wire.span.stop) == (at, at + len(text))
            assert (event.message.sender, event.message.target) == (BOB, BOB)
            at += len(text)
        assert play.of(ChatOpened) == [ChatOpened(ACCOUNT.id, BOB, False)]
        await play.stop()

    asyncio.run(scene())


def test_actions_go_both_ways() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.execute(parse("/me waves"), BOB)
        assert play.sent("<body>/me waves</body>")
        play.server.say(message(BOB, "/me nods"))
        await play.until(lambda: len(play.of(MessageAdded)) == 2)
        ours, theirs = (event.message for event in play.of(MessageAdded))
        assert (ours.text, ours.kind) == ("waves", MessageKind.ACTION)
        assert (theirs.text, theirs.kind) == ("nods", MessageKind.ACTION)
        await play.stop()

    asyncio.run(scene())


def test_a_message_that_waited_says_since_when() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        far = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "2150-01-01T00:00:00Z"]
        stamps = ["2020-01-02T03:04:05Z", "0000-99-99", "-1", "NaN", "", *far]
        for number, stamp in enumerate(stamps):
            delay = f"<delay xmlns='urn:xmpp:delay' from='chat.test' stamp='{stamp}'/>"
            play.server.say(message(BOB, stamp or "none", f"m{number}", delay))
        await play.until(lambda: len(play.of(MessageAdded)) == len(stamps))
        times = [event.message.time_ns for event in play.of(MessageAdded)]
        assert times[0] == 1_577_934_245 * 10**9
        assert set(times[1:]) == {play.time.timing().clock_ns()}
        await play.stop()

    asyncio.run(scene())


def test_somebody_else_cannot_date_a_message() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        delay = "<delay xmlns='urn:xmpp:delay' from='eve@evil.test' stamp='2020-01-02T03:04:05Z'/>"
        play.server.say(message(BOB, "now", "m1", delay))
        await play.until(lambda: bool(play.of(MessageAdded)))
        assert play.of(MessageAdded)[0].message.time_ns > 1_600_000_000 * 10**9
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("chat", "text", "words"),
    [
        (BOB, "a\x00b", "U+0000"),
        (BOB, "\ud800", "U+D800"),
        (BOB, "  ", "nothing to send"),
        (BOB, "x" * 70_000, "bytes"),
        ("a b@chat.test", "x", "blank"),
        ("@", "x", "missing"),
    ],
)
def test_what_cannot_be_sent_is_refused_before(chat: str, text: str, words: str) -> None:
    async def scene() -> None:
        play = Play(DIRECT)
        with pytest.raises(LocalProtocolError, match=words.replace("+", r"\+")):
            play.xmpp.send(chat, text)
        assert play.xmpp.predict(chat, text) == ()
        assert not play.events

    asyncio.run(scene())


def test_a_prediction_is_what_the_stanza_will_be() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        (size,) = play.xmpp.predict(BOB, "how long?")
        (sent,) = play.xmpp.send(BOB, "how long?")
        assert len(wires(play, sent)[0].span) == size
        await play.stop()

    asyncio.run(scene())


def test_an_error_stanza_fails_the_message_in_words() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        (sent,) = play.xmpp.send("nobody@chat.test", "hello?")
        play.server.say(
            f"<message type='error' from='nobody@chat.test' to='{ME}' id='{sent.msgid}'>"
            "<error type='cancel'><service-unavailable "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
        await play.until(lambda: Delivery.FAILED in fate(play, sent))
        (failure,) = [e.failure for e in play.of(MessageChanged) if e.failure]
        assert failure == "nobody@chat.test refused: nobody there takes it."
        await play.stop()

    asyncio.run(scene())


def test_a_cancelled_message_is_not_sent() -> None:
    async def scene() -> None:
        play = Play(DIRECT)
        (sent,) = play.xmpp.send(BOB, "never")
        play.xmpp.cancel(sent.id)
        assert fate(play, sent) == [Delivery.FAILED]
        with pytest.raises(UsageError):
            play.xmpp.cancel(sent.id)
        await play.start()
        assert not play.sent("never")
        await play.stop()

    asyncio.run(scene())


def test_another_message_under_an_id_that_was_used_before_is_not_lost() -> None:
    def copy(body: str) -> str:
        inner = message(f"{BOB}/bot", body, "1").replace(
            "<message ", "<message xmlns='jabber:client' "
        )
        return (
            f"<message from='{ACCOUNT.jid}' to='{ME}'><received xmlns='urn:xmpp:carbons:2'>"
            f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></received></message>"
        )

    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.server.say(message(f"{BOB}/bot", "backup done", "1"), copy("backup done"))
        await play.until(lambda: len(play.of(MessageAdded)) == 1)
        await play.time.advance(3600)
        play.server.say(copy("backup done"), copy("backup failed"))
        await play.until(lambda: len(play.of(MessageAdded)) == 2)
        assert play.of(MessageAdded)[-1].message.text == "backup failed"
        await play.stop()

    asyncio.run(scene())
