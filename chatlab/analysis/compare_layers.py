"""One frame cut up by layers: every byte of its length on the wire has exactly one place."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from chatlab.core.flow import ByteRange
from chatlab.core.measures import LayerBytes, WireLayer
from chatlab.protocol.packet import TCP, PacketHeaders, parse

_FIXED_TCP = 20


class FrameParts(NamedTuple):
    """Sizes of the parts of a frame; together they are its length on the wire."""

    link: int
    """The link header, and behind IP's own length the padding of short frames."""
    ip: int
    tcp: int
    """Of a datagram: the UDP header."""
    payload: ByteRange
    """In the frame; may reach beyond what was captured."""
    option_bytes: int
    """Of the TCP header; each segment carries as many."""


class Piece(NamedTuple):
    """Bytes of a frame, or of a stream, and whose they are."""

    span: ByteRange
    layer: WireLayer


def frame_parts(raw: bytes, link_type: int, wire_length: int) -> FrameParts:
    """Cut a frame up by its own length fields; what holds no IP is all link layer."""
    headers = parse(raw, link_type, wire_length)
    if headers is None:
        return FrameParts(wire_length, 0, 0, ByteRange(wire_length, wire_length), 0)
    start = _payload_start(headers, wire_length)
    transport = min(headers.transport if headers.transport >= 0 else start, start)
    stop = max(start, min(start + headers.payload_length, wire_length))
    if headers.payload < 0:
        stop = start
    is_tcp = headers.protocol == TCP and headers.payload >= 0
    return FrameParts(
        link=headers.network + wire_length - stop,
        ip=transport - headers.network,
        tcp=start - transport,
        payload=ByteRange(start, stop),
        option_bytes=max(0, start - transport - _FIXED_TCP) if is_tcp else 0,
    )


def _payload_start(headers: PacketHeaders, wire_length: int) -> int:
    """Where the payload begins. Of other transports, and of fragments, IP has all the rest."""
    return min(headers.payload, wire_length) if headers.payload >= 0 else wire_length


def layers_of(parts: FrameParts, pieces: Iterable[Piece], wire_length: int) -> LayerBytes:
    """The bytes of a frame by layer; payload that is in no piece is ``OTHER``.

    ``pieces`` lie in the frame and do not overlap.
    """
    sizes = dict.fromkeys(WireLayer, 0)
    for span, layer in pieces:
        sizes[layer] += len(span.intersection(parts.payload))
    sizes[WireLayer.OTHER] += len(parts.payload) - sum(sizes.values())
    sizes[WireLayer.TCP] += parts.tcp
    sizes[WireLayer.IP] += parts.ip
    sizes[WireLayer.LINK] += parts.link
    found = LayerBytes(**{layer.value: size for layer, size in sizes.items()})
    assert found.total == wire_length, (found, wire_length)
    return found


def without_overlap(pieces: Iterable[Piece]) -> list[Piece]:
    """The same bytes, each in one piece: the layer nearest to the words has it."""
    found = sorted(pieces, key=lambda piece: piece.span)
    if all(one.span.stop <= two.span.start for one, two in pairwise(found)):
        return found
    edges = sorted({edge for span, _ in found for edge in (span.start, span.stop)})
    order = {layer: at for at, layer in enumerate(WireLayer)}
    single: list[Piece] = []
    for start, stop in pairwise(edges):
        here = ByteRange(start, stop)
        layers = [layer for span, layer in found if span.overlaps(here)]
        if layers:
            single.append(Piece(here, min(layers, key=order.__getitem__)))
    return single


def segments_in(parts: FrameParts, span: ByteRange, mss: int | None) -> int:
    """How many TCP segments bytes of a frame stand for.

    More than one where the frame is longer than a segment may be: the network card joined segments
    before they were captured (GRO), or was still to cut them (TSO). ``mss`` is what the receiver
    takes (RFC 9293, section 3.7.1), options included; None where it was not seen.
    """
    inside = span.intersection(parts.payload)
    if not len(inside):
        return 0
    room = (mss or 0) - parts.option_bytes
    if room <= 0 or len(parts.payload) <= room:
        return 1
    first = (inside.start - parts.payload.start) // room
    last = (inside.stop - 1 - parts.payload.start) // room
    return last - first + 1
