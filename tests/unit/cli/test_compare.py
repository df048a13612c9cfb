"""``chatlab compare``: what it prints and writes adds up, and holds no password."""

import csv
import json
import ssl
from pathlib import Path

import pytest

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.streams import Streams
from chatlab.cli.arguments import run
from chatlab.core.message import Message
from tests.helpers.logins import IRC_LINES, PASSWORD, PLAIN, play
from tests.helpers.tcp_talk import SENT, Talk, connection, message, tls_facts, wire
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk

TEXTS = ("=1+1 at noon", "<b>ok</b>")
LAYERS = ("text", "framing", "tls", "sealed", "repeated", "other", "tcp", "ip", "link")


def line(text: str) -> bytes:
    return f"PRIVMSG #lab :{text}\r\n".encode()


def saved(file: Path, talk: Talk, messages: list[Message], *, keys: str, sealed: bool) -> Path:
    """A capture as ChatLab saves it."""
    raw = talk.write(file.with_suffix(".raw"))
    with FrameLog(raw) as log:
        correlator = Correlator(Streams(log))
        ours = connection(TLS_FLOW, tls=tls_facts()) if sealed else connection()
        correlator.opened(ours)
        for each in messages:
            assert each.wire is not None
            correlator.assign(each.id, each.wire)
        correlator.update()
        blocks = session_blocks(Contents(log, correlator, messages, keys, "test"))
        file.write_bytes(b"".join(blocks))
    return file


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    talk = Talk().handshake()
    play(talk.send, IRC_LINES)
    clear: list[Message] = []
    for number, text in enumerate(TEXTS):
        start = talk.reached[SENT]
        talk.send(SENT, line(text))
        clear.append(message(f"p{number}", wire(SENT, start, talk.reached[SENT]), text=text))
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3)
    play(tls.write, IRC_LINES)
    under: list[Message] = []
    for number, text in enumerate(TEXTS):
        span = tls.write(SENT, line(text))
        under.append(message(f"s{number}", wire(SENT, span.start, span.stop), text=text))
    plain = saved(tmp_path / "plain.pcapng", talk, clear, keys="", sealed=False)
    sealed = saved(tmp_path / "sealed.pcapng", tls.talk, under, keys=tls.key_log, sealed=True)
    return str(plain), str(sealed)


def records(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert run(["compare", *arguments, "--json"]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    return [json.loads(each) for each in out.splitlines()]


def test_two_files_are_compared_message_by_message(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = records(capsys, *files)
    kinds = [each["kind"] for each in found]
    assert kinds == ["connection"] * 2 + ["message"] * 4 + ["summary"] * 2
    messages = [each for each in found if each["kind"] == "message"]
    assert [(each["row"], each["connection"]) for each in messages] == [
        (1, "IRC · in clear"),
        (1, "IRC · TLS 1.3"),
        (2, "IRC · in clear"),
        (2, "IRC · TLS 1.3"),
    ]
    for each in messages:
        assert sum(int(str(each[f"{layer}_bytes"])) for layer in LAYERS) == each["bytes"]
        assert each["text_bytes"] == len(str(each["text"]))
        assert each["evidence"] == "same text"
    assert [each["tls_bytes"] for each in messages] == [0, 22, 0, 22]
    first = messages[1]
    assert isinstance(first["leak"], dict)
    assert first["leak"]["inferred_bytes"] == len(line(TEXTS[0]))


def test_options_may_stand_between_the_two_files(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = files
    behind = records(capsys, first, second)
    assert run(["compare", first, "--json", second]) == 0
    between = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert between == behind


def test_a_third_file_is_refused(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", *files, "--json", "third.pcapng"]) == 2
    assert "third.pcapng" in capsys.readouterr().err


def test_one_file_alone_lists_its_messages(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [each for each in records(capsys, files[0]) if each["kind"] == "message"]
    assert [each["evidence"] for each in messages] == ["alone", "alone"]


def test_steps_and_claims_come_when_asked_for_and_without_passwords(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = records(capsys, *files, "--handshakes", "--observers")
    assert {each["kind"] for each in found} == {
        "connection", "message", "summary", "step", "claim",
    }  # fmt: skip
    assert {each["observer"] for each in found if each["kind"] == "claim"} == {
        "network", "server", "person",
    }  # fmt: skip
    told = json.dumps(found, ensure_ascii=False)
    assert run(["compare", *files, "--handshakes", "--observers"]) == 0
    told += capsys.readouterr().out
    for secret in (PASSWORD, PLAIN.decode(), "secretkey"):
        assert secret not in told
    assert "••••" in told


def test_the_terminal_s_table_has_both_connections_side_by_side(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", *files]) == 0
    out = capsys.readouterr().out
    assert "IRC · in clear  IRC · TLS 1.3" in out
    assert f"1. “{TEXTS[0]}”" in out
    assert "TLS (B)                              0             22" in out


def test_a_spreadsheet_gets_no_formula(files: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert run(["compare", *files, "--csv", str(target)]) == 0
    with target.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == [f"'{TEXTS[0]}"] * 2 + [TEXTS[1]] * 2
    assert [row["tls_bytes"] for row in rows] == ["0", "22", "0", "22"]


def test_a_page_shows_what_was_typed_and_runs_none_of_it(
    files: tuple[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "out.html"
    assert run(["compare", *files, "--html", str(target)]) == 0
    page = target.read_text(encoding="utf-8")
    assert "&lt;b&gt;ok&lt;/b&gt;" in page
    assert "<b>ok</b>" not in page
    assert "http" not in page
    assert "IRC · TLS 1.3" in page


def test_a_key_log_that_is_named_opens_what_a_capture_from_elsewhere_seals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3)
    play(tls.write, IRC_LINES)
    tls.write(SENT, line("hello"))
    file = tls.talk.write(tmp_path / "else.pcapng")
    found = records(capsys, str(file), "--keys", str(tls.keys))
    (said,) = (each for each in found if each["kind"] == "message")
    assert (said["text"], said["sender"], said["tls_bytes"]) == ("hello", "alice", 22)


def test_a_file_without_chats_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Talk().handshake().write(tmp_path / "c.pcapng")
    assert run(["compare", str(file)]) == 1
    assert "no IRC and no XMPP connection" in capsys.readouterr().err
    assert run(["compare", str(tmp_path / "none")]) == 1
    assert "There is no file" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "no folder" / "out.csv"
    assert run(["compare", files[0], "--csv", str(target)]) == 1
    assert f"{target} cannot be written" in capsys.readouterr().err


def test_a_capture_is_never_written_over(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(files[1]).read_bytes()
    assert run(["compare", *files, "--html", files[1]]) == 2
    assert "not one to write" in capsys.readouterr().err
    assert Path(files[1]).read_bytes() == before


def test_help_documents_every_kind_of_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["compare", "--help"])
    out = capsys.readouterr().out
    for word in (
        "connection",
        "message",
        "step",
        "claim",
        "summary",
        *(f"{x}_bytes" for x in LAYERS),
    ):
        assert word in out
