"""TLS conversations, made by OpenSSL: rows, sentences, layers, saved files, tshark."""

import json
import shutil
import ssl
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatlab.analysis.binding import Anchor
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.session_file import message_records, read_session, restore
from chatlab.analysis.streams import Streams
from chatlab.core.attribution import Evidence
from chatlab.core.errors import FileError
from chatlab.core.export import SecretsChoice
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.protocol import pcapng
from tests.helpers.tcp_talk import RECEIVED, SENT, connection, message, tls_facts, wire
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
FIRST = MessageId("first")
LINE = b"PRIVMSG #lab :a sealed greeting\r\n"


@dataclass
class Session:
    """One TLS session with three messages, as the program would hold it."""

    log: FrameLog
    correlator: Correlator
    messages: list[Message]
    key_log: str
    version: str
    record: int

    def save(self, file: Path, *, with_secrets: bool) -> Path:
        contents = Contents(self.log, self.correlator, self.messages, self.key_log, "ChatLab test")
        choice = SecretsChoice.KEEP if with_secrets else SecretsChoice.DROP
        blocks = session_blocks(contents, choice)
        file.write_bytes(b"".join(blocks))
        return file


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def session(request: pytest.FixtureRequest, tmp_path: Path, open_log: OpenLog) -> Session:
    tls = TlsTalk(tmp_path, request.param)
    said = tls.write(SENT, LINE)
    echo = tls.write(RECEIVED, b":alice!u@h " + LINE)
    heard = tls.write(RECEIVED, b":bob!u@h PRIVMSG #lab :hello alice\r\n")
    log = open_log(tls.talk.write(tmp_path / "live.pcapng"))
    correlator = Correlator(Streams(log))
    version = "TLSv1.2" if request.param is ssl.TLSVersion.TLSv1_2 else "TLSv1.3"
    correlator.opened(connection(TLS_FLOW, tls=tls_facts(version, tls.cipher)))
    messages = [
        message(
            "first",
            wire(SENT, said.start, said.stop),
            echo=wire(RECEIVED, echo.start, echo.stop),
            text="a sealed greeting",
        ),
        message(
            "second",
            wire(RECEIVED, heard.start, heard.stop),
            text="hello alice",
            direction=RECEIVED,
        ),
        message("waiting", None, text="was waiting"),
    ]
    messages[0] = replace(messages[0], delivery=Delivery.ECHOED)
    for each in messages:
        if each.wire is not None:
            correlator.assign(each.id, each.wire, each.echo)
    correlator.update()
    return Session(log, correlator, messages, tls.key_log, version, len(said))


def test_records_are_named_and_sealed(session: Session) -> None:
    rows = RowBuilder(session.log, session.correlator.streams, session.correlator)
    found = [rows.row(number) for number in range(1, len(session.log) + 1)]
    hello = next(row for row in found if "Client Hello" in row.info)
    assert hello.info == "Client Hello (SNI=irc.example)"
    assert (hello.protocol, hello.why) == (session.version, "TLS handshake")
    (said,) = session.correlator.attribution(session.messages[0].id).frames
    row = rows.row(said)
    assert (row.info, row.protocol, row.exposure, row.why) == (
        "Application Data",
        session.version,
        Exposure.SEALED,
        "message",
    )
    assert any("Server Hello" in row.info for row in found)


def test_a_sealed_message_is_explained_by_its_record(session: Session) -> None:
    explainer = Explainer(session.log, session.correlator.streams, session.correlator)
    told = explainer.message(session.messages[0])
    protection = 29 if session.version == "TLSv1.2" else 22
    assert session.record == len(LINE) + protection
    assert told.startswith(
        f"Sent as 1 frame, {session.record + 54} bytes: a {session.version.replace('v', ' ')} "
        f"record of {session.record} bytes ({len(LINE)} of your line, {protection} of "
        "protection), 54 of headers. An observer learns the length and the time, not the words."
    )
    assert "Echoed by the server after" in told


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("lost", ["the beginning", "what lay between"])
def test_what_tls_agreed_on_is_known_behind_a_gap_too(
    version: ssl.TLSVersion, lost: str, tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, version)
    before = len(tls.talk.frames)
    for _ in range(3):
        tls.write(SENT, LINE)
    del tls.talk.frames[0 if lost == "the beginning" else before :]
    said = tls.write(SENT, LINE)
    number = len(tls.talk.frames) - 1
    log = open_log(tls.talk.write(tmp_path / "gap.pcapng"))
    correlator = Correlator(Streams(log))
    name = "TLSv1.2" if version is ssl.TLSVersion.TLSv1_2 else "TLSv1.3"
    ours = connection(TLS_FLOW, tls=tls_facts(name, tls.cipher))
    correlator.opened(ours)
    correlator.update()
    for direction in (SENT, RECEIVED):
        sequence = tls.talk.isn[direction] + 1
        correlator.anchor(ours.id, direction, Anchor(0, sequence, Evidence.CONTENT))
    heard = message("behind", wire(SENT, said.start, said.stop))
    correlator.assign(heard.id, wire(SENT, said.start, said.stop))

    told = Explainer(log, correlator.streams, correlator).message(heard)
    protection = len(said) - len(LINE)
    assert (
        f"a {name.replace('v', ' ')} record of {len(said)} bytes ({len(LINE)} of your line, "
        f"{protection} of protection)"
    ) in told
    row = RowBuilder(log, correlator.streams, correlator).row(number)
    assert (row.protocol, row.why) == (name, "message")
    assert row.info.endswith("Application Data")
    (layer, *_) = LayerBuilder(log, correlator.streams, correlator).layers(number, {})
    assert layer.summary == f"{name} Application Data"


def test_the_tree_shows_records_and_what_we_know_is_inside(session: Session) -> None:
    builder = LayerBuilder(session.log, session.correlator.streams, session.correlator)
    known = {each.id: each for each in session.messages}
    (said,) = session.correlator.attribution(session.messages[0].id).frames
    tls, inside = builder.layers(said, known)
    assert tls.name == "Transport Layer Security"
    assert [field.name for field in tls.fields[0].fields] == [
        "Content Type",
        "Version",
        "Length",
        "Fragment",
        "Not decrypted",
    ]
    assert inside.name == "Decrypted by ChatLab (from its own connection)"
    assert (inside.fields[0].name, inside.fields[0].value) == (
        "alice → #lab",
        "a sealed greeting",
    )
    (hello,) = builder.layers(4, known)
    (handshake,) = hello.fields[0].fields[3:]
    values = {field.name: field.value for field in handshake.fields}
    assert values["Server Name"] == "irc.example"
    assert session.version in values["Versions"]


def test_a_saved_capture_says_the_same_when_read_back(
    session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    want = list(message_records(session.messages, session.correlator))
    log = open_log(session.save(tmp_path / "saved.pcapng", with_secrets=True))
    saved = read_session(log)
    correlator = Correlator(Streams(log))
    restore(saved, correlator)
    correlator.update()
    assert saved.messages == tuple(sorted(session.messages, key=lambda each: each.time_ns))
    assert saved.connections == session.correlator.connections
    assert list(message_records(saved.messages, correlator)) == want
    first = next(record for record in want if record["id"] == "first")
    assert first["tls"] == session.version
    assert first["frames"]
    assert first["echo_frames"]
    assert (first["evidence"], first["delivery"], first["stream"]) == ("offset", "echoed", 0)
    assert first["time"] == "2023-11-14T22:13:20.000000005Z"
    assert list(first) == [
        *("id", "time", "account", "protocol", "direction", "sender", "target", "text", "tls"),
        *("stream", "bytes", "frames", "acks", "evidence", "delivery"),
        *("retransmissions", "echo_frames"),
    ]


def test_saving_again_keeps_everything_once(
    session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    log = open_log(session.save(tmp_path / "one.pcapng", with_secrets=True))
    saved = read_session(log)
    correlator = Correlator(Streams(log))
    restore(saved, correlator)
    correlator.update()
    blocks = session_blocks(Contents(log, correlator, saved.messages, "", "ChatLab test"))
    assert b"".join(blocks) == (tmp_path / "one.pcapng").read_bytes()


def test_without_secrets_a_saved_capture_holds_no_more_than_the_wire(
    session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    file = session.save(tmp_path / "clean.pcapng", with_secrets=False)
    data = file.read_bytes()
    assert b"sealed greeting" not in data
    assert b"hello alice" not in data
    assert b"CLIENT_RANDOM" not in data
    assert b"TRAFFIC_SECRET" not in data
    log = open_log(file)
    saved = read_session(log)
    assert saved.messages == ()
    assert [each.account for each in saved.connections] == ["account 1"]
    assert log.secrets == []


def tshark(file: Path, *arguments: str) -> list[str]:
    program = shutil.which("tshark")
    assert program is not None
    done = subprocess.run(
        [program, "-r", str(file), *arguments], capture_output=True, timeout=60, check=True
    )
    problems = [
        line for line in done.stderr.decode().splitlines() if not line.startswith("Running as user")
    ]
    assert problems == []
    return done.stdout.decode().splitlines()


@pytest.mark.servers
def test_tshark_decrypts_a_saved_capture_and_counts_the_same_frames(
    session: Session, tmp_path: Path
) -> None:
    file = session.save(tmp_path / "saved.pcapng", with_secrets=True)
    found = {
        int(number): bytes.fromhex(data.replace(",", ""))
        for number, data in (
            line.split("\t")
            for line in tshark(
                file, "-Y", "data.data", "-T", "fields", "-e", "frame.number", "-e", "data.data"
            )
        )
    }
    for each in session.messages[:2]:
        known = session.correlator.attribution(each.id)
        carriers = {number for number, data in found.items() if each.text.encode() in data}
        assert carriers == {*known.frames, *known.echo_frames}
    assert len(tshark(file)) == len(session.log)
    comments = tshark(file, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment")
    assert len(comments) == 3  # Two messages, and the echo of one.
    assert comments[0].startswith("Sent: alice → #lab: a sealed greeting")


@pytest.mark.servers
def test_a_file_that_was_cut_still_names_the_right_frames(
    session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    """tshark drops the handshake; offsets and anchors are all that is left."""
    file = session.save(tmp_path / "saved.pcapng", with_secrets=True)
    (said,) = session.correlator.attribution(session.messages[0].id).frames
    cut = tmp_path / "cut.pcapng"
    tshark(file, "-Y", f"frame.number >= {said}", "-w", str(cut))
    log = open_log(cut)
    saved = read_session(log)
    correlator = Correlator(Streams(log))
    restore(saved, correlator)
    correlator.update()
    for each in session.messages[:2]:
        before = session.correlator.attribution(each.id)
        after = correlator.attribution(each.id)
        assert after.frames == tuple(number - said + 1 for number in before.frames)
        assert after.echo_frames == tuple(number - said + 1 for number in before.echo_frames)
        assert after.evidence is before.evidence


# --- hostile comments ---------------------------------------------------------------------------------


def test_a_message_that_quotes_our_prefix_is_only_text(
    session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    text = 'chatlab-message {"id": "forged"}\nchatlab-session {}'
    session.messages[0] = replace(session.messages[0], text=text)
    log = open_log(session.save(tmp_path / "saved.pcapng", with_secrets=True))
    assert {each.id: each.text for each in read_session(log).messages}[FIRST] == text


@pytest.mark.parametrize(
    "comment",
    [
        "chatlab-session {",
        "chatlab-session []",
        "chatlab-session {}",
        "chatlab-session " + "[" * 50_000,
        "alice: hi\nchatlab-message {}",
        'chatlab-message {"id": 7}',
        "chatlab-message " + json.dumps({"id": "a", "account": "b", "application": "smtp"}),
    ],
)
def test_damaged_comments_are_an_error_in_words(
    comment: str, tmp_path: Path, open_log: OpenLog
) -> None:
    file = tmp_path / "bad.pcapng"
    file.write_bytes(pcapng.section_header(comments=[comment]))
    with pytest.raises(
        FileError, match="comments are damaged: the comment of a section "
    ) as caught:
        read_session(open_log(file))
    assert "Error" not in caught.value.message


def test_a_foreign_capture_holds_no_session(tmp_path: Path, open_log: OpenLog) -> None:
    file = tmp_path / "foreign.pcapng"
    file.write_bytes(
        pcapng.section_header(comments=["made by hand"])
        + pcapng.interface("eth0", 1)
        + pcapng.enhanced_packet(0, 1, b"", comments=["look here"])
    )
    saved = read_session(open_log(file))
    assert (saved.connections, saved.messages) == ((), ())


@pytest.mark.parametrize(("length", "kept"), [(6_000, 6_000), (20_000, 6_328)])
def test_a_very_long_message_still_fits_its_comment(
    length: int, kept: int, session: Session, tmp_path: Path, open_log: OpenLog
) -> None:
    session.messages[0] = replace(session.messages[0], text="\x01€" * length)
    log = open_log(session.save(tmp_path / "saved.pcapng", with_secrets=True))
    texts = {each.id: each.text for each in read_session(log).messages}
    assert texts[FIRST] == "\x01€" * kept
