"""What the system check says about capturing, on any system."""

from pathlib import Path

import pytest

from chatlab.app import checks, root
from chatlab.app.checks import Verdict
from chatlab.capture.backends import Backend, Note, Permission, state_of


def said(monkeypatch: pytest.MonkeyPatch, permission: Permission) -> dict[str, checks.Check]:
    monkeypatch.setattr(checks, "check_permission", lambda: permission)
    return {row.name: row for row in checks._capture()}


def test_where_nothing_is_open_every_way_is_named_down_to_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = (
        state_of(Backend.PACKET_SOCKET, False, "No."),
        state_of(Backend.DUMPCAP, False, "Not installed.", "sudo apt install it"),
    )
    rows = said(monkeypatch, Permission(states))
    assert list(rows) == ["Capture: packet socket", "Capture: dumpcap", "Capture: byte stream"]
    assert {row.verdict for row in rows.values()} == {Verdict.WARNING}
    assert rows["Capture: dumpcap"].remedy == "sudo apt install it"


def test_where_one_way_is_open_the_others_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    states = (
        state_of(Backend.PACKET_SOCKET, False, "No."),
        state_of(Backend.DUMPCAP, True, "Yes."),
    )
    assert list(said(monkeypatch, Permission(states))) == ["Capture: dumpcap"]


def test_notes_are_to_be_known_and_trouble_is_to_be_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = (
        Note("Licence", "Five computers.", "Ask for more."),
        Note("WinPcap", "It is old.", "Uninstall it.", is_trouble=True),
    )
    rows = said(monkeypatch, Permission((state_of(Backend.NPCAP, True, "Yes."),), notes))
    assert rows["Licence"].verdict is Verdict.INFO
    assert rows["Licence"].words == "Five computers. Ask for more."
    assert rows["WinPcap"].verdict is Verdict.WARNING
    assert rows["WinPcap"].remedy == "Uninstall it."


@pytest.mark.parametrize("is_root", [False, True])
def test_root_is_told_once_that_it_need_not_be(
    monkeypatch: pytest.MonkeyPatch, is_root: bool
) -> None:
    monkeypatch.setattr(root, "is_root", lambda: is_root)
    rows = checks._user()
    assert [row.verdict for row in rows] == [Verdict.WARNING] * is_root


def test_a_folder_that_is_none_is_explained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHATLAB_HOME", str(tmp_path / "file"))
    row = checks._folder()
    assert row.verdict is Verdict.FAILED
    assert row.words.startswith("The folder ")
    assert row.words.count(".") == 1
    assert "CHATLAB_HOME" in row.remedy
    assert "Errno" not in row.words
