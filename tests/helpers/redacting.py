"""Planted secrets, copies without them, and what such a copy must keep."""

import base64
import struct
from pathlib import Path

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.redaction import Redaction
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.export import SecretsChoice
from chatlab.core.message import Message
from chatlab.protocol.checksums import ones_sum, pseudo_sum
from chatlab.protocol.packet import parse
from tests.helpers.tcp_talk import Talk, connection, tls_facts

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
