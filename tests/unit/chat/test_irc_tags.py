"""What is said in tags: replies, reactions, typing, messages taken back."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.chat.irc.outbox import SendPace
from chatlab.core.errors import UsageError
from chatlab.core.events import (
    MessageRewritten,
    ReactionSeen,
)
from chatlab.core.message import MessageId
from tests.helpers.irc_play import ACCOUNT, Play, PlayServer, account, settle

TAGS = "message-tags server-time batch"
ECHO = f"{TAGS} echo-message labeled-response"


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


def test_a_hostile_name_of_a_message_harms_nobody() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(f"{TAGS} draft/message-redaction")).start()
        name = ";" * 4_000
        play.server.say(f"@msgid={name.replace(';', chr(92) + ':')} :bob!b@b PRIVMSG #lab :hi")
        assert play.irc.predict("#lab", "yes", reply_to=name) == (len("PRIVMSG #lab :yes") + 2,)
        (message,) = play.irc.send("#lab", "yes", reply_to=name)
        assert message.reply_to == ""
        for act in (
            lambda: play.irc.react("#lab", name, "👍"),
            lambda: play.irc.retract("#lab", name),
        ):
            with pytest.raises(UsageError, match="no name"):
                act()
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
