"""Lists of rooms, page by page, and invitations that will not end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.listings import ChannelsListed, ListedChannel
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ITEMS = "http://jabber.org/protocol/disco#items"
RSM = "http://jabber.org/protocol/rsm"
HOUSE = "house.test"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


class Pages(PlayServer):
    """A service with a page of rooms after the other."""

    def __init__(self, *pages: str, is_endless: bool = False) -> None:
        super().__init__()
        self.pages = pages
        self.is_endless = is_endless
        self.asked = 0

    def on_iq(self, element: ET.Element) -> None:
        name, to = element.get("id", ""), element.get("to", "")
        if element.find(f"{{{ITEMS}}}query") is None or to != HOUSE:
            super().on_iq(element)
            return
        page = self.pages[self.asked % len(self.pages)]
        self.asked += 1
        is_last = self.asked == len(self.pages) and not self.is_endless
        last = "" if is_last else f"<set xmlns='{RSM}'><last>{self.asked}</last></set>"
        payload = f"<query xmlns='{ITEMS}'>{page}{last}</query>"
        self.say(f"<iq type='result' id='{name}' from='{to}'>{payload}</iq>")


def room(name: str, title: str = "") -> str:
    return f"<item jid='{name}@{HOUSE}' name='{title}'/>"


def scene(play_it: Callable[[Play], Awaitable[None]], server: PlayServer | None = None) -> None:
    async def run() -> None:
        play = await Play(DIRECT, server).start()
        await settle()
        await play_it(play)
        await play.stop()

    asyncio.run(run())


async def listed(play: Play, typed: str) -> list[ListedChannel]:
    play.xmpp.execute(parse(typed), "")
    await play.until(lambda: any(told.is_complete for told in play.of(ChannelsListed)))
    return [row for told in play.of(ChannelsListed) for row in told.channels]


def test_all_pages_are_listed_with_the_numbers_behind_the_names() -> None:
    async def play_it(play: Play) -> None:
        assert await listed(play, f"/list {HOUSE}") == [
            ListedChannel(f"a@{HOUSE}", 12, ""),
            ListedChannel(f"b@{HOUSE}", 3, "The Bee"),
            ListedChannel(f"c@{HOUSE}", 5, "Sea"),
        ]

    bad = "<item jid='no room' name='x (9)'/><item name='y (9)'/>"
    pages = (room("a", "A (12)") + bad, room("b", "The Bee (2/3)") + room("c", "Sea (5)"))
    scene(play_it, Pages(*pages))


def test_a_service_that_repeats_itself_without_end_is_left() -> None:
    server = Pages(room("a", "A (1)"), room("b", "B (1)"), is_endless=True)

    async def play_it(play: Play) -> None:
        assert len(await listed(play, f"/list {HOUSE}")) == 2
        assert server.asked <= 3

    scene(play_it, server)


def test_a_list_can_be_stopped() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/list {HOUSE}"), "")
        play.xmpp.execute(parse("/list stop"), "")
        await play.time.advance(1)
        (told,) = play.of(ChannelsListed)
        assert (told.is_complete, told.problem) == (True, "You stopped it.")

    scene(play_it, Pages(room("a", "A (1)")))


def test_without_a_service_the_reader_is_told_what_to_type() -> None:
    async def play_it(play: Play) -> None:
        with pytest.raises(UsageError, match="names no service"):
            play.xmpp.execute(parse("/list"), "")

    scene(play_it)


def test_invitations_without_end_are_shown_so_many_times() -> None:
    def invitation(number: int) -> str:
        return (
            f"<message from='eve@chat.test' to='{ME}'>"
            f"<x xmlns='jabber:x:conference' jid='r{number}@{HOUSE}' reason='{'x' * 5_000}'/>"
            "<body>come</body></message>"
        )

    async def play_it(play: Play) -> None:
        play.server.say(*(invitation(number) for number in (1, 1, *range(100))))
        shown = play.of(ev.Invited)
        assert len(shown) == 10
        assert len({event.chat for event in shown}) == 10
        assert all(len(event.reason) <= 300 for event in shown)
        assert not play.of(ev.MessageAdded)
        await play.time.advance(61)
        play.server.say(invitation(1))
        assert len(play.of(ev.Invited)) == 11

    scene(play_it)
