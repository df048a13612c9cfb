"""The Info column of a TCP segment, worded as Wireshark words it."""

from chatlab.analysis.streams import Placement
from chatlab.protocol import tcp
from chatlab.protocol.packet import ACK, SYN, PacketHeaders, TcpOptions, tcp_options
from chatlab.protocol.tcp import StreamDirection, TcpStream

_FLAG_NAMES = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_NOTES = (
    (tcp.RETRANSMISSION, "[TCP Retransmission]"),
    (tcp.OUT_OF_ORDER, "[TCP Out-Of-Order]"),
    (tcp.LOST_BEFORE, "[TCP Previous segment not captured]"),
    (tcp.KEEP_ALIVE, "[TCP Keep-Alive]"),
    (tcp.KEEP_ALIVE_ACK, "[TCP Keep-Alive ACK]"),
    (tcp.WINDOW_UPDATE, "[TCP Window Update]"),
    (tcp.ZERO_WINDOW, "[TCP ZeroWindow]"),
)


def flag_names(flags: int) -> str:
    """``PSH, ACK``, in the order of the header's bits from the right."""
    names = [name for bit, name in enumerate(_FLAG_NAMES) if flags >> bit & 1]
    return ", ".join(names) or "<None>"


def note_text(number: int, place: Placement, direction: StreamDirection) -> str:
    """What is remarkable about a segment, in brackets; empty for most."""
    words = [text for note, text in _NOTES if place.notes & note]
    if place.notes & tcp.DUPLICATE_ACK:
        original, count = direction.duplicate(number)
        words.append(f"[TCP Dup ACK {original}#{count}]")
    return " ".join(words)


def tcp_info(raw: bytes, headers: PacketHeaders, stream: TcpStream, side: int) -> str:
    """Ports, flags, relative numbers, window, length and options of a segment."""
    direction = stream.sides[side]
    words = [
        f"{headers.source_port} → {headers.destination_port} [{flag_names(headers.flags)}]",
        f"Seq={direction.relative(headers.sequence)}",
    ]
    if headers.flags & ACK:
        words.append(f"Ack={direction.peer.relative(headers.acknowledgement)}")
    shift = 0
    if stream.scales_windows and not headers.flags & SYN:
        shift = direction.window_shift or 0
    words += [f"Win={headers.window << shift}", f"Len={headers.payload_length}"]
    words += _option_words(tcp_options(raw, headers), direction.peer)
    return " ".join(words)


def _option_words(options: TcpOptions, peer: StreamDirection) -> list[str]:
    words: list[str] = []
    if options.mss is not None:
        words.append(f"MSS={options.mss}")
    if options.sack_permitted:
        words.append("SACK_PERM")
    if options.timestamp is not None:
        words.append(f"TSval={options.timestamp} TSecr={options.timestamp_echo}")
    if options.window_shift is not None:
        words.append(f"WS={1 << options.window_shift}")
    for left, right in options.sack_blocks:
        words.append(f"SLE={peer.relative(left)} SRE={peer.relative(right)}")
    return words
