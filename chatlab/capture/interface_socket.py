"""Linux: a whole interface through a packet socket. What is our own is left to its own capture."""

from scapy.arch.linux import PACKET_OUTGOING

from chatlab.capture.capture_file import CapturedFrame
from chatlab.capture.copies import TwinCopies
from chatlab.capture.own_flows import EVERYTHING, OwnFlows
from chatlab.capture.packet_socket import ARPHRD_LOOPBACK, PacketSocket, Passed
from chatlab.core.flow import Direction


class InterfaceSocket(PacketSocket):
    """Linux: a packet socket that is bound to one interface, without a filter for ends."""

    def __init__(self, descriptor: int, name: str, number: int, own: OwnFlows) -> None:
        super().__init__(descriptor, EVERYTHING, number, TwinCopies())
        self.filter_text = ""
        self.interface = name
        self._own = own

    def _note(self, error: OSError) -> None:
        """It hears nothing any more: the interface is down, or gone."""
        self.is_over = True
        self.last_words = f"{error.strerror or error}."

    def _take(self, passed: Passed) -> CapturedFrame | None:
        frame = self._view[: passed.length]
        if not self.lease.covers(frame, passed.network, passed.time_ns):
            self.is_done = True  # Frames come in order: in a flood, the rest would never end.
            return None
        if self._own.covers(frame, passed.network, passed.time_ns):
            return None
        direction: Direction | None = Direction.RECEIVED
        if passed.hardware == ARPHRD_LOOPBACK:
            direction = None
        elif passed.packet_type == PACKET_OUTGOING:
            direction = Direction.SENT
        return self._framed(passed, direction)._replace(is_whole=True)
