"""The captures behind the comparison view: this session's, and a second file beside it."""

from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_tables import as_csv, as_html
from chatlab.analysis.observer import ObserverReader
from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import appearing_whole
from chatlab.app.second_capture import SecondCapture, specimen_of
from chatlab.core.comparison import Comparison, Side
from chatlab.core.connection import Connection
from chatlab.core.errors import ChatlabError, FileError, UsageError
from chatlab.core.events import MessageChanged
from chatlab.core.flow import ByteRange
from chatlab.core.ladder import Ladder
from chatlab.core.message import Message, MessageId
from chatlab.core.observing import FrameView, Observer, ObserverView

if TYPE_CHECKING:
    from chatlab.app.session import Session

Done = Callable[[ChatlabError | None], None]
Run = Callable[[Coroutine[object, object, None]], None]


class SessionComparer:
    """Implements ``ui.compare.ports.Comparer``."""

    def __init__(
        self, feed: CaptureFeed, session: "Callable[[], Session | None]", run: Run
    ) -> None:
        self._feed = feed
        self._session = session
        self._run = run
        self._second: SecondCapture | None = None
        self._use((self._first,))

    @cached_property
    def _first(self) -> Specimen:
        return specimen_of(0, "", self._feed)

    def _use(self, specimens: Sequence[Specimen]) -> None:
        self._specimens = specimens
        self._table = Table(specimens)
        self._eyes = tuple(ObserverReader(specimen) for specimen in specimens)

    # -- ui.compare.ports.Comparer

    def pair(self, messages: Sequence[Message], twin: str) -> None:
        if (session := self._session()) is not None:
            for message in messages:
                session.handle(MessageChanged(message.account, message.id, twin=twin))

    def comparison(self) -> Comparison:
        """Twins; before there are any, every message by itself."""
        sides = tuple(column.side for column in self._table.columns())
        twins = self._table.compare(sides, with_others=False)
        return twins if twins.rows else self._table.compare(sides, with_others=True)

    def ladder(self, side: Side) -> Ladder:
        return self._table.ladder(*self._find(side))

    def view(self, side: Side, observer: Observer) -> ObserverView:
        _, connection = self._find(side)
        return self._eyes[side.capture].observe(connection, observer)

    def frame_view(self, side: Side, observer: Observer, frame: int) -> FrameView:
        return self._eyes[side.capture].frame(frame, observer)

    def raw(self, side: Side, frame: int) -> bytes:
        return self._specimens[side.capture].log.raw(frame)

    def spans(
        self, side: Side, messages: tuple[MessageId, ...], frame: int
    ) -> tuple[ByteRange, ...]:
        correlator = self._specimens[side.capture].correlator
        found = (correlator.frame_span(frame, message) for message in messages)
        return tuple(span for span in found if len(span))

    def _find(self, side: Side) -> tuple[Specimen, Connection]:
        if side.capture < len(self._specimens):
            specimen = self._specimens[side.capture]
            if (connection := specimen.connection(side)) is not None:
                return specimen, connection
        raise UsageError("This connection is not compared any more.", "Choose another one.")

    # -- the second capture

    @property
    def second_file(self) -> str:
        return self._second.name if self._second is not None else ""

    def open_second(self, file: Path, done: Done) -> None:
        self._run(self._open_second(file, done))

    async def _open_second(self, file: Path, done: Done) -> None:
        try:
            second = await SecondCapture.open(file)
        except ChatlabError as error:
            done(error)
            return
        self.close_second()
        self._second = second
        self._use((self._first, second.specimen))
        done(None)

    def close_second(self) -> None:
        if self._second is not None:
            self._use((self._first,))
            self._second.close()
            self._second = None

    def save_table(self, file: Path, done: Done) -> None:
        """Said at once: the table is small."""
        is_csv = file.suffix.lower() == ".csv"
        text = as_csv(self.comparison()) if is_csv else as_html(self.comparison())
        try:
            with appearing_whole(file) as stream:
                stream.write(text.encode("utf-8", "replace"))
        except OSError as error:
            words = f"The table cannot be saved as {file}: {error.strerror or error}."
            done(FileError(words, "Choose another folder."))
        else:
            done(None)
