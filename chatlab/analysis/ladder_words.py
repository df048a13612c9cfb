"""What a namer says about one unit of a handshake, before frames and times are added."""

from typing import NamedTuple, Protocol

from chatlab.analysis.compare_talk import Said
from chatlab.core.comparison import Phase
from chatlab.core.flow import ByteRange
from chatlab.core.ladder import Detail


class Named(NamedTuple):
    """A step's name, and what belongs to it."""

    name: str
    phase: Phase
    words: str
    details: tuple[Detail, ...] = ()
    merge: str = ""
    """Neighbours of the same direction with the same word here are one step."""
    many: str = ""
    """What such a step is called; ``{}`` stands for how many it joins. Empty: the first's name."""
    spans: tuple[ByteRange, ...] = ()
    """Its bytes in the stream, where it is not the whole unit."""
    size: int | None = None
    """Its bytes, where it is not the whole unit."""
    is_ready: bool = False
    """Messages can be sent behind it."""


class Namer(Protocol):
    """Names units of one protocol, in the order in which they were complete."""

    def name(self, said: Said) -> tuple[Named, ...]:
        """The steps in a unit; none for what is no part of a handshake."""
        ...
