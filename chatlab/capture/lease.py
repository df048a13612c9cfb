"""How long a pair of ends is ours: a port that is let go may be given to another program.

A closed connection is watched on for its last frames. Whatever passes between the same ends
once they belong to somebody else is foreign, and stops here, however late it is read.
"""

from chatlab.capture.layout import Buffer
from chatlab.core.flow import FlowKey, Transport

_IPV6_FRAGMENT = 44
_SYN, _ACK = 0x02, 0x10
_SEQUENCE, _FLAGS = 4, 13
"""Offsets in the TCP header (RFC 9293, section 3.1)."""


class Lease:
    """Tells the frames of one connection from those of the next between the same ends.

    Each end of a TCP connection has one initial sequence number; a SYN with another one begins
    somebody else's connection. UDP has no beginning: there the moment counts at which our socket
    was closed.

    A flow without a remote port belongs to a socket that listens: while it does, whoever knocks,
    knocks at ours. Once it is closed a new SYN to or from its port is somebody else's.
    """

    def __init__(self, flow: FlowKey) -> None:
        self._is_tcp = flow.transport is Transport.TCP
        self._has_many = self._is_listening = not flow.remote.port
        self._initial: dict[bytes, int] = {}
        """Initial sequence numbers by source port; of a listening socket: by both ports."""
        self._is_open = False
        self._is_over = False
        self._until_ns: int | None = None

    def begin_late(self) -> None:
        """The connection is open already: its SYN has passed, any other is not its own."""
        self._is_open = True

    def end(self, time_ns: int) -> None:
        """Our socket was closed then. TCP still exchanges its last segments after that."""
        self._is_listening = False
        if not self._is_tcp:
            self._until_ns = time_ns

    def covers(self, frame: Buffer, network: int, time_ns: int) -> bool:
        """Whether a frame is ours; frames come in order. ``network``: where its IP header is."""
        if self._until_ns is not None and time_ns > self._until_ns:
            return False
        if self._is_tcp and not self._is_over:
            self._look(frame, network)
        return not self._is_over

    def _look(self, frame: Buffer, network: int) -> None:
        at = _tcp_header(frame, network)
        if at < 0 or frame[at + _FLAGS] & (_SYN | _ACK) != _SYN:
            # Remains of an earlier connection may pass before our SYN.
            self._is_open |= bool(self._initial)
            return
        source = bytes(frame[at : at + 4]) if self._has_many else bytes(frame[at : at + 2])
        sequence = int.from_bytes(frame[at + _SEQUENCE : at + _SEQUENCE + 4], "big")
        known = self._initial.get(source)
        if self._is_listening or (known is None and not self._is_open):
            self._initial[source] = sequence
        elif known != sequence:
            self._is_over = True


def _tcp_header(frame: Buffer, network: int) -> int:
    """Where the TCP header begins; -1 for a later fragment, or when it is cut off."""
    if len(frame) < network + 40:
        return -1
    if frame[network] >> 4 == 4:
        at = network + (frame[network] & 0x0F) * 4
        fragment = int.from_bytes(frame[network + 6 : network + 8], "big") & 0x1FFF
    else:
        at, fragment = network + 40, 0
        if frame[network + 6] == _IPV6_FRAGMENT and len(frame) >= at + 8:
            fragment = int.from_bytes(frame[network + 42 : network + 44], "big") & 0xFFF8
            at += 8
    return -1 if fragment or len(frame) <= at + _FLAGS else at
