"""What a server or another user may send, by malice or age: it costs that line, never the link."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlab.chat.irc.isupport import UNLIMITED, ISupport, ModeChange
from chatlab.chat.irc.link import MAX_INBOX, server_time_ns
from chatlab.chat.irc.numerics import NUMERICS, explain
from chatlab.core.chat import Member
from chatlab.core.errors import Severity
from chatlab.core.events import (
    Departure,
    Informed,
    LineSeen,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MembersListed,
    MessageAdded,
    ModesChanged,
    NickInUse,
    TopicChanged,
)
from chatlab.core.message import Message
from tests.helpers.irc_play import ACCOUNT, START_NS, Play, PlayServer, settle

HOSTILE: tuple[bytes, ...] = (
    b":bob!b@b PRIVMSG #lab :gr\xfc\xdfe",
    b":bob!b@b PRIVMSG #lab",
    b":bob!b@b QUIT",
    b"   ",
    b" PING :leading blank",
    b"PING",
    b":bob!b@b NICK",
    b":irc.test 005 ann PREFIX=ov :are supported",
    b":irc.test 005 ann CHANLIMIT=x TARGMAX=PRIVMSG:x :are supported",
    b":irc.test 005 ann LOAD=1 UPDATE=2 TEXT= PREFIX=(((( :are supported",
    b":irc.test 005 ann CHANMODES=, MODES=-9 NICKLEN=\xb2 LINELEN=9999999999 :x",
    b":irc.test 005",
    b":bob!b@b PRIVMSG #lab :nul\0inside",
    b":bob!b@b PRIVMSG #lab :cr\rQUIT :inside",
    b"@",
    b":",
    b"@a=\\ :bob!b@b PRIVMSG #lab :tag with a lone backslash",
    b":bob!b@b PRIVMSG #lab :" + b"x" * 32_768,
    b":irc.test MODE #lab +oa-l bob",
    b":irc.test 353 ann",
    b":irc.test 332 ann #lab",
    b"BATCH +",
    b":bob!b@b PRIVMSG ann :\x01",
)
"""Malformed, legacy and malicious lines: of these kinds are those that end a connection elsewhere."""

_COMMANDS = (
    "PRIVMSG NOTICE TAGMSG JOIN PART QUIT KICK NICK MODE TOPIC INVITE AWAY ACCOUNT CHGHOST SETNAME "
    "ERROR WALLOPS PING PONG CAP AUTHENTICATE BATCH FAIL WARN NOTE ACK ALL_EVENTS __class__"
)
COMMANDS = tuple(_COMMANDS.split())


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def received(play: Play) -> list[Message]:
    return [event.message for event in play.of(MessageAdded)]


async def assert_alive(play: Play) -> None:
    play.server.say(":bob!b@b PRIVMSG #lab :still here")
    await settle()
    assert received(play)[-1].text == "still here"
    assert play.server.dials == 1


@pytest.mark.parametrize("line", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_the_link_survives_each_hostile_line_and_shows_it(line: bytes) -> None:
    async def scenario() -> None:
        play = await Play().start()
        before = len(play.of(LineSeen))
        play.server.wire.feed(line + b"\r\n")
        await settle()
        assert len(play.of(LineSeen)) > before
        assert not any("handling it failed" in event.text for event in play.of(Informed))
        await assert_alive(play)
        await play.stop()

    run(scenario)


def test_a_flood_faster_than_we_are_is_held_back_by_tcp() -> None:
    async def scenario() -> None:
        play = await Play().start()
        wire = play.server.wire
        readings: list[bool] = []
        reads_on = asyncio.Event()

        def note(is_reading: bool) -> None:
            readings.append(is_reading)
            if is_reading:
                reads_on.set()

        wire.on_reading = note
        wire.feed(b":bob!b@b PRIVMSG #lab :flood\r\n" * (MAX_INBOX + 5_000))
        assert readings == [False]
        async with asyncio.timeout(10):
            await reads_on.wait()
        assert readings == [False, True]
        await play.stop()

    run(scenario)


def test_all_hostile_lines_in_one_segment_cost_nothing_else() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.wire.feed(b"\r\n".join(HOSTILE) + b"\r\n")
        await assert_alive(play)
        malformed = [event for event in play.of(LineSeen) if event.is_malformed]
        assert len(malformed) == 6
        warnings = [e for e in play.of(Informed) if e.severity is Severity.WARNING]
        assert len(warnings) == 6
        texts = [message.text for message in received(play)]
        assert "grüße" in texts
        await play.stop()

    run(scenario)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_needs_its_parameters_to_be_there(command: str) -> None:
    async def scenario() -> None:
        play = await Play().start()
        for source in ("", ":bob!b@b ", ":ann!ann@host.test ", ":irc.test "):
            for count in range(5):
                for word in ("ann", "#lab", "+ov", ":", "-"):
                    words = [word] * count if word != ":" else ["x"] * count + [":"]
                    play.server.say(" ".join([source + command, *words]))
        await settle()
        assert not any("handling it failed" in event.text for event in play.of(Informed))
        await play.stop()

    run(scenario)


def test_no_numeric_needs_its_parameters_to_be_there() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on.clear()
        fatal = {463, 465}
        for number in range(1000):
            if number not in fatal:
                for words in ("", "ann", "ann #lab", "ann bob x", "ann #lab x y :z z"):
                    play.server.say(f":irc.test {number:03} {words}")
        async with asyncio.timeout(20):
            while play.irc.is_online and not received(play):
                play.server.say(":bob!b@b PRIVMSG ann :end")
                await asyncio.sleep(0)
        assert not any("handling it failed" in event.text for event in play.of(Informed))
        await play.stop()

    run(scenario)


@given(st.lists(st.binary(max_size=60), max_size=5))
@settings(max_examples=40, deadline=None)
def test_random_bytes_never_end_the_link(lines: list[bytes]) -> None:
    async def scenario() -> None:
        play = await Play().start()
        for line in lines:
            if not line.lstrip(b" ").upper().startswith((b"ERROR", b":")):
                play.server.wire.feed(line.replace(b"\n", b"") + b"\n")
        await assert_alive(play)
        await play.stop()

    run(scenario)


def test_a_flood_is_handled_in_slices_and_in_order() -> None:
    async def scenario() -> None:
        play = await Play().start()
        flood = b"".join(b":bob!b@b PRIVMSG #lab :%d\r\n" % number for number in range(5_000))
        play.server.wire.feed(flood)
        done_at_once = len(received(play))
        play.server.end("ERROR :flooded out")
        for _ in range(10_000):
            await asyncio.sleep(0)
            if len(received(play)) >= 5_000:
                break
        assert done_at_once < 5_000
        assert [message.text for message in received(play)] == [str(n) for n in range(5_000)]
        await play.stop()

    run(scenario)


def test_a_faulty_listener_costs_an_event_not_the_link(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        play = Play()
        seen: list[object] = []

        def listen(event: object) -> None:
            seen.append(event)
            if isinstance(event, MessageAdded):
                raise ValueError("a fault of the window")

        play.irc._sink = listen
        await play.start()
        play.server.say(":bob!b@b PRIVMSG #lab :one", ":bob!b@b PRIVMSG #lab :two")
        assert sum(isinstance(event, MessageAdded) for event in seen) == 2
        assert "A listener failed" in caplog.text
        await play.irc.stop()

    run(scenario)


def test_an_endless_offer_of_capabilities_stays_bounded() -> None:
    async def scenario() -> None:
        play = Play()
        many = " ".join(f"cap{number}" for number in range(50))

        def cap(line: object) -> None:
            if play.server.lines[-1] == "CAP LS 302":
                for _ in range(100):
                    play.server.say(f"CAP * LS * :{many.replace('cap', 'cap' + str(_))}")

        play.server.on["CAP"] = cap
        await play.start()
        await play.time.advance(61)
        assert play.server.dials >= 1
        await play.stop()

    run(scenario)


def test_netsplit_batches_still_make_members_leave() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            ":irc.test BATCH +n netsplit a.test b.test",
            "@batch=n :bob!b@b QUIT :a.test b.test",
            ":irc.test BATCH -n",
        )
        (left,) = play.of(MemberLeft)
        assert (left.nick, left.how, left.chats) == ("bob", Departure.QUIT, ("#lab",))
        await play.stop()

    run(scenario)


def test_members_come_go_and_change_as_the_lines_say() -> None:
    async def scenario() -> None:
        play = await Play().start()
        (listed,) = play.of(MembersListed)
        assert listed.members == (
            Member(nick="ann", user_host="ann@host.test"),
            Member(nick="bob", prefixes="@", user_host="b@b.test"),
        )
        play.server.say(
            ":eve!e@e JOIN #lab eve_account :Eve",
            ":bob!b@b MODE #lab +vo-l eve bob",
            ":eve!e@e AWAY :lunch",
            ":eve!e@e CHGHOST e2 e2.test",
            ":eve!e@e2 ACCOUNT *",
            ":eve!e@e NICK Eva",
            ":bob!b@b KICK #lab Eva :bye",
        )
        joined = play.of(MemberJoined)[-1]
        assert joined.member == Member(nick="eve", account_name="eve_account", user_host="e@e")
        changed = [event.member for event in play.of(MemberChanged) if event.member.nick == "eve"]
        assert changed[0].prefixes == "+"
        assert changed[1].is_away
        assert changed[2].user_host == "e2@e2.test"
        assert changed[3].account_name == ""
        (renamed,) = play.of(MemberRenamed)
        assert (renamed.old, renamed.new, renamed.chats) == ("eve", "Eva", ("#lab",))
        (left,) = play.of(MemberLeft)
        assert (left.nick, left.how, left.reason, left.by) == ("Eva", Departure.KICK, "bye", "bob")
        await play.stop()

    run(scenario)


def test_our_own_nick_is_followed_and_decides_who_is_meant() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(":ann!ann@host.test NICK anna", ":bob!b@b PRIVMSG #lab :anna: hi")
        assert play.of(NickInUse)[-1] == NickInUse(ACCOUNT.id, "anna")
        assert received(play)[-1].is_highlight
        assert play.irc.state.own_prefix() == "anna!ann@host.test"
        await play.stop()

    run(scenario)


def test_topic_and_modes_are_told_as_they_are_and_as_they_change() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer("")).start()
        assert play.of(ModesChanged)[-1].modes == "+nt"
        play.server.say(
            ":irc.test 332 ann #lab :old topic",
            ":bob!b@b TOPIC #lab :new topic",
            ":bob!b@b TOPIC #lab :",
            ":bob!b@b MODE #lab +lk-n 20 secret",
            ":bob!b@b MODE #lab +b *!*@bad",
        )
        topics = [(event.topic, event.by) for event in play.of(TopicChanged)]
        assert topics == [("old topic", ""), ("new topic", "bob"), ("", "bob")]
        first, second = play.of(ModesChanged)[-2:]
        assert (first.change, first.modes, first.by) == ("+lk-n 20 secret", "+tlk 20", "bob")
        assert (second.change, second.modes) == ("+b *!*@bad", "+tlk 20")
        await play.stop()

    run(scenario)


def test_server_notices_and_wallops_are_not_peoples_messages() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            ":irc.test NOTICE ann :*** Looking up your hostname",
            "NOTICE AUTH :*** Checking ident",
            ":oper!o@o WALLOPS :hello operators",
        )
        assert received(play) == []
        assert len([e for e in play.of(Informed) if "***" in e.text and e.chat == ""]) == 2
        await play.stop()

    run(scenario)


def test_error_numerics_are_explained_with_a_next_step() -> None:
    for code, row in NUMERICS.items():
        said = explain(code, ("ann", "#lab", "bob", "words"))
        assert "{" not in said.text + said.hint
        if row.severity is Severity.ERROR:
            assert said.hint, code
    assert explain("482", ("ann", "#lab", "You're not channel operator")).chat == "#lab"
    assert explain("482", ()).text == "Only an operator of … may do that."
    assert explain("499", ("ann", "#lab", "why")).text == "#lab why"
    assert explain("999", ("ann",)).severity is Severity.INFO


def test_modes_get_their_parameters_as_the_server_announced() -> None:
    isupport = ISupport()
    isupport.update(["CHANMODES=beI,k,lH,imnt", "PREFIX=(qaohv)~&@%+"])
    assert isupport.parse_modes("+oa-l+H-k", ["bob", "carol", "9", "key"]) == (
        ModeChange(True, "o", "bob"),
        ModeChange(True, "a", "carol"),
        ModeChange(False, "l"),
        ModeChange(True, "H", "9"),
        ModeChange(False, "k", "key"),
    )
    assert str(ModeChange(True, "o", "bob")) == "+o bob"


def test_isupport_is_a_table_and_takes_tokens_back() -> None:
    isupport = ISupport()
    isupport.update(["EXCEPTS", "NETWORK=Lab\\x20Net", "update=1", "NICKLEN=16", "MODES="])
    assert isupport.has("EXCEPTS")
    assert isupport.network == "Lab Net"
    assert isupport.nick_length == 16
    assert isupport.modes_per_line == 20  # Without a value there is no limit but ours.
    isupport.update(["-NICKLEN", "-MODES", "TARGMAX=JOIN:,KICK:x,names:4"])
    assert isupport.nick_length == 30
    assert isupport.modes_per_line == 3
    assert isupport.targets_per_line("NAMES") == 4
    assert isupport.targets_per_line("JOIN") == isupport.targets_per_line("KICK") == UNLIMITED
    isupport.update([f"X{number}=1" for number in range(10_000)])
    assert isupport.text("X9999") == ""


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("2023-11-14T22:13:20.000Z", START_NS),
        ("2023-11-14T22:13:20", START_NS),
        ("9999-12-31T23:59:59.999Z", 0),
        ("", 0),
        ("-1", 0),
        ("NaN", 0),
        ("0000-00-00T00:00:00Z", 0),
    ],
)
def test_a_time_tag_is_read_or_ignored(tag: str, expected: int) -> None:
    assert server_time_ns(tag) == expected
