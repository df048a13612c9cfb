"""What the comparison view needs from the captures; ``app`` provides it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from chatlab.core.comparison import Comparison, Side
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange
from chatlab.core.ladder import Ladder
from chatlab.core.message import Message, MessageId
from chatlab.core.observing import FrameView, Observer, ObserverView


class Comparer(Protocol):
    """The session's capture, and a second one when it was opened. All calls are quick: what takes
    long is worked out beside the window, and until then there is what was known before."""

    def watch(self, on_progress: Callable[[int], None], on_done: Callable[[], None]) -> None:
        """``on_progress`` is told the per cent of what takes long, up to 100; ``on_done`` that there
        is more to show: a new table, or what was asked for."""
        ...

    @property
    def is_working(self) -> bool: ...

    def refresh(self) -> None:
        """Work out the table anew, and what the page has asked for."""
        ...

    def pair(self, messages: Sequence[Message], twin: str) -> None:
        """These left in one gesture with others: they are compared by its name from now on."""
        ...

    def comparison(self) -> Comparison:
        """The table as it was worked out last; an empty one before that."""
        ...

    def ladder(self, side: Side) -> Ladder: ...

    def view(self, side: Side, observer: Observer) -> ObserverView:
        """As it was worked out last; asking has it done."""
        ...

    def frame_view(self, side: Side, observer: Observer, frame: int) -> FrameView: ...

    def raw(self, side: Side, frame: int) -> bytes:
        """The frame as it was captured."""
        ...

    def spans(
        self, side: Side, messages: tuple[MessageId, ...], frame: int
    ) -> tuple[ByteRange, ...]:
        """Which bytes of a frame carry these messages: their records, under TLS."""
        ...

    @property
    def second_file(self) -> str:
        """Name of the second capture; empty without one."""
        ...

    def open_second(self, file: Path, done: Callable[[ChatlabError | None], None]) -> None:
        """Compare with a saved session or any capture; a former second one is let go."""
        ...

    def close_second(self) -> None: ...

    def save_table(self, file: Path, done: Callable[[ChatlabError | None], None]) -> None:
        """As a web page or as CSV, by the file's suffix."""
        ...
