"""A session as a file: asked for once, told in the title, exported with a sentence for each choice."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QRadioButton
from pytestqt.qtbot import QtBot

from chatlab.core.capture import CaptureReplayed
from chatlab.core.export import ExportFacts, SecretsChoice
from chatlab.core.preferences import Preferences
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.export_capture import ExportChoice, ExportDialog
from chatlab.ui.dialogs.preferences import PreferencesDialog
from chatlab.ui.dialogs.session_notes import MAX_LENGTH, SessionNotesDialog
from tests.helpers.stage import Stage

FACTS = ExportFacts(
    frames=1412,
    sealed_connections=3,
    opened_connections=3,
    clear_messages=41,
    sealed_messages=12,
    clear_secrets=2,
)


def find(stage: Stage, kind: type[QDialog]) -> QDialog:
    found = [child for child in stage.window.findChildren(kind) if child.isVisible()]
    assert len(found) == 1
    return found[0]


# --- title ----------------------------------------------------------------------------------------


def test_the_title_says_which_file_and_whether_it_is_all_in_there(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    sessions = stage.backstage.sessions
    assert stage.window.windowTitle() == "Unsaved session[*] – ChatLab"
    sessions.file, sessions.is_modified = Path("/home/me/lab6.chatlab"), False
    stage.desk.sessions.refresh_title()
    assert stage.window.windowTitle() == "lab6.chatlab[*] – ChatLab"
    assert not stage.window.isWindowModified()
    sessions.is_modified = True
    sessions.observers[0]()
    assert stage.window.isWindowModified()


def test_a_count_of_unread_messages_stays_in_front(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.set_unread(2)
    stage.backstage.sessions.file = Path("/home/me/lab6.chatlab")
    stage.desk.sessions.refresh_title()
    assert stage.window.windowTitle() == "(2) lab6.chatlab[*] – ChatLab"


@pytest.mark.parametrize("name", ["(1) lab.chatlab", "(lab.chatlab"])
def test_a_name_in_brackets_is_no_count(qtbot: QtBot, name: str) -> None:
    stage = Stage(qtbot)
    stage.backstage.sessions.file = Path("/home/me") / name
    for _ in range(2):
        stage.desk.sessions.refresh_title()
        assert stage.window.windowTitle() == f"{name}[*] – ChatLab"


def test_an_opened_capture_is_named(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.feed.status = CaptureReplayed(file="foreign.pcapng")
    stage.desk.sessions.refresh_title()
    assert stage.window.windowTitle() == "foreign.pcapng[*] – ChatLab"


# --- save -----------------------------------------------------------------------------------------


def test_the_first_save_asks_where_the_next_does_not(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage(qtbot)
    stage.window.show()
    stage.window.actions_table.action(ActionId.SAVE_CAPTURE).trigger()
    dialog = find(stage, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.defaultSuffix() == "chatlab"
    dialog.fileSelected.emit(str(tmp_path / "lab6.chatlab"))
    dialog.reject()
    sessions = stage.backstage.sessions
    assert sessions.asked == [("save", tmp_path / "lab6.chatlab")]
    sessions.file = tmp_path / "lab6.chatlab"
    stage.window.actions_table.action(ActionId.SAVE_CAPTURE).trigger()
    assert sessions.asked[1:] == [("save", None)]


def test_a_session_never_takes_the_name_of_a_capture(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage(qtbot)
    stage.window.show()
    (tmp_path / "b.pcapng.chatlab").touch()
    for name in ("a.pcapng", "b.pcapng"):
        stage.desk.sessions.save_as()
        dialog = find(stage, QFileDialog)
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(tmp_path / name))
    assert stage.backstage.sessions.asked == [("save", tmp_path / "a.pcapng.chatlab")]
    dialog = find(stage, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog is not None, "it asks again"
    dialog.reject()


@pytest.mark.parametrize(("before", "shown"), [(0, 5), (20, 20)])
def test_how_often_it_is_saved_can_be_chosen(qtbot: QtBot, before: int, shown: int) -> None:
    dialog = PreferencesDialog(Preferences(autosave_minutes=before), can_notify=True)
    qtbot.addWidget(dialog)
    assert dialog.read().autosave_minutes == before
    assert dialog.autosave_minutes.text() == str(shown)
    dialog.autosave.setChecked(not before)
    assert dialog.read().autosave_minutes == (0 if before else shown)


# --- notes ----------------------------------------------------------------------------------------


def test_notes_are_kept_as_they_are_written(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.show()
    stage.backstage.sessions.notes = "Frame 4"
    stage.window.actions_table.action(ActionId.SESSION_NOTES).trigger()
    dialog = find(stage, SessionNotesDialog)
    assert isinstance(dialog, SessionNotesDialog)
    assert dialog.editor.toPlainText() == "Frame 4"
    dialog.editor.appendPlainText("holds it – ä")
    assert stage.backstage.sessions.notes == "Frame 4\nholds it – ä"
    dialog.close_button.click()
    assert not dialog.isVisible()


def test_notes_that_are_too_long_to_be_saved_say_so(qtbot: QtBot) -> None:
    dialog = SessionNotesDialog("")
    qtbot.addWidget(dialog)
    heard: list[str] = []
    dialog.changed.connect(heard.append)
    dialog.editor.setPlainText("x" * (MAX_LENGTH + 3))
    assert len(heard[-1]) == MAX_LENGTH
    assert "last 3 characters" in dialog.hint.text()
    dialog.editor.setPlainText("x" * MAX_LENGTH)
    assert dialog.hint.text() == ""


# --- export ---------------------------------------------------------------------------------------


def exporter(qtbot: QtBot, path: Path) -> tuple[ExportDialog, list[ExportChoice]]:
    dialog = ExportDialog(path, 1)
    qtbot.addWidget(dialog)
    heard: list[ExportChoice] = []
    dialog.submitted.connect(heard.append)
    dialog.open()
    return dialog, heard


def test_it_says_in_one_sentence_each_what_a_reader_can_see(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.show()
    stage.backstage.sessions.facts = FACTS
    stage.window.actions_table.action(ActionId.EXPORT_CAPTURE).trigger()
    dialog = find(stage, ExportDialog)
    assert isinstance(dialog, ExportDialog)
    redacted = dialog.sentence(SecretsChoice.REDACT)
    assert redacted == (
        "3 connections under TLS stay sealed; 41 messages in clear are readable; "
        "2 passwords or login steps are blanked."
    )
    assert "readable, too" in dialog.sentence(SecretsChoice.DROP)
    assert "keys of 3 connections are inside" in dialog.sentence(SecretsChoice.KEEP)
    dialog.export_button.click()
    ((what, file, secrets),) = stage.backstage.sessions.asked
    assert (what, secrets) == ("export", SecretsChoice.REDACT)
    assert isinstance(file, Path)
    assert file.suffix == ".pcapng"


def test_until_it_is_counted_the_dialog_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    dialog, _ = exporter(qtbot, tmp_path / "x")
    assert "Counting" in dialog.sentence(SecretsChoice.KEEP)


def test_a_file_name_gets_its_suffix_and_the_choice_goes_with_it(
    qtbot: QtBot, tmp_path: Path
) -> None:
    dialog, heard = exporter(qtbot, tmp_path / "lab.6")
    dialog.choices[SecretsChoice.KEEP].click()
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert heard == [ExportChoice(tmp_path / "lab.6.pcapng", SecretsChoice.KEEP)]


def test_the_choices_can_be_walked_with_the_keyboard(qtbot: QtBot, tmp_path: Path) -> None:
    dialog, _ = exporter(qtbot, tmp_path / "x")
    first = dialog.choices[SecretsChoice.REDACT]
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert dialog.chosen() is SecretsChoice.DROP
    assert all(
        isinstance(radio, QRadioButton) and radio.text() for radio in dialog.choices.values()
    )


def test_an_existing_file_is_replaced_only_after_asking(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "lab6.pcapng"
    path.touch()
    dialog, heard = exporter(qtbot, path)
    dialog.export_button.click()
    assert heard == []
    assert dialog.export_button.text() == "Replace it"
    dialog.export_button.click()
    assert len(heard) == 1


def test_another_name_is_asked_about_anew(qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("a.pcapng", "b.pcapng"):
        (tmp_path / name).touch()
    dialog, heard = exporter(qtbot, tmp_path / "a.pcapng")
    dialog.export_button.click()
    dialog.name.setText(str(tmp_path / "b.pcapng"))
    dialog.export_button.click()
    assert heard == []


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needed"), (".", "a folder"), ("missing/x.pcapng", "no folder")]
)
def test_a_place_that_cannot_be_is_explained(
    qtbot: QtBot, tmp_path: Path, name: str, reason: str
) -> None:
    dialog, heard = exporter(qtbot, tmp_path / "x")
    dialog.name.setText(str(tmp_path / name) if name else "")
    dialog.export_button.click()
    assert heard == []
    assert reason in dialog.hint.text()
