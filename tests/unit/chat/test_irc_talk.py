"""Messages: each state of delivery is a fact, nothing typed is lost, nothing received is faked."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.chat.irc.outbox import SendPace
from chatlab.core.commands import parse
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import Informed, MessageAdded, MessageChanged
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.message import Delivery, Message, MessageKind
from tests.helpers.irc_play import START_NS, Play, PlayServer, account, deliveries, settle

NO_ECHO = "message-tags server-time"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def received(play: Play) -> list[Message]:
    messages = [event.message for event in play.of(MessageAdded)]
    return [message for message in messages if message.direction is Direction.RECEIVED]


def told(play: Play) -> list[str]:
    return [event.text for event in play.of(Informed)]


def test_a_message_is_written_acknowledged_and_echoed_with_its_bytes() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["PRIVMSG"] = lambda line: None
        (message,) = play.irc.send("#lab", "hello")
        assert message.delivery is Delivery.QUEUED
        await play.time.advance(0.1)
        assert deliveries(play, message) == [Delivery.WRITTEN, Delivery.ACKNOWLEDGED]
        (written,) = [c for c in play.of(MessageChanged) if c.delivery is Delivery.WRITTEN]
        assert written.wire is not None
        span = written.wire.span
        sent = bytes(play.server.wire.sent[span.start : span.stop])
        assert sent == b"@label=000001 PRIVMSG #lab :hello\r\n"
        assert play.irc.predict("#lab", "hello") == (len(sent),)

        start = play.server.wire.received
        play.server.say("@label=000001;time=2023-11-14T22:13:21.5Z :ann!ann@h PRIVMSG #lab :hello")
        (echoed,) = [c for c in play.of(MessageChanged) if c.delivery is Delivery.ECHOED]
        assert echoed.echo is not None
        assert echoed.echo.direction is Direction.RECEIVED
        assert echoed.echo.span == ByteRange(start, play.server.wire.received)
        assert echoed.time_ns == START_NS + 1_500_000_000
        assert received(play) == []
        await play.stop()

    run(scenario)


def test_without_labels_echoes_are_matched_in_order() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer("echo-message")).start()
        play.server.on["PRIVMSG"] = lambda line: None
        first, second, third = (play.irc.send("#lab", text)[0] for text in ("a", "a", "\x02b\x02"))
        for text in ("a", "b", "a"):
            play.server.say(f":ann!ann@host.test PRIVMSG #LAB :{text}")
        echoed = [c.message for c in play.of(MessageChanged) if c.delivery is Delivery.ECHOED]
        assert echoed == [first.id, third.id, second.id]
        await play.stop()

    run(scenario)


@pytest.mark.parametrize("caps", [PlayServer().caps, NO_ECHO])
def test_a_refusal_fails_the_message_it_answers(caps: str) -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(caps)).start()

        def refuse(line: object) -> None:
            text = play.server.lines[-1]
            label = text.split(" ")[0] + " " if text.startswith("@") else ""
            if "nobody" in text:
                play.server.say(f"{label}:irc.test 401 ann nobody :No such nick")

        play.server.on["PRIVMSG"] = refuse
        (other,) = play.irc.send("#lab", "hello")
        (message,) = play.irc.send("nobody", "hello")
        await settle()
        assert deliveries(play, message)[-1] is Delivery.FAILED
        assert Delivery.FAILED not in deliveries(play, other)
        (failed,) = [c for c in play.of(MessageChanged) if c.failure]
        assert "nobody" in failed.failure
        await play.stop()

    run(scenario)


def test_a_refusal_in_a_labelled_batch_counts_as_well() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["PRIVMSG"] = lambda line: None
        (message,) = play.irc.send("#lab", "hello")
        play.server.say(
            "@label=000001 :irc.test BATCH +x labeled-response",
            "@batch=x :irc.test 404 ann #lab :Cannot send to channel",
            ":irc.test BATCH -x",
        )
        assert deliveries(play, message)[-1] is Delivery.FAILED
        await play.stop()

    run(scenario)


def test_a_failed_message_can_be_sent_again_once() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["PRIVMSG"] = lambda line: None
        (message,) = play.irc.send("#lab", "hello")
        with pytest.raises(UsageError):
            play.irc.resend(message.id)
        play.server.say("@label=000001 :irc.test 404 ann #lab :No")
        play.irc.resend(message.id)
        assert deliveries(play, message)[-2:] == [Delivery.QUEUED, Delivery.WRITTEN]
        assert play.server.wire.sent.endswith(b"@label=000002 PRIVMSG #lab :hello\r\n")
        with pytest.raises(UsageError):
            play.irc.resend(message.id)
        await play.stop()

    run(scenario)


def test_what_is_typed_offline_waits_and_goes_out_once_in_order_after_the_join() -> None:
    async def scenario() -> None:
        play = Play()
        messages = [play.irc.send("#lab", text)[0] for text in ("one", "two")]
        assert all(deliveries(play, message) == [] for message in messages)
        await play.start()
        await settle()
        said = [line for line in play.server.lines if "JOIN" in line or "PRIVMSG" in line]
        assert [line.split(":")[-1] for line in said] == ["JOIN #lab", "one", "two"]
        assert [deliveries(play, message)[-1] for message in messages] == [Delivery.ECHOED] * 2
        await play.stop()

    run(scenario)


def test_unacknowledged_messages_fail_with_the_connection_and_queued_ones_survive_it() -> None:
    async def scenario() -> None:
        play = await Play(pace=SendPace(burst=3, per_second=0.001)).start()
        play.server.on["PRIVMSG"] = lambda line: None
        play.server.wire.acknowledges = False
        written, queued = play.irc.send("#lab", "lost")[0], play.irc.send("#lab", "kept")[0]
        assert deliveries(play, written) == [Delivery.WRITTEN]
        assert deliveries(play, queued) == []
        play.server.end(reason="The connection broke: reset.")
        await settle()
        assert deliveries(play, written)[-1] is Delivery.FAILED
        (failed,) = [c for c in play.of(MessageChanged) if c.failure]
        assert "connection was lost" in failed.failure
        await play.time.advance(1)
        assert deliveries(play, queued) == [Delivery.WRITTEN]
        assert sum("lost" in line for line in play.server.lines) == 1
        await play.stop()

    run(scenario)


def test_acknowledged_messages_do_not_fail_when_the_connection_ends() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(NO_ECHO)).start()
        (message,) = play.irc.send("#lab", "hello")
        await play.time.advance(1)
        play.server.end()
        await settle()
        assert deliveries(play, message) == [Delivery.WRITTEN, Delivery.ACKNOWLEDGED]
        await play.stop()

    run(scenario)


def test_a_channel_that_cannot_be_joined_fails_what_waits_for_it() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.on["JOIN"] = lambda line: play.server.say(
            ":irc.test 475 ann #lab :Cannot join channel (+k)"
        )
        (message,) = play.irc.send("#lab", "hello")
        await play.start()
        assert deliveries(play, message) == [Delivery.FAILED]
        (failed,) = [c for c in play.of(MessageChanged) if c.failure]
        assert "needs a key" in failed.failure
        await play.stop()

    run(scenario)


def test_the_pace_lets_a_burst_through_and_then_two_a_second() -> None:
    async def scenario() -> None:
        play = await Play(account(channels=())).start()
        for number in range(20):
            play.irc.send("bob", str(number))
        sent = len(play.server.said("PRIVMSG"))
        await settle()
        assert len(play.server.said("PRIVMSG")) == 8
        await play.time.advance(3)
        assert len(play.server.said("PRIVMSG")) == 14
        await play.time.advance(4)
        said = [line.split(":")[1] for line in play.server.said("PRIVMSG")]
        assert said == [str(number) for number in range(20)]
        assert sent == 0
        await play.stop()

    run(scenario)


def test_a_burst_of_200_leaves_at_once_where_the_pace_is_unlimited() -> None:
    async def scenario() -> None:
        play = await Play(pace=SendPace.unlimited()).start()
        messages = [play.irc.send("#lab", f"line {number}")[0] for number in range(200)]
        await settle()
        assert len(play.server.said("PRIVMSG")) == 200
        assert all(deliveries(play, message)[-1] is Delivery.ECHOED for message in messages)
        await play.stop()

    run(scenario)


def test_pong_does_not_wait_in_the_queue() -> None:
    async def scenario() -> None:
        play = await Play(pace=SendPace(burst=1, per_second=0.001)).start()
        play.irc.send("bob", "waits")
        play.server.say("PING :a b", "PING")
        await settle()
        assert play.server.said("PONG") == ["PONG :a b", "PONG"]
        await play.stop()

    run(scenario)


def test_a_long_text_becomes_several_messages_that_arrive_whole() -> None:
    async def scenario() -> None:
        play = await Play().start()
        text = "größer " * 150
        messages = play.irc.send("#lab", text)
        assert len(messages) == 3
        assert "".join(message.text for message in messages) == text
        prefix = len(b":ann!ann@host.test ")
        await settle()
        for line in play.server.said("PRIVMSG"):
            assert prefix + len(line.encode()) + 2 <= 512
        assert len(play.irc.predict("#lab", text)) == 3
        await play.stop()

    run(scenario)


def test_each_line_of_a_pasted_text_is_a_message_and_injects_nothing() -> None:
    async def scenario() -> None:
        play = await Play().start()
        messages = play.irc.send("#lab", "one\r\nQUIT :injected\rtwo\n\nthree")
        assert [m.text for m in messages] == ["one", "QUIT :injected", "two", "three"]
        await settle()
        assert play.server.said("QUIT") == []
        for chat, text in [
            ("#lab", ""),
            ("#lab", "a\0b"),
            ("#lab\rQUIT", "x"),
            ("#a b", "x"),
            ("a,b", "x"),
            ("", "x"),
            ("#lab", "\x01VERSION\x01"),
            ("#lab", "\ud800"),
        ]:
            before = len(play.events)
            with pytest.raises(LocalProtocolError):
                play.irc.send(chat, text)
            assert len(play.events) == before
        assert play.irc.predict("#lab", "") == ()
        await play.stop()

    run(scenario)


def test_what_others_say_lands_in_the_right_chat() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            ":bob!b@b PRIVMSG #LAB :hi Ann, all",
            ":bob!b@b PRIVMSG ann :psst",
            ":bob!b@b PRIVMSG @#lab :to the operators",
            ":bob!b@b PRIVMSG #lab :\x01ACTION waves",
            ":bob!b@b NOTICE ann :note",
            ":bob!b@b PRIVMSG #lab :annika, planner",
            ":ann!ann@h PRIVMSG ann :to myself",
        )
        rows = [(m.target, m.text, m.kind, m.is_highlight) for m in received(play)]
        assert rows == [
            ("#lab", "hi Ann, all", MessageKind.MESSAGE, True),
            ("bob", "psst", MessageKind.MESSAGE, False),
            ("#lab", "to the operators", MessageKind.MESSAGE, False),
            ("#lab", "waves", MessageKind.ACTION, False),
            ("bob", "note", MessageKind.NOTICE, False),
            ("#lab", "annika, planner", MessageKind.MESSAGE, False),
            ("ann", "to myself", MessageKind.MESSAGE, False),
        ]
        assert all(m.wire and m.delivery is None and m.sender for m in received(play))
        await play.stop()

    run(scenario)


def test_what_another_client_of_mine_sent_is_mine() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(":ann!ann@h PRIVMSG bob :from my phone")
        message = play.of(MessageAdded)[-1].message
        assert message.direction is Direction.SENT
        assert message.target == "bob"
        assert message.delivery is Delivery.ECHOED
        assert message.wire is None
        assert message.echo is not None
        await play.stop()

    run(scenario)


def test_replayed_history_is_marked_and_keeps_its_time() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            ":irc.test BATCH +h chathistory #lab",
            "@batch=h;time=2020-01-01T00:00:00.250Z :bob!b@b PRIVMSG #lab :long ago",
            ":irc.test BATCH -h",
            "@time=nonsense :bob!b@b PRIVMSG #lab :now",
        )
        old, new = received(play)
        assert old.is_history
        assert old.time_ns == 1_577_836_800_250_000_000
        assert not new.is_history
        assert new.time_ns == START_NS
        await play.stop()

    run(scenario)


def test_ctcp_is_answered_five_times_in_thirty_seconds_and_tells_nothing_about_the_user() -> None:
    async def scenario() -> None:
        play = await Play(account(channels=())).start()
        for request in ["VERSION", "PING 123", "CLIENTINFO", "TIME"] + ["VERSION"] * 20:
            play.server.say(f":bob!b@b PRIVMSG ann :\x01{request}\x01")
        await settle()
        answers = play.server.said("NOTICE")
        assert len(answers) == 5
        assert answers[0].startswith("NOTICE bob :\x01VERSION ChatLab ")
        assert answers[1] == "NOTICE bob :\x01PING 123\x01"
        await play.time.advance(31)
        play.server.say(":bob!b@b PRIVMSG ann :\x01VERSION\x01")
        play.server.say(":bob!b@b NOTICE ann :\x01VERSION irssi\x01")
        play.server.say(":bob!b@b PRIVMSG ann :\x01DCC SEND x 1 2 3\x01")
        await settle()
        assert len(play.server.said("NOTICE")) == 6
        assert "bob answers CTCP VERSION: irssi" in told(play)
        assert received(play) == []
        await play.stop()

    run(scenario)


def test_our_own_ctcp_answers_sent_back_are_no_answers_to_us() -> None:
    async def scenario() -> None:
        play = await Play(account(channels=())).start()
        play.irc.execute(parse("/ping bob"), "bob")
        await settle()
        token = play.server.said("PRIVMSG")[-1].removesuffix("\x01").split(" ")[-1]
        # Another ChatLab counts its questions as we do.
        play.server.say(f":bob!b@b PRIVMSG ann :\x01PING {token}\x01")
        await settle()
        assert play.server.said("NOTICE") == [f"NOTICE bob :\x01PING {token}\x01"]
        assert not [text for text in told(play) if text.startswith("ann answer")]
        play.server.say(f":bob!b@b NOTICE ann :\x01PING {token}\x01")
        assert "bob answered the PING after 0.000 s." in told(play)
        await play.stop()

    run(scenario)
