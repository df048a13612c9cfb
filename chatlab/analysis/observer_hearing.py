"""Everything that one connection says, each thing with the bytes of the stream that say it.

Read once, in the order in which the two ends said it, and then looked up: by frame, or as a whole.
"""

from collections import deque
from collections.abc import Generator
from typing import NamedTuple

from chatlab.analysis.compare_steps import UNITS_AT_ONCE, finish
from chatlab.analysis.compare_talk import Said, Talk
from chatlab.analysis.observer_irc import IrcEar
from chatlab.analysis.observer_tls import TlsEar
from chatlab.analysis.observer_words import Heard
from chatlab.analysis.observer_xmpp import XmppEar
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Reading
from chatlab.protocol.spans import SpanIndex

MAX_NOTED = 20_000


class Noted(NamedTuple):
    """Something heard, and where in the stream."""

    heard: Heard
    direction: Direction
    spans: tuple[ByteRange, ...]
    reading: Reading


class Hearing:
    """What is said on one connection, as far as it could be read."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._begin(-1)

    def _begin(self, generation: int) -> None:
        self._generation = generation
        self.noted: list[Noted] = []
        self.units: list[Said] = []
        self.tls = TlsEar()
        self.xmpp = XmppEar()
        self._irc = IrcEar()
        self._index = {direction: SpanIndex() for direction in Direction}
        self._units = {direction: SpanIndex() for direction in Direction}
        self._taken = dict.fromkeys(Direction, 0)
        self._coming: deque[Said] = deque()

    def update(self, talk: Talk) -> None:
        """Take in what has been said since; all anew where keys have turned up."""
        finish(self.steps(talk))

    def steps(self, talk: Talk) -> Generator[None, None, None]:
        """The same, step by step; a step takes in ``UNITS_AT_ONCE`` units at most."""
        if talk.generation != self._generation:
            self._begin(talk.generation)
        taken = self._taken
        new = [said for each in Direction for said in talk.said(each)[taken[each] :]]
        reached = {each: len(talk.said(each)) for each in Direction}
        in_order = yield from talk.in_order(new)
        if (talk.generation, taken) != (self._generation, self._taken):
            yield from self.steps(talk)  # Somebody else has listened meanwhile.
            return
        self._taken = reached
        self._coming.extend(in_order)
        while self._coming:
            for _ in range(min(UNITS_AT_ONCE, len(self._coming))):
                self._take(self._coming.popleft())
            yield

    def _take(self, said: Said) -> None:
        span = said.span
        if len(span):
            self._units[said.direction].add(span.start, span.stop, len(self.units))
            self.units.append(said)
        if len(self.noted) >= MAX_NOTED:
            return
        for heard in self._hear(said):
            spans = said.spans(heard.span)
            for each in spans:
                if len(each):
                    self._index[said.direction].add(each.start, each.stop, len(self.noted))
            self.noted.append(Noted(heard, said.direction, spans, said.reading))

    def _hear(self, said: Said) -> list[Heard]:
        if said.unit.is_record:
            return self.tls.hear(said)
        if said.data is None:
            return []
        if said.unit.is_line and self._application is Application.IRC:
            return self._irc.hear(said.direction, said.data)
        kind = said.unit.stanza_kind
        is_xmpp = self._application is Application.XMPP
        return self.xmpp.hear(said.direction, kind, said.data) if kind and is_xmpp else []

    def noted_in(self, direction: Direction, span: ByteRange) -> list[Noted]:
        """What is said by bytes of a span of the stream."""
        found = self._index[direction].overlapping(span.start, span.stop)
        return [self.noted[each] for each in dict.fromkeys(value for _, _, value in found)]

    def units_in(self, direction: Direction, span: ByteRange) -> list[Said]:
        """The units with bytes in a span of the stream."""
        found = self._units[direction].overlapping(span.start, span.stop)
        return [self.units[each] for each in dict.fromkeys(value for _, _, value in found)]
