"""Claims gathered from what was heard: each thing once, with the frames that prove it."""

from collections.abc import Iterable

from chatlab.analysis.compare_specimen import Specimen
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
    *(Topic.HOST, Topic.RESOURCE, Topic.SERVER_NAME, Topic.CERTIFICATE, Topic.PROTOCOL),
    *(Topic.CIPHERS, Topic.ADDRESS, Topic.PORT, Topic.SIZE, Topic.TIME, Topic.OTHER),
)
_CERTAINTIES = {
    Reading.CLEAR: Certainty.SEEN,
    Reading.DECRYPTED: Certainty.DECRYPTED,
    Reading.SEALED: Certainty.INFERRED,
}
_SUREST = (Certainty.SEEN, Certainty.DECRYPTED, Certainty.KNOWN, Certainty.INFERRED)
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


class Claims:
    """Gathers claims; the same topic and value are one claim with more evidence."""

    def __init__(self, specimen: Specimen, talk: Talk | None) -> None:
        self._specimen = specimen
        self._talk = talk
        self._found: dict[tuple[Topic, str, bool], Claim] = {}

    def add(self, claim: Claim) -> None:
        key = claim.topic, claim.value, claim.is_learnt
        before = self._found.pop(key, None)
        if before is None:
            self._found[key] = claim
            return
        room = max(0, MAX_EVIDENCE - len(before.evidence))
        self._found[key] = Claim(
            topic=claim.topic,
            value=claim.value,
            words=before.words,
            evidence=before.evidence + claim.evidence[:room],
            certainty=min(before.certainty, claim.certainty, key=_SUREST.index),
            is_learnt=claim.is_learnt,
            is_secret=before.is_secret or claim.is_secret,
            count=before.count + claim.count,
        )

    def note(
        self,
        noted: Noted,
        *,
        words: str = "",
        certainty: Certainty | None = None,
        frame: int | None = None,
    ) -> None:
        """Add something heard; with ``frame`` only as far as that frame says it."""
        if self._talk is None:
            return
        heard = noted.heard
        evidence = in_frames(self._specimen, self._talk, noted.direction, noted.spans)
        if frame is not None:
            evidence = [each for each in evidence if each.frame == frame]
        self.add(
            Claim(
                topic=heard.topic,
                value=heard.value,
                words=words or heard.words,
                evidence=tuple(evidence[:MAX_EVIDENCE]),
                certainty=certainty or certainty_of(noted.reading),
                is_learnt=heard.is_learnt,
                is_secret=heard.is_secret,
            )
        )

    def topics(self) -> set[Topic]:
        """What is learnt about."""
        return {claim.topic for claim in self._found.values() if claim.is_learnt}

    def listed(self) -> tuple[Claim, ...]:
        """The claims as a list is read: learnt before hidden, by topic, not too many of one."""
        chosen: list[Claim] = []
        for is_learnt in (True, False):
            for topic in _ORDER:
                same = [
                    claim
                    for claim in self._found.values()
                    if claim.topic is topic and claim.is_learnt is is_learnt
                ]
                chosen += _shortened(topic, same)
        return tuple(chosen)


def _shortened(topic: Topic, claims: list[Claim]) -> list[Claim]:
    if len(claims) <= MAX_OF_A_TOPIC:
        return claims
    is_newest = topic is Topic.TEXT
    kept = claims[-MAX_OF_A_TOPIC:] if is_newest else claims[:MAX_OF_A_TOPIC]
    rest = claims[:-MAX_OF_A_TOPIC] if is_newest else claims[MAX_OF_A_TOPIC:]
    more = Claim(
        topic=topic,
        value=f"{len(rest):,} more",
        words="Not listed one by one.",
        evidence=tuple(span for claim in rest for span in claim.evidence[:1])[:MAX_EVIDENCE],
        certainty=rest[0].certainty,
        is_learnt=rest[0].is_learnt,
        count=sum(claim.count for claim in rest),
    )
    return [more, *kept] if is_newest else [*kept, more]
