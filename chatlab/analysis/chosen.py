"""A whole TCP connection that the reader chose, asked about as if it were one message.

A file has thousands of frames and no message: what carries it is its connection, from the SYN to
the last ACK. What the capture gains is taken in as it is asked for.
"""

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Conversation, Streams
from chatlab.core.attribution import Attribution
from chatlab.core.flow import ConnectionId, FlowKey
from chatlab.core.message import MessageId

MAX_FRAMES = 20_000
"""As many are shown at most: what comes after says nothing new about a file."""


class ChosenConnection:
    """Frames of one connection of ours."""

    def __init__(
        self,
        streams: Streams,
        correlator: Correlator,
        flow: FlowKey,
        connection: ConnectionId,
        words: str,
    ) -> None:
        """``words`` say what it carries, as the beginning of a sentence."""
        self.id = MessageId(f"connection {connection}")
        self.connection = connection
        self._streams = streams
        self._correlator = correlator
        self._flow = flow
        self._words = words
        self._stream: int | None = None
        self._next = 1
        self._payload: list[int] = []
        self._bare: list[int] = []

    def attribution(self) -> Attribution:
        """Frames with payload carry it; handshake and bare ACKs stand as what acknowledges it."""
        self._read_on()
        return Attribution(
            message=self.id,
            stream=self._stream,
            frames=tuple(self._payload),
            acks=tuple(self._bare),
        )

    def explain(self, log: FrameLog) -> str:
        """One line of plain language; empty when nothing was captured."""
        self._read_on()
        numbers = (*self._payload, *self._bare)
        if not numbers:
            return ""
        size = sum(log.wire_length(number) for number in numbers)
        frames = "1 frame" if len(numbers) == 1 else f"{len(numbers):,} frames"
        more = f" The first {MAX_FRAMES:,} are shown." if len(numbers) >= MAX_FRAMES else ""
        return (
            f"{self._words}: {frames} of a TCP connection of its own, {size:,} bytes on the wire. "
            f"Nothing encrypts it: anyone on the path can read it.{more}"
        )

    def _read_on(self) -> None:
        if self._stream is None and not self._find():
            return
        for number in range(self._next, len(self._streams) + 1):
            if len(self._payload) + len(self._bare) >= MAX_FRAMES:
                break
            if self._streams.tcp_stream(number) == self._stream:
                place = self._streams.place(number)
                has_payload = place is not None and len(place.payload) > 0
                (self._payload if has_payload else self._bare).append(number)
        self._next = len(self._streams) + 1

    def _find(self) -> bool:
        """Ends may be used again: of their conversations it is the one that is this connection.

        Both ends may be ours, as in the offline lab; its frames then count as the other one’s.
        """
        turned = FlowKey(self._flow.remote, self._flow.local, self._flow.transport)
        found: Conversation | None = None
        for conversation in reversed(self._streams.of_flow(self._flow)):
            ours = self._correlator.connection_of(conversation.first_frame)
            if ours is not None and ours.id == self.connection:
                found = conversation
                break
            if found is None and ours is not None and ours.flow == turned:
                found = conversation
        if found is not None:
            self._stream, self._next = found.number, found.first_frame
        return found is not None
