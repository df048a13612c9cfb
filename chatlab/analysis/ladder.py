"""From a connection's first packet to its first message, as named steps with times and bytes.

DNS and TCP are read from the frames, everything behind from what the two ends said (``Talk``). What
TLS had sealed has its names only where the keys are at hand; else it is records, and said so.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, UNITS_AT_ONCE, finish
from chatlab.analysis.compare_talk import Said, Talk
from chatlab.analysis.ladder_irc import IrcNamer
from chatlab.analysis.ladder_sasl import PLAIN_WORDS, SCRAM_WORDS
from chatlab.analysis.ladder_tls import TlsNamer
from chatlab.analysis.ladder_words import Named, Namer
from chatlab.analysis.ladder_xmpp import FEATURES, XmppNamer
from chatlab.core.account import Application
from chatlab.core.comparison import Phase, Side
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Transport
from chatlab.core.frame import Exposure
from chatlab.core.ladder import Detail, Ladder, Reading, Step
from chatlab.core.observing import FrameSpan
from chatlab.protocol.dns import summarise
from chatlab.protocol.packet import ACK, SYN

MAX_STEPS = 120
MAX_UNITS = 3_000
"""Units of each end that are looked at from the beginning of a connection."""
SETTLED_NS = 5_000_000_000
"""Quiet of this length after a connection is ready ends the ladder: what follows is no handshake."""
_NO_KEYS = (
    "The keys of this connection are not at hand: what is sealed has no names here, just as an "
    "observer has none for it."
)
_NO_BEGINNING = (
    "The capture does not hold the beginning of this connection: its handshake is not all here."
)
_NOT_TAKEN = "The server offered STARTTLS, and we did not take it: all stays in clear."
_NOT_OFFERED = (
    "The server’s features hold no offer of STARTTLS. Either it has none, or somebody on the path "
    "took the offer out (stripping): from here that looks the same."
)
_STARTTLS_CLEAR = (
    "Everything before the Client Hello crossed the wire in clear, the name of the server and what "
    "it offers included. Whoever can change it can also take the offer of STARTTLS away."
)


class _Row(NamedTuple):
    """A step that may still be joined by its neighbour."""

    step: Step
    merge: str
    many: str
    joined: int
    is_ready: bool


class LadderReader:
    """Builds the ladders of one capture."""

    def __init__(self, specimen: Specimen) -> None:
        self._specimen = specimen
        self._log = specimen.log
        self._streams = specimen.streams
        self._first: dict[ConnectionId, int] = {}

    def ladder(self, connection: Connection) -> Ladder:
        return finish(self.steps(connection))

    def steps(self, connection: Connection) -> Generator[None, None, Ladder]:
        """The same, with pauses."""
        side = Side(self._specimen.number, connection.id)
        talk = yield from self._specimen.talk_steps(connection)
        if talk is None:
            return Ladder(side=side, notes=("No frame of this connection was captured.",))
        rows = [*self._lookups(connection), *self._tcp(connection)]
        rows += yield from self._units(connection, talk, len(rows))
        steps = tuple(_named(row) for row in rows)
        clear_until = _clear_until(steps)
        steps = tuple(_phased(step, index, clear_until) for index, step in enumerate(steps))
        return Ladder(
            side=side,
            steps=steps,
            start_ns=min((step.begin_ns for step in steps), default=None),
            clear_until=clear_until,
            is_ready=any(row.is_ready for row in rows),
            notes=tuple(_notes(steps, clear_until)),
        )

    # --- before the first byte ---------------------------------------------------------------

    def _lookups(self, connection: Connection) -> Iterator[_Row]:
        for lookup, frames in self._specimen.lookups(connection):
            for number in frames:
                place = self._streams.place(number)
                if place is None or not len(place.payload):
                    continue
                raw = self._log.raw(number)[place.payload.start : place.payload.stop]
                skipped = 2 if place.transport is Transport.TCP else 0
                summary = summarise(raw[skipped:])
                if summary is None:
                    continue
                kind = "answer" if summary.is_response else "query"
                answers = ", ".join(value for _, value in summary.answers if value)
                details = (Detail(label="Answer", value=answers),) if answers else ()
                words = "DNS is not encrypted here: anyone on the path reads the name."
                name = f"DNS {kind}: {summary.kind} {summary.name}"
                span = FrameSpan(number, place.payload)
                yield self._row(
                    Named(name, Phase.DNS, words, details, size=len(place.payload)),
                    self._specimen.direction(lookup, number),
                    (number,),
                    (span,),
                    Reading.CLEAR,
                )

    def _tcp(self, connection: Connection) -> Iterator[_Row]:
        """SYN, SYN+ACK and the ACK behind them (RFC 9293, section 3.5)."""
        found: dict[str, list[int]] = {"SYN": [], "SYN, ACK": [], "ACK": []}
        for number in self._specimen.frames(connection):
            place = self._streams.place(number)
            if place is None:
                continue
            if place.flags & SYN:
                found["SYN, ACK" if place.flags & ACK else "SYN"].append(number)
                continue
            if found["SYN, ACK"] and not len(place.payload):
                found["ACK"].append(number)
            break
        words = {
            "SYN": "Asks for a connection, and says where our byte numbers begin.",
            "SYN, ACK": "Accepts, and says where the server’s byte numbers begin.",
            "ACK": "The connection stands: one round trip before the first byte of anything.",
        }
        for name, numbers in found.items():
            if numbers:
                direction = Direction.RECEIVED if name == "SYN, ACK" else Direction.SENT
                named = Named(name, Phase.TCP, words[name], size=0)
                spans = tuple(FrameSpan(number, ByteRange(0, 0)) for number in numbers)
                yield self._row(named, direction, tuple(numbers), spans, Reading.CLEAR)

    # --- what was said -------------------------------------------------------------------------

    def _units(
        self, connection: Connection, talk: Talk, before: int
    ) -> Generator[None, None, list[_Row]]:
        is_irc = connection.application is Application.IRC
        tls, chat = TlsNamer(), IrcNamer() if is_irc else XmppNamer()
        rows: list[_Row] = []
        last = yield from self.first_message(connection)
        both = [said for direction in Direction for said in talk.said(direction)[:MAX_UNITS]]
        in_order = yield from talk.in_order(both)
        is_ready = False
        for count, said in enumerate(in_order, 1):
            if not count % UNITS_AT_ONCE:
                yield
            completed = talk.completed_by(said)
            if last is not None and completed >= last:
                break
            namer: Namer = tls if said.unit.is_record else chat
            for named in namer.name(said):
                row = self._said(talk, said, named)
                if is_ready and row.step.begin_ns - rows[-1].step.end_ns > SETTLED_NS:
                    return rows
                is_ready = is_ready or named.is_ready
                if rows and (joined := self._join(rows[-1], row)) is not None:
                    rows[-1] = joined
                elif len(rows) + before < MAX_STEPS:
                    rows.append(row)
        return rows

    def first_message(self, connection: Connection) -> Generator[None, None, int | None]:
        """The first frame of the first message that was sent on a connection."""
        if (known := self._first.get(connection.id)) is not None:
            return known
        found: list[int] = []
        for count, message in enumerate(tuple(self._specimen.messages()), 1):
            if not count % ENTRIES_AT_ONCE:
                yield
            wire = message.wire
            is_ours = wire is not None and wire.connection == connection.id
            if is_ours and message.direction is Direction.SENT and not message.is_history:
                found += self._specimen.correlator.attribution(message.id).frames[:1]
        if found:
            self._first[connection.id] = min(found)
        return min(found, default=None)

    def _said(self, talk: Talk, said: Said, named: Named) -> _Row:
        side = talk.side(said.direction)
        parts = named.spans or said.spans(ByteRange(0, len(said.data or b"") or len(said.span)))
        parts = parts or (said.span,)
        frames: dict[int, None] = {}
        spans: list[FrameSpan] = []
        for part in parts:
            carriers = side.carriers(part).frames
            frames |= dict.fromkeys(carriers)
            spans += [self._in_frame(number, part) for number in carriers]
        size = named.size
        if size is None:
            size = len(said.data) if said.data is not None else len(said.span)
        named = named._replace(size=size)
        return self._row(
            named, said.direction, tuple(sorted(frames)), tuple(spans), said.reading,
            is_tls=said.unit.is_record, completed=talk.completed_by(said),
        )  # fmt: skip

    def _in_frame(self, number: int, part: ByteRange) -> FrameSpan:
        place = self._streams.place(number)
        assert place is not None
        here = part.intersection(place.span)
        return FrameSpan(number, here.shifted(place.payload.start - place.position))

    def _row(
        self,
        named: Named,
        direction: Direction,
        frames: tuple[int, ...],
        spans: tuple[FrameSpan, ...],
        reading: Reading,
        *,
        is_tls: bool = False,
        completed: int = 0,
    ) -> _Row:
        exposure = Exposure.READABLE if reading is Reading.CLEAR else Exposure.SEALED
        if reading is Reading.CLEAR and (is_tls or named.phase is Phase.TCP):
            exposure = Exposure.PLUMBING
        step = Step(
            name=named.name,
            phase=named.phase,
            direction=direction,
            frames=frames,
            begin_ns=self._log.time_ns(frames[0]) if frames else 0,
            end_ns=self._log.time_ns(completed or frames[-1]) if frames else 0,
            size=named.size or 0,
            wire_bytes=sum(self._log.wire_length(number) for number in frames),
            exposure=exposure,
            reading=reading,
            words=named.words,
            details=named.details,
            spans=spans,
        )
        return _Row(step, named.merge, named.many, 1, named.is_ready)

    def _join(self, before: _Row, row: _Row) -> _Row | None:
        """Two neighbours as one step; None where they are two."""
        one, other = before.step, row.step
        is_same = one.direction is other.direction and one.reading is other.reading
        if not row.merge or row.merge != before.merge or not is_same:
            return None
        frames = tuple(sorted({*one.frames, *other.frames}))
        step = replace(
            one,
            frames=frames,
            end_ns=max(one.end_ns, other.end_ns),
            size=one.size + other.size,
            wire_bytes=sum(self._log.wire_length(number) for number in frames),
            spans=one.spans + other.spans,
        )
        is_ready = before.is_ready or row.is_ready
        return _Row(step, row.merge, row.many, before.joined + 1, is_ready)


def _named(row: _Row) -> Step:
    if row.joined == 1 or not row.many:
        return row.step
    return replace(row.step, name=row.many.format(row.joined))


def _clear_until(steps: Sequence[Step]) -> int | None:
    """The index of the first step of TLS, where something was said in clear before it."""
    for index, step in enumerate(steps):
        if step.phase is Phase.TLS:
            is_late = any(each.exposure is Exposure.READABLE and each.phase is not Phase.DNS
                          for each in steps[:index])  # fmt: skip
            return index if is_late else None
    return None


def _phased(step: Step, index: int, clear_until: int | None) -> Step:
    """What was said in clear before STARTTLS belongs to that."""
    is_before = clear_until is not None and index < clear_until
    return replace(step, phase=Phase.STARTTLS) if is_before and step.phase is Phase.LOGIN else step


def _notes(steps: Sequence[Step], clear_until: int | None) -> Iterator[str]:
    phases = {step.phase for step in steps}
    if Phase.TCP not in phases:
        yield _NO_BEGINNING
    offers = [step for step in steps if step.name == FEATURES]
    if offers and Phase.TLS not in phases:
        labels = {detail.label for detail in offers[0].details}
        yield _NOT_TAKEN if "STARTTLS" in labels else _NOT_OFFERED
    if clear_until is not None:
        yield _STARTTLS_CLEAR
    if any(step.reading is Reading.SEALED for step in steps):
        yield _NO_KEYS
    told = {(detail.label, detail.is_secret) for step in steps for detail in step.details}
    if ("Password", True) in told:
        yield PLAIN_WORDS
    if ("Proof", False) in told:
        yield SCRAM_WORDS
