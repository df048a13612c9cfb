"""What is said in tags: replies, reactions, typing, messages taken back, several lines as one."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.chat.irc.composing import compose
from chatlab.chat.irc.multiline import BatchLine, Limits, blocks, text_of
from chatlab.chat.irc.outbox import SendPace
from chatlab.chat.irc.state import ServerState
from chatlab.core.errors import UsageError
from chatlab.core.events import (
    LineSeen,
    MessageAdded,
    MessageChanged,
    MessageRewritten,
    ReactionSeen,
)
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.message import Delivery, MessageId, MessageKind
from chatlab.protocol.irc import IrcLine
from tests.helpers.irc_play import ACCOUNT, Play, PlayServer, account, settle

TAGS = "message-tags server-time batch"
ECHO = f"{TAGS} echo-message labeled-response"
MULTILINE = f"{ECHO} draft/multiline=max-bytes=200,max-lines=4"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def tags_sent(play: Play) -> list[str]:
    return [line for line in play.server.lines if " TAGMSG " in line]


def typed(play: Play) -> list[str]:
    return [line.partition(" ")[0] for line in tags_sent(play)]


# -- replies


def test_a_reply_names_its_message_in_the_first_line_alone() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(TAGS)).start()
        text = "yes\nindeed"
        sizes = play.irc.predict("#lab", text, reply_to="id;7")
        first, second = play.irc.send("#lab", text, reply_to="id;7")
        await settle()
        said = [line for line in play.server.lines if "PRIVMSG" in line]
        assert said == [
            "@+draft/reply=id\\:7;+reply=id\\:7 PRIVMSG #lab :yes",
            "PRIVMSG #lab :indeed",
        ]
        assert (first.reply_to, second.reply_to) == ("id;7", "")
        assert sizes == tuple(len(line) + 2 for line in said)
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("caps", "deny"),
    [("server-time", ""), (TAGS, " CLIENTTAGDENY=*"), (TAGS, " CLIENTTAGDENY=draft/reply,reply")],
)
def test_where_the_server_passes_no_tags_none_are_sent(caps: str, deny: str) -> None:
    async def scenario() -> None:
        server = PlayServer(caps)
        server.isupport += deny
        play = await Play(account(sends_typing=True), server).start()
        assert not play.irc.features.can_reply
        assert not play.irc.features.can_react
        (message,) = play.irc.send("#lab", "yes", reply_to="7")
        with pytest.raises(UsageError, match="reactions"):
            play.irc.react("#lab", "7", "👍")
        with pytest.raises(UsageError, match="take messages back"):
            play.irc.retract("#lab", "7")
        await settle()
        assert message.reply_to == ""
        assert play.server.lines[-1] == "PRIVMSG #lab :yes"
        await play.stop()

    run(scenario)


# -- reactions and redactions


def test_a_reaction_leaves_as_a_tag_and_holds_at_once_where_there_is_no_echo() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(TAGS)).start()
        assert play.irc.features.can_react
        play.irc.react("#lab", "id7", "👍")
        play.irc.react("#lab", "id7", "👍", is_removed=True)
        await settle()
        assert tags_sent(play) == [
            "@+draft/react=👍;+draft/reply=id7 TAGMSG #lab",
            "@+draft/unreact=👍;+draft/reply=id7 TAGMSG #lab",
        ]
        seen = [(e.nick, e.reaction, e.is_removed) for e in play.of(ReactionSeen)]
        assert seen == [("ann", "👍", False), ("ann", "👍", True)]
        await play.stop()

    run(scenario)


def test_with_an_echo_a_reaction_holds_when_the_server_says_so() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(ECHO)).start()
        play.irc.react("#lab", "id7", "👍")
        await settle()
        assert play.of(ReactionSeen) == []
        play.server.say("@+draft/react=👍;+draft/reply=id7 :ann!ann@host.test TAGMSG #lab")
        (seen,) = play.of(ReactionSeen)
        assert (seen.chat, seen.nick, seen.msgid) == ("#lab", "ann", "id7")
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(("msgid", "sign"), [("", "👍"), ("id7", " "), ("id7", "x" * 65)])
def test_a_reaction_to_nothing_or_of_nothing_is_refused(msgid: str, sign: str) -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(TAGS)).start()
        with pytest.raises(UsageError):
            play.irc.react("#lab", msgid, sign)
        await play.stop()

    run(scenario)


def test_a_message_is_taken_back_by_name_and_is_gone_when_the_server_says_so() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(f"{TAGS} draft/message-redaction")).start()
        assert play.irc.features.can_retract
        play.irc.retract("#lab", "id7")
        play.irc.retract("#lab", "id8", "wrong channel")
        await settle()
        assert play.server.said("REDACT") == ["REDACT #lab id7", "REDACT #lab id8 :wrong channel"]
        assert play.of(MessageRewritten) == []
        play.server.say(
            ":ann!ann@host.test REDACT #LAB id7",
            ":bob!b@b.test REDACT ann id9 :sorry",
            ":bob!b@b.test REDACT",
        )
        seen = [(e.chat, e.message, e.msgid, e.is_retracted) for e in play.of(MessageRewritten)]
        assert seen == [("#lab", MessageId(""), "id7", True), ("bob", MessageId(""), "id9", True)]
        await play.stop()

    run(scenario)


def test_nothing_is_said_in_tags_while_offline() -> None:
    async def scenario() -> None:
        play = Play(account(sends_typing=True))
        for act in (
            lambda: play.irc.react("#lab", "7", "👍"),
            lambda: play.irc.retract("#lab", "7"),
        ):
            with pytest.raises(UsageError, match="not connected"):
                act()
        play.irc.note_typing("#lab", True)

    run(scenario)


# -- typing


def test_typing_is_told_only_where_somebody_asked_for_it() -> None:
    assert not ACCOUNT.sends_typing  # Not switched on anywhere: what a new account has.


def test_typing_is_told_every_three_seconds_then_paused_then_done() -> None:
    async def scenario() -> None:
        play = await Play(account(sends_typing=True), PlayServer(TAGS)).start()
        for _ in range(7):
            play.irc.note_typing("#lab", True)
            await play.time.advance(1)
        assert typed(play) == ["@+typing=active"] * 3
        assert tags_sent(play)[0] == "@+typing=active TAGMSG #lab"
        await play.time.advance(60)
        assert typed(play)[3:] == ["@+typing=paused"]
        play.irc.note_typing("#lab", True)
        play.irc.note_typing("#lab", False)
        play.irc.note_typing("#lab", False)
        await settle()
        assert typed(play)[4:] == ["@+typing=active", "@+typing=done"]
        await play.stop()

    run(scenario)


def test_a_message_says_that_the_writing_is_over() -> None:
    async def scenario() -> None:
        play = await Play(account(sends_typing=True), PlayServer(TAGS)).start()
        play.irc.note_typing("#lab", True)
        play.irc.send("#lab", "hello")
        play.irc.note_typing("#lab", False)
        await play.time.advance(60)
        assert typed(play) == ["@+typing=active"]
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("sends", "caps", "deny", "chat"),
    [
        (False, TAGS, "", "#lab"),
        (True, "server-time", "", "#lab"),
        (True, TAGS, " CLIENTTAGDENY=typing", "#lab"),
        (True, TAGS, " CLIENTTAGDENY=*,-draft/react", "#lab"),
        (True, TAGS, "", "#elsewhere"),
        (True, TAGS, "", ""),
    ],
)
def test_nobody_is_told_where_account_or_server_do_not_allow_it(
    sends: bool, caps: str, deny: str, chat: str
) -> None:
    async def scenario() -> None:
        server = PlayServer(caps)
        server.isupport += deny
        play = await Play(account(sends_typing=sends), server).start()
        play.irc.note_typing(chat, True)
        play.irc.note_typing(chat, False)
        await settle()
        assert tags_sent(play) == []
        await play.stop()

    run(scenario)


def test_an_exception_from_a_general_refusal_of_tags_is_obeyed() -> None:
    async def scenario() -> None:
        server = PlayServer(TAGS)
        server.isupport += " CLIENTTAGDENY=*,-typing"
        play = await Play(account(sends_typing=True), server).start()
        play.irc.note_typing("bob", True)
        await settle()
        assert tags_sent(play) == ["@+typing=active TAGMSG bob"]
        await play.stop()

    run(scenario)


def test_news_about_typing_never_waits_behind_messages() -> None:
    async def scenario() -> None:
        pace = SendPace(burst=1, per_second=0.1)
        play = await Play(account(sends_typing=True), PlayServer(TAGS), pace=pace).start()
        play.irc.send("#lab", "one")
        play.irc.send("#lab", "two")
        play.irc.note_typing("#lab", True)
        await play.time.advance(120)
        assert tags_sent(play) == []
        await play.stop()

    run(scenario)


# -- several lines as one message


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
