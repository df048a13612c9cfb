"""Frames as a middlebox may change them: a smaller MSS, and other sequence numbers.

Routers clamp the MSS of a SYN; firewalls choose initial sequence numbers anew. Here the second
makes a stream begin shortly before 2**32, so that its numbers wrap within the first kilobytes
(RFC 9293, section 3.4; RFC 7323, section 5).
"""

import struct
from collections.abc import Iterator

_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP = 6
_SYN, _ACK = 0x02, 0x10
_END, _NOTHING, _MSS, _SACK = 0, 1, 2, 5
_ETHERNET = 14
_MODULUS = 1 << 32
_Ends = tuple[bytes, bytes, bytes]
"""Server's address, client's address, and both ports in that order."""


class Rewriter:
    """Changes the TCP segments of one line."""

    def __init__(self, mss: int = 0, wrap_after: int = 0) -> None:
        """``mss``: the most that either end may send in a segment; 0 for what they like.

        ``wrap_after``: so many bytes after the server's SYN its sequence numbers are 0 again; 0
        leaves them as they are.
        """
        self._mss = mss
        self._wrap_after = wrap_after
        self._shifts: dict[_Ends, int] = {}
        self.wrapped = 0
        """Connections whose server has sent beyond the wrap."""
        self._beyond: set[_Ends] = set()

    def rewrite(self, frame: bytes, *, is_from_server: bool) -> bytes:
        """The frame as it goes on; the same where nothing is to be changed."""
        if not (self._mss or self._wrap_after):
            return frame
        found = _tcp_of(frame)
        if found is None:
            return frame
        at, source, target = found
        data = bytearray(frame)
        ports = bytes(data[at : at + 4])
        ends = (
            (source, target, ports) if is_from_server else (target, source, ports[2:] + ports[:2])
        )
        if data[at + 13] & _SYN and self._mss:
            self._clamp(data, at)
        if self._wrap_after:
            self._shift(data, at, ends, is_from_server=is_from_server)
        _set_checksum(data, at, source, target)
        return bytes(data)

    def _clamp(self, data: bytearray, at: int) -> None:
        for kind, place in _options(data, at):
            if kind == _MSS:
                asked = int.from_bytes(data[place : place + 2], "big")
                data[place : place + 2] = min(asked, self._mss).to_bytes(2, "big")

    def _shift(self, data: bytearray, at: int, ends: _Ends, *, is_from_server: bool) -> None:
        flags = data[at + 13]
        if is_from_server and flags & _SYN:
            (isn,) = struct.unpack_from(">I", data, at + 4)
            self._shifts[ends] = (_MODULUS - self._wrap_after - isn) % _MODULUS
        shift = self._shifts.get(ends, 0)
        if is_from_server:
            _add(data, at + 4, shift)
            (sequence,) = struct.unpack_from(">I", data, at + 4)
            if sequence < _MODULUS // 2 and ends not in self._beyond:
                self._beyond.add(ends)
                self.wrapped += 1
        elif flags & _ACK:
            _add(data, at + 8, -shift)
            for kind, place in _options(data, at):
                if kind == _SACK:
                    for edge in range(place, place + data[place - 1] - 2, 4):
                        _add(data, edge, -shift)


def _add(data: bytearray, at: int, shift: int) -> None:
    (number,) = struct.unpack_from(">I", data, at)
    struct.pack_into(">I", data, at, (number + shift) % _MODULUS)


def _tcp_of(frame: bytes) -> tuple[int, bytes, bytes] | None:
    """Where the TCP header is, and the addresses; None for anything else, fragments included."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _IPV4 and frame[23] == _TCP and not int.from_bytes(frame[20:22], "big") & 0x3FFF:
        return _ETHERNET + (frame[14] & 15) * 4, frame[26:30], frame[30:34]
    if kind == _IPV6 and frame[20] == _TCP:
        return _ETHERNET + 40, frame[22:38], frame[38:54]
    return None


def _options(data: bytearray, at: int) -> Iterator[tuple[int, int]]:
    """Kind of each TCP option, and where its value begins."""
    place, end = at + 20, at + (data[at + 12] >> 4) * 4
    while place < end and data[place] != _END:
        if data[place] == _NOTHING:
            place += 1
            continue
        yield data[place], place + 2
        place += max(2, data[place + 1])


def _set_checksum(data: bytearray, at: int, source: bytes, target: bytes) -> None:
    """RFC 9293, section 3.1; the frame may be longer than its packet (Ethernet's padding)."""
    if len(source) == 4:
        end = _ETHERNET + int.from_bytes(data[16:18], "big")
    else:
        end = at + int.from_bytes(data[18:20], "big")
    data[at + 16 : at + 18] = b"\0\0"
    segment = bytes(data[at:end])
    pseudo = source + target + struct.pack(">II", len(segment), _TCP)
    words = pseudo + segment + bytes(len(segment) % 2)
    total = sum(struct.unpack(f">{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    data[at + 16 : at + 18] = (~total & 0xFFFF).to_bytes(2, "big")
