"""Rooms that are entered after login, on whatever program of the account."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.chat.xmpp.bookmarks import MAX_ENTERED
from chatlab.core import events as ev
from chatlab.core.account import Account, Autojoin, Security
from chatlab.core.commands import parse
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
LAB, DEN = "lab@rooms.chat.test", "den@rooms.chat.test"
BOOKMARKS, PRIVATE = "urn:xmpp:bookmarks:1", "jabber:iq:private"
PUBSUB = "http://jabber.org/protocol/pubsub"
INFO = "http://jabber.org/protocol/disco#info"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
OWNER = f"{PUBSUB}#owner"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


def item(room: str, inner: str = "", *, is_auto: bool = True) -> str:
    auto = "true" if is_auto else "false"
    return (
        f"<item id='{room}'><conference xmlns='{BOOKMARKS}' autojoin='{auto}'>{inner}"
        "</conference></item>"
    )


class Keeper(PlayServer):
    """Keeps bookmarks, in the way of today or in the older one."""

    def __init__(self, items: str = "", *, is_modern: bool = True, old: str = "") -> None:
        super().__init__()
        self.items, self.old = items, old
        self.is_modern = is_modern
        self.is_open_to_others = False

    def on_iq(self, element: ET.Element) -> None:
        name, to = element.get("id", ""), element.get("to", "")
        origin = f" from='{to}'" if to else ""
        is_publish = (
            element.get("type") == "set" and element.find(f"{{{PUBSUB}}}pubsub") is not None
        )
        if self.is_open_to_others and is_publish:
            self.is_open_to_others = False
            self.say(
                f"<iq type='error' id='{name}'><error type='cancel'>"
                f"<conflict xmlns='{STANZAS}'/>"
                f"<precondition-not-met xmlns='{PUBSUB}#errors'/></error></iq>"
            )
            return
        answer = self._answer(element) if element.get("type") == "get" else ""
        if answer:
            self.say(f"<iq type='result' id='{name}'{origin}>{answer}</iq>")
        else:
            super().on_iq(element)

    def _answer(self, element: ET.Element) -> str:
        if element.find(f"{{{INFO}}}query") is not None and self.is_modern:
            options = f"<feature var='{PUBSUB}#publish-options'/>"
            return f"<query xmlns='{INFO}'>{options}</query>"
        if element.find(f"{{{PUBSUB}}}pubsub") is not None:
            return (
                f"<pubsub xmlns='{PUBSUB}'><items node='{BOOKMARKS}'>{self.items}</items></pubsub>"
            )
        if element.find(f"{{{PRIVATE}}}query") is not None:
            storage = f"<storage xmlns='storage:bookmarks'>{self.old}</storage>"
            return f"<query xmlns='{PRIVATE}'>{storage}</query>"
        return ""


def scene(
    play_it: Callable[[Play], Awaitable[None]],
    server: PlayServer | None = None,
    account: Account = DIRECT,
) -> None:
    async def run() -> None:
        play = await Play(account, server or Keeper()).start()
        await play.time.advance(1)
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def entered(play: Play) -> list[str]:
    return [event.chat for event in play.of(ev.MembersListed)]


def event(sender: str, items: str) -> str:
    return (
        f"<message from='{sender}' to='{ME}'><event xmlns='{PUBSUB}#event'>"
        f"<items node='{BOOKMARKS}'>{items}</items></event></message>"
    )


def test_bookmarked_rooms_are_entered_under_the_name_kept_with_them() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))
        assert play.sent(f'to="{LAB}/annie"')
        assert not play.sent(DEN)

    items = item(LAB, "<nick>annie</nick>") + item(DEN, is_auto=False)
    scene(play_it, Keeper(items + item("no room") + item("@x") + "<item id='a@b.c'/>"))


def test_the_old_list_is_read_where_there_is_no_other() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))

    old = f"<conference jid='{LAB}' autojoin='1'><nick>ann</nick></conference><url/>"
    scene(play_it, Keeper(is_modern=False, old=old))
    scene(play_it, Keeper(old=old))


def test_a_room_that_was_entered_and_left_by_hand_is_bookmarked_so() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/join {LAB}"), "")
        await play.until(lambda: LAB in entered(play))
        assert not play.sent("<publish")
        await play.time.advance(3)
        (line,) = play.sent("<publish")
        assert 'autojoin="true"' in line.line
        assert "whitelist" in line.line
        play.xmpp.execute(parse("/part"), LAB)
        await play.time.advance(3)
        assert 'autojoin="false"' in play.sent("<publish")[-1].line

    scene(play_it)


def test_leaving_and_coming_back_changes_no_bookmark() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))
        play.xmpp.execute(parse("/cycle"), LAB)
        await play.time.advance(5)
        assert len(entered(play)) == 2
        assert not play.sent("<publish")

    scene(play_it, Keeper(item(LAB)))


def test_what_other_programs_keep_in_a_bookmark_stays() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))
        play.xmpp.execute(parse("/part"), LAB)
        await play.time.advance(3)
        (line,) = play.sent("<publish")
        assert "urn:example:pin" in line.line
        assert "annie" in line.line

    pin = "<nick>annie</nick><extensions><pin xmlns='urn:example:pin'/></extensions>"
    scene(play_it, Keeper(item(LAB, pin)))


def test_the_old_list_is_written_whole() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))
        play.xmpp.execute(parse("/part"), LAB)
        await play.time.advance(3)
        line = play.sent('type="set"')[-1].line
        assert line.count("<conference") == 2
        assert 'autojoin="false"' in line

    old = f"<conference jid='{LAB}' autojoin='1'/><conference jid='{DEN}' autojoin='0'/>"
    scene(play_it, Keeper(is_modern=False, old=old))


class Listing(Keeper):
    """Keeps the old list as it is written; where ``is_slow``, it takes its time to answer."""

    is_slow = False

    def on_iq(self, element: ET.Element) -> None:
        storage = element.find(f"{{{PRIVATE}}}query/{{storage:bookmarks}}storage")
        if element.get("type") == "set" and storage is not None:
            self.old = "".join(ET.tostring(each, encoding="unicode") for each in storage)
        if storage is not None and self.is_slow:
            asyncio.get_running_loop().call_later(0.01, super().on_iq, element)
        else:
            super().on_iq(element)


def test_two_rooms_that_are_bookmarked_at_once_are_both_in_the_old_list() -> None:
    server = Listing(is_modern=False)

    async def play_it(play: Play) -> None:
        server.is_slow = True
        for room in (LAB, DEN):
            play.xmpp.execute(parse(f"/join {room}"), "")
        await play.until(lambda: len(entered(play)) == 2)
        await play.time.advance(3)
        await play.until(lambda: len(play.sent('autojoin="true"')) == 2)
        assert LAB in server.old
        assert DEN in server.old

    scene(play_it, server)


def test_a_node_that_others_could_read_is_closed_first() -> None:
    server = Keeper()
    server.is_open_to_others = True

    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/join {LAB}"), "")
        await play.until(lambda: LAB in entered(play))
        await play.time.advance(3)
        assert [OWNER in line.line for line in play.sent("whitelist")] == [False, True, False]

    scene(play_it, server)


def test_another_program_of_ours_enters_and_leaves_for_us() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(event("ann@chat.test", item(LAB)))
        await play.until(lambda: LAB in entered(play))
        await play.time.advance(3)
        assert not play.sent("<publish")
        play.server.say(event("ann@chat.test", f"<retract id='{LAB}'/>"))
        assert play.of(ev.MemberLeft)[-1].is_self

    scene(play_it)


@pytest.mark.parametrize("sender", ["eve@chat.test", "chat.test", LAB, "ann@evil.test", ME])
def test_nobody_else_makes_us_enter_a_room(sender: str) -> None:
    async def play_it(play: Play) -> None:
        play.server.say(event(sender, item(LAB)))
        await settle()
        assert not play.sent(LAB)

    scene(play_it)


def test_a_long_list_enters_only_so_many() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: len(entered(play)) >= MAX_ENTERED)
        assert len(play.sent("/muc#user")) == 0
        assert len(entered(play)) == MAX_ENTERED

    scene(play_it, Keeper("".join(item(f"r{n}@rooms.chat.test") for n in range(300))))


def test_rooms_of_the_settings_and_rooms_with_a_password_are_not_published() -> None:
    async def play_it(play: Play) -> None:
        await play.until(lambda: LAB in entered(play))
        play.xmpp.execute(parse(f"/join {DEN} secret"), "")
        await play.until(lambda: DEN in entered(play))
        await play.time.advance(3)
        assert not play.sent("<publish")

    scene(play_it, account=replace(DIRECT, channels=(Autojoin(LAB),)))


def test_an_account_of_one_command_neither_reads_nor_writes_them() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/join {DEN}"), "")
        await play.time.advance(5)
        assert not play.sent(BOOKMARKS + '"')
        assert LAB not in entered(play)

    scene(play_it, Keeper(item(LAB)), replace(DIRECT, is_temporary=True))
