"""What is counted of a message on the wire: bytes by layer, and the columns of a table."""

from dataclasses import dataclass, fields
from enum import Enum


class WireLayer(Enum):
    """Whose a byte of a frame is, from the words outwards; the value names a table's column."""

    TEXT = "text"
    """The words that were typed, as UTF-8."""
    FRAMING = "framing"
    """What IRC or XMPP puts around them: ``PRIVMSG #lab :`` and CR LF, tags of a stanza."""
    TLS = "tls"
    """Record headers, nonces, content types, padding and authentication tags."""
    SEALED = "sealed"
    """Inside of TLS records, where nothing at hand tells the words from the rest."""
    REPEATED = "repeated"
    """Bytes of the message that an earlier frame had carried already."""
    OTHER = "other"
    """Payload of the same frames that belongs to something else."""
    TCP = "tcp"
    """The TCP header with its options."""
    IP = "ip"
    """The IPv4 or IPv6 header with its options or extension headers."""
    LINK = "link"
    """The link layer's header; behind IP the padding of short Ethernet frames, too."""

    @property
    def words(self) -> str:
        return _LAYER_WORDS[self]


_LAYER_WORDS = {
    WireLayer.TEXT: "Text",
    WireLayer.FRAMING: "Chat protocol",
    WireLayer.TLS: "TLS",
    WireLayer.SEALED: "Sealed by TLS",
    WireLayer.REPEATED: "Sent again",
    WireLayer.OTHER: "Other payload",
    WireLayer.TCP: "TCP",
    WireLayer.IP: "IP",
    WireLayer.LINK: "Ethernet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBytes:
    """Bytes of frames by layer; together they are the frames' lengths on the wire, exactly."""

    text: int = 0
    framing: int = 0
    tls: int = 0
    sealed: int = 0
    repeated: int = 0
    other: int = 0
    tcp: int = 0
    ip: int = 0
    link: int = 0

    def __add__(self, more: "LayerBytes") -> "LayerBytes":
        return LayerBytes(**{layer.value: self[layer] + more[layer] for layer in WireLayer})

    def __getitem__(self, layer: WireLayer) -> int:
        value: int = getattr(self, layer.value)
        return value

    @property
    def total(self) -> int:
        return sum(self[layer] for layer in WireLayer)

    @property
    def headers(self) -> int:
        """What lies below the payload."""
        return self.tcp + self.ip + self.link

    def parts(self) -> tuple[tuple[WireLayer, int], ...]:
        """The layers that have bytes, from the words outwards: a stacked bar."""
        return tuple((layer, self[layer]) for layer in WireLayer if self[layer])


assert {layer.value for layer in WireLayer} == {each.name for each in fields(LayerBytes)}


class Measure(Enum):
    """The numbers of a message, in the order of a table; the value names it in files."""

    FRAMES = "frames"
    SEGMENTS = "segments"
    BYTES = "bytes"
    """On the wire, without retransmissions, ACKs and echo."""
    TEXT = "text_bytes"
    FRAMING = "framing_bytes"
    TLS = "tls_bytes"
    SEALED = "sealed_bytes"
    REPEATED = "repeated_bytes"
    OTHER = "other_bytes"
    TCP = "tcp_bytes"
    IP = "ip_bytes"
    LINK = "link_bytes"
    RETRANSMISSIONS = "retransmission_frames"
    RETRANSMITTED = "retransmission_bytes"
    ACKS = "ack_frames"
    ACK_BYTES = "ack_bytes"
    ECHO_BYTES = "echo_bytes"
    ROUND_TRIPS = "round_trips"
    ACK_TIME = "ack_ms"
    ECHO_TIME = "echo_ms"
    HANDSHAKE = "handshake_share_bytes"

    @property
    def words(self) -> str:
        return _MEASURES[self][0]

    @property
    def unit(self) -> str:
        """``B``, ``ms`` or empty for a count."""
        return _MEASURES[self][1]

    @property
    def layer(self) -> WireLayer | None:
        """The layer whose bytes it counts; None for anything else."""
        return _OF_LAYERS.get(self)


_MEASURES = {
    Measure.FRAMES: ("Frames", ""),
    Measure.SEGMENTS: ("TCP segments", ""),
    Measure.BYTES: ("Bytes on the wire", "B"),
    Measure.TEXT: ("Text", "B"),
    Measure.FRAMING: ("Chat protocol", "B"),
    Measure.TLS: ("TLS", "B"),
    Measure.SEALED: ("Sealed by TLS", "B"),
    Measure.REPEATED: ("Sent again", "B"),
    Measure.OTHER: ("Other payload", "B"),
    Measure.TCP: ("TCP", "B"),
    Measure.IP: ("IP", "B"),
    Measure.LINK: ("Ethernet", "B"),
    Measure.RETRANSMISSIONS: ("Retransmissions", ""),
    Measure.RETRANSMITTED: ("Retransmitted", "B"),
    Measure.ACKS: ("ACK frames", ""),
    Measure.ACK_BYTES: ("ACKs", "B"),
    Measure.ECHO_BYTES: ("Echo", "B"),
    Measure.ROUND_TRIPS: ("Round trips", ""),
    Measure.ACK_TIME: ("Until TCP’s ACK", "ms"),
    Measure.ECHO_TIME: ("Until the echo", "ms"),
    Measure.HANDSHAKE: ("Share of the handshake", "B"),
}
_OF_LAYERS = {
    Measure.TEXT: WireLayer.TEXT,
    Measure.FRAMING: WireLayer.FRAMING,
    Measure.TLS: WireLayer.TLS,
    Measure.SEALED: WireLayer.SEALED,
    Measure.REPEATED: WireLayer.REPEATED,
    Measure.OTHER: WireLayer.OTHER,
    Measure.TCP: WireLayer.TCP,
    Measure.IP: WireLayer.IP,
    Measure.LINK: WireLayer.LINK,
}
