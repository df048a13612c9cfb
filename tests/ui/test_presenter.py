"""One selection for all parts of the window; intents out, errors back into the chat."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Security
from chatlab.core.capture import CaptureRefused
from chatlab.core.chats import ChatKey, Note, NoteKind
from chatlab.core.commands import Verb
from chatlab.core.errors import LocalProtocolError
from chatlab.core.message import Delivery, MessageId
from chatlab.ui.models.frame_table import Scope
from tests.helpers.chats import NOON, account, connection, message
from tests.helpers.stage import LAB, Stage
from tests.helpers.wire_feed import FakeFeed, lab_feed

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def plain_and_sealed(stage: Stage) -> tuple[ChatKey, ChatKey]:
    """Two accounts in the same channel; the sealed one first."""
    tls = account("sealed", Security.DIRECT_TLS)
    sealed = stage.join(of=tls)
    stage.book.apply(ev.ConnectionOpened(tls.id, connection(tls, "TLSv1.3")))
    return stage.join().key, sealed.key


def known(stage: Stage, name: str) -> MessageId:
    """A message in #lab whose frames the made-up capture knows as ``name``."""
    said = message("hello", delivery=Delivery.WRITTEN)
    stage.feed.attributions[said.id] = stage.feed.attributions[MessageId(name)]
    stage.take(ev.MessageAdded(said))
    return said.id


# --- selection ------------------------------------------------------------------------------


def test_a_message_picked_in_the_chat_opens_its_first_frame(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    said = known(stage, "hello")
    stage.window.chats.active.message_selected.emit(said)
    assert stage.presenter.selected == said
    assert stage.window.wire.frames.current_frame == 8


def test_a_frame_picked_in_the_list_lights_up_its_message(qtbot: QtBot) -> None:
    feed = lab_feed()
    stage = Stage(qtbot, feed)
    stage.join()
    said = known(stage, "hello")
    ((_, span),) = feed.frames[7].messages
    feed.frames[7].messages = ((said, span),)
    feed.tell()
    stage.window.wire.set_scope(Scope.ALL, None, None)
    stage.window.wire.refresh()
    rows = stage.window.wire.frames
    rows.setCurrentIndex(rows.model().index(7, 1))
    assert stage.window.chats.active.transcript.selected_message() == said
    assert rows.current_frame == 8, "the answer moved the frame that the reader picked"


def test_a_picked_frame_brings_its_chat_to_the_front(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    said = known(stage, "hello")
    other = stage.join("#other")
    stage.presenter.show_chat(other.key)
    stage.window.wire.message_requested.emit(said)
    assert stage.window.chats.active.chat is lab


def test_what_is_sent_is_followed_until_something_is_picked(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    first = known(stage, "hello")
    assert stage.presenter.selected == first
    stage.window.chats.active.message_selected.emit(first)
    known(stage, "secret")
    assert stage.presenter.selected == first
    stage.window.chats.active.message_selected.emit("")
    last = known(stage, "secret")
    assert stage.presenter.selected == last


def test_a_clicked_badge_shows_the_frames_of_this_message_alone(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    said = known(stage, "hello")
    stage.window.wire.hide()
    stage.window.chats.active.badge_clicked.emit(said)
    assert not stage.window.wire.isHidden()
    assert stage.window.wire.scope is Scope.MESSAGE
    assert stage.window.wire.frames.model().rowCount() == 4


def test_where_nothing_is_captured_the_bytes_follow_the_message(qtbot: QtBot) -> None:
    feed = FakeFeed(status=CaptureRefused(reason="No.", remedy="Ask."))
    stage = Stage(qtbot, feed)
    stage.join()
    said = message("hello", delivery=Delivery.QUEUED)
    stage.take(ev.MessageAdded(said))
    assert stage.window.wire._tap.data == b""
    feed.tapped[said.id] = b"PRIVMSG #lab :hello\r\n"
    stage.take(ev.MessageChanged(LAB, said.id, Delivery.WRITTEN))
    assert stage.window.wire._tap.data == b"PRIVMSG #lab :hello\r\n"


# --- chats ----------------------------------------------------------------------------------


def test_closing_a_channel_leaves_it(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.presenter.close_chat(lab.key)
    assert lab.key not in stage.book.chats
    ((command, where),) = stage.connection.executed
    assert (command.verb, where) == (Verb.PART, "#lab")


def test_the_servers_page_is_not_closed(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.presenter.close_chat(ChatKey(LAB, ""))
    assert ChatKey(LAB, "") in stage.book.chats


def test_compare_puts_plain_text_on_the_left(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = plain_and_sealed(stage)
    for first in (plain, sealed):
        stage.presenter.show_chat(first)
        stage.presenter.compare()
        panes = stage.window.chats.panes
        assert [pane.chat.key for pane in panes if pane.chat] == [plain, sealed]


def test_a_channel_that_was_asked_for_opens_when_joined_and_takes_the_keyboard(
    qtbot: QtBot,
) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.presenter.open_when_joined(ChatKey(LAB, "#new"))
    new = stage.join("#new", shows=False)
    assert stage.window.chats.active.chat is new
    assert stage.window.focusWidget() is stage.window.chats.active.composer.editor
    stage.join("#rejoined", shows=False)
    assert stage.window.chats.active.chat is new


def test_an_error_is_told_in_the_chat_where_it_happened(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.connection.failure = LocalProtocolError("Too long.", "Say less.")
    stage.window.chats.active.submitted.emit(lab.key, "hello")
    note = lab.entries[-1]
    assert isinstance(note, Note)
    assert (note.kind, note.text, note.hint) == (NoteKind.ERROR, "Too long.", "Say less.")


def test_sending_again_goes_to_the_account_of_the_message(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    said = known(stage, "hello")
    stage.window.chats.active.resend_requested.emit(said)
    assert stage.connection.resent == [said]


def test_removing_an_account_asks_in_the_bar_first(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.window.sidebar.remove_requested.emit("lab")
    assert "remove lab" not in stage.backstage.asked
    stage.window.bar._action.click()
    assert "remove lab" in stage.backstage.asked


def test_without_accounts_the_first_start_page_is_shown(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.show_first_start(True)
    assert stage.window.first_start.isVisible()
    stage.join()
    assert not stage.window.first_start.isVisible()
    stage.book.remove_account(AccountId("lab"))
    assert stage.window.first_start.isVisible()


def test_what_is_in_view_is_read_only_while_the_window_is_in_front(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.window.activateWindow()
    qtbot.waitUntil(stage.window.isActiveWindow)
    stage.presenter.show_chat(lab.key)
    stage.book.apply(ev.MessageAdded(message("seen", at=NOON)))
    assert lab.unread == 0
    stage.window.hide()
    qtbot.waitUntil(lambda: not stage.window.isActiveWindow())
    stage.window.focus_changed.emit()
    stage.book.apply(ev.MessageAdded(message("unseen", at=NOON)))
    assert lab.unread == 1


def test_the_number_of_frames_counts_those_before_a_pause(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    assert "14 frames" in stage.window.strip._capture.text()


# --- commands that only the window can carry out ---------------------------------------------


@pytest.mark.parametrize(("line", "asked"), [("start", "start capture"), ("stop", "stop capture")])
def test_the_capture_obeys_typed_commands(qtbot: QtBot, line: str, asked: str) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.speaker.say(lab.key, f"/capture {line}")
    assert asked in stage.backstage.asked


def test_packets_shows_the_frames_of_the_last_message(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    said = known(stage, "hello")
    stage.speaker.say(lab.key, "/packets")
    assert stage.presenter.selected == said
    assert stage.window.wire.scope is Scope.MESSAGE


def test_clear_empties_the_view(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    known(stage, "hello")
    stage.speaker.say(lab.key, "/clear")
    assert lab.entries == []


def test_tab_goes_round_the_whole_window(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.presenter.show_chat(lab.key)
    stage.window.activateWindow()
    qtbot.waitUntil(stage.window.isActiveWindow)
    stops = set()
    for _ in range(40):
        focus = stage.window.focusWidget()
        assert focus is not None
        stops.add(focus.accessibleName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert stops >= {"Message", "Send", "Messages", "Accounts and chats", "Captured frames"}
