"""What a server announces about itself (RPL_ISUPPORT) is obeyed: one case for each token."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatlab.core.commands import parse
from chatlab.core.errors import ChatlabError
from chatlab.core.events import MemberChanged, MessageAdded, ModesChanged
from chatlab.core.features import ServerFeatures
from tests.helpers.irc_play import ALL_CAPS, Play, PlayServer, settle


def play(isupport: str, scene: Callable[[Play], Awaitable[None]], caps: str = ALL_CAPS) -> None:
    async def run() -> None:
        server = PlayServer(caps)
        server.isupport = isupport
        player = await Play(server=server).start()
        await settle()
        player.server.lines.clear()
        player.events.clear()
        await scene(player)
        await player.stop()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("isupport", "typed", "lines"),
    [
        ("CHANTYPES=#", "/mode &x +m", ["MODE #lab &x +m"]),
        ("CHANTYPES=#&", "/mode &x +m", ["MODE &x +m"]),
        ("MODES=2", "/op a b c", ["MODE #lab +oo a b", "MODE #lab +o c"]),
        ("MODES=4", "/op a b c", ["MODE #lab +ooo a b c"]),
        ("MODES", "/voice a b c d e", ["MODE #lab +vvvvv a b c d e"]),
        ("CHANMODES=bq,k,l,imnt", "/quiet *!*@bad", ["MODE #lab +q *!*@bad"]),
        ("TARGMAX=JOIN:1", "/join #a,#b", ["JOIN #a", "JOIN #b"]),
        ("TARGMAX=JOIN:", "/join #a,#b", ["JOIN #a,#b"]),
        ("MONITOR=2", "/monitor + bob,eve", ["MONITOR + bob,eve"]),
        ("ELIST=U SAFELIST", "/list >50", ["LIST >50"]),
    ],
)
def test_lines_are_as_the_server_wants_them(isupport: str, typed: str, lines: list[str]) -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse(typed), "#lab")
        await settle()
        assert player.server.lines[: len(lines)] == lines

    play(isupport, scene)


@pytest.mark.parametrize(
    ("isupport", "typed", "words"),
    [
        ("NICKLEN=9", "/nick ten-letter-nick", "the server takes 9"),
        ("CHANTYPES=& CHANNELLEN=50", "/join #lab2", "begins with one of &"),
        ("CHANNELLEN=8", "/join #longer-than-8", "at most 8"),
        ("TOPICLEN=10", "/topic ten and more", "topic is too long"),
        ("AWAYLEN=10", "/away for a long while", "away message is too long"),
        ("KICKLEN=10", "/kick bob because he is rude", "reason is too long"),
        ("KEYLEN=4", "/join #a 12345", "key is too long"),
        ("CHANMODES=b,k,l,imnt", "/quiet bob", "cannot quiet"),
        ("CHANTYPES=#", "/knock #invited", "no knocking"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_in_words(isupport: str, typed: str, words: str) -> None:
    async def scene(player: Play) -> None:
        with pytest.raises(ChatlabError, match=words):
            player.irc.execute(parse(typed), "#lab")

    play(isupport, scene)


@pytest.mark.parametrize(
    ("isupport", "lists", "exception", "invitation"),
    [
        ("CHANMODES=beI,k,l,imnt EXCEPTS INVEX", "beI", "e", "I"),
        ("CHANMODES=bxI,k,l,imnt EXCEPTS=x INVEX", "bxI", "x", "I"),
        ("CHANMODES=beI,k,l,imnt", "b", "", ""),
        ("CHANMODES=bqe,k,l,imnt EXCEPTS=e PREFIX=(qo)~@", "be", "e", ""),
    ],
)
def test_exceptions_are_kept_where_the_server_says(
    isupport: str, lists: str, exception: str, invitation: str
) -> None:
    async def scene(player: Play) -> None:
        features = player.irc.features
        assert isinstance(features, ServerFeatures)
        assert features.mask_lists == lists
        assert (features.exception_mode, features.invitation_mode) == (exception, invitation)

    play(isupport, scene)


def test_a_longer_line_is_used_and_a_status_message_is_of_its_channel() -> None:
    async def scene(player: Play) -> None:
        assert len(player.irc.predict("#lab", "x" * 900)) == 1
        player.server.say(":bob!b@b PRIVMSG %#lab :for half operators")
        assert player.of(MessageAdded)[-1].message.target == "#lab"

    play("CHANTYPES=# LINELEN=2048 STATUSMSG=%@", scene)


def test_ranks_and_parameters_of_modes_are_the_servers_own() -> None:
    async def scene(player: Play) -> None:
        player.server.say(":bob!b@b MODE #lab +yX-l ann secret")
        (member,) = [event.member for event in player.of(MemberChanged)]
        assert (member.nick, member.prefixes) == ("ann", "!")
        assert player.of(ModesChanged)[-1].modes == "+ntX secret"

    play("CHANTYPES=# PREFIX=(yov)!@+ CHANMODES=b,X,l,imnt", scene)


@pytest.mark.parametrize(
    ("mapping", "is_same"), [("ascii", False), ("rfc1459", True), ("rfc1459-strict", True)]
)
def test_names_are_equal_as_the_servers_case_mapping_says(mapping: str, is_same: bool) -> None:
    async def scene(player: Play) -> None:
        player.server.say(":ann!a@h JOIN #a[b", ":bob!b@b PRIVMSG #A{B :hi")
        target = player.of(MessageAdded)[-1].message.target
        assert (target == "#a[b") is is_same

    play(f"CHANTYPES=# CASEMAPPING={mapping}", scene)
