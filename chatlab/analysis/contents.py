"""What the frames of a TCP stream hold: parts of IRC lines, of stanzas and of TLS records.

Shared by everything that describes frames (rows, explanations, the detail tree), so that they never
disagree, and bounded: a file may hold any number of streams.
"""

from collections import OrderedDict
from contextlib import suppress
from typing import NamedTuple

from chatlab.analysis.byte_source import CapturedBytes
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.decryption import Decryption, OpenRecord
from chatlab.analysis.streams import Placement, Streams
from chatlab.analysis.units import (
    Speech,
    Unit,
    Units,
    looks_like_irc,
    looks_like_xmpp,
    stanza_type,
)
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange, Transport
from chatlab.protocol.tls import HEADER_SIZE, begins_record
from chatlab.protocol.tls_decrypt import Failure
from chatlab.protocol.tls_handshake import ClientHello, cipher_name, version_name
from chatlab.protocol.tls_secrets import KeyLog
from chatlab.protocol.xmpp import StanzaSplitter, StreamFault, StreamUnit, UnitKind

MAX_STREAMS = 256
"""Streams whose units are remembered at a time."""


class Part(NamedTuple):
    """One unit as a frame sees it."""

    unit: Unit
    data: bytes | None
    """The whole unit; None when some of it was not captured."""
    here: ByteRange
    """The bytes of the frame that belong to it."""
    begins: bool
    ends: bool


_FIRST_BYTE = ByteRange(0, 1)


class TlsNames(NamedTuple):
    """What a TLS stream agreed on, as seen on the wire or known from our own connection."""

    version: str
    cipher: str
    hello: ClientHello | None


class SealedPart(NamedTuple):
    """One line or stanza that lies sealed in the records of a frame."""

    part: Part
    """Its unit by positions of the plaintext; ``here`` are bytes of its records, ``begins`` and
    ``ends`` whether the first and the last of these do so in the frame."""
    wire: ByteRange
    """The bytes of the stream, in whole records, that carry it."""


class _Decrypted(NamedTuple):
    """Both directions of a stream, with the secrets of one moment."""

    records: tuple[Units, Units]
    keys: int
    sides: tuple[Decryption, Decryption]

    @property
    def is_locked(self) -> bool:
        return any(each.failure is not None for each in self.sides)


class Contents:
    """Finds the units of frames."""

    def __init__(
        self, streams: Streams, correlator: Correlator, keys: KeyLog | None = None
    ) -> None:
        """``keys``: the secrets that TLS records are opened with; it may grow."""
        self._streams = streams
        self._correlator = correlator
        self._keys = keys if keys is not None else KeyLog()
        self.uses_keys = True
        """Whether TLS is looked into; without, all is as an observer has it."""
        self._units: OrderedDict[int, tuple[Units, Units]] = OrderedDict()
        self._decryptions: OrderedDict[int, _Decrypted] = OrderedDict()

    def units(self, stream: int) -> tuple[Units, Units]:
        """Both directions of a TCP stream."""
        known = self._units.get(stream)
        if known is None:
            frame = self._streams.tcp[stream].first_frame
            ours = self._correlator.connection_of(frame)
            spoken = ours.application if ours is not None else None
            if spoken is Application.IRC and ours is not None and ours.tls is not None:
                spoken = None  # Lines before STARTTLS, or records: the bytes tell.
            one, other = (
                Units(CapturedBytes(self._streams, self._streams.direction(stream, side)), spoken)
                for side in (0, 1)
            )
            known = self._units[stream] = (one, other)
            while len(self._units) > MAX_STREAMS:
                self._units.popitem(last=False)
        self._units.move_to_end(stream)
        return known

    def decryption(self, stream: int, side: int) -> Decryption | None:
        """What TLS had sealed in one direction; None where nothing of it can be opened."""
        found = self._attempt(stream, side)
        return None if found is None or (found.failure and not found.high) else found

    def _attempt(self, stream: int, side: int) -> Decryption | None:
        """The same, opened or not; None where nobody tries."""
        if not self.uses_keys or not len(self._keys):
            return None
        pair = self.units(stream)
        known = self._decryptions.get(stream)
        is_stale = known is not None and known.keys != len(self._keys) and known.is_locked
        if known is None or known.records is not pair or is_stale:
            ours = self._correlator.connection_of(self._streams.tcp[stream].first_frame)
            spoken = ours.application if ours is not None else None
            one, other = pair
            sides = (
                Decryption(one, other, self._keys, spoken),
                Decryption(other, one, self._keys, spoken),
            )
            known = self._decryptions[stream] = _Decrypted(pair, len(self._keys), sides)
            while len(self._decryptions) > MAX_STREAMS:
                self._decryptions.popitem(last=False)
        self._decryptions.move_to_end(stream)
        found = known.sides[side]
        found.update()
        return found

    def why_closed(self, unit: Unit, place: Placement) -> Failure | None:
        """Why a record could not be opened; None where it was, or where nobody tried."""
        if not self.uses_keys:
            return None
        found = self._attempt(place.stream, place.side)
        return found.why_closed(unit.span) if found is not None else Failure.NO_SECRET

    def sealed_parts(self, place: Placement, most: int = 0) -> tuple[SealedPart, ...]:
        """The lines and stanzas inside of the TLS records that a frame holds bytes of.

        ``most``: the first so many are enough; 0 for all.
        """
        if place.transport is not Transport.TCP or not len(place.payload):
            return ()
        found = self.decryption(place.stream, place.side)
        records = found.opened(place.span) if found is not None else []
        data = [each.span for each in records if len(each.span)]
        if found is None or not data:
            return ()
        units = found.units.overlapping(ByteRange(data[0].start, data[-1].stop), most)
        texts = found.units.read_all(units)
        into_frame = place.payload.start - place.position
        parts: list[SealedPart] = []
        for unit, text in zip(units, texts, strict=True):
            if unit.is_record:
                continue
            wire = found.carriers(unit.span)
            here = wire.intersection(place.span).shifted(into_frame)
            begins, ends = wire.start >= place.span.start, wire.stop <= place.span.stop
            parts.append(SealedPart(Part(unit, text, here, begins, ends), wire))
        return tuple(parts)

    def records(self, place: Placement) -> list[OpenRecord]:
        """The records that a frame holds bytes of and that could be opened."""
        found = self.decryption(place.stream, place.side) if len(place.payload) else None
        if found is None or place.transport is not Transport.TCP:
            return []
        return [each for each in found.opened(place.span) if each.was_sealed]

    def parts(self, number: int, place: Placement, most: int = 0) -> tuple[Part, ...]:
        """The units that a frame holds bytes of; empty for anything else.

        ``most``: the first so many are enough; 0 for all.
        """
        if place.transport is not Transport.TCP or not len(place.payload):
            return ()
        units = self.units(place.stream)[place.side]
        span = place.span
        found = units.overlapping(span, most)
        is_lines = units.speech is Speech.LINES
        if (is_lines or any(unit.is_line for unit in found)) and not self.is_irc(number, place):
            if is_lines:
                return ()
            found = [unit for unit in found if not unit.is_line]  # E.g. of mail, before STARTTLS.
        into_frame = place.payload.start - place.position
        parts = [
            Part(
                unit,
                data,
                unit.span.intersection(span).shifted(into_frame),
                unit.span.start >= span.start,
                unit.span.stop <= span.stop,
            )
            for unit, data in zip(found, units.read_all(found), strict=True)
        ]
        if most and len(found) >= most:
            return tuple(parts)
        reached = found[-1].span.stop if found else place.span.start
        if reached < place.span.stop and units.speech is not Speech.OPAQUE:
            rest = ByteRange(reached, place.span.stop)
            parts += self._unfinished(number, place, rest, units)
        return tuple(parts)

    def _unfinished(
        self, number: int, place: Placement, rest: ByteRange, units: Units
    ) -> list[Part]:
        """Bytes that the walk has not come to, or whose beginning or end was not captured.

        They are described by themselves: as records if they begin like one, else as stanzas
        or lines.
        """
        here = rest.shifted(place.payload.start - place.position)
        raw = self._streams.log.raw(number)[here.start : here.stop]
        begins = rest.start > place.span.start
        if units.speech is Speech.STANZAS or looks_like_xmpp(raw):
            begins = begins or looks_like_xmpp(raw)
            return _stanza_parts(raw, rest, here.start, begins=begins)
        begins = begins or looks_like_irc(raw)
        found: list[Part] = []
        position = 0
        while position < len(raw):
            kind, size, is_whole = _piece(raw, position)
            is_after_record = bool(found) and found[-1].unit.is_record
            if not kind and (is_after_record or not self._speaks_irc(number, place, units, raw)):
                break
            stop = min(position + size, len(raw))
            is_begun = bool(kind or found or begins)
            found.append(
                Part(
                    Unit(ByteRange(position, position + size).shifted(rest.start), kind),
                    raw[position:stop] if is_whole and is_begun else None,
                    ByteRange(position, stop).shifted(here.start),
                    is_begun,
                    is_whole,
                )
            )
            position = stop
        return found

    def _speaks_irc(self, number: int, place: Placement, units: Units, raw: bytes) -> bool:
        is_line = units.speech is Speech.LINES or looks_like_irc(raw)
        return is_line and self.is_irc(number, place)

    def is_irc(self, number: int, place: Placement) -> bool:
        """Whether lines of this stream are IRC: known for ours, else told by what they say."""
        ours = self._correlator.connection_of(number)
        if ours is not None:
            return ours.application is Application.IRC
        pair = self.units(place.stream)
        for units in pair:
            units.overlapping(_FIRST_BYTE, 1)  # Nobody may have asked for the other side yet.
        return any(units.saw_irc for units in pair)

    def tls(self, stream: int) -> TlsNames | None:
        """What TLS agreed on in a stream; None when there is nothing to go by."""
        pair = self.units(stream)
        hello = next((units.client_hello for units in pair if units.client_hello), None)
        chosen = next((units.server_hello for units in pair if units.server_hello), None)
        if chosen is not None:
            return TlsNames(version_name(chosen.version), cipher_name(chosen.cipher), hello)
        ours = self._correlator.connection_of(self._streams.tcp[stream].first_frame)
        if ours is not None and ours.tls is not None:
            return TlsNames(ours.tls.version, ours.tls.cipher, hello)
        return TlsNames("", "", hello) if hello is not None else None


def _piece(raw: bytes, position: int) -> tuple[int, int, bool]:
    """The record or the line that begins here: its kind and size, and whether all of it is there."""
    if begins_record(raw[position : position + HEADER_SIZE]):
        size = HEADER_SIZE + int.from_bytes(raw[position + 3 : position + 5], "big")
        return raw[position], size, position + size <= len(raw)
    end = raw.find(b"\n", position) + 1
    return 0, (end or len(raw)) - position, end > 0


def _stanza_parts(raw: bytes, rest: ByteRange, start: int, *, begins: bool) -> list[Part]:
    """Units of an XMPP stream in the rest of a frame, which lies at ``start`` of it.

    ``begins``: a unit begins there; otherwise it is a piece of one that lies in other frames.
    Behind the last whole unit comes the beginning of one.
    """

    def part(here: ByteRange, kind: int, data: bytes | None, *, ends: bool) -> Part:
        return Part(Unit(here.shifted(rest.start), kind), data, here.shifted(start), begins, ends)

    element = stanza_type(UnitKind.ELEMENT)
    if not begins:
        return [part(ByteRange(0, len(raw)), element, None, ends=False)]
    found = _cut_stanzas(raw)
    parts = [part(unit.span, stanza_type(unit.kind), unit.data, ends=True) for unit in found]
    stop = found[-1].span.stop if found else 0
    if stop < len(raw):
        parts.append(part(ByteRange(stop, len(raw)), element, None, ends=False))
    return parts


def _cut_stanzas(raw: bytes) -> list[StreamUnit]:
    found: list[StreamUnit] = []
    splitter = StanzaSplitter(is_observer=True, is_inside=True)
    with suppress(StreamFault):  # What came before it is kept; what follows is no stanza.
        found.extend(splitter.feed(raw, ByteRange(0, len(raw)), True))
    return found
