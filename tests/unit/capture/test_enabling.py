"""How an administrator is asked to let a user capture, and what is said when that fails."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from chatlab.capture import enabling, opener_install
from chatlab.core.errors import CaptureError

pytestmark = pytest.mark.only_on("linux")


@pytest.fixture
def student(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(enabling, "user_name", lambda: "student")


def pkexec(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A pkexec of the test's; it gets what polkit's would get."""
    program = folder / "pkexec"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))


def test_root_runs_the_installer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    command = enabling.command_for(("anna",), is_terminal=True)
    assert command == ("/usr/bin/python3", "-I", "-S", opener_install.__file__, "anna")


@pytest.mark.usefixtures("student")
def test_in_a_window_polkit_s_dialog_asks_and_never_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    window = enabling.command_for(("student",), is_terminal=False)
    terminal = enabling.command_for(("student",), is_terminal=True)
    assert window[:3] == ("/usr/bin/pkexec", "--disable-internal-agent", "/usr/bin/python3")
    assert terminal[:2] == ("/usr/bin/pkexec", "/usr/bin/python3")


@pytest.mark.usefixtures("student")
def test_without_polkit_the_exact_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CaptureError) as caught:
        enabling.change(("student",))
    command = f"sudo /usr/bin/python3 -I -S {opener_install.__file__} student"
    assert caught.value.hint == f"In a terminal: {command}"


@pytest.mark.usefixtures("student")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 126", "Nothing was changed: the password was not given."),
        ("exit 127", "polkit could not ask for a password, or did not accept it."),
        ("echo 'The disk is full.' >&2; exit 1", "The disk is full."),
        ("exit 1", "The opener could not be installed."),
    ],
)
def test_a_failure_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, words: str
) -> None:
    pkexec(monkeypatch, tmp_path, script)
    with pytest.raises(CaptureError) as caught:
        asyncio.run(enabling.enable())
    assert caught.value.message == words
    assert caught.value.hint


@pytest.mark.usefixtures("student")
def test_a_window_lets_its_own_user_capture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pkexec(monkeypatch, tmp_path, 'shift 5; echo "for $*"')
    assert asyncio.run(enabling.enable()) == "for student"
