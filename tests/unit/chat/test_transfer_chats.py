"""Direct chats: lines past the server, each with its bytes and its fate."""

from pathlib import Path

import pytest

from chatlab.chat.transfer.moving import LineReader
from chatlab.core.account import Application
from chatlab.core.errors import LocalProtocolError, RemoteProtocolError, UsageError
from chatlab.core.events import ChatOpened, Informed, MessageChanged
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, MessageKind
from chatlab.core.transfer import Transfer, TransferKind, TransferState, TransferWay
from tests.helpers.dcc_pair import Person, play

State = TransferState


async def open_chat(
    ann: Person, bob: Person, *, passive: bool | None = None
) -> tuple[Transfer, Transfer]:
    proposed = ann.transfers.offer_chat("bob", passive=passive)
    offer = await bob.offered()
    assert offer.kind is TransferKind.CHAT
    # Proposing one back is the usual way to accept.
    accepted = bob.transfers.offer_chat("ann")
    assert accepted.id == offer.id
    return await ann.in_state(proposed, State.MOVING), await bob.in_state(offer, State.MOVING)


@pytest.mark.parametrize("passive", [False, True])
def test_lines_cross_both_ways_and_know_their_bytes(tmp_path: Path, passive: bool) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        mine, theirs = await open_chat(ann, bob, passive=passive)
        assert mine.way is (TransferWay.PASSIVE if passive else TransferWay.ACTIVE)
        assert (mine.name, theirs.name) == ("=bob", "=ann")
        (first,) = ann.transfers.say("=bob", "Grüße", MessageKind.MESSAGE)
        (second,) = ann.transfers.say("=bob", "waves", MessageKind.ACTION)
        heard = await bob.until(lambda: bob.messages if len(bob.messages) == 2 else None)
        assert [(m.sender, m.target, m.text, m.kind) for m in heard] == [
            ("ann", "=ann", "Grüße", MessageKind.MESSAGE),
            ("ann", "=ann", "waves", MessageKind.ACTION),
        ]
        assert {m.application for m in heard} == {Application.DCC}
        assert bytes(ann.tap.sent) == "Grüße\n\x01ACTION waves\x01\n".encode()
        spans = [m.wire.span for m in heard if m.wire is not None]
        assert [bob.tap.received[s.start : s.stop] for s in spans] == [
            "Grüße\n".encode(),
            b"\x01ACTION waves\x01\n",
        ]

        def fates(message: object) -> list[Delivery | None]:
            changes = [e for e in ann.events if isinstance(e, MessageChanged)]
            return [change.delivery for change in changes if change.message == message]

        await ann.until(lambda: Delivery.ACKNOWLEDGED in fates(second.id))
        assert fates(first.id) == [Delivery.WRITTEN, Delivery.ACKNOWLEDGED]
        bob.transfers.say("=ann", "hello", MessageKind.MESSAGE)
        await ann.until(lambda: any(m.text == "hello" for m in ann.messages))
        opened = [e for e in ann.events if isinstance(e, ChatOpened)]
        assert (opened[0].chat, opened[0].title) == ("=bob", "bob (direct)")

    play(tmp_path, scene)


def test_a_text_of_several_lines_is_several_messages(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        await open_chat(ann, bob)
        said = ann.transfers.say("=bob", "one\ntwo\r\n\nthree", MessageKind.MESSAGE)
        assert [message.text for message in said] == ["one", "two", "three"]
        await bob.until(lambda: len(bob.messages) == 3)

    play(tmp_path, scene)


def test_who_closes_ends_it_for_both(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        mine, theirs = await open_chat(ann, bob)
        ann.transfers.close_chat("=BOB")
        assert (await ann.ended(mine)).detail == "You closed the direct chat."
        assert (await bob.ended(theirs)).detail == "ann closed the direct chat."
        with pytest.raises(UsageError, match="not open"):
            ann.transfers.say("=bob", "still there?", MessageKind.MESSAGE)
        assert len(ann.tap.dismissed) == len(ann.tap.admitted) == 1

    play(tmp_path, scene)


def test_a_chat_that_is_closed_with_its_window_says_nothing_into_it(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        mine, theirs = await open_chat(ann, bob)
        ann.events.clear()
        ann.transfers.cancel(mine.id, is_quiet=True)
        await bob.in_state(theirs, State.DONE)
        await ann.in_state(mine, State.DONE)
        assert [event for event in ann.events if isinstance(event, Informed)] == []

    play(tmp_path, scene)


def test_what_cannot_be_said_is_refused(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        await open_chat(ann, bob)
        for text in ("", "\n", "a\0b", "x" * (LineReader.LIMIT + 1)):
            with pytest.raises(LocalProtocolError):
                ann.transfers.say("=bob", text, MessageKind.MESSAGE)
        with pytest.raises(UsageError, match="open or proposed already"):
            ann.transfers.offer_chat("bob")
        assert not ann.messages

    play(tmp_path, scene)


def test_lines_that_wait_when_it_breaks_have_failed(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        mine, _ = await open_chat(ann, bob)
        (message,) = ann.transfers.say("=bob", "lost", MessageKind.MESSAGE)
        ann.transfers.close_chat("=bob")
        await ann.ended(mine)
        fates = [e for e in ann.events if isinstance(e, MessageChanged)]
        assert fates[-1].message == message.id
        assert fates[-1].delivery is Delivery.FAILED
        assert fates[-1].failure

    play(tmp_path, scene)


def test_a_refused_proposal_is_named(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        proposed = ann.transfers.offer_chat("bob")
        bob.transfers.refuse((await bob.offered()).id)
        assert (await ann.ended(proposed)).state is State.REFUSED
        assert bob.lines[-1] == ("ann", "REJECT CHAT chat")

    play(tmp_path, scene)


def test_lines_are_found_however_they_are_cut() -> None:
    data = b"one\r\ntwo\n\nlast"
    for step in range(1, len(data)):
        reader = LineReader()
        found = [
            line for at in range(0, len(data), step) for line in reader.feed(data[at : at + step])
        ]
        assert found == [(b"one", 0, 5), (b"two", 5, 9), (b"", 9, 10)]


def test_a_line_without_an_end_is_not_collected_for_ever() -> None:
    reader = LineReader()
    for _ in range(4 * LineReader.LIMIT // 1024):
        assert reader.feed(b"x" * 1024) == []
    with pytest.raises(RemoteProtocolError):
        reader.feed(b"x")


def test_received_lines_have_the_direction_of_their_speaker(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        await open_chat(ann, bob)
        ann.transfers.say("=bob", "hi", MessageKind.MESSAGE)
        heard = await bob.until(lambda: bob.messages)
        assert heard[0].direction is Direction.RECEIVED
        assert ann.messages[0].direction is Direction.SENT

    play(tmp_path, scene)
