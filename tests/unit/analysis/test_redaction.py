"""A redacted copy: no planted secret in it, all lengths as they were, checksums right."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import read_session
from chatlab.core.account import Application
from chatlab.protocol import pcapng
from chatlab.protocol.checksums import ones_sum, pseudo_sum
from chatlab.protocol.packet import parse
from tests.helpers.redacting import (
    HEADER,
    IRC_LINES,
    PLAIN,
    SECRET,
    XMPP_STANZAS,
    assert_same_but_blanked,
    frames_of,
    redacted,
    with_checksums,
)
from tests.helpers.tcp_talk import (
    ETHERNET,
    FLOW,
    RECEIVED,
    SENT,
    START_NS,
    Talk,
    message,
    wire,
)


@pytest.mark.parametrize("application", [Application.IRC, None])
@pytest.mark.parametrize("line", IRC_LINES)
def test_no_password_of_irc_is_left(
    line: str, application: Application | None, tmp_path: Path
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"NICK ann\r\nUSER ann 0 * :Ann\r\n")
    talk.send(SENT, line.format(SECRET).encode() + b"\r\n")
    talk.send(SENT, b"PRIVMSG #lab :good morning\r\n")
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    data = redacted(before, tmp_path / "after.pcapng", application=application)
    assert SECRET.encode() not in data
    assert b"PRIVMSG #lab :good morning" in data
    assert b"NICK ann" in data
    assert_same_but_blanked(before, tmp_path / "after.pcapng")


@pytest.mark.parametrize("application", [Application.XMPP, None])
@pytest.mark.parametrize("stanza", XMPP_STANZAS)
def test_no_password_of_xmpp_is_left(
    stanza: str, application: Application | None, tmp_path: Path
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, HEADER)
    talk.send(SENT, stanza.format(SECRET.replace("&", "")).encode(), mss=7)
    talk.send(SENT, b"<message to='bob@lab.test'><body>good morning</body></message>")
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    data = redacted(before, tmp_path / "after.pcapng", application=application)
    whole = b"".join(raw[54:] for raw in frames_of(tmp_path / "after.pcapng"))
    assert SECRET.replace("&", "").encode() not in whole
    assert PLAIN.encode() not in whole
    assert b"<body>good morning</body>" in data
    assert_same_but_blanked(before, tmp_path / "after.pcapng")


def test_a_sasl_exchange_is_blanked_in_both_directions(tmp_path: Path) -> None:
    proofs = (b"biwsbj1hbm4scj1hYmM=", b"cj1hYmNkZWYscz1XMjI=", b"dj1ybUY5cHFWOFM3c3VBb1pX")
    talk = Talk().handshake()
    talk.send(SENT, b"AUTHENTICATE SCRAM-SHA-256\r\n")
    talk.send(RECEIVED, b"AUTHENTICATE +\r\n")
    talk.send(SENT, b"AUTHENTICATE " + proofs[0] + b"\r\n")
    talk.send(RECEIVED, b":srv AUTHENTICATE " + proofs[1] + b"\r\n")
    talk.send(RECEIVED, b"AUTHENTICATE " + proofs[2] + b"\r\n")
    before = talk.write(tmp_path / "before.pcapng")
    data = redacted(before, tmp_path / "after.pcapng", application=Application.IRC)
    assert not any(proof in data for proof in proofs)
    assert b"AUTHENTICATE SCRAM-SHA-256" in data


def test_comments_and_messages_say_no_secret_either(tmp_path: Path) -> None:
    line = f"PRIVMSG NickServ :IDENTIFY {SECRET}\r\n".encode()
    talk = Talk().handshake()
    talk.send(SENT, line)
    time_ns, direction, raw = talk.frames.pop()
    foreign = pcapng.enhanced_packet(
        0, time_ns, raw, direction=direction, comments=[f"the password {SECRET} is here"]
    )
    file = tmp_path / "before.pcapng"
    file.write_bytes(talk.blocks() + foreign)
    said = message("m1", wire(SENT, 0, len(line)), text=f"IDENTIFY {SECRET}")
    said = replace(said, target="NickServ")
    data = redacted(file, tmp_path / "after.pcapng", said, application=Application.IRC)
    assert SECRET.encode() not in data
    with FrameLog(tmp_path / "after.pcapng") as log:
        (kept,) = read_session(log).messages
    assert kept.text == "IDENTIFY ••••"


def test_what_tls_sealed_is_neither_read_nor_told(tmp_path: Path) -> None:
    talk = Talk().handshake()
    record = b"\x17\x03\x03\x00\x20" + bytes(range(32))
    talk.send(SENT, record)
    before = talk.write(tmp_path / "before.pcapng")
    said = message("m1", wire(SENT, 0, len(record)), text="under the seal")
    data = redacted(
        before,
        tmp_path / "after.pcapng",
        said,
        application=Application.IRC,
        key_log="CLIENT_RANDOM aa bb",
        is_sealed=True,
    )
    assert frames_of(tmp_path / "after.pcapng") == frames_of(before)
    assert b"under the seal" not in data
    assert b"CLIENT_RANDOM" not in data


def test_what_was_said_before_starttls_is_blanked(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, f"PASS {SECRET}\r\nSTARTTLS\r\n".encode())
    record = b"\x17\x03\x03\x00\x20" + bytes(range(32))
    talk.send(SENT, record)
    before = talk.write(tmp_path / "before.pcapng")
    after = tmp_path / "after.pcapng"
    data = redacted(before, after, application=Application.IRC, is_sealed=True)
    assert b"PASS " + b"*" * len(SECRET) + b"\r\nSTARTTLS\r\n" in data
    assert frames_of(after)[-1] == frames_of(before)[-1]


def test_a_checksum_that_was_yet_to_be_made_is_left_and_stays_flagged(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"PASS hunter2\r\n")
    time_ns, direction, raw = talk.frames[3]
    headers = parse(raw, 1)
    assert headers is not None
    partial = pseudo_sum(headers, len(raw) - headers.transport).to_bytes(2, "big")
    frame = raw[: headers.transport + 16] + partial + raw[headers.transport + 18 :]
    file = tmp_path / "before.pcapng"
    file.write_bytes(
        pcapng.section_header()
        + Talk(frames=talk.frames[:3]).packets()
        + pcapng.enhanced_packet(0, time_ns, frame, direction=direction, checksum_not_ready=True)
    )
    redacted(file, tmp_path / "after.pcapng", application=Application.IRC)
    with FrameLog(tmp_path / "after.pcapng") as log:
        log.pull()
        raw = log.raw(4)
        assert log.options(4).flags >> 9 & 1
    assert raw[headers.transport + 16 : headers.transport + 18] == partial
    assert b"hunter2" not in raw
    assert FLOW.remote.port == headers.destination_port


def test_an_icmp_error_that_quotes_the_password_is_blanked_too(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, f"PASS {SECRET}\r\n".encode())
    quoted = talk.frames[3][2][14:]
    message = bytearray(b"\x03\x03\0\0\0\0\0\0" + quoted)
    message[2:4] = (ones_sum(message) ^ 0xFFFF).to_bytes(2, "big")
    head = bytearray(quoted[:20])
    head[2:4] = (20 + len(message)).to_bytes(2, "big")
    head[9] = 1
    talk.frames.append((START_NS, RECEIVED, ETHERNET + bytes(head) + bytes(message)))
    redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.IRC,
    )
    error = frames_of(tmp_path / "after.pcapng")[-1]
    assert SECRET.encode() not in error
    assert ones_sum(error[34:]) == 0xFFFF, "RFC 792: the sum over all of it holds"


@pytest.mark.servers("tshark")
def test_tshark_finds_no_bad_checksum_and_nothing_malformed(tmp_path: Path) -> None:
    talk = Talk().handshake()
    for line in IRC_LINES:
        talk.send(SENT, line.format(SECRET).encode() + b"\r\n", mss=11)
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng", application=Application.IRC)
    rows = {}
    for name in ("before", "after"):
        done = subprocess.run(
            [
                *(
                    "tshark",
                    "-r",
                    str(tmp_path / f"{name}.pcapng"),
                    "-o",
                    "tcp.check_checksum:TRUE",
                ),
                *("-T", "fields", "-e", "frame.number", "-e", "frame.len", "-e", "tcp.len"),
                *("-e", "tcp.checksum.status", "-e", "_ws.malformed"),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        said = [text for text in done.stderr.splitlines() if not text.startswith("Running as user")]
        assert said == []
        rows[name] = done.stdout.splitlines()
    assert rows["after"] == rows["before"]
    assert {row.split("\t")[3] for row in rows["after"]} == {"1"}, "all are good"


def test_secrets_that_begin_alike_are_all_found_where_they_turn_up_again(tmp_path: Path) -> None:
    secrets = [b"hunter2", b"hunter23", b"hunt+er2", b"h.nter2"]
    talk = Talk().handshake()
    talk.send(SENT, b"NICK ann\r\nUSER ann 0 * :Ann\r\n")
    talk.send(SENT, b"".join(b"PRIVMSG NickServ :IDENTIFY %s\r\n" % each for each in secrets))
    talk.send(SENT, b"PRIVMSG #lab :%s, hunter234 and hanter2\r\n" % b", ".join(secrets))
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    data = redacted(before, tmp_path / "after.pcapng")
    stars = b", ".join(b"*" * len(each) for each in secrets)
    assert b"PRIVMSG #lab :%s, hunter234 and hanter2\r\n" % stars in data
