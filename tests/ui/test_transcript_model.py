"""The transcript's rows are the chat's entries, however the changes arrive."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import MAX_ENTRIES
from chatlab.core.message import Delivery
from chatlab.ui.models.transcript import TranscriptModel, as_line, spoken
from tests.helpers.chats import MINUTE, NOON, book_with, message

pytestmark = pytest.mark.usefixtures("qapp")


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    book, chat = book_with()
    book.apply(ev.MessageAdded(message("hello")))
    model = TranscriptModel(book, chat)
    qtmodeltester.check(model)
    book.apply(ev.MessageAdded(message("more")))
    model.flush()
    book.clear(chat.key)
    model.flush()


def test_a_burst_becomes_one_insertion(qtbot: QtBot) -> None:
    book, chat = book_with()
    model = TranscriptModel(book, chat)
    blocks: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: blocks.append((first, last)))
    for number in range(500):
        book.apply(ev.MessageAdded(message(f"{number}")))

    qtbot.waitUntil(lambda: model.rowCount() == len(chat.entries))

    assert blocks == [(1, 500)]


def test_a_line_that_left_memory_while_it_waited_is_never_shown() -> None:
    book, chat = book_with()
    model = TranscriptModel(book, chat)
    for number in range(2 * MAX_ENTRIES + 5):
        book.apply(ev.MessageAdded(message(f"{number}")))

    model.flush()

    assert [model.entry(row) for row in range(model.rowCount())] == chat.entries


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 60)),
            st.tuples(st.just("history"), st.integers(0, 60)),
            st.tuples(st.just("change"), st.integers(0, 40)),
            st.tuples(st.just("clear"), st.just(0)),
            st.tuples(st.just("prepend"), st.integers(1, 3)),
            st.tuples(st.just("flush"), st.just(0)),
        ),
        max_size=40,
    )
)
def test_rows_equal_entries_whatever_happens_between_two_flushes(
    steps: list[tuple[str, int]],
) -> None:
    book, chat = book_with()
    model = TranscriptModel(book, chat)
    for what, number in steps:
        match what:
            case "add":
                book.apply(ev.MessageAdded(message(delivery=Delivery.QUEUED)))
            case "history":
                past = message(at=NOON - number * MINUTE, is_history=True)
                book.apply(ev.MessageAdded(past))
            case "change" if chat.entries:
                entry = chat.entries[number % len(chat.entries)]
                if hasattr(entry, "id"):
                    book.apply(ev.MessageChanged(AccountId("lab"), entry.id, Delivery.WRITTEN))
            case "clear":
                book.clear(chat.key)
            case "prepend":
                book.prepend(chat.key, [message(at=NOON - 99 * MINUTE) for _ in range(number)])
            case "flush":
                model.flush()

    model.flush()

    assert [model.entry(row) for row in range(model.rowCount())] == chat.entries
    model.close()


def test_a_closed_model_no_longer_follows() -> None:
    book, chat = book_with()
    model = TranscriptModel(book, chat)
    model.close()
    book.apply(ev.MessageAdded(message()))
    model.flush()
    assert model.rowCount() == 1


def test_the_last_to_speak_comes_first() -> None:
    book, chat = book_with()
    for nick in ("alice", "bob", "alice", "carol"):
        book.apply(ev.MessageAdded(message(sender=nick)))
    assert TranscriptModel(book, chat).speakers() == ["carol", "alice", "bob"]


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\nb", "a\u202eb", "a\x07b"])
def test_a_copied_line_stays_one_line_without_control_characters(text: str) -> None:
    line = as_line(message(text))
    assert line.isprintable()


def test_a_screen_reader_hears_the_state() -> None:
    failed = message("hi", "me", delivery=Delivery.FAILED, failure="The channel is moderated.")
    assert spoken(failed) == "me: hi, 12:03. Not delivered. The channel is moderated."
