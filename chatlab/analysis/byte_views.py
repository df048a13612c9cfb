"""The byte arrays that stand beside a frame's own, as in Wireshark's tabs.

``Reassembled TCP``: lines, stanzas and records of which the frame has only a part, in whole.
``Decrypted TLS``: what was sealed in the frame's records. ``Reassembled TLS``: lines and stanzas of
which these records have only a part. Each byte of a view knows which bytes of the frame it comes
from: with all but the CBC suites TLS encrypts byte for byte, so that even a sealed letter has its
place in the frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from chatlab.analysis.contents import Contents, Part, SealedPart
from chatlab.analysis.decryption import OpenRecord
from chatlab.analysis.streams import Placement, Streams
from chatlab.core.flow import ByteRange
from chatlab.core.frame import ByteView, Exposure, Field, Origin

REASSEMBLED_TCP = "Reassembled TCP"
DECRYPTED_TLS = "Decrypted TLS"
REASSEMBLED_TLS = "Reassembled TLS"
MAX_VIEW = 256 * 1024
"""Bytes of one view; of longer units only the frame's own part is shown."""
_NOTHING = ByteRange(0, 0)
Clip = Callable[[int, int], ByteRange]
"""Turns a range within a unit into bytes of the frame or of a view; empty for what is not there."""


class UnitPlace(NamedTuple):
    """Where the bytes of a unit are shown."""

    clip: Clip
    source: int
    """As in ``core.frame.Field``."""
    here: ByteRange
    """The whole unit as far as it is shown there."""


class _Stretch(NamedTuple):
    """Neighbouring positions that lie in a view side by side."""

    positions: ByteRange
    start: int
    source: int


class FrameViews:
    """The views of one frame; made for one look at it."""

    def __init__(
        self,
        streams: Streams,
        contents: Contents,
        place: Placement,
        parts: Sequence[Part],
        sealed: Sequence[SealedPart],
    ) -> None:
        self._place = place
        self._into_frame = place.payload.start - place.position
        self.views: list[ByteView] = []
        self.records: list[OpenRecord] = contents.records(place)
        """Those of the frame that could be opened."""
        self._in_clear: list[_Stretch] = []
        self._plain: list[_Stretch] = []
        self._openings: dict[ByteRange, ByteRange] = {}
        self._add_reassembled(streams, parts)
        self._add_decrypted()
        self._add_reassembled_tls(contents, sealed)

    # --- making ------------------------------------------------------------------------------

    def _add_reassembled(self, streams: Streams, parts: Sequence[Part]) -> None:
        spans = [
            part.unit.span
            for part in parts
            if part.data is not None and not (part.begins and part.ends)
        ]
        direction = streams.direction(self._place.stream, self._place.side)
        found = _joined(spans, lambda span: streams.read(direction, span))
        if found is None:
            return
        span, data = found
        here = span.intersection(self._place.span)
        origin = Origin(here.shifted(-span.start), here.shifted(self._into_frame))
        self.views.append(ByteView(REASSEMBLED_TCP, data, (origin,)))
        self._in_clear.append(_Stretch(span, 0, len(self.views)))

    def _add_decrypted(self) -> None:
        data, source = bytearray(), len(self.views) + 1
        origins: list[Origin] = []
        for record in self.records:
            inside = ByteRange(len(data), len(data) + len(record.opened.plaintext))
            if inside.stop > MAX_VIEW:
                break
            data += record.opened.plaintext
            if len((origin := self._origin(record, inside)).frame):
                origins.append(origin)
            self._openings[record.record] = inside
            if len(record.span):
                self._plain.append(_Stretch(record.span, inside.start, source))
        if data:
            self.views.append(ByteView(DECRYPTED_TLS, bytes(data), tuple(origins)))
        else:
            self._openings.clear()

    def _origin(self, record: OpenRecord, inside: ByteRange) -> Origin:
        """Where the bytes of a record's plaintext come from, as far as this frame has them."""
        starts, here = record.opened.starts, self._place.span
        if starts is None:
            return Origin(inside, record.record.intersection(here).shifted(self._into_frame), False)
        first = record.record.start + starts
        sealed = ByteRange(first, first + len(inside)).intersection(here)
        return Origin(sealed.shifted(inside.start - first), sealed.shifted(self._into_frame))

    def _add_reassembled_tls(self, contents: Contents, sealed: Sequence[SealedPart]) -> None:
        place = self._place
        spans = [
            each.part.unit.span
            for each in sealed
            if each.part.data is not None and self._stretch(self._plain, each.part) is None
        ]
        plaintext = contents.decryption(place.stream, place.side)
        found = _joined(spans, plaintext.read) if plaintext is not None else None
        if found is None:
            return
        span, data = found
        origins = [
            origin
            for record in self.records
            if len(common := record.span.intersection(span))
            and (origin := self._origin_within(record, common, span))
        ]
        self.views.append(ByteView(REASSEMBLED_TLS, data, tuple(origins)))
        self._plain.append(_Stretch(span, 0, len(self.views)))

    def _origin_within(self, record: OpenRecord, common: ByteRange, span: ByteRange) -> Origin:
        whole = self._origin(record, record.span.shifted(-span.start))
        if not whole.is_exact:
            return replace(whole, span=common.shifted(-span.start))
        kept = whole.span.intersection(common.shifted(-span.start))
        return Origin(kept, kept.shifted(whole.frame.start - whole.span.start))

    # --- finding -----------------------------------------------------------------------------

    def of_part(self, part: Part) -> UnitPlace:
        """Where a line, stanza or record is shown that lies in the frame as it is."""
        stretch = self._stretch(self._in_clear, part)
        if stretch is not None and not (part.begins and part.ends):
            return _placed(part, stretch)
        shift = part.unit.span.start + self._into_frame

        def clip(start: int, stop: int) -> ByteRange:
            return ByteRange(start, stop).shifted(shift).intersection(part.here)

        return UnitPlace(clip, 0, part.here)

    def of_sealed(self, sealed: SealedPart) -> UnitPlace:
        """Where a line or stanza is shown that TLS had sealed."""
        stretch = self._stretch(self._plain, sealed.part)
        if stretch is None:
            return UnitPlace(lambda start, stop: _NOTHING, 0, sealed.part.here)
        return _placed(sealed.part, stretch)

    def of_record(self, record: OpenRecord) -> UnitPlace | None:
        """Where the plaintext of a record is shown; None where there was no room."""
        inside = self._openings.get(record.record)
        if inside is None:
            return None
        source = next(
            number for number, view in enumerate(self.views, 1) if view.name == DECRYPTED_TLS
        )
        return UnitPlace(
            lambda start, stop: ByteRange(start, stop).shifted(inside.start), source, inside
        )

    def _stretch(self, stretches: Sequence[_Stretch], part: Part) -> _Stretch | None:
        span = part.unit.span
        for each in stretches:
            if each.positions.start <= span.start and span.stop <= each.positions.stop:
                return each
        return None


def _placed(part: Part, stretch: _Stretch) -> UnitPlace:
    shift = part.unit.span.start - stretch.positions.start + stretch.start

    def clip(start: int, stop: int) -> ByteRange:
        return ByteRange(start, stop).shifted(shift)

    return UnitPlace(clip, stretch.source, clip(0, len(part.unit.span)))


def _joined(
    spans: Sequence[ByteRange], read: Callable[[ByteRange], bytes | None]
) -> tuple[ByteRange, bytes] | None:
    """All of these in one, if everything between them can be read; else one of them alone."""
    if not spans:
        return None
    whole = ByteRange(spans[0].start, spans[-1].stop)
    for span in (whole, spans[-1], spans[0]):
        if len(span) <= MAX_VIEW and (data := read(span)) is not None:
            return span, data
    return None


def in_source(field: Field, source: int) -> Field:
    """The same field, its bytes those of another view."""
    inner = tuple(in_source(each, source) for each in field.fields)
    return replace(field, source=source, fields=inner)


def extent(
    parts: Sequence[Part], shown: Sequence[Field], exposure: Exposure
) -> tuple[ByteRange, int]:
    """The bytes of a layer: in the frame, or of what was sealed in the view that shows its first
    unit."""
    if exposure is not Exposure.SEALED:
        return ByteRange(parts[0].here.start, parts[-1].here.stop), 0
    source = shown[0].source
    spans = [each.span for each in shown if each.source == source]
    return ByteRange(spans[0].start, spans[-1].stop), source
