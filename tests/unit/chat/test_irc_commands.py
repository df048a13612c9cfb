"""Typed commands: the lines that they become, and the advice where they cannot."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.core.account import Autojoin
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import Informed, LineSeen
from chatlab.core.flow import Direction
from tests.helpers.irc_play import Play, PlayServer, account, settle

NO_ECHO = "message-tags server-time"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def told(play: Play) -> list[str]:
    return [event.text for event in play.of(Informed)]


def test_a_ctcp_ping_measures_the_way_there_and_back() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer("")).start()
        play.irc.execute(parse("/ping bob"), "#lab")
        await play.time.advance(1.5)
        token = play.server.said("PRIVMSG")[0].split(":")[1]
        play.server.say(f":bob!b@b NOTICE ann :{token}")
        assert "bob answered the PING after 1.500 s." in told(play)
        await play.stop()

    run(scenario)


def test_passwords_to_services_are_shown_nowhere_but_do_arrive() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.irc.execute(parse("/msg NickServ IDENTIFY ann hunter2"), "#lab")
        play.irc.execute(parse("/raw PRIVMSG NickServ :REGISTER hunter2 a@b.test"), "#lab")
        play.irc.execute(parse("/raw OPER ann hunter2"), "#lab")
        play.irc.execute(parse("/raw NS IDENTIFY hunter2"), "#lab")
        await settle()
        assert sum("hunter2" in line for line in play.server.lines) == 4
        assert not any("hunter2" in repr(event) for event in play.events)
        shown = [event.line for event in play.of(LineSeen) if event.direction is Direction.SENT]
        assert any(line.endswith("NickServ :IDENTIFY ••••") for line in shown)
        assert "OPER ann ••••" in shown
        await play.stop()

    run(scenario)


def test_typing_without_a_connection_says_what_to_do() -> None:
    async def scenario() -> None:
        play = Play()
        for line in ("/join #x", "/nick bob", "/topic hi", "/raw PING x", "/op bob", "/names"):
            with pytest.raises(UsageError, match="/connect"):
                play.irc.execute(parse(line), "#lab")
        with pytest.raises(LocalProtocolError):
            play.irc.execute(parse("hello"), "")
        play.irc.execute(parse("/connect"), "")
        await settle()
        assert play.irc.is_online
        play.irc.execute(parse("/quit so long"), "")
        await settle()
        assert play.server.said("QUIT") == ["QUIT :so long"]
        assert play.states[-1] is LinkState.OFFLINE

    run(scenario)


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("/me waves", ["PRIVMSG #lab :\x01ACTION waves\x01"]),
        ("//text", ["PRIVMSG #lab :/text"]),
        ("/notice bob take note", ["NOTICE bob :take note"]),
        ("/msg bob,eve hi", ["PRIVMSG bob :hi", "PRIVMSG eve :hi"]),
        ("/query bob hi there", ["PRIVMSG bob :hi there"]),
        ("/join #x,#y key", ["JOIN #x,#y key"]),
        ("/part see you all", ["PART #lab :see you all"]),
        ("/part #Lab see you all", ["PART #lab :see you all"]),
        ("/part #nowhere was fun", ["PART #lab :#nowhere was fun"]),
        ("/cycle", ["PART #lab", "JOIN #lab"]),
        ("/nick anna", ["NICK anna"]),
        ("/topic", ["TOPIC #lab"]),
        ("/topic -", ["TOPIC #lab :"]),
        ("/topic two words", ["TOPIC #lab :two words"]),
        ("/names", ["NAMES #lab"]),
        ("/whois bob", ["WHOIS bob"]),
        ("/away at lunch", ["AWAY :at lunch"]),
        ("/away", ["AWAY :away"]),
        ("/back", ["AWAY"]),
        ("/invite eve", ["INVITE eve #lab"]),
        ("/kick bob be nice", ["KICK #lab bob :be nice"]),
        ("/ban bob", ["MODE #lab +b *!*@b.test"]),
        ("/ban eve", ["MODE #lab +b eve!*@*"]),
        ("/ban *!*@bad.test", ["MODE #lab +b *!*@bad.test"]),
        ("/unban *!*@bad.test", ["MODE #lab -b *!*@bad.test"]),
        ("/op a b c d", ["MODE #lab +ooo a b c", "MODE #lab +o d"]),
        ("/devoice bob", ["MODE #lab -v bob"]),
        ("/mode", ["MODE #lab"]),
        ("/mode +t", ["MODE #lab +t"]),
        ("/mode #lab +o bob", ["MODE #lab +o bob"]),
        ("/mode ann +i", ["MODE ann +i"]),
        ("/ctcp bob time", ["PRIVMSG bob :\x01TIME\x01"]),
        ("/ctcp bob ping 1 2", ["PRIVMSG bob :\x01PING 1 2\x01"]),
        ("/version bob", ["PRIVMSG bob :\x01VERSION\x01"]),
        ("/raw LUSERS  x", ["LUSERS  x"]),
    ],
)
def test_commands_become_these_lines(typed: str, lines: list[str]) -> None:
    async def scenario() -> None:
        play = await Play().start()
        await settle()
        before = len(play.server.lines)
        play.irc.execute(parse(typed), "#lab")
        await settle()
        said = [line.split(" ", 1)[1] if line[0] == "@" else line for line in play.server.lines]
        assert said[before : before + len(lines)] == lines
        await play.stop()

    run(scenario)


@pytest.mark.parametrize("typed", ["/nick 1st", "/nick first.last", "/join lab", "/join #"])
def test_illegal_names_are_refused_with_a_legal_one(typed: str) -> None:
    async def scenario() -> None:
        play = await Play().start()
        with pytest.raises(UsageError, match="Try: /"):
            play.irc.execute(parse(typed), "#lab")
        await play.stop()

    run(scenario)


def test_a_whois_is_answered_where_it_was_asked() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.irc.execute(parse("/whois bob"), "#lab")
        play.server.say(
            ":irc.test 311 ann bob b b.test * :Bob B",
            ":irc.test 317 ann bob 12 1700000000 :seconds idle",
            ":irc.test 671 ann bob :is using a secure connection",
            ":irc.test 318 ann bob :End",
        )
        lines = [event.text for event in play.of(Informed) if event.chat == "#lab"]
        assert lines == [
            "bob is b@b.test (Bob B)",
            "bob has been idle for 12 s, signed on 2023-11-14 22:13 UTC",
            "bob uses a secure connection (TLS)",
        ]
        await play.stop()

    run(scenario)


def test_plus_means_a_mode_even_where_it_may_begin_a_channel() -> None:
    async def scenario() -> None:
        server = PlayServer()
        server.isupport = "CHANTYPES=#&+"
        play = await Play(server=server).start()
        play.irc.execute(parse("/mode +m"), "#lab")
        await settle()
        assert play.server.lines[-1] == "MODE #lab +m"
        await play.stop()

    run(scenario)


@pytest.mark.parametrize("typed_in", ["#lab", "bob", ""])
def test_a_channel_named_to_part_is_left_wherever_it_is_typed(typed_in: str) -> None:
    async def scenario() -> None:
        play = await Play(account(channels=(Autojoin("#lab"), Autojoin("#other")))).start()
        play.irc.execute(parse("/part #other bye"), typed_in)
        await settle()
        assert play.server.said("PART") == ["PART #other :bye"]
        await play.stop()

    run(scenario)
