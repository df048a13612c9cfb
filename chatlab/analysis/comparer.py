"""``core.ports.Comparer``: the table, the ladders and the observers over one or two captures."""

from collections.abc import Sequence

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.observer import NOTHING, ObserverReader
from chatlab.analysis.observer_frames import FrameObserver
from chatlab.core.comparison import Column, Comparison, Side
from chatlab.core.connection import Connection
from chatlab.core.ladder import Ladder
from chatlab.core.observing import FrameView, Observer, ObserverView


class CaptureComparer:
    """Answers from what the captures hold at the moment; they may be growing."""

    def __init__(self, specimens: Sequence[Specimen]) -> None:
        """``specimens``: each one's number is its place in here."""
        self._specimens = specimens
        self._table = Table(specimens)
        self._observers = [ObserverReader(specimen) for specimen in specimens]
        self._frames = [
            FrameObserver(specimen, observer)
            for specimen, observer in zip(specimens, self._observers, strict=True)
        ]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._table.columns()

    def compare(self, sides: Sequence[Side] = (), *, with_others: bool = False) -> Comparison:
        return self._table.compare(sides, with_others=with_others)

    def ladder(self, side: Side) -> Ladder:
        connection = self._connection(side)
        if connection is None:
            return Ladder(side=side, notes=(NOTHING,))
        return self._table.ladder(self._specimens[side.capture], connection)

    def observe(self, side: Side, observer: Observer) -> ObserverView:
        connection = self._connection(side)
        if connection is None:
            return ObserverView(
                observer=observer, side=side, is_sealed=False, claims=(), words=NOTHING,
                problem=NOTHING,
            )  # fmt: skip
        return self._observers[side.capture].observe(connection, observer)

    def observe_frame(self, capture: int, frame: int, observer: Observer) -> FrameView:
        return self._frames[capture].observe(frame, observer)

    def raw(self, capture: int, frame: int) -> bytes:
        return self._specimens[capture].log.raw(frame)

    def _connection(self, side: Side) -> Connection | None:
        if not 0 <= side.capture < len(self._specimens):
            return None
        return self._specimens[side.capture].connection(side)
