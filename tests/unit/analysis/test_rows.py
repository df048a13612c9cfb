"""Rows, sentences and layers of plain conversations."""

import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import FrameRow, RowBuilder
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.flow import Endpoint, FlowKey, Transport
from chatlab.core.frame import Exposure
from chatlab.core.message import MessageId
from chatlab.protocol.packet import ACK, FIN, PSH, RST, SYN
from tests.helpers.tcp_talk import (
    ETHERNET,
    LOCAL,
    RECEIVED,
    SENT,
    Talk,
    connection,
    message,
    udp_packet,
    wire,
)
from tests.unit.analysis.conftest import OpenLog

A, B = MessageId("a"), MessageId("b")


@dataclass
class Views:
    """Everything that describes frames, over one capture."""

    log: FrameLog
    correlator: Correlator
    rows: RowBuilder
    explainer: Explainer
    layers: LayerBuilder

    def info(self, number: int) -> str:
        return self.rows.row(number).info

    def all(self) -> list[FrameRow]:
        return [self.rows.row(number) for number in range(1, len(self.log) + 1)]


def views(log: FrameLog, *, is_ours: bool = True) -> Views:
    streams = Streams(log)
    correlator = Correlator(streams)
    if is_ours:
        correlator.opened(connection())
    correlator.update()
    contents = Contents(streams, correlator)
    return Views(
        log,
        correlator,
        RowBuilder(log, streams, correlator, contents),
        Explainer(log, streams, correlator, contents),
        LayerBuilder(log, streams, correlator, contents),
    )


@pytest.fixture
def talk() -> Talk:
    return Talk().handshake()


def test_the_handshake_reads_as_in_wireshark(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    found = views(open_log(talk.write(tmp_path / "a.pcapng"))).all()
    assert [row.info for row in found] == [
        "40000 → 6667 [SYN] Seq=0 Win=500 Len=0 MSS=1460",
        "6667 → 40000 [SYN, ACK] Seq=0 Ack=1 Win=500 Len=0 MSS=1460",
        "40000 → 6667 [ACK] Seq=1 Ack=1 Win=500 Len=0",
    ]
    assert [(row.protocol, row.exposure) for row in found] == [("TCP", Exposure.PLUMBING)] * 3
    assert [row.why for row in found] == ["TCP handshake", "TCP handshake", "ACK"]
    assert (found[1].source, found[1].destination) == ("10.0.0.2", "10.0.0.1")
    assert found[1].time_s == pytest.approx(0.001)
    assert found[0].length == 58


def test_info_is_the_lines_themselves(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    (number,) = talk.send(
        RECEIVED,
        b"@time=2026-01-01T00:00:00Z;x=y :bob!u@h PRIVMSG #lab :\x02hi\x02\r\nPING :lab\r\n",
    )
    row = views(open_log(talk.write(tmp_path / "a.pcapng"))).rows.row(number)
    assert row.info == ":bob PRIVMSG #lab :hi ┊ PING :lab"
    assert (row.protocol, row.exposure) == ("IRC", Exposure.READABLE)


@pytest.mark.parametrize("line", [b"\r\n", b" \n", b"@a=b \r\n"])
def test_an_empty_line_is_called_so(
    line: bytes, talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    (number,) = talk.send(SENT, line)
    assert views(open_log(talk.write(tmp_path / "a.pcapng"))).info(number) == "(empty line)"


@pytest.mark.parametrize(
    "line",
    [
        b"PASS secret123\r\n",
        b"AUTHENTICATE AGFsaWNlAHNlY3JldDEyMw==\r\n",
        b"PRIVMSG NickServ :IDENTIFY alice secret123\r\n",
    ],
)
def test_no_password_reaches_the_list_or_the_tree(
    line: bytes, talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    whole = talk.send(SENT, line)
    split = talk.send(SENT, line, mss=len(line) - 8)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    for number in (*whole, *split):
        shown = repr((found.rows.row(number), found.layers.layers(number, {})))
        assert "secret123" not in shown
        assert "MTIz" not in shown
        assert "•••" in shown


def test_a_line_over_two_frames_is_shown_in_pieces(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    first, second = talk.send(SENT, "PRIVMSG #lab :Grüße an alle\r\n".encode(), mss=17)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert (found.info(first), found.info(second)) == ("PRIVMSG #lab :Gr…", "…ße an alle")
    (layer,) = found.layers.layers(second, {})
    assert layer.name == "Internet Relay Chat"
    assert layer.fields[0].name == "PRIVMSG"
    assert f"begins in frame {first}" in layer.fields[0].value
    (layer,) = found.layers.layers(first, {})
    assert f"continues in frame {second}" in layer.fields[0].value


def test_the_tree_gives_each_part_its_bytes(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    (number,) = talk.send(SENT, b"PING x\r\nPRIVMSG #lab :hi alice\r\n")
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    (layer,) = found.layers.layers(number, {})
    raw = found.log.raw(number)
    parts = {
        field.value: raw[field.span.start : field.span.stop].decode()
        for line in layer.fields
        for field in line.fields
    }
    assert parts == {"PING": "PING", "x": "x", "PRIVMSG": "PRIVMSG", "#lab": "#lab"} | {
        "hi alice": "hi alice"
    }
    assert raw[layer.span.start : layer.span.stop].startswith(b"PING x")


def test_what_tcp_does_again_is_named_and_marked(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    (first,) = talk.send(SENT, b"JOIN #lab\r\n")
    again = talk.again(SENT, 0, b"JOIN #lab\r\n")
    talk.ack(RECEIVED)
    repeated = talk.ack(RECEIVED)
    gap = talk.again(SENT, 20, b"PART #lab\r\n")
    late = talk.again(SENT, 11, b"PING :x\r\n")
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert found.info(again) == "[TCP Retransmission] JOIN #lab"
    assert found.info(repeated).startswith(f"[TCP Dup ACK {repeated - 1}#1] 6667 → 40000 [ACK]")
    assert found.info(gap).startswith("[TCP Previous segment not captured]")
    assert found.info(late) == "[TCP Out-Of-Order] PING :x"
    assert found.rows.row(again).exposure is Exposure.ATTENTION
    assert found.rows.row(first).why == "channel"
    assert found.rows.row(again).why == "sent again: channel"


def test_a_handshake_and_a_close_say_what_got_lost(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk()
    first = talk.segment(SENT, SYN, offset=-1, acknowledged=None)
    again = len(talk.handshake().frames) - 2
    last = talk.segment(SENT, FIN | ACK, offset=9)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert found.info(again).startswith("[TCP Retransmission] 40000 → 6667 [SYN] Seq=0")
    assert found.rows.row(first).exposure is Exposure.PLUMBING
    assert found.rows.row(again).exposure is Exposure.ATTENTION
    assert found.explainer.frame(again) == (
        "Step 1 of the TCP handshake: asks for a connection. It carries nobody’s words. "
        "All this had been captured before: it is a retransmission."
    )
    assert found.info(last).startswith("[TCP Previous segment not captured]")
    assert found.explainer.frame(last).endswith("missing from the capture so far.")


def test_why_names_messages_keep_alives_and_resets(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    (nick,) = talk.send(SENT, b"NICK alice\r\n")
    (ping,) = talk.send(RECEIVED, b"PING :lab\r\n")
    (said,) = talk.send(SENT, b"PRIVMSG #lab :x\r\n")
    ack = talk.ack(RECEIVED)
    (echo,) = talk.send(RECEIVED, b":alice PRIVMSG #lab :x\r\n")
    reset = talk.segment(RECEIVED, RST)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    found.correlator.assign(A, wire(SENT, 12, 29), wire(RECEIVED, 11, 35))
    why = {number: found.rows.row(number).why for number in range(4, 10)}
    assert why == {
        nick: "registration",
        ping: "keep-alive (PING)",
        said: "message",
        ack: "ACK of a message",
        echo: "echo of a message",
        reset: "connection reset",
    }
    assert found.rows.row(ping).exposure is Exposure.PLUMBING
    assert found.rows.row(reset).exposure is Exposure.ATTENTION
    assert found.rows.row(said).messages == (A,)
    assert "It carries a message." in found.explainer.frame(said)
    assert "an echo of a message" in found.explainer.frame(echo)
    assert "An ACK of 1 message: 54 bytes" in found.explainer.frame(ack)
    assert "Step 1 of the TCP handshake" in found.explainer.frame(1)


def test_a_message_is_explained_by_its_own_numbers(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    line = b"PRIVMSG #lab :" + b"x" * 34 + b"\r\n"
    talk.send(SENT, line)
    talk.ack(RECEIVED)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    where = wire(SENT, 0, len(line))
    found.correlator.assign(A, where)
    assert found.explainer.message(message("a", where)) == (
        "Sent as 1 frame, 104 bytes: 50 of your line, 54 of headers. "
        "Anyone on the path can read it. Acknowledged after 1.0\u00a0ms."
    )


def test_retransmissions_neighbours_and_offload_are_told(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    one, two = b"PRIVMSG #lab :one\r\n", b"PRIVMSG #lab :" + b"2" * 3000 + b"\r\n"
    talk.send(SENT, one + two, mss=10_000)
    talk.again(SENT, 0, one)
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    where = wire(SENT, 0, len(one))
    found.correlator.assign(A, where)
    found.correlator.assign(B, wire(SENT, len(one), len(one + two)))
    told = found.explainer.message(message("a", where))
    assert told.startswith(
        "Sent as 2 frames, 3,162 bytes: 19 of your line, 19 sent again, "
        "3,016 of other lines, 108 of headers."
    )
    assert "1 frame is a retransmission." in told
    assert "also carry 1 other message." in told
    assert "at least 3 frames (offload)" in told
    assert "No captured ACK covers it yet." in told


def test_nothing_captured_is_said_so(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    found.correlator.assign(A, wire(SENT, 500, 520))
    told = found.explainer.message(message("a", wire(SENT, 500, 520)))
    assert told == "No frame of it was captured. Our own socket counted 20 bytes."
    assert "waiting" in found.explainer.message(message("b", None))


def test_look_ups_are_read_as_wireshark_reads_them(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk()
    name = b"\x03irc\x07example\x00"
    query = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1"
    answer = struct.pack(">HHHHHH", 0x1234, 0x8180, 1, 1, 0, 0) + name + b"\0\1\0\1"
    answer += b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 60, 4) + bytes([192, 0, 2, 7])
    resolver = Endpoint("10.0.0.53", 53)
    for source, target, data in ((LOCAL, resolver, query), (resolver, LOCAL, answer)):
        talk.frames.append((next(talk.clock), SENT, ETHERNET + udp_packet(source, target, data)))
    found = views(open_log(talk.write(tmp_path / "a.pcapng")), is_ours=False)
    flow = FlowKey(LOCAL, resolver, Transport.UDP)
    found.correlator.opened(connection(flow, application=Application.DNS))
    asked, answered = found.all()
    assert asked.info == "Standard query 0x1234 A irc.example"
    assert answered.info == "Standard query response 0x1234 A irc.example A 192.0.2.7"
    assert (asked.protocol, asked.why) == ("DNS", "DNS look-up of irc.example")
    assert "anyone on the path can read the name" in found.explainer.frame(1)


def test_a_foreign_stream_is_irc_by_what_it_says_not_by_its_port(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.segment(SENT, PSH | ACK, b"GET / HTTP/1.1\r\nHost: irc.example\r\n\r\n")
    other = Talk(
        flow=FlowKey(LOCAL, Endpoint("10.0.0.9", 4444)), clock=talk.clock, frames=talk.frames
    )
    other.handshake()
    other.segment(SENT, PSH | ACK, b"NICK alice\r\nUSER alice 0 * :Alice\r\n")
    rows = views(open_log(talk.write(tmp_path / "a.pcapng")), is_ours=False).all()
    assert (rows[3].protocol, rows[7].protocol) == ("TCP", "IRC")
    assert rows[3].info == "40000 → 6667 [PSH, ACK] Seq=1 Ack=1 Win=500 Len=37"
    assert rows[7].why == ""


def test_frames_without_ip_have_a_row_too(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk()
    arp = bytes.fromhex("0001080006040001020202020202") + bytes([10, 0, 0, 1]) + bytes(6)
    arp += bytes([10, 0, 0, 2])
    for raw in (ETHERNET[:12] + b"\x08\x06" + arp, b"short", ETHERNET[:12] + b"\x88\xcc\x01"):
        talk.frames.append((next(talk.clock), SENT, raw))
    found = views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert found.info(1) == "Who has 10.0.0.2? Tell 10.0.0.1"
    assert [row.protocol for row in found.all()] == ["ARP", "LINKTYPE 1", "0x88cc"]
    assert all(found.explainer.frame(number) for number in (1, 2, 3))
