"""Whatever is typed as a path, asking about it raises nothing."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from chatlab.ui.dialogs.export_capture import ExportDialog
from chatlab.ui.typed_path import is_file, is_folder, is_there, size_of, typed_path

ODD = ["~nobody-of-this-name/a", "~", "/", "..", "a\0b", "x" * 5_000, "\ud800", "//"]


@pytest.mark.parametrize("text", ODD)
def test_odd_paths_are_answered(text: str) -> None:
    path = typed_path(text)
    assert not is_file(path)
    assert is_there(path) is is_folder(path)
    assert size_of(path) == 0 or is_folder(path)


@pytest.mark.parametrize("text", ["~nobody-of-this-name/a", "~", "/", "..", "//", ""])
def test_an_export_to_an_odd_path_is_refused_in_words(qtbot: QtBot, text: str) -> None:
    dialog = ExportDialog(Path("here.pcapng"), 1)
    qtbot.addWidget(dialog)
    heard: list[object] = []
    dialog.submitted.connect(heard.append)
    dialog.name.setText(text)
    dialog.export_button.click()
    assert heard == []
    assert dialog.hint.text()


def test_a_tilde_is_ones_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "a").write_bytes(b"abc")
    path = typed_path(" ~/a ")
    assert (is_file(path), is_folder(path), is_there(path), size_of(path)) == (True, False, True, 3)
