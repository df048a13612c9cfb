"""Builds captures: a TCP conversation, segment by segment, with every byte under control."""

import struct
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from chatlab.core.account import AccountId, Application
from chatlab.core.connection import Connection, TlsFacts
from chatlab.core.flow import (
    ByteRange,
    ConnectionId,
    Direction,
    Endpoint,
    FlowKey,
    Transport,
    WireRange,
)
from chatlab.core.message import Message, MessageId
from chatlab.protocol import pcapng
from chatlab.protocol.packet import ACK, FIN, PSH, SYN

START_NS = 1_700_000_000_000_000_000
LOCAL = Endpoint("10.0.0.1", 40_000)
REMOTE = Endpoint("10.0.0.2", 6_667)
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
FLOW = FlowKey(LOCAL, REMOTE)
ETHERNET = bytes(6) + b"\2" * 6 + b"\x08\x00"


def ipv4(endpoint: Endpoint) -> bytes:
    return bytes(int(part) for part in endpoint.address.split("."))


def tcp_packet(
    source: Endpoint,
    destination: Endpoint,
    sequence: int,
    acknowledged: int,
    flags: int,
    payload: bytes = b"",
    options: bytes = b"",
    window: int = 500,
) -> bytes:
    """An IPv4 packet with one TCP segment; checksums are left at 0 as offload leaves them."""
    words = (20 + len(options)) // 4 << 4
    segment = struct.pack(
        ">HHIIBBHHH",
        source.port,
        destination.port,
        sequence % 2**32,
        acknowledged % 2**32,
        words,
        flags,
        window,
        0,
        0,
    )
    segment += options + payload
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(segment),
        1,
        0x4000,
        64,
        6,
        0,
        ipv4(source),
        ipv4(destination),
    )
    return head + segment


def udp_packet(source: Endpoint, destination: Endpoint, payload: bytes) -> bytes:
    datagram = struct.pack(">HHHH", source.port, destination.port, 8 + len(payload), 0) + payload
    length = 20 + len(datagram)
    ends = ipv4(source), ipv4(destination)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 1, 0x4000, 64, 17, 0, *ends)
    return head + datagram


@dataclass
class Talk:
    """One TCP conversation of ours as it would be captured; frames are numbered from 1."""

    flow: FlowKey = FLOW
    isn: dict[Direction, int] = field(default_factory=lambda: {SENT: 1000, RECEIVED: 9000})
    reached: dict[Direction, int] = field(default_factory=lambda: {SENT: 0, RECEIVED: 0})
    frames: list[tuple[int, Direction, bytes]] = field(default_factory=list)
    clock: "count[int]" = field(default_factory=lambda: count(START_NS, 1_000_000))

    def handshake(self) -> "Talk":
        mss = b"\x02\x04" + struct.pack(">H", 1460)
        self.segment(SENT, SYN, offset=-1, acknowledged=None, options=mss)
        self.segment(RECEIVED, SYN | ACK, offset=-1, options=mss)
        self.segment(SENT, ACK)
        return self

    def segment(
        self,
        direction: Direction,
        flags: int,
        payload: bytes = b"",
        *,
        offset: int | None = None,
        acknowledged: int | None = -1,
        options: bytes = b"",
    ) -> int:
        """Add a frame; its number. ``offset``: where its payload lies, or -1 for the SYN."""
        start = self.reached[direction] if offset is None else offset
        peer = direction.opposite
        back = self.reached[peer] if acknowledged == -1 else acknowledged
        packet = tcp_packet(
            self.flow.sender(direction),
            self.flow.sender(peer),
            self.isn[direction] + 1 + start,
            0 if back is None else self.isn[peer] + 1 + back,
            flags,
            payload,
            options,
        )
        self.frames.append((next(self.clock), direction, ETHERNET + packet))
        return len(self.frames)

    def send(self, direction: Direction, payload: bytes, mss: int = 1460) -> list[int]:
        """Add ``payload`` in as many segments as it takes; the numbers of the frames."""
        numbers: list[int] = []
        for start in range(0, len(payload), mss):
            piece = payload[start : start + mss]
            numbers.append(self.segment(direction, PSH | ACK, piece))
            self.reached[direction] += len(piece)
        return numbers

    def again(self, direction: Direction, offset: int, payload: bytes) -> int:
        """A retransmission."""
        return self.segment(direction, PSH | ACK, payload, offset=offset)

    def ack(self, direction: Direction, reached: int | None = None) -> int:
        """A bare ACK from the side that sends ``direction``."""
        back = self.reached[direction.opposite] if reached is None else reached
        return self.segment(direction, ACK, acknowledged=back)

    def close(self) -> None:
        self.segment(SENT, FIN | ACK)
        self.segment(RECEIVED, FIN | ACK, acknowledged=self.reached[SENT] + 1)

    def blocks(self, first: int = 1) -> bytes:
        """The frames from number ``first`` on as pcapng."""
        return pcapng.section_header(application="test") + self.packets(first)

    def packets(self, first: int = 1) -> bytes:
        kept = self.frames[first - 1 :]
        return pcapng.interface("eth0", 1, 262_144, filter="tcp") + b"".join(
            pcapng.enhanced_packet(0, time_ns, raw, direction=direction)
            for time_ns, direction, raw in kept
        )

    def write(self, path: Path, first: int = 1) -> Path:
        path.write_bytes(self.blocks(first))
        return path


def connection(
    flow: FlowKey = FLOW,
    *,
    name: str = "c1",
    opened_ns: int = START_NS,
    tls: TlsFacts | None = None,
    application: Application = Application.IRC,
) -> Connection:
    return Connection(
        id=ConnectionId(name),
        account=AccountId("lab"),
        application=application,
        flow=flow,
        purpose="DNS look-up of irc.example" if flow.transport is Transport.UDP else "IRC to lab",
        host="irc.example",
        opened_ns=opened_ns,
        is_captured=True,
        tls=tls,
    )


def tls_facts(version: str = "TLSv1.3", cipher: str = "TLS_AES_256_GCM_SHA384") -> TlsFacts:
    return TlsFacts(
        version=version, cipher=cipher, server_name="irc.example", chain=(), trust="verified"
    )


def wire(direction: Direction, start: int, stop: int, name: str = "c1") -> WireRange:
    return WireRange(ConnectionId(name), direction, ByteRange(start, stop))


def message(
    name: str,
    where: WireRange | None,
    *,
    echo: WireRange | None = None,
    text: str = "hi",
    direction: Direction = SENT,
) -> Message:
    return Message(
        id=MessageId(name),
        account=AccountId("lab"),
        application=Application.IRC,
        direction=direction,
        sender="alice",
        target="#lab",
        text=text,
        time_ns=START_NS + len(name),
        wire=where,
        echo=echo,
    )
