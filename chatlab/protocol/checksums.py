"""Internet checksums that follow a change of bytes (RFC 1071, RFC 1624).

The sum is adjusted by what changed, never computed anew: one that was right stays right, one that
was wrong stays wrong by as much, and neither takes the bytes that a short capture left out.
"""

from collections.abc import Iterable

from chatlab.core.flow import ByteRange
from chatlab.protocol.packet import ICMP, ICMPV6, TCP, UDP, PacketHeaders

_PLACES = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
"""Where a transport header holds its checksum (RFC 9293, 768, 792, 4443)."""


def ones_sum(data: bytes | bytearray) -> int:
    """The ones' complement sum of 16-bit words; an odd byte at the end is padded."""
    even = bytes(data) + b"\0" * (len(data) % 2)
    total = int.from_bytes(even, "big") % 0xFFFF
    # 0 and 0xFFFF are the same number in ones' complement.
    return total or (0xFFFF if any(even) else 0)


def pseudo_sum(headers: PacketHeaders, length: int) -> int:
    """The sum of the pseudo-header, which offload leaves in the checksum's place."""
    tail = length.to_bytes(4, "big") + headers.protocol.to_bytes(4, "big")
    return ones_sum(headers.source + headers.destination + tail)


def overwrite(
    frame: bytearray,
    spans: Iterable[ByteRange],
    filler: int,
    headers: PacketHeaders | None,
    *,
    is_pending: bool = False,
) -> None:
    """Fill ``spans`` of a frame and have its transport checksum follow.

    A checksum that the network card was yet to fill in (``is_pending``, or known by its value) is
    left as it is: it covers no payload.
    """
    before = bytes(frame)
    for span in spans:
        stop = min(span.stop, len(frame))
        frame[span.start : stop] = bytes([filler]) * max(0, stop - span.start)
    if is_pending or headers is None or headers.transport < 0:
        return
    if headers.protocol not in _PLACES:
        return
    at = headers.transport + _PLACES[headers.protocol]
    if at + 2 > len(frame) or _is_pending(before, at, headers):
        return
    # From the transport header on, so that words are those that the sum is made of.
    old, new = ones_sum(before[headers.transport :]), ones_sum(frame[headers.transport :])
    checksum = int.from_bytes(before[at : at + 2], "big")
    total = (checksum ^ 0xFFFF) + (old ^ 0xFFFF) + new  # RFC 1624, equation 3.
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    made = total ^ 0xFFFF
    if headers.protocol == UDP and not made:
        made = 0xFFFF  # 0 would say that there is none (RFC 768).
    frame[at : at + 2] = made.to_bytes(2, "big")


def _is_pending(frame: bytes, at: int, headers: PacketHeaders) -> bool:
    """Whether the checksum is yet to be made (offload), or is not used at all (UDP: 0)."""
    checksum = int.from_bytes(frame[at : at + 2], "big")
    if headers.protocol == UDP and not checksum:
        return True
    if headers.protocol not in (TCP, UDP) or headers.payload < 0:
        return False
    length = headers.payload - headers.transport + headers.payload_length
    return checksum == pseudo_sum(headers, length)
