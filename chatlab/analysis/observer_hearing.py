"""Everything that one connection says, each thing with the bytes of the stream that say it.

Read once, in the order in which the two ends said it, and then looked up: by frame, or as a whole.
"""

from typing import NamedTuple

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

    def update(self, talk: Talk) -> None:
        """Take in what has been said since; all anew where keys have turned up."""
        if talk.generation != self._generation:
            self._begin(talk.generation)
        new: list[Said] = []
        for direction in Direction:
            said = talk.said(direction)
            new += said[self._taken[direction] :]
            self._taken[direction] = len(said)
        for each in sorted(new, key=lambda said: (talk.completed_by(said), said.span.start)):
            self._take(each)

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
