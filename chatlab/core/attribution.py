"""Message and frames: which belong together, and how we know."""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.message import MessageId


class Evidence(Enum):
    """How the offsets of a byte stream were tied to the frames of a capture."""

    OFFSET = "offset"
    """By arithmetic from the SYN, which the capture holds."""
    CONTENT = "content"
    """The capture began late: anchored where known bytes were found in a frame."""
    PACKETS = "packets"
    """Nobody told: the message itself was read out of the packets of a capture made elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The frames of one message, numbered as in the capture; each tuple ascends."""

    message: MessageId
    stream: int | None
    """``tcp.stream`` as analysers count it; None when no frame of it was captured."""
    frames: tuple[int, ...] = ()
    """Every frame that carries at least one byte of it, retransmissions included."""
    retransmissions: tuple[int, ...] = ()
    """Those of ``frames`` whose bytes of the message had all been captured before."""
    acks: tuple[int, ...] = ()
    """Frames of the other direction that newly acknowledge bytes of it, up to its last byte."""
    echo_frames: tuple[int, ...] = ()
    """Frames that carry the server's echo of it."""
    evidence: Evidence | None = None
    """None when there is no frame to be sure of."""
    is_complete: bool = False
    """Every byte of the message lies in a captured frame."""
    is_acknowledged: bool = False
    """A captured ACK covers its last byte."""


NOTHING_CAPTURED = "no frame of it was captured"
