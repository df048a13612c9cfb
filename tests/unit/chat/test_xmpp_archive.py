"""Copies and archives: what is believed, what is caught up with, and what is told to be missing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import UsageError
from chatlab.core.flow import Direction
from chatlab.core.message import Message
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer, message

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BARE, BOB, EVE = "ann@chat.test", "bob@chat.test", "eve@chat.test"
ROOM = "lab@rooms.chat.test"
MAM, CARBONS, RSM = "urn:xmpp:mam:2", "urn:xmpp:carbons:2", "http://jabber.org/protocol/rsm"
FORM = "jabber:x:data"
INFO = "http://jabber.org/protocol/disco#info"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


class Keeper(PlayServer):
    """A server with carbons and archives."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[tuple[str, str]]] = {BARE: [], ROOM: []}
        """By archive: names and stanzas."""
        self.page = 50
        self.queries: list[ET.Element] = []

    def on_iq(self, element: ET.Element) -> None:
        name, to = element.get("id", ""), element.get("to", "")
        origin = f" from='{to}'" if to else ""
        if element.find(f"{{{INFO}}}query") is not None:
            features = "".join(f"<feature var='{each}'/>" for each in (MAM, CARBONS))
            info = f"<query xmlns='{INFO}'>{features}</query>"
            self.say(f"<iq type='result' id='{name}'{origin}>{info}</iq>")
        elif (query := element.find(f"{{{MAM}}}query")) is not None:
            self.queries.append(query)
            self._answer(name, to or BARE, query)
        else:
            super().on_iq(element)

    def _answer(self, name: str, archive: str, query: ET.Element) -> None:
        kept = self.kept[archive]
        names = [each for each, _ in kept]
        after = query.findtext(f"{{{RSM}}}set/{{{RSM}}}after")
        before = query.findtext(f"{{{RSM}}}set/{{{RSM}}}before")
        start = names.index(after) + 1 if after else 0
        if stamp := query.findtext(f".//{{{FORM}}}field[@var='start']/{{{FORM}}}value"):
            start = next((i for i, n in enumerate(names) if stamp_of_name(n) >= stamp), len(names))
        stop = names.index(before) if before else len(kept)
        is_back = before is not None
        first = max(start, stop - self.page) if is_back else start
        last = stop if is_back else min(stop, start + self.page)
        page = kept[first:last]
        for each, stanza in page:
            self.say(result(archive, query.get("queryid", ""), each, stanza))
        is_complete = first == start if is_back else last == stop
        ends = f"<first>{page[0][0]}</first><last>{page[-1][0]}</last>" if page else ""
        origin = f" from='{archive}'" if archive != BARE else ""
        self.say(
            f"<iq type='result' id='{name}'{origin}><fin xmlns='{MAM}' "
            f"complete='{str(is_complete).lower()}'><set xmlns='{RSM}'>{ends}</set></fin></iq>"
        )

    def keep(self, *bodies: str, archive: str = BARE, kind: str = "chat") -> None:
        for body in bodies:
            number = len(self.kept[archive])
            sender = f"{ROOM}/bob" if archive == ROOM else f"{BOB}/x"
            name = f"{archive[0]}{number:03}"
            self.kept[archive].append((name, _said(sender, body, f"id-{name}", kind=kind)))


def _said(sender: str, body: str, name: str, to: str = ME, kind: str = "chat") -> str:
    return (
        f"<message xmlns='jabber:client' type='{kind}' from='{sender}' to='{to}' id='{name}'>"
        f"<body>{body}</body></message>"
    )


def stamp_of_name(name: str) -> str:
    return f"2023-11-01T10:00:00.{int(name[1:] or 0):03}Z"


def result(sender: str, query: str, name: str, stanza: str, stamp: str = "") -> str:
    stamp = stamp or stamp_of_name(name)
    return (
        f"<message from='{sender}' to='{ME}'><result xmlns='{MAM}' queryid='{query}' id='{name}'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>"
        f"{stanza}</forwarded></result></message>"
    )


def copy(sender: str, direction: str, stanza: str) -> str:
    return (
        f"<message from='{sender}' to='{ME}'><{direction} xmlns='{CARBONS}'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{stanza}</forwarded></{direction}></message>"
    )


class Kept:
    """What earlier runs have kept."""

    def __init__(self, **chats: int) -> None:
        self.chats = {name.replace("_", "@", 1).replace("_", "."): t for name, t in chats.items()}

    async def newest(self, account: AccountId) -> dict[str, int]:
        return self.chats


def scene(
    play_it: Callable[[Play, Keeper], Awaitable[None]],
    server: Keeper | None = None,
    memory: Kept | None = None,
) -> None:
    async def run() -> None:
        keeper = server or Keeper()
        play = await Play(DIRECT, keeper, memory).start()
        await play.time.advance(1)
        await play_it(play, keeper)
        await play.stop()

    asyncio.run(run())


def said(play: Play) -> list[Message]:
    return [event.message for event in play.of(ev.MessageAdded)]


# -- copies


def test_copies_of_both_directions_are_shown_where_they_belong() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        assert play.sent(f'enable xmlns="{CARBONS}"')
        server.say(
            copy(BARE, "sent", _said(f"{BARE}/phone", "from me", "a", f"{BOB}/x")),
            copy(BARE, "received", _said(f"{BOB}/x", "to me", "b", f"{BARE}/phone")),
        )
        mine, theirs = said(play)
        assert (mine.direction, mine.target, mine.text) == (Direction.SENT, BOB, "from me")
        assert (theirs.direction, theirs.target, theirs.sender) == (Direction.RECEIVED, BOB, BOB)
        assert not theirs.is_history

    scene(play_it)


@pytest.mark.parametrize("sender", [EVE, ME, "chat.test", f"{BARE}.evil.test", ""])
def test_copies_from_anybody_else_are_left_out_and_told(sender: str) -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        forged = copy(sender, "received", _said(f"{BOB}/x", "send me money", "b"))
        server.say(forged if sender else forged.replace("from='' ", "", 1))
        server.say(copy(BARE, "sent", _said(f"{EVE}/x", "not mine", "c", BOB)))
        assert not said(play)
        (told,) = play.of(ev.Informed)
        assert "pretends to be a copy" in told.text

    scene(play_it)


# -- archives


def test_the_newest_page_is_there_after_the_first_login() -> None:
    server = Keeper()
    server.keep(*map(str, range(120)))

    async def play_it(play: Play, server: Keeper) -> None:
        assert [message.text for message in said(play)] == [str(n) for n in range(70, 120)]
        assert all(message.is_history for message in said(play))
        play.xmpp.execute(parse("/history"), BOB)
        await play.time.advance(1)
        assert [message.text for message in said(play)][50:] == [str(n) for n in range(20, 70)]
        play.xmpp.execute(parse("/history"), BOB)
        await play.time.advance(1)
        assert len(said(play)) == 120
        assert "where it begins" in play.of(ev.Informed)[-1].text

    scene(play_it, server)


async def _lose(play: Play) -> None:
    """The connection breaks, and its session cannot be resumed."""
    play.server.on["resume"] = lambda element: play.server.say(
        "<failed xmlns='urn:xmpp:sm:3'><item-not-found "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
    )
    play.server.transport.drop("broken")
    await play.time.advance(3)
    await play.until(lambda: play.state is LinkState.ONLINE)
    await play.time.advance(1)


def test_what_was_missed_is_caught_up_with_in_pages_and_once() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.keep("live")
        name, stanza = server.kept[BARE][0]
        mark = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{BARE}' id='{name}'/></message>"
        server.say(stanza.replace("</message>", mark))
        server.keep(*map(str, range(120)))
        await _lose(play)
        assert [message.text for message in said(play)] == ["live", *map(str, range(120))]
        assert not [told for told in play.of(ev.Informed) if told.code == "archive-gap"]

    scene(play_it)


def archived(server: Keeper, number: int) -> str:
    """A kept message as it arrives by itself."""
    name, stanza = server.kept[BARE][number]
    mark = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{BARE}' id='{name}'/></message>"
    return stanza.replace("</message>", mark)


def test_what_waited_for_us_does_not_hide_what_was_said_before_it() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.keep("live")
        server.say(archived(server, 0))
        server.keep("to the phone", "to nobody")
        # The phone was there for one and not for the other, which comes with our presence.
        server.on["presence"] = lambda _: server.say(archived(server, 2))
        await _lose(play)
        assert [message.text for message in said(play)] == ["live", "to nobody", "to the phone"]

    scene(play_it)


def test_a_catch_up_that_breaks_off_goes_on_in_the_next_session() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.keep("live")
        server.say(archived(server, 0))
        server.keep(*map(str, range(5)))
        server.page = 2

        def break_off(element: ET.Element) -> None:
            if element.find(f".//{{{RSM}}}after") is None or "a002" not in server.heard[-1]:
                server.on_iq(element)
                return
            del server.on["iq"]
            server.keep("new")
            server.say(archived(server, 6))
            server.transport.drop("broken again")

        server.on["iq"] = break_off
        await _lose(play)
        await play.time.advance(5)
        await play.until(lambda: play.state is LinkState.ONLINE)
        await play.time.advance(1)
        texts = [message.text for message in said(play)]
        assert texts == ["live", "0", "1", "new", "2", "3", "4"]
        assert len(server.transports) == 3

    scene(play_it)


def test_a_gap_is_told_where_too_much_was_missed() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        server.keep("first")
        server.page = 2
        name, stanza = server.kept[BARE][0]
        mark = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{BARE}' id='{name}'/></message>"
        server.say(stanza.replace("</message>", mark))
        server.keep(*map(str, range(100)))
        await _lose(play)
        (gap,) = [told for told in play.of(ev.Informed) if told.code == "archive-gap"]
        assert gap.chat == BOB
        after = next(each for each in said(play) if each.text == "98")
        assert gap.time_ns == after.time_ns - 1
        assert [each.text for each in said(play)][-2:] == ["98", "99"]

    scene(play_it)


@pytest.mark.parametrize("sender", [EVE, ROOM, ME])
def test_results_of_another_archive_are_left_out(sender: str) -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        asked: list[str] = []

        def ask(element: ET.Element) -> None:
            query = element.find(f"{{{MAM}}}query")
            if query is not None:
                asked.append(query.get("queryid", ""))
                server.say(result(sender, asked[0], "e1", _said(BOB, "forged", "f")))

        server.on["iq"] = ask
        play.xmpp.execute(parse("/history"), BOB)
        await play.until(lambda: bool(play.of(ev.Informed)))
        server.say(result(BARE, "nobody asked", "e2", _said(BOB, "forged", "f")))
        assert asked
        assert not said(play)
        assert len(play.of(ev.Informed)) == 2

    scene(play_it)


@pytest.mark.parametrize(
    "stamp",
    ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-1", "NaN", "2023-11-01", "", "12:00"],
)
def test_odd_dates_are_survived(stamp: str) -> None:
    server = Keeper()

    async def play_it(play: Play, server: Keeper) -> None:
        server.say(message(BOB, "hello", inner=f"<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>"))
        assert said(play)[0].text == "hello"

    scene(play_it, server)


def test_a_room_is_caught_up_with_when_it_is_entered_again() -> None:
    async def play_it(play: Play, server: Keeper) -> None:
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        await play.time.advance(1)
        server.keep("live", archive=ROOM, kind="groupchat")
        name, stanza = server.kept[ROOM][0]
        mark = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='{name}'/></message>"
        server.say(stanza.replace("</message>", mark))
        server.keep("one", "two", archive=ROOM, kind="groupchat")
        await _lose(play)
        assert [each.text for each in said(play)] == ["live", "one", "two"]
        assert [each.target for each in said(play)] == [ROOM] * 3
        assert [each.msgid for each in said(play)][1:] == ["l001", "l002"]

    scene(play_it)


def test_a_server_without_an_archive_says_so() -> None:
    async def run() -> None:
        play = await Play(DIRECT).start()
        with pytest.raises(UsageError, match="keeps no messages"):
            play.xmpp.execute(parse("/history"), BOB)
        await play.stop()

    asyncio.run(run())


# -- after a restart


TEN_O_CLOCK_NS = 1_698_832_800_000_000_000
"""When the archives of these tests begin."""
AFTER_NS = TEN_O_CLOCK_NS + 600 * 1_000_000_000
"""Ten minutes are asked for once more, because clocks differ."""


def test_after_a_restart_what_was_missed_is_asked_for_from_the_last_that_is_kept() -> None:
    server = Keeper()
    server.keep(*(f"line {number}" for number in range(120)))
    memory = Kept(bob_chat_test=AFTER_NS + 10_000_000, eve_chat_test=1)

    async def play_it(play: Play, server: Keeper) -> None:
        starts = [
            q.findtext(f".//{{{FORM}}}field[@var='start']/{{{FORM}}}value") for q in server.queries
        ]
        assert starts == ["2023-11-01T10:00:00.010Z", None, None]
        assert [message.text for message in said(play)] == [f"line {n}" for n in range(10, 120)]
        assert not [event for event in play.of(ev.Informed) if event.code == "archive-gap"]

    scene(play_it, server, memory)


def test_after_a_restart_too_much_is_a_gap_that_is_told() -> None:
    server = Keeper()
    server.page = 5
    server.keep(*(f"line {number}" for number in range(100)))

    async def play_it(play: Play, server: Keeper) -> None:
        shown = [message.text for message in said(play)]
        assert shown == [f"line {n}" for n in (*range(10, 60), *range(95, 100))]
        (gap,) = [event for event in play.of(ev.Informed) if event.code == "archive-gap"]
        assert gap.chat == BOB

    scene(play_it, server, Kept(bob_chat_test=AFTER_NS + 10_000_000))


def test_a_room_is_caught_up_with_from_what_is_kept_of_it() -> None:
    server = Keeper()
    server.keep(*(f"line {number}" for number in range(30)), archive=ROOM, kind="groupchat")
    memory = Kept(lab_rooms_chat_test=AFTER_NS + 20_000_000)

    async def play_it(play: Play, server: Keeper) -> None:
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: len(said(play)) == 10)
        assert said(play)[0].text == "line 20"

    scene(play_it, server, memory)
