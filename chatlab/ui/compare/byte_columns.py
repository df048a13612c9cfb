"""The bytes of twins beside one another, scrolled in step, with what an observer reads marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from chatlab.core.comparison import Column, MessageCost
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure
from chatlab.core.observing import FrameView, Observer, Topic
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.words import bytes_words, exposure_of
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, set_icon
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.hex_layout import NARROW, WIDE
from chatlab.ui.widgets.hex_view import HexView, Mark


@dataclass(frozen=True, slots=True)
class Dump:
    """Frames of one connection that are to be seen."""

    title: str
    column: Column
    frames: tuple[int, ...]
    cost: MessageCost | None = None
    """The message whose bytes are to be marked; None marks what the observer reads alone."""
    chosen: tuple[tuple[int, ByteRange], ...] = ()
    """Bytes that the reader asked for, by frame."""


class ByteColumn(QWidget):
    """One frame in hex, its name above it, and arrows where there are several.

    Signals:
        frame_requested: number of the frame that is wanted in the wire pane.
        resized: there is room for more, or for less.
    """

    frame_requested = Signal(int)
    resized = Signal()

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparer = comparer
        self._dump: Dump | None = None
        self._at = 0
        self._observer = Observer.NETWORK
        self._title = ElidedLabel("", "heading", self)
        self._words = ElidedLabel("", "small", self)  # One line: rows of bytes stay side by side.
        self._back = self._button("chevron-left", self.tr("Frame before"), lambda: self._step(-1))
        self._next = self._button("chevron-right", self.tr("Next frame"), lambda: self._step(1))
        self._show = self._button("wire", self.tr("Show this frame in the wire pane"), self._tell)
        self.view = HexView(self)
        self._wanted: ByteRange | None = None
        """The bytes to be seen, until the reader goes elsewhere."""
        self.view.verticalScrollBar().rangeChanged.connect(lambda _first, _last: self._reveal())
        head = QHBoxLayout()
        head.setContentsMargins(2 * SPACE, HALF, HALF, 0)
        head.setSpacing(0)
        head.addWidget(self._title, 1)
        for button in (self._back, self._next, self._show):
            head.addWidget(button)
        below = QHBoxLayout()
        below.setContentsMargins(2 * SPACE, 0, SPACE, HALF)
        below.addWidget(self._words, 1)
        dump = QHBoxLayout()
        dump.setContentsMargins(SPACE, 0, 0, 0)  # The dump has as much on its own.
        dump.addWidget(self.view)
        self._head = (head, below)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(below)
        column.addLayout(dump, 1)

    @property
    def wanted_height(self) -> int:
        """What shows every byte at once."""
        dump = self.view.dump_layout
        return sum(part.sizeHint().height() for part in self._head) + dump.rows * dump.line + SPACE

    @property
    def last_row(self) -> int:
        """How far the dump alone would scroll."""
        page = self.view.verticalScrollBar().pageStep()
        return max(0, self.view.dump_layout.rows - page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def _button(self, icon: str, name: str, do: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setAutoRaise(True)
        set_icon(button, icon)
        button.clicked.connect(lambda: do())
        return button

    def show_dump(self, dump: Dump, observer: Observer) -> None:
        before = self._dump
        is_same = before is not None and (before.frames, before.chosen) == (
            dump.frames,
            dump.chosen,
        )
        self._dump, self._observer = dump, observer
        if not is_same:
            self._at = 0
            if dump.chosen and dump.chosen[0][0] in dump.frames:
                self._at = dump.frames.index(dump.chosen[0][0])
        self._refresh(moves=not is_same)

    @property
    def frame(self) -> int | None:
        """The frame that is shown."""
        dump = self._dump
        return dump.frames[self._at] if dump is not None and dump.frames else None

    def _step(self, by: int) -> None:
        if self._dump is not None and self._dump.frames:
            self._at = (self._at + by) % len(self._dump.frames)
            self._refresh(moves=True)

    def _tell(self) -> None:
        if self.frame is not None:
            self.frame_requested.emit(self.frame)

    def _refresh(self, *, moves: bool) -> None:
        """``moves``: other bytes are wanted; else the reader stays where they are."""
        dump, frame = self._dump, self.frame
        several = dump is not None and len(dump.frames) > 1
        self._back.setVisible(several)
        self._next.setVisible(several)
        self._show.setVisible(
            dump is not None and frame is not None and not dump.column.side.capture
        )
        if dump is None or frame is None:
            self._title.set_text(dump.title if dump else "")
            self._words.set_text(self.tr("No frame of it was captured."))
            self.view.show_bytes(b"", (), self.tr("No bytes"))
            return
        try:
            raw = self._comparer.raw(dump.column.side, frame)
            seen = self._comparer.frame_view(dump.column.side, self._observer, frame)
        except ChatlabError as error:
            self._words.set_text(f"{error.message} {error.hint}")
            return
        which = f" ({self._at + 1} of {len(dump.frames)})" if several else ""
        self._title.set_text(f"{dump.title} · frame {frame}{which}, {bytes_words(len(raw))}")
        self._words.set_text(bare(seen.words))
        marks = self._marks(dump, seen)
        self.view.show_bytes(raw, marks, f"{dump.title}, frame {frame}")
        if moves:
            self._want(dump, frame, marks)

    def _want(self, dump: Dump, frame: int, marks: tuple[Mark, ...]) -> None:
        """Bring what the dump is about into sight: the bytes asked for, or the message."""
        chosen = next((span for number, span in dump.chosen if number == frame), None)
        spans = self._spans(dump, frame) or tuple(mark.span for mark in marks)
        self._wanted = None
        if chosen is not None and len(chosen):
            self.view.choose(chosen)
            self._wanted = chosen
        elif spans:
            first, last = min(span.start for span in spans), max(span.stop for span in spans)
            self._wanted = ByteRange(first, last)
        self._reveal()

    def _reveal(self) -> None:
        """In another size, rows hold other bytes: what is wanted comes into sight again."""
        if self._wanted is not None:
            self.view.bring_into_sight(self._wanted)

    def _marks(self, dump: Dump, seen: FrameView) -> tuple[Mark, ...]:
        """The words underlined, then what the observer reads, then the rest of the message.

        What the network reads is red wherever it stands; what others read, they read behind TLS.
        """
        frame = seen.frame
        sealed = exposure_of(dump.column)
        legible = Exposure.READABLE if self._observer is Observer.NETWORK else sealed
        is_inside = self._observer is not Observer.NETWORK
        texts = {
            proof.span
            for claim in seen.claims
            if claim.topic is Topic.TEXT and claim.is_learnt
            for proof in claim.evidence
            if proof.frame == frame and len(proof.span)
        }
        marks = [Mark(span, legible, True) for span in sorted(texts)]
        marks += [Mark(span, legible, is_inside) for span in seen.legible]
        marks += [Mark(span, sealed, False) for span in self._spans(dump, frame)]
        return tuple(marks)

    def _spans(self, dump: Dump, frame: int) -> tuple[ByteRange, ...]:
        """The bytes of the message in a frame."""
        messages = dump.cost.messages if dump.cost is not None else ()
        return self._comparer.spans(dump.column.side, messages, frame)


class ByteColumns(QWidget):
    """As many dumps as connections are compared, scrolled in step.

    Signals:
        frame_requested: the Column and the number of a frame that is wanted in the wire pane.
    """

    frame_requested = Signal(object, int)

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparer = comparer
        self._columns: list[ByteColumn] = []
        self._lines: list[QFrame] = []
        self._dumps: tuple[Dump, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)

    @property
    def columns(self) -> Sequence[ByteColumn]:
        return self._columns[: len(self._dumps)]

    @property
    def wanted_height(self) -> int:
        """What shows every byte at once."""
        return max((column.wanted_height for column in self.columns), default=0)

    def show_dumps(self, dumps: Sequence[Dump], observer: Observer) -> None:
        self._dumps = tuple(dumps)
        while len(self._columns) < len(dumps):
            self._add()
        for at, column in enumerate(self._columns):
            column.setVisible(at < len(dumps))
            self._lines[at].setVisible(0 < at < len(dumps))
            if at < len(dumps):
                column.show_dump(dumps[at], observer)
        self._even_rows()
        self._level()

    def _even_rows(self) -> None:
        """As many bytes a row in each dump: the same offsets stand side by side."""
        views = [column.view for column in self.columns]
        is_wide = all(view.width_for(WIDE) <= view.width() for view in views)
        for view in views:
            view.set_most_per_row(WIDE if is_wide else NARROW)

    def _add(self) -> None:
        line = QFrame(self)
        line.setProperty("role", "column-line")
        at = len(self._columns)
        column = ByteColumn(self._comparer, self)
        bar = column.view.verticalScrollBar()
        bar.valueChanged.connect(self._scroll_in_step)
        bar.rangeChanged.connect(lambda _first, _last: self._level())
        column.resized.connect(self._even_rows)
        column.frame_requested.connect(
            lambda frame: self.frame_requested.emit(self._dumps[at].column, frame)
        )
        self._columns.append(column)
        self._lines.append(line)
        self._row.addWidget(line)
        self._row.addWidget(column, 1)

    def _level(self) -> None:
        """The shorter dump scrolls as far as the longer one: the same offsets stay side by side."""
        bars = [column.view.verticalScrollBar() for column in self.columns]
        # Reckoned anew: a bar's own maximum may be one that another dump once gave it.
        last = max((column.last_row for column in self.columns), default=0)
        for bar in bars:
            if bar.maximum() != last:
                bar.setMaximum(last)
        self._scroll_in_step(min((bar.value() for bar in bars), default=0))

    def _scroll_in_step(self, row: int) -> None:
        for column in self._columns:
            column.view.verticalScrollBar().setValue(row)
