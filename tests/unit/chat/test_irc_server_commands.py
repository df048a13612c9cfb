"""Commands to the server: the lines they become, the chat their answers come to, their refusals."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.events import Informed
from tests.helpers.irc_play import ALL_CAPS, Play, PlayServer, settle

MODERN = "CHANTYPES=# CASEMAPPING=ascii NICKLEN=20 KNOCK NAMELEN=20 KEYLEN=8 KICKLEN=10"


def play(scene: Callable[[Play], Awaitable[None]], isupport: str = MODERN) -> None:
    async def run() -> None:
        server = PlayServer(f"{ALL_CAPS} setname")
        server.isupport = isupport
        player = await Play(server=server).start()
        await settle()
        player.server.lines.clear()
        player.events.clear()
        await scene(player)
        await player.stop()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/motd", "MOTD"),
        ("/motd irc.other", "MOTD irc.other"),
        ("/lusers", "LUSERS"),
        ("/map", "MAP"),
        ("/links", "LINKS"),
        ("/links *.test", "LINKS *.test"),
        ("/stats", "STATS u"),
        ("/stats o irc.other", "STATS o irc.other"),
        ("/info", "INFO"),
        ("/admin", "ADMIN"),
        ("/version", "VERSION"),
        ("/time", "TIME"),
        ("/ping", "PING chatlab-1"),
        ("/lag", "PING chatlab-1"),
        ("/lagcheck", "PING chatlab-1"),
        ("/knock #invited", "KNOCK #invited"),
        ("/knock #invited it is me", "KNOCK #invited :it is me"),
        ("/setname Ann of the Lab", "SETNAME :Ann of the Lab"),
        ("/oper ann sesame", "OPER ann sesame"),
        ("/identify sesame", "PRIVMSG NickServ :IDENTIFY sesame"),
        ("/id ann sesame", "PRIVMSG NickServ :IDENTIFY ann sesame"),
        ("/register sesame a@b.test", "PRIVMSG NickServ :REGISTER sesame a@b.test"),
        ("/plain /me is text", "PRIVMSG #lab :/me is text"),
    ],
)
def test_commands_become_these_lines(typed: str, line: str) -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse(typed), "#lab")
        await settle()
        said = player.server.lines[0]
        assert (said.split(" ", 1)[1] if said.startswith("@") else said) == line
        assert "sesame" not in repr(player.events)

    play(scene)


@pytest.mark.parametrize(
    ("typed", "isupport", "words"),
    [
        ("/knock #invited", "CHANTYPES=#", "knows no knocking"),
        ("/setname " + "x" * 21, MODERN, "real name is too long: it has 21 bytes"),
        ("/register sesame nowhere", MODERN, "no e-mail address"),
        ("/join #a longer-than-eight", MODERN, "The key is too long"),
        ("/mode +k longer-than-eight", MODERN, "The key is too long"),
        ("/kick bob for a long, long reason", MODERN, "The reason is too long"),
    ],
)
def test_what_the_server_cannot_take_is_refused_in_words(
    typed: str, isupport: str, words: str
) -> None:
    async def scene(player: Play) -> None:
        with pytest.raises(UsageError, match=words):
            player.irc.execute(parse(typed), "#lab")
        await settle()
        assert player.server.lines == []

    play(scene, isupport)


def test_a_server_without_setname_keeps_the_real_name() -> None:
    async def scene() -> None:
        player = await Play().start()
        with pytest.raises(UsageError, match="cannot change a real name"):
            player.irc.execute(parse("/setname Ann"), "#lab")
        await player.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("/motd", ["375 ann :- Motd", "372 ann :- Hello", "376 ann :End"]),
        ("/motd", ["422 ann :MOTD File is missing"]),
        ("/lusers", ["251 ann :2 users", "255 ann :I have 2", "266 ann :Max 3"]),
        ("/time", ["391 ann irc.test :Sunday"]),
        ("/links", ["364 ann a.test b.test :1 B", "365 ann * :End"]),
        ("/stats", ["242 ann :Server up 3 days", "219 ann u :End"]),
        ("/topic", ["332 ann #lab :Only bytes"]),
        ("/who", ["352 ann #lab u h irc.test bob H :0 Bob", "315 ann #lab :End"]),
        ("/whowas bob", ["314 ann bob u h * :Bob", "369 ann bob :End"]),
        ("/motd no.such", ["402 ann no.such :No such server"]),
    ],
)
def test_the_answer_comes_where_the_question_was_typed(typed: str, answers: list[str]) -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse(typed), "#lab")
        await settle()
        player.server.say(*(f":irc.test {answer}" for answer in answers))
        told = player.of(Informed)
        assert {event.chat for event in told} == {"#lab"}
        assert len(told) == len(answers)
        player.events.clear()
        player.server.say(f":irc.test {answers[0]}")
        assert {event.chat for event in player.of(Informed)} <= {""}

    play(scene)


def test_what_is_known_of_a_channel_is_told_to_who_asks() -> None:
    async def scene(player: Play) -> None:
        player.server.on["MODE"] = lambda line: None
        for line in ("/topic", "/mode", "/names"):
            player.irc.execute(parse(line), "#lab")
        await settle()
        player.events.clear()
        player.server.say(
            ":irc.test 332 ann #lab :Only bytes",
            ":irc.test 324 ann #lab +ntl 20",
            ":irc.test 353 ann = #lab :ann @bob +eve",
            ":irc.test 366 ann #lab :End",
        )
        told = [event.text for event in player.of(Informed)]
        assert told == [
            "The topic of #lab: Only bytes",
            "Modes of #lab: +ntl 20",
            "3 people are in #lab: +eve, @bob, ann.",
        ]
        player.events.clear()
        player.server.say(":irc.test 332 ann #lab :x", ":irc.test 366 ann #lab :End")
        assert player.of(Informed) == []

    play(scene)


def test_the_lag_is_said_where_it_was_asked_for() -> None:
    async def scene(player: Play) -> None:
        answer = player.server.on.pop("PING")
        player.irc.execute(parse("/lag"), "#lab")
        await player.time.advance(0.25)
        player.server.on["PING"] = answer
        player.server.say(":irc.test PONG irc.test :chatlab-1")
        (told,) = player.of(Informed)
        assert (told.chat, told.text) == ("#lab", "The way to the server and back took 250 ms.")

    play(scene)


def test_no_more_channels_are_joined_in_a_line_than_the_server_takes() -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/join #a,#b,#c key"), "#lab")
        await settle()
        assert player.server.said("JOIN") == ["JOIN #a,#b key", "JOIN #c"]

    play(scene, "CHANTYPES=# TARGMAX=JOIN:2,PRIVMSG:4")
