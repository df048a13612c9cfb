"""One line of plain language for a message or a frame; every number in it is computed."""

from collections.abc import Sequence

from chatlab.analysis.contents import Contents, TlsNames
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.irc_words import ELLIPSIS
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.streams import Placement, Streams
from chatlab.analysis.tls_words import MAX_PARTS
from chatlab.analysis.xmpp_explain import NO_KEY, explain_parts
from chatlab.core.account import Application
from chatlab.core.attribution import Attribution, Evidence
from chatlab.core.flow import Direction, Transport, WireRange
from chatlab.core.frame import Exposure
from chatlab.core.message import Message
from chatlab.protocol import tcp
from chatlab.protocol.packet import ACK, FIN, RST, SYN
from chatlab.protocol.tls_handshake import protection, spoken_version

_READERS = {
    Exposure.READABLE: "Anyone on the path can read it.",
    Exposure.END_TO_END: "An observer learns who writes to whom, not the words.",
    Exposure.SEALED: "An observer learns the length and the time, not the words.",
}

MAX_INSIDE = 120
"""Characters of what TLS had sealed; the layers have the rest."""
_UNITS = {Application.IRC: "line", Application.DCC: "line", Application.XMPP: "stanza"}
"""What carries a message."""


class Explainer:
    """Puts into words what the other parts of the analysis have counted."""

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
        self._rows = RowBuilder(log, streams, correlator, contents)
        self._contents = self._rows.contents

    # --- a message ---------------------------------------------------------------------------

    def message(self, message: Message) -> str:
        """How a message travelled: frames, bytes, who can read it, ACK and echo."""
        if message.is_history:
            return "Replayed from the history: no frame of this session carried it live."
        if message.wire is None:
            return "It is waiting: nothing of it has been written to the network yet."
        known = self._correlator.attribution(message.id)
        if not known.frames:
            return (
                f"No frame of it was captured. Our own socket counted {len(message.wire.span):,} "
                "bytes."
            )
        sentences = [self._size(message, message.wire, known), self._readers(message, known)]
        sentences += self._oddities(message, known)
        sentences += self._delays(message, known)
        return " ".join(sentence for sentence in sentences if sentence)

    def _size(self, message: Message, wire: WireRange, known: Attribution) -> str:
        total = sum(self._log.wire_length(number) for number in known.frames)
        payload = sum(len(self._place(number).payload) for number in known.frames)
        verb = "Sent as" if message.direction is Direction.SENT else "Received in"
        unit = _UNITS.get(message.application, "data")
        whose = f"your {unit}" if message.direction is Direction.SENT else f"the {unit}"
        start = f"{verb} {_count(len(known.frames), 'frame')}, {total:,} bytes: "
        parts = [*self._line(wire, known, whose), f"{total - payload:,} of headers"]
        if message.application is Application.XMPP and parts[0].endswith(whose):
            parts[0] += f" ({len(message.text.encode()):,} of them the text)"
        repeated = sum(self._bytes(number, message) for number in known.frames)
        if repeated > len(wire.span):
            parts.insert(-1, f"{repeated - len(wire.span):,} sent again")
        if payload > repeated:
            parts.insert(-1, f"{payload - repeated:,} of other {unit}s")
        return f"{start}{', '.join(parts)}."

    def _line(self, wire: WireRange, known: Attribution, whose: str) -> list[str]:
        """The line's own bytes and, under TLS, what protects them."""
        size = len(wire.span)
        agreed, records = self._tls(known)
        if not records:
            return [f"{size:,} of {whose}"]
        version = spoken_version(agreed.version if agreed else "")
        kind = f"a {version} record" if records == 1 else f"{records} {version} records"
        each = protection(agreed.version, agreed.cipher) if agreed is not None else None
        if each is None or each * records >= size:
            return [f"{kind} of {size:,} bytes"]
        inside = size - each * records
        return [f"{kind} of {size:,} bytes ({inside:,} of {whose}, {each * records} of protection)"]

    def _tls(self, known: Attribution) -> tuple[TlsNames | None, int]:
        """What TLS agreed on, and how many records carry the message; 0 when it is plain."""
        place = self._place(known.frames[0])
        span = self._correlator.positions(known.message)
        units = {
            part.unit
            for number in known.frames
            for part in self._contents.parts(number, self._place(number))
            if span is not None and part.unit.span.overlaps(span)
        }
        records = sum(1 for unit in units if unit.is_record)
        ours = self._correlator.connection_of(known.frames[0])
        if not units and ours is not None and ours.tls is not None:
            records = 1  # Its beginning was not captured; one message is one record.
        return (self._contents.tls(place.stream), records) if records else (None, 0)

    def _readers(self, message: Message, known: Attribution) -> str:
        _, records = self._tls(known)
        in_clear = Exposure.END_TO_END if message.is_sealed else Exposure.READABLE
        return _READERS[Exposure.SEALED if records else in_clear]

    def _oddities(self, message: Message, known: Attribution) -> list[str]:
        found: list[str] = []
        if repeats := len(known.retransmissions):
            verb = "is a retransmission" if repeats == 1 else "are retransmissions"
            found.append(f"{_count(repeats, 'frame')} {verb}.")
        others = {
            other
            for number in known.frames
            for other in self._correlator.messages_of(number)
            if other != message.id
        }
        if others:
            where = "Its frame" if len(known.frames) == 1 else "Its frames"
            verb = "carries" if len(known.frames) == 1 else "carry"
            found.append(f"{where} also {verb} {_count(len(others), 'other message')}.")
        found += [text for number in known.frames[:1] if (text := self._offload(number))]
        if not known.is_complete:
            found.append("Some of its bytes are in no captured frame.")
        if known.evidence is Evidence.CONTENT:
            found.append("The capture began late: its place was found by known bytes.")
        elif known.evidence is Evidence.PACKETS:
            found.append("It was read out of the packets alone; nobody noted it when it was sent.")
        return found

    def _delays(self, message: Message, known: Attribution) -> list[str]:
        start = self._log.time_ns(known.frames[0])
        found: list[str] = []
        if known.acks and known.is_acknowledged:
            found.append(f"Acknowledged{_after(self._log.time_ns(known.acks[-1]) - start)}.")
        elif message.direction is Direction.SENT:
            found.append("No captured ACK covers it yet.")
        if known.echo_frames:
            after = _after(self._log.time_ns(known.echo_frames[-1]) - start)
            found.append(f"Echoed by the server{after}.")
        return found

    def _bytes(self, number: int, message: Message) -> int:
        return len(self._correlator.frame_span(number, message.id))

    def _place(self, number: int) -> Placement:
        place = self._streams.place(number)
        assert place is not None
        return place

    def _offload(self, number: int) -> str:
        """A segment longer than the receiver takes: the network card will cut it, or joined it."""
        place = self._place(number)
        limit = self._streams.direction(place.stream, place.side).peer.mss
        size = len(place.payload)
        if limit is None or size <= limit:
            return ""
        pieces = -(-size // limit)
        return (
            f"Frame {number} holds {size:,} bytes, more than the {limit:,} that fit one segment: "
            f"on the cable these are at least {pieces} frames (offload)."
        )

    # --- a frame -----------------------------------------------------------------------------

    def frame(self, number: int) -> str:
        """What a frame is there for, and who can read what in it."""
        place = self._streams.place(number)
        row = self._rows.row(number)
        if place is None:
            return f"{row.protocol}, {row.length:,} bytes: no part of a conversation of ours."
        if row.protocol == "DNS":
            return self._dns(row.info)
        if place.transport is Transport.UDP:
            return f"A UDP datagram with {len(place.payload):,} bytes of payload."
        if sentence := self._control(number, place):
            return f"{sentence} {_oddity(place.notes)}".strip()
        size = len(place.payload)
        stanzas = self._stanzas(number, place)
        readers = _READERS.get(self._exposure(place, row.protocol, row.exposure), "")
        sentences = [
            f"{row.length:,} bytes: {size:,} of payload, {row.length - size:,} of headers.",
            self._carried(row.messages, "" if stanzas and not row.messages else row.why),
            stanzas,
            "" if NO_KEY in stanzas else readers,
            _oddity(place.notes),
            self._offload(number),
            self._inside(number, place),
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _stanzas(self, number: int, place: Placement) -> str:
        parts = self._contents.parts(number, place, MAX_PARTS)
        return explain_parts(parts, self._correlator.direction_of(number))

    def _inside(self, number: int, place: Placement) -> str:
        """What the records of a frame hold, for who has their secrets."""
        parts = self._contents.parts(number, place, MAX_PARTS)
        inside = self._rows.tls.inside(parts, place)
        if not inside:
            return ""
        shown = inside if len(inside) <= MAX_INSIDE else f"{inside[:MAX_INSIDE]}{ELLIPSIS}"
        return f"With its TLS secrets, which ChatLab has here, it reads: {shown}"

    def _exposure(self, place: Placement, protocol: str, shown: Exposure) -> Exposure:
        if protocol in (Application.IRC.name, Application.DCC.name):
            return Exposure.READABLE
        if protocol == Application.XMPP.name:
            return shown
        is_tls = protocol.startswith(("TLS", "SSL"))
        return Exposure.SEALED if is_tls and place.flags & ACK else Exposure.PLUMBING

    def _dns(self, info: str) -> str:
        what = "Answers" if "response" in info else "Asks"
        return f"{what} a DNS look-up. DNS is not encrypted: anyone on the path can read the name."

    def _control(self, number: int, place: Placement) -> str:
        """Frames that carry no data."""
        flags = place.flags
        if flags & SYN:
            what = "accepts the connection" if flags & ACK else "asks for a connection"
            step = 2 if flags & ACK else 1
            return f"Step {step} of the TCP handshake: {what}. It carries nobody’s words."
        if flags & RST:
            return "Breaks the connection off at once (RST)."
        if flags & FIN and not len(place.payload):
            return "This side has nothing more to send (FIN)."
        if len(place.payload):
            return ""
        if place.notes & tcp.KEEP_ALIVE:
            return "Asks whether the other side is still there (TCP keep-alive)."
        if place.notes & tcp.DUPLICATE_ACK:
            return "Repeats an ACK: the receiver still waits for the same byte."
        messages = self._correlator.acknowledged_messages(number)
        what = f" of {_count(len(messages), 'message')}" if messages else ""
        return f"An ACK{what}: {self._log.wire_length(number):,} bytes, nothing but headers."

    def _carried(self, messages: Sequence[object], why: str) -> str:
        if messages:
            word = "a message" if len(messages) == 1 else f"{len(messages)} messages"
            return f"It carries {'an echo of ' if why.startswith('echo') else ''}{word}."
        return f"{why[0].upper()}{why[1:]}." if why else ""


def _oddity(notes: int) -> str:
    """What went wrong on the way of a segment; empty for most."""
    if notes & tcp.RETRANSMISSION:
        return "All this had been captured before: it is a retransmission."
    if notes & tcp.OUT_OF_ORDER:
        return "It came late: what follows it was captured before it."
    if notes & tcp.LOST_BEFORE:
        return "Bytes before it are missing from the capture so far."
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _after(duration_ns: int) -> str:
    """How long something took; after a clock was set back nobody can tell."""
    if duration_ns < 0:
        return ", but the clock was set back in between, so the delay is not known"
    return f" after {duration_ns / 1e6:.1f}\u00a0ms"
