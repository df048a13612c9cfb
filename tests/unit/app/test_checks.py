"""The system check: what is missing has a name and a remedy, and a warning stops nobody."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from chatlab.app import checks
from chatlab.app.checks import Check, Verdict, check_all, is_fit


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATLAB_HOME", str(tmp_path))


def verdict(name: str) -> Check:
    return next(check for check in check_all() if check.name == name)


def test_everything_is_looked_at_and_this_machine_is_fit() -> None:
    found = check_all()
    names = {check.name.partition(":")[0] for check in found}
    assert names >= {"System", "Libraries", "Capture", "Certificate authorities", "Folder"}
    assert is_fit(found)
    assert all(check.words for check in found)


def test_a_missing_library_fails_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def version(name: str) -> str:
        if name == "scapy":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(checks, "version", version)
    failed = [check for check in check_all() if check.verdict is Verdict.FAILED]
    assert [(check.words, check.remedy) for check in failed] == [
        ("Missing: scapy.", "python3 dev.py setup")
    ]
    assert not is_fit(check_all())


def test_a_folder_that_cannot_be_written_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("CHATLAB_HOME", str(tmp_path / "file"))
    found = verdict("Folder")
    assert found.verdict is Verdict.FAILED
    assert "CHATLAB_HOME" in found.remedy


def test_no_keyring_is_a_warning_that_stops_nobody() -> None:
    found = verdict("Keyring")
    assert found.verdict is Verdict.WARNING
    assert is_fit((found,))
