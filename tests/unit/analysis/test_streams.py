"""Stream numbers, places of payloads, and tshark's opinion on both."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange, Endpoint, FlowKey, Transport
from chatlab.protocol import pcapng
from chatlab.protocol.packet import ACK, PSH, SYN
from tests.helpers.tcp_talk import (
    ETHERNET,
    LOCAL,
    RECEIVED,
    REMOTE,
    SENT,
    START_NS,
    Talk,
    tcp_packet,
    udp_packet,
)
from tests.unit.analysis.conftest import OpenLog

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"


OpenStreams = Callable[[Path], Streams]


@pytest.fixture
def opened(open_log: OpenLog) -> OpenStreams:
    def open_streams(file: Path) -> Streams:
        streams = Streams(open_log(file))
        streams.update()
        return streams

    return open_streams


def test_payloads_have_their_offsets(tmp_path: Path, opened: OpenStreams) -> None:
    talk = Talk().handshake()
    (first,) = talk.send(SENT, b"NICK alice\r\n")
    (answer,) = talk.send(RECEIVED, b":lab 001 alice :Welcome\r\n")
    (second,) = talk.send(SENT, b"JOIN #lab\r\n")
    streams = opened(talk.write(tmp_path / "a.pcapng"))
    places = [streams.place(number) for number in (first, answer, second)]
    assert [(place.side, place.position, len(place.payload)) for place in places if place] == [
        (0, 0, 12),
        (1, 0, 25),
        (0, 12, 11),
    ]
    sent = streams.direction(0, 0)
    assert streams.read(sent, ByteRange(5, 16)) == b"alice\r\nJOIN"
    assert streams.read(sent, ByteRange(5, 24)) is None


def test_a_stream_is_read_over_losses_and_overlaps(tmp_path: Path, opened: OpenStreams) -> None:
    talk = Talk().handshake()
    talk.again(SENT, 0, b"abcd")
    talk.again(SENT, 8, b"ijkl")
    talk.again(SENT, 2, b"cdefg")
    streams = opened(talk.write(tmp_path / "a.pcapng"))
    sent = streams.direction(0, 0)
    assert streams.read(sent, ByteRange(0, 7)) == b"abcdefg"
    assert streams.read(sent, ByteRange(0, 8)) is None
    assert streams.read(sent, ByteRange(9, 12)) == b"jkl"


def test_a_cut_frame_gives_only_what_was_captured(tmp_path: Path, opened: OpenStreams) -> None:
    raw = ETHERNET + tcp_packet(LOCAL, REMOTE, 1, 1, ACK, b"0123456789")
    file = tmp_path / "a.pcapng"
    file.write_bytes(
        pcapng.section_header()
        + pcapng.interface("eth0", 1, 58)
        + pcapng.enhanced_packet(0, 1, raw[:58], len(raw))
    )
    streams = opened(file)
    place = streams.place(1)
    assert place is not None
    assert len(place.payload) == 10
    assert streams.read(streams.direction(0, 0), ByteRange(0, 4)) == b"0123"
    assert streams.read(streams.direction(0, 0), ByteRange(0, 5)) is None


def test_a_flow_finds_its_conversations_from_either_end(
    tmp_path: Path, opened: OpenStreams
) -> None:
    streams = opened(Talk().handshake().write(tmp_path / "a.pcapng"))
    for flow in (FlowKey(LOCAL, REMOTE), FlowKey(REMOTE, LOCAL)):
        assert [each.number for each in streams.of_flow(flow)] == [0]
    mapped = FlowKey(Endpoint("::ffff:10.0.0.1", 40_000), REMOTE)
    assert [each.number for each in streams.of_flow(mapped)] == [0]
    assert streams.of_flow(FlowKey(LOCAL, Endpoint("10.0.0.3", 1))) == ()
    assert streams.of_flow(FlowKey(LOCAL, REMOTE, Transport.UDP)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {14: 0x46},  # an option of IPv4
        {20: 0x20, 21: 0x01},  # a later fragment
        {16: 0, 17: 0},  # no total length, as segmentation offload leaves it
        {17: 40},  # a total length that ends before the payload begins
        {23: 17},  # UDP
        {46: 0x40},  # a TCP header too short to be one
        {12: 0x86, 13: 0xDD},
    ],
    ids=lambda change: repr(change) if change else "plain",
)
@pytest.mark.parametrize("cut", [999, 60, 53])
def test_the_quick_way_and_the_long_way_agree(
    change: dict[int, int], cut: int, tmp_path: Path, opened: OpenStreams
) -> None:
    """A plain frame is read at once; behind a VLAN tag nothing is plain."""
    talk = Talk().handshake()
    before = talk.blocks()
    number = talk.segment(SENT, PSH | ACK, b"PRIVMSG #lab :hi\r\n", options=b"\1\1\1\0")
    raw = bytes(change.get(place, value) for place, value in enumerate(talk.frames[-1][2]))
    found: list[tuple[object, ...]] = []
    for tag in (b"", b"\x81\x00\x00\x05"):
        frame = raw[:12] + tag + raw[12:]
        file = tmp_path / f"tag of {len(tag)}.pcapng"
        kept = frame[: cut + len(tag)]
        file.write_bytes(before + pcapng.enhanced_packet(0, START_NS, kept, len(frame)))
        place = opened(file).place(number)
        fields = place._replace(payload=place.payload.shifted(-len(tag))) if place else ()
        found.append(tuple(fields))
    assert found[0] == found[1]
    assert bool(found[0]) or change or cut < 54


def many_streams(file: Path) -> Path:
    """Re-used ports, interleaved streams, a SYN sent twice, datagrams and a stray ARP."""
    talk = Talk().handshake()
    talk.send(SENT, b"QUIT\r\n")
    again = Talk(isn={SENT: 77_000, RECEIVED: 2**32 - 3}, clock=talk.clock)
    again.frames = talk.frames
    again.segment(SENT, SYN, offset=-1, acknowledged=None)
    again.handshake()
    again.send(RECEIVED, b"0123456789")
    other = FlowKey(Endpoint("10.0.0.1", 40_001), Endpoint("10.0.0.2", 6697))
    late = Talk(flow=other, clock=talk.clock)
    late.frames = talk.frames
    late.segment(RECEIVED, PSH | ACK, b"no SYN was seen")
    late.segment(SENT, ACK, acknowledged=15)
    resolver = Endpoint("10.0.0.53", 53)
    for port in (5000, 5001, 5000):
        for source, target in ((LOCAL, resolver), (resolver, LOCAL)):
            ends = [Endpoint(end.address, port if end is LOCAL else 53) for end in (source, target)]
            packet = udp_packet(ends[0], ends[1], b"??")
            talk.frames.append((next(talk.clock), SENT, ETHERNET + packet))
    arp = ETHERNET[:12] + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + bytes(20)
    talk.frames.append((next(talk.clock), SENT, arp))
    again.send(SENT, b"last words")
    return talk.write(file)


def corpus() -> list[Path]:
    return sorted(CORPUS.glob("*.pcap*")) if CORPUS.is_dir() else []


@pytest.mark.servers
@pytest.mark.parametrize("file", [None, *corpus()], ids=lambda file: file.name if file else "own")
def test_numbers_are_those_of_tshark(
    file: Path | None, tmp_path: Path, opened: OpenStreams
) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    file = file or many_streams(tmp_path / "own.pcapng")
    streams = opened(file)
    fields = ("frame.number", "tcp.stream", "udp.stream", "tcp.len", "tcp.seq", "frame.len")
    command = [tshark, "-r", str(file), "-T", "fields"]
    for name in fields:
        command += ["-e", name]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    lines = [line.split("\t") for line in output.splitlines()]
    assert [int(line[0]) for line in lines] == list(range(1, len(streams) + 1))
    for number, tcp, udp, length, sequence, size in lines:
        assert describe(streams, int(number)) == (tcp, udp, length, sequence, size), number


def describe(streams: Streams, number: int) -> tuple[str, ...]:
    place = streams.place(number)
    size = str(streams.log.wire_length(number))
    if place is None:
        return ("", "", "", "", size)
    if place.transport is Transport.UDP:
        return ("", str(place.stream), "", "", size)
    relative = place.position + (0 if place.flags & SYN else 1)
    return (str(place.stream), "", str(len(place.payload)), str(relative), size)


def test_a_log_can_be_followed_while_it_grows(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"x" * 4000, mss=500)
    data, file = talk.blocks(), tmp_path / "a.pcapng"
    streams = Streams(open_log(file, is_growing=True))
    seen: list[int] = []
    for stop in range(0, len(data), 333):
        file.write_bytes(data[:stop])
        seen += streams.update()
    file.write_bytes(data)
    seen += streams.update()
    assert seen == list(range(1, 12))
    assert streams.read(streams.direction(0, 0), ByteRange(0, 4000)) == b"x" * 4000
    assert streams.log.time_ns(1) == START_NS
