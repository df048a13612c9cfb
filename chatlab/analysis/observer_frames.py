"""One frame in the eyes of three observers: which bytes mean something, and what they say."""

from collections.abc import Callable, Iterable, Sequence

from chatlab.analysis import observer_general as general
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_talk import Said, Talk
from chatlab.analysis.observer_claims import Claims, certainty_of
from chatlab.analysis.observer_hearing import Hearing, Noted
from chatlab.analysis.streams import Placement
from chatlab.core.account import Application
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Direction, Transport
from chatlab.core.ladder import Reading
from chatlab.core.observing import Certainty, FrameView, Observer, Topic
from chatlab.protocol.spans import Coverage
from chatlab.protocol.tls import HEADER_SIZE

_NOT_OURS = "A frame of no connection of ours: ChatLab does not know what it is about."
_HEADERS = (
    "Headers only: who sends to whom, and that something arrived. No word of anybody’s.",
    "The server’s operating system takes this for itself: no word of anybody’s.",
    "Nothing of this frame gets to the other person.",
)


class FrameObserver:
    """Looks at single frames of one capture."""

    def __init__(
        self,
        specimen: Specimen,
        hearing: Callable[[Connection, Observer], tuple[Talk, Hearing] | None],
    ) -> None:
        """``hearing`` tells what an observer hears on a connection."""
        self._specimen = specimen
        self._hearing = hearing

    def observe(self, number: int, observer: Observer) -> FrameView:
        """One frame as an observer has it."""
        connection = self._specimen.correlator.connection_of(number)
        place = self._specimen.streams.place(number)
        if connection is None or place is None:
            return self._view(observer, number, Claims(self._specimen, None), [], _NOT_OURS)
        if connection.application is Application.DNS:
            return self._lookup(number, observer)
        if connection.application is Application.DCC:
            return self._direct(number, observer, place)
        found = self._hearing(connection, observer)
        if found is None or place.transport is not Transport.TCP:
            return self._view(observer, number, Claims(self._specimen, None), [], _NOT_OURS)
        talk, hearing = found
        direction = talk.direction(place.side)
        claims = Claims(self._specimen, talk, number)
        units = hearing.units_in(direction, place.span)
        noted = hearing.noted_in(direction, place.span)
        if observer is Observer.PERSON:
            noted = [each for each in noted if each.heard.is_passed_on]
        for each in noted:
            certainty = certainty_of(each.reading)
            if observer is Observer.PERSON and direction is Direction.SENT:
                certainty = Certainty.INFERRED
            claims.note(each, certainty=certainty)
        legible = self._legible(observer, place, units, noted)
        if observer is Observer.NETWORK:
            legible += self._outside(connection, claims, number)
            agreed = hearing.tls
            for claim in general.record_lengths(
                self._specimen, talk, agreed.version, agreed.cipher, units
            ):
                claims.add(claim)
        words = _words(observer, place, units, hearing, direction)
        return self._view(observer, number, claims, legible, words)

    def _view(
        self,
        observer: Observer,
        number: int,
        claims: Claims,
        legible: Sequence[ByteRange],
        words: str,
    ) -> FrameView:
        seen = Coverage()
        for span in legible:
            if len(span):
                seen.add(span.start, span.stop)
        return FrameView(
            observer=observer,
            frame=number,
            legible=tuple(map(ByteRange, seen.starts, seen.stops)),
            claims=claims.listed(),
            words=words,
        )

    # --- bytes -------------------------------------------------------------------------------

    def _legible(
        self,
        observer: Observer,
        place: Placement,
        units: Iterable[Said],
        noted: Iterable[Noted],
    ) -> list[ByteRange]:
        """Bytes of the payload that mean something to the observer."""
        spans: list[ByteRange] = []
        if observer is not Observer.PERSON:
            for said in units:
                if said.unit.is_record:
                    start = said.unit.span.start
                    spans.append(ByteRange(start, start + HEADER_SIZE))
                elif said.data is not None:
                    spans += said.spans(ByteRange(0, len(said.data)))
        for each in noted:
            spans += each.spans
        shift = place.payload.start - place.position
        return [span.intersection(place.span).shifted(shift) for span in spans]

    def _outside(self, connection: Connection, claims: Claims, number: int) -> list[ByteRange]:
        """What the headers say: addresses, ports, length and time."""
        found: list[ByteRange] = []
        for claim in general.ends(self._specimen, connection, [number]):
            claims.add(claim)
        headers = general.headers_of(self._specimen, number)
        if headers is not None:
            found += general.address_spans(headers)
            if headers.transport >= 0:
                found.append(ByteRange(headers.transport, headers.transport + 4))
        place = self._specimen.streams.place(number)
        spoken = [(number, len(place.payload))] if place and len(place.payload) else []
        for claim in (*general.sizes(spoken), *general.times(self._specimen, spoken)):
            claims.add(claim)
        return found

    # --- frames beside the chat ----------------------------------------------------------------

    def _lookup(self, number: int, observer: Observer) -> FrameView:
        claims = Claims(self._specimen, None)
        if observer is not Observer.NETWORK:
            words = "A look-up of DNS: it goes to the resolver, not to this observer."
            return self._view(observer, number, claims, [], words)
        spans: list[ByteRange] = []
        for claim in general.lookup(self._specimen, number):
            claims.add(claim)
            spans += [evidence.span for evidence in claim.evidence]
        words = "A look-up of DNS in clear: the name of the server shows before anything else."
        return self._view(observer, number, claims, spans, words)

    def _direct(self, number: int, observer: Observer, place: Placement) -> FrameView:
        """A direct connection between two people (DCC): past the server, and in clear."""
        claims = Claims(self._specimen, None)
        if observer is Observer.SERVER:
            words = "A direct connection (DCC): it goes past the server."
            return self._view(observer, number, claims, [], words)
        words = (
            "A direct connection (DCC) in clear: whoever forwards it reads all of it."
            if observer is Observer.NETWORK
            else "A direct connection (DCC): the other person gets all of it, and our address."
        )
        return self._view(observer, number, claims, [place.payload], words)


def _words(
    observer: Observer,
    place: Placement,
    units: Sequence[Said],
    hearing: Hearing,
    direction: Direction,
) -> str:
    """What the frame is to the observer."""
    size = len(place.payload)
    if not size:
        return _HEADERS[list(Observer).index(observer)]
    sealed = [said for said in units if said.reading is Reading.SEALED]
    opened = [said for said in units if said.reading is Reading.DECRYPTED]
    clear = [said for said in units if said.reading is Reading.CLEAR]
    spoken = [said for said in clear if not said.unit.is_record]
    if observer is Observer.NETWORK:
        if spoken:
            return f"All {size:,} bytes of payload are in clear: everybody on the path reads them."
        if sealed:
            length = len(sealed[0].span)
            record = (
                f"a sealed record of {length:,} bytes" if len(sealed) == 1 else "sealed records"
            )
            return f"It carries {record}: no word, but the length, the time and both addresses."
        return "The TLS handshake, as far as it lies open: names and offers, no word of the chat."
    if sealed:
        return "It is sealed, and the keys are not at hand: the server has them, we do not."
    if observer is Observer.SERVER:
        if opened and any(not said.unit.is_record for said in opened):
            return "TLS ends at the server: it has every byte of what is inside."
        return "It is in clear to the server as to everybody." if spoken else "TLS’s own words."
    passed = [
        noted for noted in hearing.noted_in(direction, place.span) if noted.heard.is_passed_on
    ]
    topics = dict.fromkeys(noted.heard.topic for noted in passed)
    if Topic.TEXT in topics:
        return "The words reach the other person, with who said them."
    return "Some of it is passed on to others." if topics else _HEADERS[2]
