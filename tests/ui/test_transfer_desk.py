"""Files in the whole window: offered, answered, listed, shown in frames; and direct chats."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import FileError, UsageError
from chatlab.core.flow import Direction
from chatlab.core.preferences import Preferences
from chatlab.core.transfer import TransferId, TransferKind, TransferState
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.transfers import TransfersDialog
from tests.helpers.file_stage import BOB, bar_words, file_stage, hear, show_bob, shown
from tests.helpers.noting_transfers import NotingTransfers, later
from tests.helpers.stage import LAB, Stage
from tests.helpers.transfer_scenes import failed, moving, offered, transfer


@pytest.fixture
def files() -> NotingTransfers:
    return NotingTransfers()


@pytest.fixture
def stage(qtbot: QtBot, files: NotingTransfers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(QWidget, "raise_", lambda self: None)  # The test platform has no stack.
    made = file_stage(qtbot, files)
    yield made
    for dialog in made.window.findChildren(QDialog):
        dialog.close()


# --- offers to us


def test_an_offer_in_a_chat_out_of_view_waits_in_the_bar(
    stage: Stage, files: NotingTransfers
) -> None:
    stage.book.open(LAB, "bob", ChatKind.PRIVATE)
    hear(stage, offered())
    assert "offers you the file" in bar_words(stage)
    (said,) = stage.window.bar.messages()
    assert said.on_action is not None
    said.on_action()
    pane = stage.window.chats.active
    assert pane.chat is not None
    assert pane.chat.key == BOB
    pane.transfers.rows[0].accept_button.click()
    assert files.asked == [("accept", "lab-notes.pdf", None, False)]
    hear(stage, later(offered(), TransferState.ANSWERED))
    assert not stage.window.bar.messages()


def test_an_offer_can_be_refused_from_the_bar(stage: Stage, files: NotingTransfers) -> None:
    hear(stage, offered())
    (said,) = stage.window.bar.messages()
    (choice,) = said.choices
    choice.do()
    assert files.asked == [("refuse", "lab-notes.pdf")]


def test_an_offer_in_view_is_in_its_strip_alone(stage: Stage) -> None:
    pane = show_bob(stage)
    hear(stage, offered())
    assert not stage.window.bar.messages()
    assert len(pane.transfers.rows) == 1
    hear(stage, later(offered(), TransferState.REFUSED))
    assert pane.transfers.isHidden()


def test_an_offer_is_told_to_the_desktop_while_nobody_looks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda self: None)
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda self, title, text, *_: told.append((title, text))
    )
    notifier = stage.wiring.talk.notifier
    notifier.obey(Preferences(notifies=True))
    notifier.take_event(ev.TransferOffered(LAB, offered("a<b>.pdf")))
    notifier.take_event(ev.TransferOffered(LAB, moving()))
    (once,) = told
    assert once[0] == "bob"
    assert once[1].startswith("offers you the file a‹b›.pdf, 1.2")
    stage.book.set_muted(frozenset({BOB}))
    stage.book.open(LAB, "bob", ChatKind.PRIVATE)
    notifier.take_event(ev.TransferOffered(LAB, offered()))
    assert len(told) == 1
    notifier.obey(Preferences())


def test_what_an_earlier_attempt_left_is_gone_on_with(stage: Stage, files: NotingTransfers) -> None:
    files.kept = 400_000
    pane = show_bob(stage)
    hear(stage, offered())
    pane.transfers.rows[0].accept_button.click()
    stage.window.actions_table.trigger(ActionId.TRANSFERS)
    dialog = shown(stage, TransfersDialog)
    assert isinstance(dialog, TransfersDialog)
    dialog.accept_button.click()
    assert files.asked == [("accept", "lab-notes.pdf", None, True)] * 2


def test_without_a_folder_nothing_was_kept(stage: Stage, files: NotingTransfers) -> None:
    files.failure = FileError("No folder for received files is set.", "Choose where to save it.")
    pane = show_bob(stage)
    hear(stage, offered())
    row = pane.transfers.rows[0]
    assert row.over_button.isHidden()
    row.accept_button.click()
    assert "No folder for received files is set. Choose where" in bar_words(stage)


def test_another_place_is_asked_for_and_nothing_is_overwritten(
    stage: Stage, files: NotingTransfers, tmp_path: Path
) -> None:
    pane = show_bob(stage)
    hear(stage, offered())
    pane.transfers.rows[0].place_button.click()
    dialog = shown(stage, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.fileSelected.emit(str(tmp_path / "x.pdf"))
    assert files.asked == [("accept", "lab-notes.pdf", tmp_path / "x.pdf", False)]


# --- the list


def test_the_list_does_what_its_buttons_say(
    stage: Stage, files: NotingTransfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    for one in (failed(), moving()):
        hear(stage, one)
    stage.window.actions_table.trigger(ActionId.TRANSFERS)
    dialog = shown(stage, TransfersDialog)
    assert isinstance(dialog, TransfersDialog)
    dialog.choose(moving().id)
    dialog.hold_button.click()
    dialog.end_button.click()
    dialog.folder_button.click()
    dialog.choose(failed().id)
    dialog.retry_button.click()
    dialog.remove_button.click()
    assert files.asked == [
        ("pause", moving().id, True),
        ("cancel", moving().id),
        ("offer", ("bob",), failed().path, "bob", None),
        ("forget", failed().id),
    ]
    assert opened == ["/home/me/Downloads"]
    assert dialog.model.row_of(failed().id) is None
    dialog.close()
    stage.window.actions_table.trigger(ActionId.TRANSFERS)
    assert shown(stage, TransfersDialog) is not dialog


def test_a_refused_chat_is_proposed_again(stage: Stage, files: NotingTransfers) -> None:
    chat = transfer("=bob", TransferState.REFUSED, kind=TransferKind.CHAT, direction=Direction.SENT)
    hear(stage, chat)
    stage.wiring.files._retry(chat.id)
    assert files.asked == [("chat", "bob", None)]


def test_what_the_engine_refuses_is_said(stage: Stage, files: NotingTransfers) -> None:
    files.failure = UsageError("It is over already.", "See /dcc list.")
    hear(stage, moving())
    stage.wiring.files._cancel(moving().id)
    assert "It is over already. See /dcc list." in bar_words(stage)


def test_frames_of_a_file_and_of_its_offer_are_shown(stage: Stage) -> None:
    hear(stage, moving())
    stage.window.wire.hide()
    stage.wiring.files._show_frames(moving().id)
    first = stage.presenter.selected
    assert first is not None
    assert not stage.window.wire.isHidden()
    stage.wiring.files._show_offer(moving().id)
    assert stage.presenter.selected not in (None, first)


def test_dcc_commands_go_to_the_account_and_the_list_is_ours(stage: Stage) -> None:
    stage.speaker.say(ChatKey(LAB, "#lab"), "/dcc list")
    shown(stage, TransfersDialog).close()
    stage.speaker.say(ChatKey(LAB, "#lab"), "/dcc close bob")
    assert stage.connection.executed == [(Command(Verb.DCC, ("close", "bob")), "#lab")]


# --- direct chats


def open_chat(stage: Stage) -> ChatKey:
    chat = transfer("=bob", TransferState.MOVING, kind=TransferKind.CHAT, size=0)
    hear(stage, chat)
    event = ev.ChatOpened(LAB, "=bob", False, "bob (direct)")
    stage.take(event)
    stage.wiring.files.take_event(event)
    return ChatKey(LAB, "=bob")


def test_an_open_direct_chat_comes_into_view_and_needs_no_strip(stage: Stage) -> None:
    key = open_chat(stage)
    assert key in stage.window.chats.shown()
    assert show_bob(stage).transfers.isHidden()


def test_closing_a_direct_chat_closes_its_connection(stage: Stage, files: NotingTransfers) -> None:
    key = open_chat(stage)
    stage.presenter.close_chat(ChatKey(LAB, "#lab"))
    assert files.asked == []
    stage.presenter.close_chat(key)
    assert files.asked == [("cancel", TransferId("=bob"), "quietly")]
    assert key not in stage.book.chats
