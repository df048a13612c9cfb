"""The frame list: one row per frame, with Wireshark's columns and two of our own.

Ours are ``exposure`` (who can read it) and ``why`` (what it is there for). A row is built when it is
looked at, from the frame's own bytes and what is known of its stream.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.analysis import dcc_words, xmpp_words
from chatlab.analysis.contents import Contents, Part
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.irc_words import ELLIPSIS, is_keep_alive, purpose
from chatlab.analysis.streams import Placement, Streams, address_text
from chatlab.analysis.tcp_info import note_text, tcp_info
from chatlab.analysis.tls_words import MAX_PARTS, SEPARATOR, TlsWords, clear_words, lines_of
from chatlab.analysis.xmpp_layers import exposure_of
from chatlab.core.account import Application
from chatlab.core.connection import Connection
from chatlab.core.flow import Direction, Transport
from chatlab.core.frame import Exposure
from chatlab.core.message import MessageId
from chatlab.protocol import tcp
from chatlab.protocol.dns import DnsSummary, summarise
from chatlab.protocol.packet import (
    FIN,
    ICMP,
    ICMPV6,
    RST,
    SYN,
    PacketHeaders,
    ether_type,
    parse,
)
from chatlab.protocol.tls_handshake import (
    APPLICATION_DATA,
)

MAX_INFO = 400
"""Characters of the Info column; the detail tree has the rest."""
_TROUBLE = tcp.RETRANSMISSION | tcp.OUT_OF_ORDER | tcp.LOST_BEFORE
_ARP = 0x0806
_ICMP_NAMES = {
    (ICMP, 0): "Echo (ping) reply",
    (ICMP, 3): "Destination unreachable",
    (ICMP, 5): "Redirect",
    (ICMP, 8): "Echo (ping) request",
    (ICMP, 11): "Time-to-live exceeded",
    (ICMPV6, 1): "Destination Unreachable",
    (ICMPV6, 2): "Packet Too Big",
    (ICMPV6, 3): "Time Exceeded",
    (ICMPV6, 128): "Echo (ping) request",
    (ICMPV6, 129): "Echo (ping) reply",
    (ICMPV6, 133): "Router Solicitation",
    (ICMPV6, 134): "Router Advertisement",
    (ICMPV6, 135): "Neighbor Solicitation",
    (ICMPV6, 136): "Neighbor Advertisement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRow:
    """One frame as the list shows it."""

    number: int
    time_s: float
    """Seconds since the first frame of the capture."""
    source: str
    destination: str
    protocol: str
    length: int
    """Bytes on the wire."""
    info: str
    exposure: Exposure
    why: str
    """What it is there for; empty for a frame that is not ours."""
    messages: tuple[MessageId, ...]
    direction: Direction | None = None
    """Seen from this machine; None where the capture does not say."""


@dataclass(frozen=True, slots=True)
class _Description:
    protocol: str
    info: str
    exposure: Exposure = Exposure.PLUMBING
    why: str = ""


class RowBuilder:
    """Describes frames; everything it needs to know about streams is shared with others."""

    def __init__(
        self,
        log: FrameLog,
        streams: Streams,
        correlator: Correlator,
        contents: Contents | None = None,
    ) -> None:
        self._log = log
        self._streams = streams
        self._correlator = correlator
        self.contents = contents or Contents(streams, correlator)
        self.tls = TlsWords(self.contents)

    def row(self, number: int) -> FrameRow:
        """The row of a frame that ``Streams.update`` has taken in."""
        raw, link_type = self._log.raw(number), self._log.link_type(number)
        length = self._log.wire_length(number)
        headers = parse(raw, link_type, length)
        messages = self._correlator.messages_of(number)
        described = self._describe(number, raw, link_type, headers, messages)
        first = self._log.first_time_ns or 0
        return FrameRow(
            number=number,
            time_s=(self._log.time_ns(number) - first) / 1e9,
            source=_end(raw, link_type, headers, is_source=True),
            destination=_end(raw, link_type, headers, is_source=False),
            protocol=described.protocol,
            length=length,
            info=shortened(described.info),
            exposure=described.exposure,
            why=described.why,
            messages=messages,
            direction=self._log.frame(number).direction,
        )

    def _describe(
        self,
        number: int,
        raw: bytes,
        link_type: int,
        headers: PacketHeaders | None,
        messages: tuple[MessageId, ...],
    ) -> _Description:
        if headers is None:
            return _describe_link(raw, link_type)
        place = self._streams.place(number)
        if place is None:
            return _describe_ip(raw, headers)
        ours = self._correlator.connection_of(number)
        if dns := self.dns(raw, place, ours):
            why = ours.purpose if ours is not None else ""
            return _Description("DNS", str(dns), Exposure.PLUMBING, why)
        if place.transport is Transport.UDP:
            ports = f"{headers.source_port} → {headers.destination_port}"
            return _Description("UDP", f"{ports} Len={len(place.payload)}")
        return self._describe_tcp(number, raw, headers, place, ours, messages)

    def dns(self, raw: bytes, place: Placement, ours: Connection | None) -> DnsSummary | None:
        """The DNS message of a frame; over TCP only where our own look-up is known to be one."""
        payload = raw[place.payload.start : place.payload.stop]
        if ours is not None and ours.application is not Application.DNS:
            return None
        if place.transport is Transport.UDP:
            return summarise(payload)
        return summarise(payload[2:]) if ours is not None else None

    def _describe_tcp(
        self,
        number: int,
        raw: bytes,
        headers: PacketHeaders,
        place: Placement,
        ours: Connection | None,
        messages: tuple[MessageId, ...],
    ) -> _Description:
        stream = self._streams.tcp[place.stream].tcp
        assert stream is not None
        remarkable = note_text(number, place, stream.sides[place.side])
        parts = self.contents.parts(number, place, MAX_PARTS)
        if ours is not None and ours.application is Application.DCC and len(place.payload):
            return self._describe_dcc(number, raw, place, ours, messages, remarkable)
        if not parts:
            info, protocol = tcp_info(raw, headers, stream, place.side), "TCP"
            exposure = Exposure.PLUMBING
        elif parts[0].unit.is_line and parts[-1].unit.is_line:
            info, protocol = self._clear_info(parts, place), "IRC"
            is_chatter = is_keep_alive(lines_of(parts))
            exposure = Exposure.PLUMBING if is_chatter else Exposure.READABLE
        elif parts[0].unit.stanza_kind and parts[-1].unit.stanza_kind:
            info, protocol = self._clear_info(parts, place), "XMPP"
            exposure = exposure_of(parts)
        else:
            info, protocol = self.tls.info(parts, place)
            types = {part.unit.content_type for part in parts}
            exposure = Exposure.SEALED if APPLICATION_DATA in types else Exposure.PLUMBING
            if not all(part.unit.is_record for part in parts):
                exposure = Exposure.READABLE
        is_reset = bool(headers.flags & RST) and ours is not None
        if place.notes & _TROUBLE or is_reset or "Level: Fatal" in info:
            exposure = Exposure.ATTENTION
        info = f"{remarkable} {info}".strip()
        why = self._why(number, place, parts, messages) if ours is not None else ""
        return _Description(protocol, info, exposure, why)

    def _describe_dcc(
        self,
        number: int,
        raw: bytes,
        place: Placement,
        ours: Connection,
        messages: tuple[MessageId, ...],
        remarkable: str,
    ) -> _Description:
        """Bytes of a file, or lines of a direct chat: known for ours, unknowable for others."""
        payload = raw[place.payload.start : place.payload.stop]
        direction = self._correlator.direction_of(number)
        info, why = dcc_words.describe_payload(ours, direction, payload)
        why = self._why(number, place, (), messages) or why
        exposure = Exposure.ATTENTION if place.notes & _TROUBLE else Exposure.READABLE
        return _Description("DCC", f"{remarkable} {info}".strip(), exposure, why)

    # --- Info --------------------------------------------------------------------------------

    def _clear_info(self, parts: Sequence[Part], place: Placement) -> str:
        words: list[str] = []
        length = 0
        for part in parts:
            words.append(clear_words(part, place))
            length += len(words[-1]) + len(SEPARATOR)
            if length > MAX_INFO + len(SEPARATOR):
                break
        else:
            if len(parts) == MAX_PARTS:
                words.append(ELLIPSIS)
        return SEPARATOR.join(words)

    # --- why ---------------------------------------------------------------------------------

    def _why(
        self,
        number: int,
        place: Placement,
        parts: Sequence[Part],
        messages: tuple[MessageId, ...],
    ) -> str:
        again = "sent again: " if place.notes & tcp.RETRANSMISSION else ""
        if place.flags & SYN:
            return again + "TCP handshake"
        if place.flags & RST:
            return "connection reset"
        if place.flags & FIN:
            return again + "closing the connection"
        if place.notes & (tcp.KEEP_ALIVE | tcp.KEEP_ALIVE_ACK):
            return "keep-alive (TCP)"
        if not len(place.payload):
            return _count("ACK of", self._correlator.acknowledged_messages(number)) or "ACK"
        if messages:
            return again + self._name(number, messages)
        if any(part.unit.is_line for part in parts):
            return again + purpose(list(lines_of(parts)))
        if any(part.unit.stanza_kind for part in parts):
            return again + xmpp_words.purpose([part for part in parts if part.unit.stanza_kind])
        types = {part.unit.content_type for part in parts}
        if types == {APPLICATION_DATA}:
            return f"{again}sealed: {self.tls.purpose(place) or 'no message of a chat'}"
        return again + ("TLS handshake" if types else "")

    def _name(self, number: int, messages: tuple[MessageId, ...]) -> str:
        """``message``, or ``echo`` for what the server sent back."""
        direction = self._correlator.direction_of(number)
        wires = (self._correlator.wire(message) for message in messages)
        if direction is Direction.RECEIVED and all(
            wire is not None and wire.direction is Direction.SENT for wire in wires
        ):
            return _count("echo of", messages)
        return "message" if len(messages) == 1 else f"{len(messages)} messages"


def shortened(text: str) -> str:
    return text if len(text) <= MAX_INFO else text[: MAX_INFO - 1] + "…"


def _count(word: str, messages: Sequence[MessageId]) -> str:
    if not messages:
        return ""
    return f"{word} a message" if len(messages) == 1 else f"{word} {len(messages)} messages"


def _end(raw: bytes, link_type: int, headers: PacketHeaders | None, *, is_source: bool) -> str:
    """An address of the frame: IP where there is one, else of the link layer."""
    if headers is not None:
        return address_text(headers.source if is_source else headers.destination)
    if link_type == 1 and len(raw) >= 14:
        return (raw[6:12] if is_source else raw[0:6]).hex(":")
    return ""


def _describe_link(raw: bytes, link_type: int) -> _Description:
    kind = ether_type(raw, link_type)
    body = raw[14:] if link_type == 1 else b""
    if kind == _ARP and len(body) >= 28:
        sender, target = (str(ipaddress.IPv4Address(body[start : start + 4])) for start in (14, 24))
        if body[6:8] == b"\0\1":
            return _Description("ARP", f"Who has {target}? Tell {sender}")
        return _Description("ARP", f"{sender} is at {body[8:14].hex(':')}")
    if kind is not None:
        return _Description(f"0x{kind:04x}", f"Ethernet II, type 0x{kind:04x}")
    return _Description(f"LINKTYPE {link_type}", f"{len(raw)} bytes")


def _describe_ip(raw: bytes, headers: PacketHeaders) -> _Description:
    if headers.transport < 0:
        return _Description(f"IPv{headers.version}", "Fragmented IP protocol")
    if headers.protocol in (ICMP, ICMPV6) and len(raw) > headers.transport:
        kind = raw[headers.transport]
        name = "ICMP" if headers.protocol == ICMP else "ICMPv6"
        return _Description(name, _ICMP_NAMES.get((headers.protocol, kind), f"Type {kind}"))
    return _Description(f"IPv{headers.version}", f"IP protocol {headers.protocol}")
