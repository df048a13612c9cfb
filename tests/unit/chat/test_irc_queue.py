"""What waits in the queue can be taken back, and sent after all."""

import pytest

from chatlab.chat.irc.outbox import CANCELLED
from chatlab.core.account import Autojoin
from chatlab.core.errors import UsageError
from chatlab.core.events import MessageChanged
from chatlab.core.message import Delivery, MessageId
from tests.helpers.irc_play import Play, account, deliveries, settle
from tests.unit.chat.test_irc_talk import run


def test_a_cancelled_message_never_reaches_the_wire_and_says_why() -> None:
    async def scenario() -> None:
        play = Play()
        first, second = (play.irc.send("#lab", text)[0] for text in ("one", "two"))
        play.irc.cancel(first.id)
        assert deliveries(play, first) == [Delivery.FAILED]
        changes = [event for event in play.events if isinstance(event, MessageChanged)]
        assert changes[-1].failure == CANCELLED
        await play.start()
        await settle()
        assert deliveries(play, second)[-1] is Delivery.ECHOED
        assert b"one" not in play.server.wire.sent
        await play.stop()

    run(scenario)


def test_a_cancelled_message_can_be_sent_again() -> None:
    async def scenario() -> None:
        play = Play()
        (message,) = play.irc.send("#lab", "hello")
        play.irc.cancel(message.id)
        play.irc.resend(message.id)
        await play.start()
        await settle()
        assert deliveries(play, message)[-1] is Delivery.ECHOED
        await play.stop()

    run(scenario)


def test_what_has_left_cannot_be_cancelled() -> None:
    async def scenario() -> None:
        play = await Play().start()
        (message,) = play.irc.send("#lab", "hello")
        for gone in (message.id, MessageId("unknown")):
            with pytest.raises(UsageError, match="has left already"):
                play.irc.cancel(gone)
        await play.stop()

    run(scenario)


def test_what_is_typed_does_not_wait_for_what_is_asked_about_thirty_channels() -> None:
    async def scenario() -> None:
        channels = tuple(Autojoin(f"#lab{number}") for number in range(30))
        play = await Play(account(channels=channels)).start()
        assert len(play.server.said("MODE")) < len(channels)
        (message,) = play.irc.send("#lab1", "hello")
        await play.time.advance(0.5)
        await settle()
        assert deliveries(play, message)[-1] is Delivery.ECHOED
        for _ in channels:
            await play.time.advance(0.5)
        assert len(play.server.said("MODE")) == len(channels)
        await play.stop()

    run(scenario)


def test_questions_about_channels_end_with_their_connection() -> None:
    async def scenario() -> None:
        channels = tuple(Autojoin(f"#lab{number}") for number in range(30))
        play = await Play(account(channels=channels)).start()
        asked = len(play.server.said("MODE"))
        play.server.on["JOIN"] = lambda line: None
        play.server.end()
        await play.time.advance(20)
        assert play.irc.is_online
        assert len(play.server.said("MODE")) == asked
        await play.stop()

    run(scenario)
