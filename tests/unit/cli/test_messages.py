"""``chatlab messages`` on captures that were made elsewhere."""

import json
import ssl
from pathlib import Path

import pytest

from chatlab.cli.messages import messages
from chatlab.core.errors import FileError
from tests.helpers.tls_talk import TlsTalk
from tests.unit.analysis.test_finding import SAID, WELCOME, spoken


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_foreign_capture_lists_what_its_packets_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng")
    assert messages(file, as_json=True) == 0
    first = next(each for each in told(capsys) if each["text"] == "hello all")
    assert (first["sender"], first["target"]) == ("alice", "#lab")
    assert (first["evidence"], first["delivery"]) == ("packets", "echoed")
    assert first["frames"]


def test_a_key_log_opens_what_tls_sealed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_2)
    for direction, line in (*WELCOME, *SAID):
        tls.write(direction, line)
    keys = tls.keys.rename(tmp_path / "elsewhere.txt")
    file = tls.talk.write(tmp_path / "a.pcapng")
    messages(file, as_json=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--keys KEYLOG" in shown.err
    messages(file, keys=keys, as_json=True)
    found = told(capsys)
    assert sorted(str(each["text"]) for each in found) == [
        *("hello all", "hi Alice", "in private", "waves")
    ]
    assert {each["tls"] for each in found} == {"TLSv1.2"}
    with pytest.raises(FileError, match="cannot be read"):
        messages(file, keys=tmp_path / "none", as_json=True)


def test_a_file_that_only_looks_like_a_key_log_is_said_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng")
    (tmp_path / "sslkeylog.txt").write_text("my notes\n", encoding="utf-8")
    assert messages(file, as_json=True) == 0
    shown = capsys.readouterr()
    assert "hello all" in shown.out
    assert "sslkeylog.txt holds no TLS secret" in shown.err
