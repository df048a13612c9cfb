"""Which bytes of a stream are an utterance's words, which the chat protocol's, which TLS's."""

from collections.abc import Sequence
from itertools import pairwise

from chatlab.analysis.compare_layers import Piece
from chatlab.analysis.compare_leak import Sealing, length_leak
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.decryption import Decryption, OpenRecord
from chatlab.analysis.observer_irc import line_text
from chatlab.analysis.observer_xmpp import body_span
from chatlab.analysis.units import Unit
from chatlab.core.comparison import LengthLeak
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.measures import WireLayer
from chatlab.core.message import Message, MessageId
from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_handshake import protection
from chatlab.protocol.xmpp import UnitKind

_NOT_READ = (
    "The keys are not at hand: text and protocol are told apart by what our own end wrote, on the "
    "assumption that nothing was padded."
)
_SHARED = "A TLS record carries other messages, too; without keys only lengths tell them apart."
_BLOCKS = "The cipher suite works in blocks (CBC), so the length of what is inside is not exact."


class Pieces:
    """Cuts the byte ranges of one connection's messages; one for each utterance."""

    def __init__(self, specimen: Specimen, connection: Connection) -> None:
        self._correlator = specimen.correlator
        self._contents = specimen.contents
        self._connection = connection
        conversation = specimen.conversation(connection)
        self._stream = conversation.number if conversation is not None else None
        self._client = specimen.client(connection)
        agreed = self._contents.tls(self._stream) if self._stream is not None else None
        self._version = agreed.version if agreed is not None else ""
        self._cipher = agreed.cipher if agreed is not None else ""
        self._each = protection(self._version, self._cipher)
        self._sealings: dict[ByteRange, Sealing] = {}
        """By where each record lies: two messages may share one."""
        self._notes: dict[str, None] = {}

    @property
    def records(self) -> int:
        """TLS records that carried the message itself."""
        return len(self._sealings)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def leak(self, messages: Sequence[Message]) -> LengthLeak | None:
        """What the records' lengths tell; None in clear and where they tell nothing exact."""
        if self._each is None or not self._sealings:
            return None
        texts = [each.text for each in messages]
        size = sum(len(text.encode("utf-8", "replace")) for text in texts) if any(texts) else None
        others = len(self._others(messages))
        return length_leak(
            list(self._sealings.values()),
            self._version,
            self._cipher,
            self._each,
            size,
            others=others,
        )

    def _others(self, messages: Sequence[Message]) -> set[MessageId]:
        """Further messages in the same records."""
        ours = {each.id for each in messages}
        return {
            other
            for message in messages
            if message.wire is not None
            for other in self._sharing(message.id, message.wire)
            if other not in ours
        }

    def of_wire(self, wire: WireRange, message: Message) -> list[Piece]:
        """The bytes of a range by layer, at positions of its direction of the captured stream."""
        if self._stream is None:
            return []
        side = self._client if wire.direction is Direction.SENT else 1 - self._client
        if (span := self._positions(wire, side)) is None:
            return []
        units = self._contents.units(self._stream)[side]
        inside = self._contents.decryption(self._stream, side)
        found: list[Piece] = []
        for unit in units.overlapping(span):
            if unit.is_record:
                found += self._record(unit, inside, wire, message)
            else:
                found += _clear(unit.span, _text_of(unit, units.read(unit)))
        reached = found[-1].span.stop if found else span.start
        if reached < span.stop:  # Its end, or its unit's beginning, was not captured.
            found.append(Piece(ByteRange(reached, span.stop), WireLayer.SEALED))
        return _clipped(found, span)

    def _positions(self, wire: WireRange, side: int) -> ByteRange | None:
        """Where a range lies in its captured direction; None while that is not known."""
        assert self._stream is not None
        start = self._correlator.streams.direction(self._stream, side).position(wire.span.start)
        return None if start is None else ByteRange(start, start + len(wire.span))

    # --- inside of TLS -----------------------------------------------------------------------

    def _record(
        self, unit: Unit, inside: Decryption | None, wire: WireRange, message: Message
    ) -> list[Piece]:
        opened = inside.opened(unit.span) if inside is not None else []
        if opened and inside is not None and opened[0].was_sealed:
            found = self._opened(opened[0], inside, wire, message)
        else:
            found = self._closed(unit.span, wire, message)
        if wire == message.wire:
            content = len(opened[0].opened.plaintext) if opened and opened[0].was_sealed else None
            self._sealings[unit.span] = Sealing(len(unit.span), content)
        return found

    def _opened(
        self, record: OpenRecord, inside: Decryption, wire: WireRange, message: Message
    ) -> list[Piece]:
        """A record whose inside was read: each byte of it has its place in the ciphertext."""
        start = record.record.start + (record.opened.starts or HEADER_SIZE)
        shift = start - record.span.start
        units = inside.units.overlapping(record.span)
        texts = [inside.units.read(unit) for unit in units]
        ours = self._ours(wire, message, units, texts)
        content: list[Piece] = []
        for index, (unit, data) in enumerate(zip(units, texts, strict=True)):
            if index in ours:
                content += _clear(unit.span, _text_of(unit, data))
            else:
                content.append(Piece(unit.span, WireLayer.OTHER))
        placed = [
            Piece(span.intersection(record.span).shifted(shift), layer) for span, layer in content
        ]
        return _filled(placed, record.record, WireLayer.TLS)

    def _ours(
        self,
        wire: WireRange,
        message: Message,
        units: Sequence[Unit],
        texts: Sequence[bytes | None],
    ) -> set[int]:
        """Which units of a record are the message: those that say its words, else all."""
        words = message.text.encode("utf-8", "replace")
        same = [
            index
            for index, (unit, data) in enumerate(zip(units, texts, strict=True))
            if data is not None
            and (span := _text_of(unit, data)) is not None
            and _says(data[span.start : span.stop], words)
        ]
        if not words or not same:
            return set(range(len(units)))
        own = len(message.id), message.id  # By number: the tenth comes behind the ninth.
        others = self._sharing(message.id, wire)
        siblings = [each for each in others if (len(each), each) < own]
        return {same[min(len(siblings), len(same) - 1)]} if len(same) > 1 else {same[0]}

    def _sharing(self, message: MessageId, wire: WireRange) -> list[MessageId]:
        """Other messages that the very same bytes carry."""
        found: dict[MessageId, None] = {}
        for number in self._correlator.frames_of(wire):
            span = self._correlator.span_in(number, wire)
            found |= dict.fromkeys(self._correlator.messages_at(number, span))
        found.pop(message, None)
        return list(found)

    def _closed(self, record: ByteRange, wire: WireRange, message: Message) -> list[Piece]:
        """A record that stays closed: what the cipher suite and our own words say about it."""
        header = Piece(ByteRange(record.start, record.start + HEADER_SIZE), WireLayer.TLS)
        rest = ByteRange(record.start + HEADER_SIZE, record.stop)
        if self._each is None or self._each > len(record):
            self._note(_BLOCKS if "_CBC_" in self._cipher else "")
            return [header, Piece(rest, WireLayer.SEALED)]
        nonce = 8 if self._version == "TLSv1.2" and "CHACHA20" not in self._cipher else 0
        start = rest.start + nonce
        content = ByteRange(start, start + len(record) - self._each)
        text = len(message.text.encode("utf-8", "replace"))
        is_shared = bool(self._sharing(message.id, wire))
        if not text or text > len(content) or len(wire.span) > len(record):
            inner = [Piece(content, WireLayer.SEALED)]
        else:
            self._note(_SHARED if is_shared else _NOT_READ)
            framing = WireLayer.SEALED if is_shared else WireLayer.FRAMING
            middle = content.stop - text
            inner = [
                Piece(ByteRange(content.start, middle), framing),
                Piece(ByteRange(middle, content.stop), WireLayer.TEXT),
            ]
        return _filled(inner, record, WireLayer.TLS)

    def _note(self, words: str) -> None:
        if words:
            self._notes[words] = None


def _text_of(unit: Unit, data: bytes | None) -> ByteRange | None:
    """Where the words are in a line or stanza; None where it says none, or was not captured."""
    if data is None or unit.is_record:
        return None
    if unit.is_line:
        return line_text(data)
    return body_span(data) if unit.stanza_kind is UnitKind.ELEMENT else None


def _says(found: bytes, words: bytes) -> bool:
    plain = found.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&quot;", b'"')
    plain = plain.replace(b"&apos;", b"'").replace(b"&amp;", b"&")
    return words in (found, plain, plain.removeprefix(b"/me "))


def _clear(unit: ByteRange, text: ByteRange | None) -> list[Piece]:
    """A line or stanza: its words, and around them the chat protocol."""
    if text is None:
        return [Piece(unit, WireLayer.FRAMING)]
    return _filled([Piece(text.shifted(unit.start), WireLayer.TEXT)], unit, WireLayer.FRAMING)


def _filled(pieces: Sequence[Piece], whole: ByteRange, around: WireLayer) -> list[Piece]:
    """``pieces`` and, for what they leave of ``whole``, more of them."""
    found = [piece for piece in pieces if len(piece.span)]
    edges = [whole.start, *(edge for span, _ in found for edge in (span.start, span.stop))]
    gaps = [ByteRange(*edge) for edge in list(pairwise([*edges, whole.stop]))[::2]]
    found += [Piece(gap, around) for gap in gaps if len(gap)]
    return sorted(found, key=lambda piece: piece.span)


def _clipped(pieces: Sequence[Piece], span: ByteRange) -> list[Piece]:
    """Only what lies in ``span``."""
    found = (Piece(piece.span.intersection(span), piece.layer) for piece in pieces)
    return [piece for piece in found if len(piece.span)]
