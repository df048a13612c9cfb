"""The captures behind the comparison view: this session's, and a second file beside it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatlab.analysis.compare import MAX_ROWS, Table
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import UNITS_AT_ONCE
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
SLICE_S = 0.008
"""How long is worked before the event loop gets its turn."""
_PATIENCE_S = 0.3
"""Work that takes longer than this says how far it is."""
_PERCENT = 5
"""Progress is told in steps of so many per cent: painting it takes time, too."""
_WAIT = "Working out what is learnt from this connection…"


class _Ask(NamedTuple):
    """What the view wants to show of a connection."""

    side: Side
    observer: Observer
    is_whole: bool
    """All that the observer learns; else what is needed for single frames."""


class SessionComparer:
    """Implements ``ui.compare.ports.Comparer``: works in slices, and shows what was found last."""

    def __init__(
        self, feed: CaptureFeed, session: "Callable[[], Session | None]", run: Run
    ) -> None:
        self._feed = feed
        self._session = session
        self._run = run
        self._second: SecondCapture | None = None
        self._on_progress: Callable[[int], None] = lambda percent: None
        self._on_done: Callable[[], None] = lambda: None
        self._is_working = self._is_wanted = False
        self._asked: dict[_Ask, None] = {}
        self._use((self._first,))

    @cached_property
    def _first(self) -> Specimen:
        return specimen_of(0, "", self._feed)

    def _use(self, specimens: Sequence[Specimen]) -> None:
        """Work with other captures from now on; what was going on for the former ones ends."""
        self._specimens = specimens
        self._table = Table(specimens)
        self._eyes = tuple(ObserverReader(specimen) for specimen in specimens)
        self._latest = Comparison()
        self._answered: set[_Ask] = set()
        self._asked.clear()

    # -- working it out

    def watch(self, on_progress: Callable[[int], None], on_done: Callable[[], None]) -> None:
        self._on_progress, self._on_done = on_progress, on_done

    @property
    def is_working(self) -> bool:
        return self._is_working

    def refresh(self) -> None:
        self._is_wanted = True
        if not self._is_working:
            self._is_working = True
            self._run(self._work())

    async def _work(self) -> None:
        try:
            while self._is_wanted:
                self._is_wanted = False
                if await self._in_slices(self._steps()):
                    self._on_done()
                else:
                    self._is_wanted = True
        finally:
            self._is_working = False
            self._on_progress(100)

    async def _in_slices(self, steps: Iterator[None]) -> bool:
        """False when it was for captures that are not compared any more."""
        table, told = self._table, 0
        began = time.perf_counter()
        deadline = began + SLICE_S
        expected = self._expected()
        for count, _ in enumerate(steps, 1):
            if (now := time.perf_counter()) < deadline:
                continue
            percent = min(99, 100 * count // expected)
            if percent >= told + _PERCENT and now - began > _PATIENCE_S:
                told = percent
                self._on_progress(told)
            await asyncio.sleep(0)
            if table is not self._table:
                return False
            deadline = time.perf_counter() + SLICE_S
        return True

    def _steps(self) -> Iterator[None]:
        self._latest = yield from self._table.latest()
        asked = list(self._asked)
        self._asked.clear()
        for ask in asked:
            specimen, eyes = self._specimens[ask.side.capture], self._eyes[ask.side.capture]
            if (connection := specimen.connection(ask.side)) is None:
                continue
            if ask.is_whole:
                yield from eyes.steps(connection, ask.observer)
            else:
                yield from eyes.hear(connection, is_read=ask.observer is not Observer.NETWORK)
            self._answered.add(ask)

    def _expected(self) -> int:
        """About how many steps there are if all of it is new."""
        frames = sum(len(each.streams) for each in self._specimens)
        rows = sum(min(MAX_ROWS, len(tuple(each.messages()))) for each in self._specimens)
        return 1 + rows + frames // UNITS_AT_ONCE * (1 + len(self._asked))

    def _ask(self, ask: _Ask) -> bool:
        """Whether there is an answer. It is renewed with the next table; the first one at once."""
        self._asked[ask] = None
        if ask in self._answered:
            return True
        self.refresh()
        return False

    # -- ui.compare.ports.Comparer

    def pair(self, messages: Sequence[Message], twin: str) -> None:
        if (session := self._session()) is not None:
            for message in messages:
                session.handle(MessageChanged(message.account, message.id, twin=twin))

    def comparison(self) -> Comparison:
        return self._latest

    def ladder(self, side: Side) -> Ladder:
        self._find(side)
        return self._table.known_ladder(side) or Ladder(side=side, notes=(_WAIT,))

    def view(self, side: Side, observer: Observer) -> ObserverView:
        _, connection = self._find(side)
        known = self._eyes[side.capture].known(connection, observer)
        if self._ask(_Ask(side, observer, is_whole=True)) and known is not None:
            return known
        return ObserverView(observer=observer, side=side, is_sealed=False, claims=(), words=_WAIT)

    def frame_view(self, side: Side, observer: Observer, frame: int) -> FrameView:
        self._find(side)
        if self._ask(_Ask(side, observer, is_whole=False)):
            return self._eyes[side.capture].known_frame(frame, observer)
        return FrameView(observer=observer, frame=frame, legible=(), claims=(), words=_WAIT)

    def raw(self, side: Side, frame: int) -> bytes:
        return self._find(side)[0].log.raw(frame)

    def spans(
        self, side: Side, messages: tuple[MessageId, ...], frame: int
    ) -> tuple[ByteRange, ...]:
        correlator = self._find(side)[0].correlator
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
        self._run(self._save_table(file, done))

    async def _save_table(self, file: Path, done: Done) -> None:
        try:
            await asyncio.to_thread(_write_table, self._latest, file)
        except OSError as error:
            words = f"The table cannot be saved as {file}: {error.strerror or error}."
            done(FileError(words, "Choose another folder."))
        else:
            done(None)


def _write_table(comparison: Comparison, file: Path) -> None:
    is_csv = file.suffix.lower() == ".csv"
    text = as_csv(comparison) if is_csv else as_html(comparison)
    with appearing_whole(file) as stream:
        stream.write(text.encode("utf-8", "replace"))
