"""A redacted copy: no planted secret in it, all lengths as they were, checksums right."""

import base64
import random
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.redaction import Redaction
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.session_file import read_session
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.export import SecretsChoice
from chatlab.core.message import Message
from chatlab.protocol import pcapng
from chatlab.protocol.checksums import ones_sum, pseudo_sum
from chatlab.protocol.packet import parse
from tests.helpers.tcp_talk import (
    ETHERNET,
    FLOW,
    RECEIVED,
    SENT,
    START_NS,
    Talk,
    connection,
    message,
    tls_facts,
    wire,
)

SECRET = "Tr0ub4dor&3"
PLAIN = base64.b64encode(f"\0ann\0{SECRET}".encode()).decode()
IRC_LINES = (
    "PASS {}",
    "PASS :{}",
    "OPER root {}",
    "JOIN #lab {}",
    "MODE #lab +ok ann {}",
    "PRIVMSG NickServ :IDENTIFY {}",
    "PRIVMSG NickServ :IDENTIFY ann {}",
    "PRIVMSG nickserv@services.example :SET PASSWORD {}",
    "PRIVMSG NickServ :IDETNIFY {}",
    "@label=1 :ann PRIVMSG ChanServ :IDENTIFY #lab {}",
    "NICKSERV IDENTIFY {}",
    "NS :IDENTIFY {}",
    "REGISTER ann mail@example.test {}",
)
XMPP_STANZAS = (
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + PLAIN + "</auth>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</response>",
    "<iq type='set'><query xmlns='jabber:iq:register'><username>ann</username>"
    "<password>{}</password></query></iq>",
    "<presence to='r@c.test/ann'><x xmlns='http://jabber.org/protocol/muc'><password>{}</password>"
    "</x></presence>",
)
HEADER = (
    b"<?xml version='1.0'?><stream:stream to='lab.test' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)


def with_checksums(talk: Talk) -> Talk:
    """As a network card sends frames: every TCP checksum is right."""
    made = []
    for time_ns, direction, raw in talk.frames:
        headers = parse(raw, 1)
        assert headers is not None
        frame, at = bytearray(raw), headers.transport
        total = pseudo_sum(headers, len(raw) - at) + ones_sum(raw[at:])
        total = (total & 0xFFFF) + (total >> 16)
        frame[at + 16 : at + 18] = struct.pack(">H", total ^ 0xFFFF)
        made.append((time_ns, direction, bytes(frame)))
    talk.frames = made
    return talk


def is_right(raw: bytes) -> bool:
    """Whether the TCP checksum of a frame holds (RFC 9293, section 3.1)."""
    headers = parse(raw, 1)
    assert headers is not None
    segment = raw[headers.transport :]
    total = pseudo_sum(headers, len(segment)) + ones_sum(segment)
    return (total & 0xFFFF) + (total >> 16) == 0xFFFF


def redacted(
    file: Path,
    target: Path,
    *messages: Message,
    application: Application | None = None,
    key_log: str = "",
    is_sealed: bool = False,
) -> bytes:
    """Export ``file`` without secrets; ``application`` None: nothing is known about the stream."""
    with FrameLog(file) as log:
        correlator = Correlator(Streams(log))
        if application is not None:
            tls = tls_facts() if is_sealed else None
            correlator.opened(connection(application=application, tls=tls))
        for each in messages:
            assert each.wire is not None
            correlator.assign(each.id, each.wire)
        correlator.update()
        redaction = Redaction(correlator.streams, correlator)
        for _ in redaction.look():
            pass
        contents = Contents(log, correlator, messages, key_log, "test")
        blocks = session_blocks(contents, SecretsChoice.REDACT, redaction=redaction)
        target.write_bytes(b"".join(blocks))
    return target.read_bytes()


def frames_of(file: Path) -> list[bytes]:
    with FrameLog(file) as log:
        log.pull()
        return [log.raw(number) for number in range(1, len(log) + 1)]


def assert_same_but_blanked(before: Path, after: Path) -> None:
    """Same frames, same lengths, same headers; what differs is filler and checksums."""
    one, other = frames_of(before), frames_of(after)
    assert [len(raw) for raw in one] == [len(raw) for raw in other]
    for old, new in zip(one, other, strict=True):
        assert is_right(new) == is_right(old)
        headers = parse(old, 1)
        assert headers is not None
        assert old[: headers.transport + 16] == new[: headers.transport + 16]
        changed = [
            b for a, b in zip(old[headers.payload :], new[headers.payload :], strict=True) if a != b
        ]
        assert set(changed) <= {ord("*")}


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


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    secret=st.text(st.sampled_from("abcXYZ019!$%&/=?+~#äß"), min_size=8, max_size=24),
    mss=st.integers(1, 40),
    again=st.sets(st.integers(0, 20), max_size=6),
    lost=st.sets(st.integers(0, 20), max_size=3),
)
def test_no_secret_is_left_however_it_is_cut_lost_and_sent_again(
    tmp_path: Path, secret: str, mss: int, again: set[int], lost: set[int]
) -> None:
    planted = secret.encode()
    said = b"PASS " + planted + b"\r\nNICK ann\r\nPRIVMSG NickServ :IDENTIFY " + planted + b"\r\n"
    talk = Talk().handshake()
    first = len(talk.frames)
    talk.send(SENT, said, mss=mss)
    for number in sorted(again):
        if number * mss < len(said):
            talk.again(SENT, number * mss, said[number * mss : number * mss + mss + 3])
    talk.send(
        RECEIVED, b":NickServ!s@s NOTICE ann :Your password is " + planted + b" - keep it.\r\n"
    )
    talk.frames = [f for at, f in enumerate(talk.frames) if at - first not in lost or at < first]
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng", application=Application.IRC)
    assert_same_but_blanked(before, tmp_path / "after.pcapng")
    held: dict[int, int] = {}
    for raw in frames_of(tmp_path / "after.pcapng"):
        headers = parse(raw, 1)
        assert headers is not None
        assert planted not in raw
        if headers.source_port == 40_000:
            at = headers.sequence - 1001
            held |= {at + i: byte for i, byte in enumerate(raw[headers.payload :])}
    for start in (5, said.rindex(planted)):
        span = range(start, start + len(planted))
        assert {held[at] for at in span if at in held} <= {ord("*")}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    secret=st.text(st.sampled_from("abcXYZ019!$%/=?+~#äß"), min_size=8, max_size=24),
    mss=st.integers(9, 80),
    again=st.sets(st.integers(0, 60), max_size=6),
    lost=st.sets(st.integers(0, 60), max_size=3),
)
def test_no_secret_of_a_stanza_is_left_however_it_is_cut_lost_and_sent_again(
    tmp_path: Path, secret: str, mss: int, again: set[int], lost: set[int]
) -> None:
    planted = secret.encode()
    proof = base64.b64encode(b"\0ann\0" + planted)
    said = HEADER + b"<message to='b@t'><body>one</body></message>"
    said += XMPP_STANZAS[0].replace(PLAIN, "{}").format(proof.decode()).encode()
    said += b"".join(each.format(secret).encode() for each in XMPP_STANZAS[2:])
    said += b"<message to='b@t'><body>two</body></message>"
    talk = Talk().handshake()
    first = len(talk.frames)
    talk.send(SENT, said, mss=mss)
    for number in sorted(again):
        if number * mss < len(said):
            talk.again(SENT, number * mss, said[number * mss : number * mss + mss + 3])
    talk.frames = [f for at, f in enumerate(talk.frames) if at - first not in lost or at < first]
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng", application=Application.XMPP)
    assert_same_but_blanked(before, tmp_path / "after.pcapng")
    held: dict[int, int] = {}
    for raw in frames_of(tmp_path / "after.pcapng"):
        headers = parse(raw, 1)
        assert headers is not None
        at = headers.sequence - 1001
        if headers.source_port == 40_000:
            held |= {at + i: byte for i, byte in enumerate(raw[headers.payload :])}
    for word in (planted, proof):
        start = said.find(word)
        while start >= 0:
            span = range(start, start + len(word))
            assert {held[at] for at in span if at in held} <= {ord("*")}
            start = said.find(word, start + 1)


def test_the_rest_of_a_line_whose_beginning_was_lost_is_blanked(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"PRIVMSG NickServ :IDENTIFY ann hunter")
    talk.send(SENT, b"twotwo\r\nPRIVMSG #lab :after it\r\n")
    del talk.frames[3]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.IRC,
    )
    assert b"twotwo" not in data
    assert b"after it" in data


def test_the_rest_of_a_stanza_whose_beginning_was_lost_is_blanked(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, HEADER + b"<iq type='set'><query xmlns='jabber:iq:register'><pass")
    talk.send(SENT, b"word>hunter")
    talk.send(SENT, b"two</password></query></iq><message to='b@t'><body>after it</body></message>")
    del talk.frames[4]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.XMPP,
    )
    assert b"two</password>" not in data
    assert b"after it" in data


def test_comments_and_messages_say_no_secret_either(tmp_path: Path) -> None:
    line = f"PRIVMSG NickServ :IDENTIFY {SECRET}\r\n".encode()
    talk = Talk().handshake()
    talk.send(SENT, line)
    second = b"PRIVMSG #lab :oops, I typed " + SECRET.encode() + b" here\r\n"
    talk.send(SENT, second)
    file = tmp_path / "before.pcapng"
    time_ns, direction, raw = talk.frames[3]
    talk.frames[3:4] = []
    foreign = pcapng.enhanced_packet(
        0, time_ns, raw, direction=direction, comments=[f"the password {SECRET} is here"]
    )
    head = Talk(frames=talk.frames[:3]).packets()
    rest = Talk(frames=talk.frames[3:]).packets().split(b"eth0")[1]
    del rest
    file.write_bytes(pcapng.section_header() + head + foreign)
    said = message("m1", wire(SENT, 0, len(line)), text=f"IDENTIFY {SECRET}")
    said = Message(
        **{name: getattr(said, name) for name in said.__slots__} | {"target": "NickServ"}
    )
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


def test_a_picture_made_of_colours_hides_no_password_behind_it(tmp_path: Path) -> None:
    picture = b"".join(b"\x03%d,%dx" % (n % 16, n % 7) for n in range(60))
    talk = Talk().handshake()
    talk.send(SENT, b"PRIVMSG #lab :" + picture + b"\r\n")
    talk.send(SENT, b"PRIVMSG #lab :" + picture + b"\r\n", mss=100)
    talk.send(SENT, f"PASS {SECRET}\r\n".encode())
    del talk.frames[4]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.IRC,
    )
    assert SECRET.encode() not in data


@pytest.mark.parametrize("cut", [1, 3, 5, 40])
def test_behind_starttls_nothing_is_touched_however_its_first_record_is_cut(
    cut: int, tmp_path: Path
) -> None:
    record = b"\x16\x03\x01\x01\x00" + bytes(random.Random(7).randbytes(256))
    talk = Talk().handshake()
    talk.send(SENT, HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    talk.send(SENT, record[:cut])
    talk.send(SENT, record[cut:] + record)
    before = talk.write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng")
    assert frames_of(tmp_path / "after.pcapng") == frames_of(before)


def test_tls_whose_beginning_was_lost_is_left_alone(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, random.Random(7).randbytes(3000), mss=1000)
    before = talk.write(tmp_path / "before.pcapng", first=5)
    for application in (Application.IRC, Application.XMPP):
        redacted(before, tmp_path / "after.pcapng", application=application)
        assert frames_of(tmp_path / "after.pcapng") == frames_of(before)


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
