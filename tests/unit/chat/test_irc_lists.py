"""Asking a server: its channels, a channel's lists, who is away, whom to wait for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatlab.chat.irc.lists import BLOCK
from chatlab.core.commands import Command, Verb, parse
from chatlab.core.errors import UsageError
from chatlab.core.events import AwayChanged, Informed, MessageAdded
from chatlab.core.listings import ChannelsListed, ListedChannel, ListedMask, MasksListed
from tests.helpers.irc_play import Play, PlayServer, settle

SAFE = "CHANTYPES=# PREFIX=(ov)@+ CHANMODES=beI,k,l,imnst EXCEPTS INVEX=I MAXLIST=be:60,I:20 "
SAFE += "TOPICLEN=300 SAFELIST ELIST=MU MONITOR=50"


def play(scene: Callable[[Play], Awaitable[None]], isupport: str = SAFE) -> None:
    async def run() -> None:
        server = PlayServer()
        server.isupport = isupport
        player = await Play(server=server).start()
        try:
            await scene(player)
        finally:
            await player.stop()

    asyncio.run(run())


def listed(player: Play) -> list[ListedChannel]:
    return [row for event in player.of(ChannelsListed) for row in event.channels]


def test_a_list_comes_in_blocks_and_ends() -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/list"), "")
        await settle()
        assert player.server.said("LIST") == ["LIST"]
        player.server.say(":irc.test 321 ann Channel :Users Name")
        for number in range(BLOCK + 1):
            player.server.say(f":irc.test 322 ann #c{number} {number} :[+nt] topic {number}")
        player.server.say(":irc.test 323 ann :End of LIST")
        await settle()
        blocks = player.of(ChannelsListed)
        assert [len(block.channels) for block in blocks] == [BLOCK, 1]
        assert [block.is_complete for block in blocks] == [False, True]
        assert listed(player)[3] == ListedChannel("#c3", 3, "topic 3")

    play(scene)


def test_rows_of_a_slow_list_do_not_wait_for_its_end() -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/list"), "")
        player.server.say(":irc.test 322 ann #lab 4 :Hello")
        await settle()
        assert listed(player) == []
        await player.time.advance(1)
        assert listed(player) == [ListedChannel("#lab", 4, "Hello")]

    play(scene)


def test_a_stopped_list_says_so_and_the_rest_is_dropped() -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/list"), "")
        player.server.say(":irc.test 322 ann #lab 4 :Hello")
        player.irc.execute(parse("/list stop"), "")
        player.server.say(":irc.test 322 ann #late 4 :Hello")
        await settle()
        with pytest.raises(UsageError, match="still sending"):
            player.irc.execute(parse("/list"), "")
        player.server.say(":irc.test 323 ann :End of LIST")
        await settle()
        last = player.of(ChannelsListed)[-1]
        assert last.is_complete
        assert "stopped" in last.problem
        assert [row.name for row in listed(player)] == ["#lab"]
        player.irc.execute(parse("/list"), "")

    play(scene)


@pytest.mark.parametrize(
    ("numeric", "word"), [("263 ann LIST :Please wait", "wait"), ("416 ann LIST :Too much", "less")]
)
def test_a_refused_list_says_why(numeric: str, word: str) -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/list"), "")
        player.server.say(f":irc.test {numeric}")
        await settle()
        last = player.of(ChannelsListed)[-1]
        assert last.is_complete
        assert word in last.problem

    play(scene)


def test_a_careless_server_is_not_asked_for_everything_by_accident() -> None:
    async def scene(player: Play) -> None:
        with pytest.raises(UsageError, match="SAFELIST"):
            player.irc.execute(parse("/list"), "")
        with pytest.raises(UsageError, match="number of users"):
            player.irc.execute(parse("/list >50"), "")
        with pytest.raises(UsageError, match="mask"):
            player.irc.execute(parse("/list *lab*"), "")
        assert player.server.said("LIST") == []
        player.irc.execute(parse("/list all"), "")
        await settle()
        assert player.server.said("LIST") == ["LIST"]

    play(scene, "CHANTYPES=#")


def test_a_small_network_may_be_listed_anyway() -> None:
    async def scene(player: Play) -> None:
        player.server.say(":irc.test 254 ann 12 :channels formed")
        await settle()
        assert player.irc.features.channel_count == 12
        player.irc.execute(parse("/list"), "")
        await settle()
        assert player.server.said("LIST") == ["LIST"]

    play(scene, "CHANTYPES=#")


def test_filters_go_to_the_server_that_knows_them() -> None:
    async def scene(player: Play) -> None:
        player.irc.execute(parse("/list >50 *lab*"), "")
        await settle()
        assert player.server.said("LIST") == ["LIST >50,*lab*"]

    play(scene)


def test_a_list_of_masks_comes_as_one_event() -> None:
    async def scene(player: Play) -> None:
        player.irc.request_masks("#lab", "b")
        await settle()
        assert player.server.said("MODE")[-1] == "MODE #lab +b"
        player.server.say(
            ":irc.test 367 ann #lab *!*@spam.example bob!b@h 1700000000",
            ":irc.test 367 ann #lab mallory!*@*",
            ":irc.test 368 ann #lab :End",
        )
        await settle()
        (event,) = player.of(MasksListed)
        assert (event.chat, event.mode) == ("#lab", "b")
        assert event.masks == (
            ListedMask("*!*@spam.example", "bob", 1_700_000_000_000_000_000),
            ListedMask("mallory!*@*"),
        )

    play(scene)


def test_a_list_that_was_typed_for_comes_as_words() -> None:
    async def scene(player: Play) -> None:
        player.server.say(
            ":irc.test 367 ann #lab *!*@h",
            ":irc.test 346 ann #lab x!*@*",
            ":irc.test 347 ann #lab :.",
        )
        await settle()
        words = [event.text for event in player.of(Informed) if event.chat == "#lab"]
        assert words[-3:] == [
            "Banned: *!*@h",
            "Invited for good: x!*@*",
            "End of the list of invitations.",
        ]
        assert player.of(MasksListed) == []

    play(scene)


def test_only_lists_that_the_server_keeps_can_be_asked_for() -> None:
    async def scene(player: Play) -> None:
        features = player.irc.features
        assert features.mask_lists == "beI"
        assert features.list_limit("e") == 60
        assert (features.topic_length, features.buddy_limit) == (300, 50)
        with pytest.raises(UsageError):
            player.irc.request_masks("#lab", "q")
        with pytest.raises(UsageError, match="cannot quiet"):
            player.irc.execute(parse("/quiet bob"), "#lab")

    play(scene)


def test_where_q_is_a_rank_it_is_no_list() -> None:
    async def scene(player: Play) -> None:
        assert "q" not in player.irc.features.list_modes
        assert player.irc.features.operator_signs == "~@"

    play(scene, "CHANTYPES=# PREFIX=(qo)~@ CHANMODES=bq,k,l,imnt")


def test_being_away_is_told() -> None:
    async def scene(player: Play) -> None:
        player.server.say(":irc.test 306 ann :You are away", ":irc.test 305 ann :You are back")
        await settle()
        assert [event.is_away for event in player.of(AwayChanged)] == [True, False]

    play(scene)


def test_the_server_is_asked_to_watch_those_we_wait_for() -> None:
    async def scene(player: Play) -> None:
        player.irc.wait_for(("bob", "carol"))
        player.irc.wait_for(("carol",))
        player.irc.wait_for(("carol",))
        await settle()
        assert sorted(player.server.said("MONITOR")[0].split(" ")[2].split(",")) == ["bob", "carol"]
        assert player.server.said("MONITOR")[1:] == ["MONITOR - bob"]

    play(scene)


def test_who_spoke_and_who_asked_is_known_by_address() -> None:
    async def scene(player: Play) -> None:
        player.server.say(
            ":bob!b@host.test PRIVMSG #lab :hi",
            ":bob!b@host.test PRIVMSG ann :\x01VERSION\x01",
            ":bob!b@host.test INVITE ann #other",
        )
        await settle()
        (added,) = player.of(MessageAdded)
        assert added.message.user_host == "b@host.test"
        asked = {e.code: e.source for e in player.of(Informed) if e.code in ("CTCP", "INVITE")}
        assert asked == {"CTCP": "bob!b@host.test", "INVITE": "bob!b@host.test"}

    play(scene)


def test_who_is_not_to_be_answered_is_not() -> None:
    async def scene(player: Play) -> None:
        player.irc.answer_only(lambda source: source != "bob!b@host.test")
        player.server.say(
            ":bob!b@host.test PRIVMSG ann :\x01PING 1\x01", ":eve!e@h PRIVMSG ann :\x01PING 2\x01"
        )
        await settle()
        assert player.server.said("NOTICE") == ["NOTICE eve :\x01PING 2\x01"]

    play(scene)


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("/who", ["WHO #lab"]),
        ("/who *.example", ["WHO *.example"]),
        ("/whowas bob", ["WHOWAS bob"]),
        ("/cleartopic", ["TOPIC #lab :"]),
        ("/kickban bob enough", ["MODE #lab +b *!*@b.test", "KICK #lab bob :enough"]),
        ("/mode -k", ["MODE #lab -k *"]),
        ("/time bob", ["PRIVMSG bob :\x01TIME\x01"]),
    ],
)
def test_commands_become_lines(typed: str, lines: list[str]) -> None:
    async def scene(player: Play) -> None:
        player.server.lines.clear()
        player.irc.execute(parse(typed), "#lab")
        await settle()
        assert [_bare(line) for line in player.server.lines[: len(lines)]] == lines

    play(scene)


def test_quiets_go_where_the_server_keeps_them() -> None:
    async def scene(player: Play) -> None:
        player.server.lines.clear()
        player.irc.execute(Command(Verb.QUIET, ("bob",)), "#lab")
        player.irc.execute(Command(Verb.UNQUIET, ("*!*@b.test",)), "#lab")
        await settle()
        assert player.server.lines == ["MODE #lab +q *!*@b.test", "MODE #lab -q *!*@b.test"]

    play(scene, "CHANTYPES=# CHANMODES=bq,k,l,imnt")


def _bare(line: str) -> str:
    return line.split(" ", 1)[1] if line.startswith("@") else line
