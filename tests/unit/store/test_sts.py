"""STS policies on disk: they survive restarts, other programs and damage."""

from pathlib import Path

import pytest

from chatlab.core.errors import FileError
from chatlab.core.sts import StsPolicy
from chatlab.store import sts
from chatlab.store.sts import StsFile

POLICY = StsPolicy(port=6697, duration_s=60, expires_s=1_800_000_000)


def test_a_policy_survives_a_restart_whatever_the_spelling_of_the_host(tmp_path: Path) -> None:
    path = tmp_path / "state" / "sts.toml"
    StsFile(path).put("IRC.Example.", POLICY)
    assert StsFile(path).get("irc.example") == POLICY
    StsFile(path).delete("irc.EXAMPLE")
    assert StsFile(path).get("irc.example") is None


def test_two_programs_do_not_take_each_others_policies_away(tmp_path: Path) -> None:
    one, two = StsFile(tmp_path / "sts.toml"), StsFile(tmp_path / "sts.toml")
    one.put("a.example", POLICY)
    two.put("b.example", POLICY)
    one.delete("nobody.example")
    again = StsFile(tmp_path / "sts.toml")
    assert again.get("a.example") == again.get("b.example") == POLICY


@pytest.mark.parametrize(
    "text",
    [
        "not TOML at all [",
        'policies = "none"',
        '[[policies]]\nhost = "a.example"\nport = "x"\nduration_s = 1',
        "[[policies]]\nport = 6697\nduration_s = 10\nexpires_s = 99",
    ],
)
def test_a_damaged_file_costs_no_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sts.toml"
    path.write_text(text, encoding="utf-8")
    assert StsFile(path).get("a.example") is None


def test_the_number_of_policies_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "MAX_POLICIES", 2)
    store = StsFile(tmp_path / "sts.toml")
    for number in range(3):
        expires_s = POLICY.expires_s + number
        store.put(f"{number}.example", StsPolicy(port=1, duration_s=1, expires_s=expires_s))
    again = StsFile(tmp_path / "sts.toml")
    assert again.get("0.example") is None
    assert again.get("2.example") is not None


def test_what_cannot_be_written_is_told_and_holds_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = StsFile(tmp_path / "file" / "sts.toml")
    with pytest.raises(FileError):
        store.put("a.example", POLICY)
    assert store.get("a.example") == POLICY
