"""Claims gathered from what was heard: each thing once, with the frames that prove it."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import finish
from chatlab.analysis.compare_talk import Talk
from chatlab.analysis.observer_hearing import Noted
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Reading
from chatlab.core.observing import MAX_EVIDENCE, Certainty, Claim, FrameSpan, Topic

MAX_OF_A_TOPIC = 50
"""Claims of one topic in a list; of messages the newest, of anything else the first."""
_ORDER = (
    *(Topic.PASSWORD, Topic.KEY, Topic.TEXT, Topic.NICK, Topic.LOGIN, Topic.JID),
    *(Topic.REAL_NAME, Topic.USER, Topic.CHANNEL, Topic.CONTACT, Topic.PRESENCE, Topic.TYPING),
    *(Topic.HOST, Topic.RESOURCE, Topic.SERVER_NAME, Topic.ADDRESS, Topic.PORT, Topic.SIZE),
    *(Topic.TIME, Topic.CERTIFICATE, Topic.PROTOCOL, Topic.CIPHERS, Topic.OTHER),
)
_CERTAINTIES = {
    Reading.CLEAR: Certainty.SEEN,
    Reading.DECRYPTED: Certainty.DECRYPTED,
    Reading.SEALED: Certainty.INFERRED,
}
_SUREST = {certainty: at for at, certainty in enumerate(Certainty)}
"""The smaller, the surer."""
assert set(_ORDER) == set(Topic)


def certainty_of(reading: Reading) -> Certainty:
    return _CERTAINTIES[reading]


def in_frames(
    specimen: Specimen, talk: Talk, direction: Direction, spans: Iterable[ByteRange]
) -> list[FrameSpan]:
    """Bytes of a stream as bytes of the frames that carry them."""
    side = talk.side(direction)
    found: list[FrameSpan] = []
    for span in spans:
        for number in side.carriers(span).frames:
            place = specimen.streams.place(number)
            assert place is not None
            here = span.intersection(place.span)
            found.append(FrameSpan(number, here.shifted(place.payload.start - place.position)))
    return found


_Key = tuple[Topic, str, str, bool]


def _key(topic: Topic, value: str, words: str, is_learnt: bool) -> _Key:
    """What makes two claims one. The same message of two people is two."""
    return topic, value, words if topic is Topic.TEXT and is_learnt else "", is_learnt


@dataclass(slots=True)
class _Gathered:
    """A claim, and what its evidence will be made of if it is listed."""

    claim: Claim
    certainty: Certainty
    count: int = 0
    heard: list[tuple[Direction, tuple[ByteRange, ...]]] = field(default_factory=list)


class Claims:
    """Gathers claims; the same topic and value are one claim with more evidence.

    Evidence is looked up for what is listed only: a long talk has thousands of messages.
    """

    def __init__(self, specimen: Specimen, talk: Talk | None, frame: int | None = None) -> None:
        """``frame``: evidence of this frame only."""
        self._specimen = specimen
        self._talk = talk
        self._frame = frame
        self._found: dict[_Key, _Gathered] = {}

    def add(self, claim: Claim) -> None:
        """Add a claim with its evidence."""
        key = _key(claim.topic, claim.value, claim.words, claim.is_learnt)
        gathered = self._found.get(key)
        if gathered is None:
            gathered = self._found[key] = _Gathered(claim, claim.certainty)
        else:
            evidence = gathered.claim.evidence + claim.evidence
            gathered.claim = replace(gathered.claim, evidence=evidence[:MAX_EVIDENCE])
        gathered.count += claim.count

    def note(
        self,
        noted: Noted,
        *,
        topic: Topic | None = None,
        value: str | None = None,
        words: str = "",
        certainty: Certainty | None = None,
        is_learnt: bool | None = None,
    ) -> None:
        """Add something heard, as it was heard but for what is given."""
        heard = noted.heard
        what, told = topic or heard.topic, heard.value if value is None else value
        holds = heard.is_learnt if is_learnt is None else is_learnt
        sure = certainty or certainty_of(noted.reading)
        sentence = words or heard.words
        key = _key(what, told, sentence, holds)
        gathered = self._found.pop(key, None)
        if gathered is None:
            claim = Claim(
                topic=what,
                value=told,
                words=sentence,
                evidence=(),
                certainty=sure,
                is_learnt=holds,
                is_secret=heard.is_secret and is_learnt is not False,
            )
            gathered = _Gathered(claim, sure)
        elif _SUREST[sure] < _SUREST[gathered.certainty]:
            gathered.certainty = sure
        self._found[key] = gathered
        gathered.count += 1
        if len(gathered.heard) < MAX_EVIDENCE:
            gathered.heard.append((noted.direction, noted.spans))

    def hide(
        self, noted: Noted, words: str, certainty: Certainty, topic: Topic | None = None
    ) -> None:
        """Add that something stays hidden; the bytes heard are what the observer has instead."""
        self.note(noted, topic=topic, value="", words=words, certainty=certainty, is_learnt=False)

    def topics(self) -> set[Topic]:
        """What is learnt about."""
        return {topic for topic, _, _, is_learnt in self._found if is_learnt}

    def listed(self) -> tuple[Claim, ...]:
        """The claims as a list is read: learnt before hidden, by topic, not too many of one."""
        return finish(self.listing())

    def listing(self) -> Generator[None, None, tuple[Claim, ...]]:
        """The same, a claim at a step."""
        sorted_out: dict[tuple[bool, Topic], list[_Gathered]] = {}
        for (topic, _, _, is_learnt), gathered in self._found.items():
            sorted_out.setdefault((is_learnt, topic), []).append(gathered)
        chosen: list[Claim] = []
        for is_learnt in (True, False):
            for topic in _ORDER:
                chosen += yield from self._shortened(topic, sorted_out.get((is_learnt, topic), []))
        return tuple(chosen)

    def _shortened(
        self, topic: Topic, found: list[_Gathered]
    ) -> Generator[None, None, list[Claim]]:
        if len(found) <= MAX_OF_A_TOPIC:
            return (yield from self._proofs(found))
        is_newest = topic is Topic.TEXT
        kept = found[-MAX_OF_A_TOPIC:] if is_newest else found[:MAX_OF_A_TOPIC]
        rest = found[:-MAX_OF_A_TOPIC] if is_newest else found[MAX_OF_A_TOPIC:]
        first = self._proven(rest[0])
        more = replace(
            first,
            value=f"{len(rest):,} more",
            words="Not listed one by one; here is the first of them.",
            is_secret=False,
            count=sum(each.count for each in rest),
        )
        claims = yield from self._proofs(kept)
        return [more, *claims] if is_newest else [*claims, more]

    def _proofs(self, found: list[_Gathered]) -> Generator[None, None, list[Claim]]:
        claims: list[Claim] = []
        for each in found:
            claims.append(self._proven(each))
            yield
        return claims

    def _proven(self, gathered: _Gathered) -> Claim:
        """A claim with its evidence looked up."""
        evidence = list(gathered.claim.evidence)
        for direction, spans in gathered.heard:
            if self._talk is None or len(evidence) >= MAX_EVIDENCE:
                break
            evidence += in_frames(self._specimen, self._talk, direction, spans)
        if self._frame is not None:
            evidence = [each for each in evidence if each.frame == self._frame]
        return replace(
            gathered.claim,
            evidence=tuple(evidence[:MAX_EVIDENCE]),
            certainty=gathered.certainty,
            count=gathered.count,
        )
