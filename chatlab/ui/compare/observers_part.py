"""Second page of the comparison: three observers, one click each, and what each of them learns."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from chatlab.core.comparison import Comparison, Side
from chatlab.core.observing import Observer
from chatlab.ui.compare.byte_columns import ByteColumns, Dump
from chatlab.ui.compare.observer_sheet import ObserverSheet
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.segments import Segments
from chatlab.ui.compare.sheet_view import SheetView
from chatlab.ui.compare.words import column_words
from chatlab.ui.theme import HALF, SPACE

_ICONS = {Observer.NETWORK: "globe", Observer.SERVER: "server", Observer.PERSON: "person"}
_TIPS = {
    Observer.NETWORK: "On the path: has the frames as they were sent",
    Observer.SERVER: "Has what is inside of TLS, because TLS ends there",
    Observer.PERSON: "Gets what the server passes on",
}
_OBSERVERS = tuple(Observer)
_MOST_FOR_BYTES = 0.4
"""The part of the height that the bytes take at most, unless the reader gives them more."""


class ObserversPart(QWidget):
    """Signals:
    frame_requested: a Side and the number of a frame that is wanted in the wire pane.
    observer_changed: the Observer that is asked now.
    """

    frame_requested = Signal(object, int)
    observer_changed = Signal(object)

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparer = comparer
        self._comparison = Comparison()
        self._sides: tuple[Side, ...] = ()
        self._views: list[SheetView] = []
        self._sheets: list[ObserverSheet] = []
        self._rules: list[QFrame] = []
        self._bytes_height = 0
        self._is_shared_by_reader = False
        self.switch = Segments(
            [(_ICONS[each], each.words, _TIPS[each]) for each in _OBSERVERS],
            self.tr("Whose eyes"),
            self,
        )
        self.switch.changed.connect(self._on_observer)
        self.bytes = ByteColumns(comparer, self)
        self.bytes.frame_requested.connect(
            lambda column, frame: self.frame_requested.emit(column.side, frame)
        )
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, HALF)
        head.addWidget(self.switch)
        head.addStretch(1)
        lists = QWidget(self)
        self._row = QHBoxLayout(lists)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(lists)
        self.splitter.addWidget(self.bytes)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.splitterMoved.connect(lambda _at, _index: self._on_shared())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.splitter, 1)

    def _on_shared(self) -> None:
        self._is_shared_by_reader = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bytes_height = 0  # In another width, bytes take other rows.
        self._share_height()

    def _share_height(self) -> None:
        """The bytes have what the largest frame yet needed: the list has the rest, and is calm."""
        if self._is_shared_by_reader:
            return
        self._bytes_height = max(self._bytes_height, self.bytes.wanted_height)
        whole = self.splitter.height()
        below = min(self._bytes_height, round(whole * _MOST_FOR_BYTES))
        self.splitter.setSizes([whole - below, below])

    @property
    def observer(self) -> Observer:
        return _OBSERVERS[self.switch.current]

    @property
    def views(self) -> Sequence[SheetView]:
        return self._views[: len(self._sides)]

    @property
    def sheets(self) -> Sequence[ObserverSheet]:
        return self._sheets[: len(self._sides)]

    def choose_observer(self, observer: Observer) -> None:
        self.switch.choose(_OBSERVERS.index(observer))

    def _on_observer(self, _number: int) -> None:
        self.show_comparison(self._comparison, self._sides)
        self.observer_changed.emit(self.observer)

    def show_comparison(self, comparison: Comparison, sides: Sequence[Side]) -> None:
        self._comparison, self._sides = comparison, tuple(sides)
        while len(self._views) < len(sides):
            self._add()
        for at, view in enumerate(self._views):
            column = comparison.column(sides[at]) if at < len(sides) else None
            view.setVisible(column is not None)
            self._rules[at].setVisible(column is not None and at > 0)
            if column is not None:
                told = self._comparer.view(column.side, self.observer)
                self._sheets[at].show(comparison, column, told)
                view.refresh()
        self._show_bytes()

    def _add(self) -> None:
        sheet = ObserverSheet()
        view = SheetView(sheet, self.tr("What the observer learns"), self)
        view.chosen.connect(lambda _key: self._on_chosen(view))
        view.activated.connect(lambda _key: self._open_frame(sheet))
        rule = QFrame(self)
        rule.setProperty("role", "column-line")
        self._sheets.append(sheet)
        self._views.append(view)
        self._rules.append(rule)
        self._row.addWidget(rule)
        self._row.addWidget(view, 1)

    def _on_chosen(self, view: SheetView) -> None:
        view.refresh()  # A password that is chosen needs other room than its dots.
        self._show_bytes()

    def _open_frame(self, sheet: ObserverSheet) -> None:
        claim, column = sheet.claim, sheet.column
        if claim is not None and column is not None and claim.evidence:
            self.frame_requested.emit(column.side, claim.evidence[0].frame)

    def _show_bytes(self) -> None:
        """The proof of what is chosen; before that, the newest message."""
        dumps = []
        for at, sheet in enumerate(self.sheets):
            if (column := sheet.column) is None:
                continue
            title, claim = column_words(self._comparison, column), sheet.claim
            if claim is not None and claim.evidence:
                frames = tuple(dict.fromkeys(proof.frame for proof in claim.evidence))
                chosen = tuple((proof.frame, proof.span) for proof in claim.evidence)
                dumps.append(Dump(title, column, frames, None, chosen))
            else:
                dumps.append(self._newest(title, at))
        self.bytes.show_dumps(dumps, self.observer)
        self._share_height()

    def _newest(self, title: str, at: int) -> Dump:
        column = self._sheets[at].column
        assert column is not None  # _show_bytes() has looked.
        costs = list(self._comparison.costs(column.side))
        cost = next((one for one in reversed(costs) if one.carried is not None), None)
        frames = cost.carried.numbers if cost is not None and cost.carried is not None else ()
        return Dump(title, column, frames, cost)
