"""Files that go out, in the whole window: chosen, dropped, pasted; and the choices about them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core.errors import UsageError
from chatlab.core.preferences import Preferences
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.file_preferences import FilePreferences
from chatlab.ui.dialogs.send_file import MAX_AT_ONCE, SendFileDialog
from chatlab.ui.dialogs.transfers import TransfersDialog
from chatlab.ui.transfer_desk import downloads
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.file_drop import FileDrop
from tests.helpers.file_stage import bar_words, file_stage, show_bob, shown
from tests.helpers.noting_transfers import NotingTransfers
from tests.helpers.stage import Stage

COPY, LEFT, NONE = (
    Qt.DropAction.CopyAction,
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
)


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


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    return path


def send_dialog(stage: Stage) -> SendFileDialog:
    found = shown(stage, SendFileDialog)
    assert isinstance(found, SendFileDialog)
    return found


# --- sending


def test_a_private_chat_says_to_whom_and_who_listens_is_chosen(
    stage: Stage, files: NotingTransfers, report: Path
) -> None:
    show_bob(stage)
    stage.window.actions_table.trigger(ActionId.SEND_FILE)
    dialog = send_dialog(stage)
    assert dialog.nicks() == ("bob",)
    assert not dialog.send_button.isEnabled()
    dialog.file.setText(str(report))
    assert "bob will see your address." in dialog.notice.text()
    dialog.way.setCurrentIndex(2)
    dialog.send_button.click()
    assert files.asked == [("offer", ("bob",), report, "bob", True)]
    assert not dialog.isVisible()


def test_a_channel_asks_whom_and_shows_how_each_of_them_is_doing(
    stage: Stage, files: NotingTransfers, report: Path
) -> None:
    stage.window.actions_table.trigger(ActionId.SEND_FILE)
    dialog = send_dialog(stage)
    dialog.file.setText(str(report))
    dialog.everyone.click()
    assert dialog.send_button.text() == "Send to 3"
    dialog.send_button.click()
    (asked,) = files.asked
    assert asked == ("offer", ("alice", "bob", "carol"), report, "#lab", None)
    shown(stage, TransfersDialog)


def test_a_refused_offer_stays_open_and_says_why(
    stage: Stage, files: NotingTransfers, report: Path
) -> None:
    show_bob(stage)
    stage.wiring.files._sending.ask(path=report)
    files.failure = UsageError("This account is not connected.", "Connect it first: /connect")
    dialog = send_dialog(stage)
    dialog.send_button.click()
    assert dialog.isVisible()
    assert "Connect it first" in dialog.failure.text()
    dialog.nick.setText("carol")
    assert dialog.failure.isHidden()


@pytest.mark.parametrize(("name", "word"), [("", "folder"), ("no-such-file", "no such file")])
def test_what_cannot_be_sent_is_said_in_the_form(
    stage: Stage, tmp_path: Path, name: str, word: str
) -> None:
    show_bob(stage)
    stage.wiring.files._sending.ask(path=tmp_path / name)
    dialog = send_dialog(stage)
    assert word in dialog._file_hint.text()
    assert not dialog.send_button.isEnabled()


def test_an_empty_file_and_too_many_people_are_said(qtbot: QtBot, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    people = [f"n{number}" for number in range(MAX_AT_ONCE + 1)]
    dialog = SendFileDialog(people, lambda nicks: (), path=empty, chosen=people)
    qtbot.addWidget(dialog)
    assert "empty" in dialog._file_hint.text()
    assert f"{MAX_AT_ONCE} can be offered" in dialog._nick_hint.text()
    assert not dialog.send_button.isEnabled()


def test_where_no_file_can_be_sent_from_that_is_said(stage: Stage) -> None:
    stage.backstage.files.clear()
    stage.window.actions_table.trigger(ActionId.SEND_FILE)
    assert "no file can be sent" in bar_words(stage)


# --- dropped and pasted


def dragged(*files: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(f)) if isinstance(f, Path) else QUrl(f) for f in files])
    return data


def drag_and_drop(pane: ChatPane, data: QMimeData) -> bool:
    """Over the pane, then let go; whether it was taken."""
    middle = pane.rect().center()
    enter = QDragEnterEvent(middle, COPY, data, LEFT, NONE)
    QApplication.sendEvent(pane, enter)
    if not enter.isAccepted():
        return False
    drop = QDropEvent(QPointF(middle), COPY, data, LEFT, NONE)
    QApplication.sendEvent(pane, drop)
    return drop.isAccepted()


def test_a_dropped_file_is_asked_about_with_its_chat(
    stage: Stage, files: NotingTransfers, report: Path
) -> None:
    pane = show_bob(stage)
    assert drag_and_drop(pane, dragged(report))
    dialog = send_dialog(stage)
    assert (dialog.path(), dialog.nicks()) == (report, ("bob",))
    assert files.asked == []


def test_the_cover_says_what_letting_go_does_and_goes_with_the_drag(
    stage: Stage, report: Path
) -> None:
    pane = show_bob(stage)
    cover = pane.findChildren(FileDrop)[0]._cover
    data = dragged(report)  # Qt does not hold it.
    enter = QDragEnterEvent(pane.rect().center(), COPY, data, LEFT, NONE)
    QApplication.sendEvent(pane, enter)
    assert cover.isVisible()
    assert cover._words == "Let go to send the file to bob; you will be asked first."
    QApplication.sendEvent(pane, QDragLeaveEvent())
    assert not cover.isVisible()


def test_addresses_of_the_web_and_chats_without_files_take_no_drop(
    stage: Stage, report: Path
) -> None:
    pane = show_bob(stage)
    assert not drag_and_drop(pane, dragged("https://example.org/x.pdf"))
    stage.backstage.files.clear()
    stage.wiring.files._refresh()
    assert not drag_and_drop(pane, dragged(report))


def test_of_several_files_the_first_is_asked_about(
    stage: Stage, report: Path, tmp_path: Path
) -> None:
    pane = show_bob(stage)
    assert drag_and_drop(pane, dragged(report, tmp_path / "other"))
    assert send_dialog(stage).path() == report
    assert "2 files were given" in bar_words(stage)


def test_a_pasted_picture_gets_a_file_and_a_pasted_file_keeps_its_own(
    stage: Stage, report: Path
) -> None:
    pane = show_bob(stage)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    data = QMimeData()
    data.setImageData(picture)
    pane.composer.editor.insertFromMimeData(data)
    made = send_dialog(stage).path()
    assert made is not None
    assert QImage(str(made)).size() == picture.size()
    send_dialog(stage).close()
    QApplication.processEvents()
    pane.composer.editor.insertFromMimeData(dragged(report))
    assert send_dialog(stage).path() == report
    assert pane.composer.text() == ""


def test_no_picture_is_made_of_nothing(stage: Stage) -> None:
    pane = show_bob(stage)
    pane.composer.editor.image_given.emit(QImage())
    assert stage.window.findChildren(SendFileDialog) == []


# --- choices


def test_choices_about_files_are_in_force_at_once(stage: Stage, tmp_path: Path) -> None:
    stage.wiring.files.obey(
        Preferences(
            download_folder=str(tmp_path), dcc_first_port=5000, dcc_last_port=5009,
            dcc_prefers_passive=True,
        )
    )  # fmt: skip
    policy = stage.backstage.policy
    assert (policy.folder, policy.first_port, policy.last_port) == (tmp_path, 5000, 5009)
    assert policy.prefers_passive
    assert downloads(Preferences(download_folder="~/x")) == Path.home() / "x"
    assert downloads(Preferences()).is_absolute()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(("5000", "5009"), (5000, 5009)), (("5009", "5000"), (5000, 5009)),
     (("5000", ""), (5000, 5000)), (("", "5000"), (5000, 5000)), (("", ""), (0, 0)),
     (("0", "70000"), (0, 0))],
)  # fmt: skip
def test_ports_are_a_range_however_they_are_typed(
    qtbot: QtBot, typed: tuple[str, str], kept: tuple[int, int]
) -> None:
    form = FilePreferences(Preferences())
    qtbot.addWidget(form)
    form.first_port.setText(typed[0])
    form.last_port.setText(typed[1])
    chosen = form.put_into(Preferences(theme="dark"))
    assert (chosen.dcc_first_port, chosen.dcc_last_port) == kept
    assert chosen.theme == "dark"


def test_what_was_chosen_is_shown_again(qtbot: QtBot) -> None:
    before = Preferences(
        download_folder="/tmp/in", dcc_first_port=5000, dcc_last_port=5001, dcc_prefers_passive=True
    )
    form = FilePreferences(before)
    qtbot.addWidget(form)
    assert form.put_into(Preferences()) == before
