"""What three observers learn from a connection: whoever forwards it, the server, the other person.

Nothing is claimed that no byte says. What the network reads is found with closed eyes: its reader
never gets the keys. The server has what is inside of TLS, because TLS ends there; without the keys
at hand we know only what our own end wrote. The other person gets what the protocols have servers
pass on, and where the capture holds an echo, that shows the very bytes.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence

from chatlab.analysis import observer_general as general
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, finish
from chatlab.analysis.compare_talk import Talk
from chatlab.analysis.observer_claims import Claims
from chatlab.analysis.observer_frames import FrameObserver
from chatlab.analysis.observer_hearing import Hearing, Noted
from chatlab.analysis.observer_words import shown
from chatlab.core.account import Application
from chatlab.core.comparison import Side
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.ladder import Reading
from chatlab.core.observing import (
    MAX_EVIDENCE,
    Certainty,
    Claim,
    FrameSpan,
    FrameView,
    Observer,
    ObserverView,
    Topic,
)

NOTHING = "No frame of this connection was captured, so nothing can be shown."
NO_KEYS = (
    "The keys of this connection are not at hand. The operator has them; here only what our own "
    "end wrote can be shown."
)
_SEALED = "Sealed by TLS: these bytes carry it, and they tell nothing without the keys."
_ROOM_HIDES = "The room has not said that it shows addresses: others see the nickname only."
_HIDEABLE = (
    *(Topic.PASSWORD, Topic.KEY, Topic.TEXT, Topic.NICK, Topic.LOGIN, Topic.JID),
    *(Topic.REAL_NAME, Topic.CHANNEL, Topic.CONTACT, Topic.PRESENCE, Topic.CERTIFICATE),
)
"""What TLS keeps from the network where it is said inside only."""


Heard = tuple[Talk, Hearing]


class ObserverReader:
    """Looks at the connections of one capture with three pairs of eyes."""

    def __init__(self, specimen: Specimen) -> None:
        self._specimen = specimen
        self._hearings: dict[tuple[ConnectionId, bool], Hearing] = {}
        self._heard: dict[tuple[ConnectionId, bool], Heard] = {}
        """What was heard last, by whether TLS was to be looked into."""
        self._views: dict[tuple[ConnectionId, Observer], tuple[object, ObserverView]] = {}
        self._frames = FrameObserver(specimen, self._hear_now)
        self._known_frames = FrameObserver(specimen, self._heard_last)

    def frame(self, number: int, observer: Observer) -> FrameView:
        """What an observer learns from one frame."""
        return self._frames.observe(number, observer)

    def known_frame(self, number: int, observer: Observer) -> FrameView:
        """The same from what has been heard so far: quick, however much is new."""
        return self._known_frames.observe(number, observer)

    def _hear_now(self, connection: Connection, observer: Observer) -> Heard | None:
        return finish(self.hear(connection, is_read=observer is not Observer.NETWORK))

    def _heard_last(self, connection: Connection, observer: Observer) -> Heard | None:
        return self._heard.get((connection.id, observer is not Observer.NETWORK))

    def hear(self, connection: Connection, *, is_read: bool) -> Generator[None, None, Heard | None]:
        """What is said, up to date, step by step; ``is_read``: inside of TLS, too."""
        talk = yield from self._specimen.talk_steps(connection, is_read=is_read)
        if talk is None:
            return None
        made = Hearing(connection.application)
        hearing = self._hearings.setdefault((connection.id, talk.is_read), made)
        self._heard[connection.id, is_read] = talk, hearing
        yield from hearing.steps(talk)
        return talk, hearing

    def observe(self, connection: Connection, observer: Observer) -> ObserverView:
        """What an observer learns from all of a connection."""
        return finish(self.steps(connection, observer))

    def known(self, connection: Connection, observer: Observer) -> ObserverView | None:
        """What ``steps`` found when it was last asked."""
        known = self._views.get((connection.id, observer))
        return known[1] if known is not None else None

    def steps(
        self, connection: Connection, observer: Observer
    ) -> Generator[None, None, ObserverView]:
        """The same as ``observe``, step by step."""
        yield from self._specimen.look(connection)
        outside = yield from self.hear(connection, is_read=False)
        inside = yield from self.hear(connection, is_read=True)
        basis: object = None
        if outside is not None and inside is not None:
            grown = len(outside[1].units), len(inside[1].units), inside[0].is_read
            spoken = sum(1 for _ in self._specimen.messages())
            frames, keys = len(self._specimen.frames(connection)), len(self._specimen.keys)
            basis = connection, grown, frames, keys, spoken
        known = self._views.get((connection.id, observer))
        if known is None or known[0] != basis:
            if outside is None or inside is None:
                view = self._nothing(connection, observer)
            else:
                view = yield from self._look(connection, observer, outside, inside)
            known = self._views[connection.id, observer] = basis, view
        return known[1]

    def _nothing(self, connection: Connection, observer: Observer) -> ObserverView:
        return ObserverView(
            observer=observer,
            side=Side(self._specimen.number, connection.id),
            is_sealed=connection.tls is not None,
            claims=(),
            words=NOTHING,
            problem=NOTHING,
        )

    def _look(
        self, connection: Connection, observer: Observer, outside: Heard, inside: Heard
    ) -> Generator[None, None, ObserverView]:
        is_sealed = any(said.reading is Reading.SEALED for said in outside[1].units)
        claims = Claims(self._specimen, inside[0])
        problem = ""
        if observer is Observer.NETWORK:
            yield from self._network(connection, claims, *outside, inside[1])
        else:
            is_closed = _is_closed(inside[1])
            problem = NO_KEYS if is_closed else ""
            if is_closed:
                yield from self._own_words(connection, claims, observer)
            if observer is Observer.SERVER:
                yield from self._server(connection, claims, inside[1])
            else:
                yield from self._person(connection, claims, inside[1])
        listed = yield from claims.listing()
        return ObserverView(
            observer=observer,
            side=Side(self._specimen.number, connection.id),
            is_sealed=is_sealed,
            claims=listed,
            words=_sum(observer, listed, is_sealed=is_sealed),
            problem=problem,
        )

    # --- the network -------------------------------------------------------------------------

    def _network(
        self, connection: Connection, claims: Claims, talk: Talk, outside: Hearing, inside: Hearing
    ) -> Iterator[None]:
        frames = self._specimen.frames(connection)
        _add(claims, general.lookups(self._specimen, connection))
        for noted in _in_steps(outside.noted):
            if noted is None:
                yield
            else:
                claims.note(noted)
        _add(claims, general.ends(self._specimen, connection, frames))
        agreed = outside.tls
        said = [each for direction in Direction for each in talk.said(direction)]
        lengths = general.record_lengths(self._specimen, talk, agreed.version, agreed.cipher, said)
        sealed = list(lengths)
        spoken = self._specimen.spoken(connection)
        _add(claims, sealed or general.sizes(spoken))
        _add(claims, general.times(self._specimen, spoken))
        learnt = claims.topics()
        for noted in _in_steps(inside.noted):
            if noted is None:
                yield
                continue
            topic = noted.heard.topic
            is_inside = noted.reading is Reading.DECRYPTED
            is_said = noted.heard.is_learnt or topic is Topic.PASSWORD
            if is_inside and is_said and topic in _HIDEABLE and topic not in learnt:
                claims.hide(noted, _SEALED, Certainty.DECRYPTED)
        if sealed and _is_closed(inside):
            claims.add(_unread(sealed))

    # --- the server --------------------------------------------------------------------------

    def _server(self, connection: Connection, claims: Claims, inside: Hearing) -> Iterator[None]:
        for noted in _in_steps(inside.noted):
            if noted is None:
                yield
            elif noted.heard.topic is not Topic.CIPHERS:
                claims.note(noted)
        frames = self._specimen.frames(connection)
        for claim in general.ends(self._specimen, connection, frames):
            if claim.topic is Topic.ADDRESS and claim.value == connection.flow.local.address:
                claims.add(claim)
        _add(claims, general.times(self._specimen, self._specimen.spoken(connection)))

    def _own_words(
        self, connection: Connection, claims: Claims, observer: Observer
    ) -> Iterator[None]:
        """What our own end wrote, where nobody can look inside: the records that carried it."""
        for count, message in enumerate(tuple(self._specimen.messages()), 1):
            if not count % ENTRIES_AT_ONCE:
                yield
            wire = message.wire
            if wire is None or wire.connection != connection.id or message.is_history:
                continue
            if observer is Observer.PERSON and message.direction is Direction.RECEIVED:
                continue
            correlator = self._specimen.correlator
            frames = correlator.attribution(message.id).frames
            spans = tuple(FrameSpan(each, correlator.span_in(each, wire)) for each in frames)
            if not spans or not message.text:
                continue
            words = "The words of a message; known from our own end, which wrote these records."
            for topic, value in ((Topic.TEXT, message.text), (Topic.NICK, message.sender)):
                if topic is Topic.NICK and message.direction is Direction.RECEIVED:
                    continue
                claims.add(
                    Claim(
                        topic=topic,
                        value=shown(value),
                        words=words if topic is Topic.TEXT else "Who the message is from.",
                        evidence=spans,
                        certainty=Certainty.KNOWN,
                    )
                )

    # --- the other person --------------------------------------------------------------------

    def _person(self, connection: Connection, claims: Claims, inside: Hearing) -> Iterator[None]:
        is_xmpp = connection.application is Application.XMPP
        has_private = any(_is_private(noted) for noted in inside.noted)
        is_open = inside.xmpp.shows_jids or has_private
        secrets: list[Noted] = []
        for noted in _in_steps(inside.noted):
            if noted is None:
                yield
                continue
            heard = noted.heard
            if heard.topic is Topic.PASSWORD and noted.direction is Direction.SENT:
                secrets.append(noted)
            elif heard.topic in (Topic.JID, Topic.RESOURCE) and is_xmpp and not is_open:
                continue
            elif heard.is_passed_on:
                claims.note(noted, certainty=_passed(noted))
        for noted in secrets[:1]:
            claims.hide(noted, "The server keeps it to itself.", Certainty.INFERRED)
        _address(connection, claims, inside)
        if is_xmpp and not is_open and Topic.CHANNEL in claims.topics():
            channel = next(each for each in inside.noted if each.heard.topic is Topic.CHANNEL)
            claims.hide(channel, _ROOM_HIDES, Certainty.INFERRED, Topic.JID)


def _address(connection: Connection, claims: Claims, inside: Hearing) -> None:
    """Whether other people see our address: on IRC it may be our host."""
    address = connection.flow.local.address
    as_host = next((each for each in inside.noted if each.heard.topic is Topic.HOST), None)
    if as_host is not None:
        host = as_host.heard.value.rpartition("@")[2]
        if host == address:
            words = "The address itself is the host that others are shown."
            claims.note(as_host, topic=Topic.ADDRESS, value=address, words=words)
        else:
            words = f"The server shows “{shown(host)}” in place of the address."
            claims.hide(as_host, words, Certainty.INFERRED, Topic.ADDRESS)
        return
    is_sent = (
        noted
        for noted in inside.noted
        if noted.heard.topic is Topic.TEXT and noted.direction is Direction.SENT
    )
    first = next(is_sent, None)
    if first is not None and connection.application is Application.XMPP:
        words = "Stanzas carry no IP address: the other person sees the server’s."
        claims.hide(first, words, Certainty.INFERRED, Topic.ADDRESS)


def _in_steps(noted: Sequence[Noted]) -> Iterator[Noted | None]:
    """What was noted, with None where it is time for a step."""
    for count, each in enumerate(noted, 1):
        yield each
        if not count % ENTRIES_AT_ONCE:
            yield None


def _add(claims: Claims, more: Iterable[Claim]) -> None:
    for claim in more:
        claims.add(claim)


def _is_closed(inside: Hearing) -> bool:
    """Whether application data stays sealed for us, too."""
    return any(said.reading is Reading.SEALED for said in inside.units)


def _is_private(noted: Noted) -> bool:
    """A word of ours to one person on XMPP: it carries the full address."""
    return noted.heard.topic is Topic.CONTACT and noted.direction is Direction.SENT


def _passed(noted: Noted) -> Certainty | None:
    """What the server sent back is what it sends to others; the rest follows from the rules."""
    return None if noted.direction is Direction.RECEIVED else Certainty.INFERRED


def _unread(sealed: Iterable[Claim]) -> Claim:
    return Claim(
        topic=Topic.TEXT,
        value="",
        words="Sealed by TLS: who says what to whom is inside of these records.",
        evidence=tuple(span for claim in sealed for span in claim.evidence)[:MAX_EVIDENCE],
        certainty=Certainty.SEEN,
        is_learnt=False,
    )


def _sum(observer: Observer, claims: Iterable[Claim], *, is_sealed: bool) -> str:
    """The view in a sentence, made of what was found."""
    learnt = {claim.topic for claim in claims if claim.is_learnt}
    names = list(_spoken(learnt))
    who = {
        Observer.NETWORK: "Whoever forwards the frames",
        Observer.SERVER: "Who runs the server",
        Observer.PERSON: "The other person",
    }[observer]
    if observer is Observer.NETWORK and is_sealed and Topic.TEXT not in learnt:
        return f"{who} learns {_and(names)}, but not the words."
    return f"{who} learns {_and(names)}." if names else f"{who} learns nothing from these frames."


def _spoken(topics: set[Topic]) -> Iterator[str]:
    words = {
        Topic.PASSWORD: "the password",
        Topic.TEXT: "the words",
        Topic.NICK: "the nick",
        Topic.JID: "the JID",
        Topic.LOGIN: "the login name",
        Topic.CHANNEL: "the channels",
        Topic.CONTACT: "the contacts",
        Topic.SERVER_NAME: "the server’s name",
        Topic.ADDRESS: "addresses",
        Topic.SIZE: "lengths",
        Topic.TIME: "times",
    }
    yield from (word for topic, word in words.items() if topic in topics)


def _and(words: list[str]) -> str:
    if len(words) < 2:
        return words[0] if words else "nothing"
    return f"{', '.join(words[:-1])} and {words[-1]}"
