"""The states of the comparison view that are worth a picture, and those of the tour."""

from functools import partial
from typing import TYPE_CHECKING

from tests.helpers.window_play import Facts, Play, Scene

if TYPE_CHECKING:
    from chatlab.core.chats import Chat

_WAYS = 4


async def _everywhere(stage: Play, name: str) -> None:
    from tests.helpers.picture_scenes import everywhere

    await everywhere(stage, name)


async def _send_twins(stage: Play, *texts: str, chats: "list[Chat] | None" = None) -> None:
    """Say the same in several chats of the lab: in the first two panes, or in those given."""
    from chatlab.core.message import Message
    from chatlab.ui.action_ids import ActionId

    plain, _ = await stage.lab()
    twins = stage.wiring.twins
    stage.window.actions_table.trigger(ActionId.TWINS)
    if chats:
        twins.choose(tuple(chat.key for chat in chats))

    def is_there(text: str) -> bool:
        sent = [
            entry
            for key in twins.chosen
            for entry in stage.book.chats[key].entries
            if isinstance(entry, Message) and entry.twin and entry.text == text
        ]
        known = [stage.feed.attribution(message.id) for message in sent]
        return len(known) == len(twins.chosen) and all(each.is_acknowledged for each in known)

    for text in texts:
        stage.type_in(plain, text)
        await stage.until(f"“{text}” on all of them", partial(is_there, text))


async def tour(stage: Play) -> Facts:
    """Each step, as somebody meets it who does what it says."""
    plain, sealed = await stage.lab()
    tour_of = stage.wiring.tour
    tour_of.start()
    await _everywhere(stage, "tour-1-say")
    stage.type_in(plain, "Can anybody read this?")
    await stage.framed(plain, "Can anybody read this?")
    await _everywhere(stage, "tour-2-look")
    stage.window.wire.detail.hex.byte_clicked.emit(0)
    stage.type_in(sealed, "Can anybody read this?")
    await stage.framed(sealed, "Can anybody read this?")
    await _everywhere(stage, "tour-4-look-again")
    stage.window.wire.detail.hex.byte_clicked.emit(0)
    await _everywhere(stage, "tour-5-both")
    await _send_twins(stage, "The same, twice")
    await _everywhere(stage, "tour-6-compare")
    stage.wiring.comparison.open()
    await _everywhere(stage, "tour-7-end")
    tour_of.end()
    return {}


async def compare(stage: Play) -> Facts:
    """The three pages, the three observers, and a presentation."""
    from chatlab.core.observing import Observer
    from chatlab.ui.action_ids import ActionId
    from chatlab.ui.compare.page import Part

    stage.wiring.tour.end()
    await _send_twins(stage, "Hello everyone, can you see this?", "My password is hunter2. Oh.")
    page = stage.wiring.comparison.open()
    await stage.until("both rows", lambda: len(page.messages.sheet.items) > 1)
    await _everywhere(stage, "compare-messages")
    for observer in Observer:
        page.choose_observer(observer)
        await _everywhere(stage, f"compare-{observer.value}")
    page.show_part(Part.HANDSHAKES)
    page.handshakes.view.choose("1/3")
    page.handshakes.show_step("1/3")
    await _everywhere(stage, "compare-handshakes")
    page.show_part(Part.MESSAGES)
    stage.window.actions_table.trigger(ActionId.PRESENTATION)
    await _everywhere(stage, "compare-presentation")
    stage.window.actions_table.trigger(ActionId.PRESENTATION)
    return {}


async def four_ways(stage: Play) -> Facts:
    """IRC and XMPP, in clear and sealed: one text, four connections."""
    from chatlab.core.chats import ChatKind
    from chatlab.ui.compare.page import Part

    stage.wiring.tour.end()

    def ready() -> "list[Chat] | None":
        chats = [c for c in stage.book.chats.values() if c.kind is ChatKind.CHANNEL]
        found = [chat for chat in chats if chat.is_joined and len(chat.members) > 1]
        return found if len(found) == _WAYS else None

    await stage.lab()
    chats = await stage.until("all four chats", ready)
    await _send_twins(stage, "Four ways to say it", chats=chats)
    page = stage.wiring.comparison.open()
    await stage.until("the row", lambda: len(page.sides()) == _WAYS)
    await _everywhere(stage, "compare-four")
    page.set_sides(page.sides()[1::2])
    for part in (Part.OBSERVERS, Part.HANDSHAKES):
        page.show_part(part)
        await _everywhere(stage, f"compare-irc-xmpp-{part.name.lower()}")
    return {}


SCENES: dict[str, tuple[Scene, bool]] = {
    "tour": (tour, True),
    "compare": (compare, True),
    "four-ways": (four_ways, True),
}
"""Each with whether it opens on the lab."""
