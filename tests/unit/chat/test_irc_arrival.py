"""After the greeting: log in at NickServ, be away again, get the own nick back, wait for people."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.core.account import Autojoin, LoginMethod, Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.events import ContactSeen, Informed, LineSeen, LinkChanged, NickInUse
from tests.helpers.irc_play import ACCOUNT, MemorySecrets, Play, PlayServer, account, settle

PASSWORD = "correct horse"
MONITOR = "CHANTYPES=# NICKLEN=20 MONITOR=100"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def told(play: Play, code: str = "") -> list[str]:
    return [event.text for event in play.of(Informed) if not code or event.code == code]


def nickserv(answer: str, **changes: object) -> Play:
    """An account that logs in at NickServ, which answers with these lines."""
    settings = account(LoginMethod.NICKSERV, **changes)
    play = Play(settings, PlayServer("server-time"), secrets=MemorySecrets(login=PASSWORD))
    play.server.on["PRIVMSG"] = lambda line: play.server.say(*answer.splitlines())
    return play


@pytest.mark.parametrize(
    "answer",
    [
        ":NickServ!s@services. NOTICE ann :You are now identified for \x02ann\x02.",
        ":nickserv!s@services. NOTICE ann :Password accepted - you are now recognized.",
        ":irc.test 900 ann ann!a@h ann :You are now logged in as ann",
        ":NickServ MODE ann :+r",
    ],
)
def test_channels_are_joined_once_nickserv_knows_us(answer: str) -> None:
    async def scenario() -> None:
        play = nickserv("")
        (message,) = play.irc.send("#lab", "hello")
        await play.start()
        assert play.server.said("PRIVMSG") == [f"PRIVMSG NickServ :IDENTIFY {PASSWORD}"]
        assert play.server.said("JOIN") == []
        play.server.say(answer)
        await settle()
        assert play.server.said("JOIN") == ["JOIN #lab"]
        assert play.server.said("PRIVMSG")[1:] == ["PRIVMSG #lab :hello"]
        assert message.text == "hello"
        assert not any(PASSWORD in repr(event) for event in play.events)
        assert told(play, "NickServ") == []
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (":NickServ!s@services. NOTICE ann :Invalid password for \x02ann\x02.", "did not accept"),
        (":NickServ!s@services. NOTICE ann :Your nick isn't registered.", "did not accept"),
        (":irc.test 401 ann NickServ :No such nick", "no NickServ"),
    ],
)
def test_a_refused_login_is_told_and_nobody_is_kept_out(answer: str, words: str) -> None:
    async def scenario() -> None:
        play = await nickserv(answer).start()
        await settle()
        (text,) = told(play, "NickServ")
        assert words in text
        assert play.server.said("JOIN") == ["JOIN #lab"]
        assert len(play.server.said("PRIVMSG")) == 1
        await play.stop()

    run(scenario)


def test_a_silent_nickserv_is_not_waited_for_for_ever() -> None:
    async def scenario() -> None:
        play = await nickserv(":bob!b@b NOTICE ann :You are now identified").start()
        await settle()
        assert play.server.said("JOIN") == []
        await play.time.advance(10)
        assert play.server.said("JOIN") == ["JOIN #lab"]
        await play.stop()

    run(scenario)


def test_nickserv_gets_the_account_name_where_it_is_not_the_nick_and_nothing_in_clear() -> None:
    async def scenario() -> None:
        play = await nickserv("", login_name="robert").start()
        assert play.server.said("PRIVMSG") == [f"PRIVMSG NickServ :IDENTIFY robert {PASSWORD}"]
        await play.stop()
        open_play = await nickserv("", security=Security.PLAIN).start()
        assert open_play.server.dials == 0
        assert "plain text" in open_play.of(LinkChanged)[-1].detail

    run(scenario)


def taken(play: Play) -> None:
    """Somebody has the nick “ann” for now."""
    accept = play.server.on["NICK"]

    def nick(line: object) -> None:
        if play.server.lines[-1] == "NICK ann" and not play.irc.is_online:
            play.server.say(":irc.test 433 * ann :Nickname is in use")
        else:
            accept(line)  # type: ignore[arg-type]

    play.server.on["NICK"] = nick


def test_the_own_nick_is_asked_for_until_it_is_free() -> None:
    async def scenario() -> None:
        play = Play(account(channels=()))
        taken(play)
        online = ["ann"]
        play.server.on["ISON"] = lambda line: play.server.say(
            f":irc.test 303 ann_ :{' '.join(online)}"
        )
        await play.start()
        assert play.of(NickInUse)[-1].nick == "ann_"
        await play.time.advance(60)
        assert play.server.said("ISON") == ["ISON ann"]
        online.clear()
        await play.time.advance(60)
        assert play.of(NickInUse)[-1].nick == "ann"
        await play.time.advance(200)
        assert len(play.server.said("ISON")) == 2
        await play.stop()

    run(scenario)


def test_a_server_with_monitor_tells_when_the_nick_is_free() -> None:
    async def scenario() -> None:
        play = Play(account(channels=()))
        play.server.isupport = MONITOR
        taken(play)
        await play.start()
        assert play.server.said("MONITOR") == ["MONITOR + ann"]
        play.server.on["NICK"] = lambda line: None
        play.server.say(":irc.test 731 ann_ :ann", ":ann!a@h QUIT :gone")
        await settle()
        assert play.server.said("NICK")[2:] == ["NICK ann"]
        play.server.say(":ann_!ann@host.test NICK ann")
        await settle()
        assert play.of(NickInUse)[-1].nick == "ann"
        assert play.server.said("MONITOR")[-1] == "MONITOR - ann"
        assert play.of(ContactSeen) == []
        await play.stop()

    run(scenario)


def test_a_nick_that_the_user_chose_meanwhile_is_left_alone() -> None:
    async def scenario() -> None:
        play = Play(account(channels=()))
        taken(play)
        await play.start()
        play.irc.execute(parse("/nick carol"), "")
        await settle()
        play.server.say(":ann!a@h QUIT :gone")
        await play.time.advance(200)
        assert play.of(NickInUse)[-1].nick == "carol"
        assert play.server.said("ISON") == []
        await play.stop()

    run(scenario)


def test_being_away_comes_back_with_the_connection_until_one_is_back() -> None:
    async def scenario() -> None:
        play = await Play(account(channels=())).start()
        play.irc.execute(parse("/away at lunch"), "")
        play.server.end()
        await play.time.advance(2)
        assert play.server.said("AWAY") == ["AWAY :at lunch"] * 2
        play.irc.execute(parse("/back"), "")
        play.server.end()
        await play.time.advance(3)
        assert play.server.said("AWAY") == ["AWAY :at lunch"] * 2 + ["AWAY"]
        await play.stop()

    run(scenario)


def test_people_are_waited_for_across_reconnects_and_their_coming_and_going_is_an_event() -> None:
    async def scenario() -> None:
        play = Play(account(channels=()))
        play.server.isupport = MONITOR
        await play.start()
        play.irc.execute(parse("/monitor + bob Carol,dave"), "")
        play.irc.execute(parse("/monitor - dave"), "")
        play.irc.execute(parse("/monitor"), "")
        await settle()
        assert play.server.said("MONITOR") == [
            "MONITOR + bob,Carol,dave",
            "MONITOR - dave",
            "MONITOR S",
        ]
        play.server.say(":irc.test 730 ann :bob!b@host.b,stranger!s@s", ":irc.test 731 ann :carol")
        now = play.of(ContactSeen)
        assert [(seen.nick, seen.is_online, seen.user_host) for seen in now] == [
            ("bob", True, "b@host.b"),
            ("carol", False, ""),
        ]
        play.server.end()
        await play.time.advance(2)
        assert play.server.said("MONITOR")[-1] == "MONITOR + bob,Carol"
        play.server.say(":irc.test 734 ann 1 Carol :Monitor list is full")
        assert "at most 1" in told(play, "734")[0]
        await play.stop()

    run(scenario)


def test_without_monitor_the_command_says_so_and_a_bad_nick_is_not_sent() -> None:
    async def scenario() -> None:
        play = await Play().start()
        with pytest.raises(UsageError, match="MONITOR"):
            play.irc.execute(parse("/monitor + bob"), "")
        with pytest.raises(UsageError, match="dot"):
            play.irc.execute(parse("/monitor +b.c"), "")
        assert play.server.said("MONITOR") == []
        await play.stop()

    run(scenario)


def test_a_server_that_takes_one_channel_a_line_gets_one_a_line() -> None:
    async def scenario() -> None:
        channels = tuple(Autojoin(f"#c{number}") for number in range(3))
        play = Play(account(channels=channels))
        play.server.isupport = "CHANTYPES=# TARGMAX=JOIN:2,KICK:1"
        await play.start()
        assert play.server.said("JOIN") == ["JOIN #c0,#c1", "JOIN #c2"]
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/topic grüße", "7 bytes, this server keeps 5"),
        ("/kick bob far too much", "keeps 6"),
        ("/away far too long", "keeps 7"),
        ("/join #far-too-long", "at most 8"),
    ],
)
def test_what_the_server_would_cut_is_refused_in_words(line: str, words: str) -> None:
    async def scenario() -> None:
        play = Play()
        play.server.isupport = "CHANTYPES=# TOPICLEN=5 KICKLEN=6 AWAYLEN=7 CHANNELLEN=8"
        await play.start()
        before = len(play.server.lines)
        with pytest.raises(UsageError, match=words):
            play.irc.execute(parse(line), "#lab")
        await settle()
        assert len(play.server.lines) == before
        await play.stop()

    run(scenario)


def test_a_password_for_nickserv_is_masked_in_the_console() -> None:
    async def scenario() -> None:
        play = await nickserv("").start()
        lines = [event.line for event in play.of(LineSeen)]
        assert "PRIVMSG NickServ :IDENTIFY ••••" in lines
        assert play.of(LineSeen)[0].account == ACCOUNT.id
        await play.stop()

    run(scenario)
