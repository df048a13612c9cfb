"""Several lines as one message (draft/multiline): cut, framed, echoed, paced."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.chat.irc.composing import compose
from chatlab.chat.irc.multiline import BatchLine, Limits, blocks, text_of
from chatlab.chat.irc.outbox import SendPace
from chatlab.chat.irc.state import ServerState
from chatlab.core.events import LineSeen, MessageAdded, MessageChanged
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.message import Delivery, MessageKind
from chatlab.protocol.irc import IrcLine
from tests.helpers.irc_play import Play, PlayServer, settle

TAGS = "message-tags server-time batch"
MULTILINE = f"{TAGS} echo-message labeled-response draft/multiline=max-bytes=200,max-lines=4"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def echo_batches(server: PlayServer) -> None:
    """Have the server send our own batches back, as echo-message with labels does."""
    state = {"label": ""}

    def on_batch(line: IrcLine) -> None:
        tag = f"@label={line.tags['label']} " if "label" in line.tags else ""
        server.say(f"{tag}:ann!ann@host.test BATCH {' '.join(line.parameters)}")
        state["label"] = line.parameters[0][1:] if line.parameters[0][0] == "+" else ""

    def on_line(line: IrcLine) -> None:
        concat = ";draft/multiline-concat" if "draft/multiline-concat" in line.tags else ""
        target, text = line.parameters
        server.say(
            f"@batch={line.tags['batch']}{concat} :ann!ann@host.test PRIVMSG {target} :{text}"
        )

    server.on["BATCH"], server.on["PRIVMSG"] = on_batch, on_line


def test_several_lines_are_one_message_from_prediction_to_echo() -> None:
    async def scenario() -> None:
        server = PlayServer(MULTILINE)
        echo_batches(server)
        play = await Play(server=server).start()
        before = len(play.server.wire.sent)
        text = "\none\n\n two \n"
        sizes = play.irc.predict("#lab", text, reply_to="7")
        (message,) = play.irc.send("#lab", text, reply_to="7")
        await settle()
        lines = bytes(play.server.wire.sent[before:]).decode().split("\r\n")
        assert lines == [
            "@label=000001;+draft/reply=7;+reply=7 BATCH +m0001 draft/multiline #lab",
            "@batch=m0001 PRIVMSG #lab :one",
            "@batch=m0001 PRIVMSG #lab :",
            "@batch=m0001 PRIVMSG #lab : two ",
            "BATCH -m0001",
            "",
        ]
        assert (message.text, message.reply_to) == ("one\n\n two ", "7")
        changes = [e for e in play.of(MessageChanged) if e.message == message.id]
        span = ByteRange(before, len(play.server.wire.sent))
        assert [change.wire.span for change in changes if change.wire] == [span]
        assert changes[-1].delivery is Delivery.ECHOED
        assert sizes == (len(span),)
        # Each line is known with its own bytes as well.
        seen = [e for e in play.of(LineSeen) if e.direction is Direction.SENT][-5:]
        starts = [e.wire.span.start for e in seen if e.wire]
        assert starts == [before + len("\r\n".join([*lines[:n], ""])) for n in range(5)]
        assert len(play.of(MessageAdded)) == 1
        await play.stop()

    run(scenario)


def test_one_line_stays_a_line_and_a_long_one_is_joined_by_its_readers() -> None:
    state = ServerState("ann")
    assert [draft.lines for draft in compose(state, "#lab", "a\nb", MessageKind.MESSAGE)] == [
        (),
        (),
    ]
    state.caps = {"batch", "message-tags", "draft/multiline"}
    state.offered["draft/multiline"] = "max-bytes=4096,max-lines=24"
    (short,) = compose(state, "#lab", "one line\n", MessageKind.MESSAGE)
    assert (short.lines, short.payload) == ((), "one line")
    long = "word " * 150 + "\n end"
    (whole,) = compose(state, "#lab", long, MessageKind.MESSAGE)
    assert [line.is_concat for line in whole.lines] == [False, True, False]
    assert whole.text == whole.payload == long
    # What one does cannot be a batch: each line is an action of its own.
    assert len(compose(state, "#lab", "waves\nleaves", MessageKind.ACTION)) == 2
    assert compose(state, "#lab", " \n\n".strip(" "), MessageKind.MESSAGE) == ()


@pytest.mark.parametrize("value", ["", "max-lines=4", "max-bytes=no"])
def test_a_server_that_names_no_limit_gets_no_batch(value: str) -> None:
    state = ServerState("ann")
    state.caps = {"batch", "message-tags", "draft/multiline"}
    state.offered["draft/multiline"] = value
    assert len(compose(state, "#lab", "a\nb", MessageKind.MESSAGE)) == 2


@pytest.mark.parametrize(
    ("text", "limits", "texts"),
    [
        ("a\nb\nc\nd\ne", Limits("m", 100, 2), ["a\nb", "c\nd", "e"]),
        ("aaaa\nbbbb\ncccc", Limits("m", 9, 9), ["aaaa\nbbbb", "cccc"]),
        ("a\n\n\nb", Limits("m", 100, 2), ["a", "b"]),
        ("x" * 45, Limits("m", 20, 9), ["x" * 20, "x" * 20, "x" * 5]),
        ("\n\n", Limits("m", 100, 9), []),
    ],
)
def test_the_servers_limits_are_obeyed(text: str, limits: Limits, texts: list[str]) -> None:
    made = list(blocks(text.split("\n"), 30, limits))
    assert [text_of(block) for block in made] == texts
    assert all(not block[0].is_concat for block in made)
    for block in made:
        assert len(block) <= limits.max_lines
        assert len(text_of(block).encode()) <= limits.max_bytes


def test_parts_of_a_line_are_joined_without_a_line_end() -> None:
    assert (
        text_of((BatchLine("one"), BatchLine(" two", True), BatchLine("three"))) == "one two\nthree"
    )


def test_a_batch_counts_as_its_lines_for_the_pace() -> None:
    async def scenario() -> None:
        pace = SendPace(burst=2, per_second=1)
        play = await Play(server=PlayServer(MULTILINE), pace=pace).start()
        await play.time.advance(10)
        before = len(play.server.lines)
        play.irc.send("#lab", "one\ntwo")
        play.irc.send("#lab", "three")
        await settle()
        assert len(play.server.lines) == before + 4
        await play.time.advance(1)
        assert len(play.server.lines) == before + 4
        await play.time.advance(3)
        assert play.server.lines[-1].endswith("PRIVMSG #lab :three")
        await play.stop()

    run(scenario)


def test_a_text_of_several_lines_fails_in_words_where_the_next_server_takes_none() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(MULTILINE)).start()
        (message,) = play.irc.send("#lab", "one\ntwo")
        play.server.say("@label=000001 :irc.test 404 ann #lab :Cannot send to channel")
        play.server.caps = TAGS
        play.server.end()
        await play.time.advance(2)
        play.irc.resend(message.id)
        await settle()
        failed = [e for e in play.of(MessageChanged) if e.delivery is Delivery.FAILED]
        assert len(failed) == 2
        assert "several lines" in failed[-1].failure
        await play.stop()

    run(scenario)


def test_without_labels_the_whole_text_proves_the_echo() -> None:
    async def scenario() -> None:
        server = PlayServer(f"{TAGS} echo-message draft/multiline=max-bytes=4096")
        echo_batches(server)
        play = await Play(server=server).start()
        play.irc.send("#lab", "one\ntwo")
        await settle()
        assert play.of(MessageChanged)[-1].delivery is Delivery.ECHOED
        assert len(play.of(MessageAdded)) == 1
        await play.stop()

    run(scenario)


def test_a_batch_that_is_refused_fails_as_one_message_and_says_why() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(MULTILINE)).start()
        (message,) = play.irc.send("#lab", "one\ntwo")
        play.server.say(
            "@label=000001 :irc.test FAIL BATCH MULTILINE_MAX_BYTES 200 :Too many bytes"
        )
        failed = play.of(MessageChanged)[-1]
        assert (failed.message, failed.delivery) == (message.id, Delivery.FAILED)
        assert "Too many bytes" in failed.failure
        await play.stop()

    run(scenario)
