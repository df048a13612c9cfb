"""Third page of the comparison: ladders on one time axis, the chosen step taken apart below."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from chatlab.core.comparison import Comparison, Side
from chatlab.core.ladder import Step
from chatlab.ui.compare.ladder_rungs import detail_value
from chatlab.ui.compare.ladder_sheet import AXIS_WORDS, LadderColumn, LadderSheet
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.sheet_view import SheetView
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, plain_label, set_icon
from chatlab.ui.widgets.elided_label import ElidedLabel


class HandshakesPart(QWidget):
    """Signals:
    frame_requested: a Side and the number of a frame that is wanted in the wire pane.
    """

    frame_requested = Signal(object, int)

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparer = comparer
        self._columns: tuple[LadderColumn, ...] = ()
        self.sheet = LadderSheet()
        self.view = SheetView(self.sheet, self.tr("Handshakes, step by step"), self)
        self.view.chosen.connect(self.show_step)
        self.view.activated.connect(lambda _key: self._open_frame())
        self.title = ElidedLabel("", "heading", self)
        self.words = plain_label("", "", self)
        self.words.setWordWrap(True)
        self.details = plain_label("", "small", self)
        self.details.setWordWrap(True)
        self.notes = plain_label("", "small", self)
        self.notes.setWordWrap(True)
        self._show = QToolButton(self)
        self._show.setAccessibleName(self.tr("Show its frame in the wire pane"))
        self._show.setToolTip(self.tr("Show its frame in the wire pane (Return)"))
        set_icon(self._show, "wire")
        self._show.clicked.connect(self._open_frame)
        self._lay_out()
        self.show_step("")

    def _lay_out(self) -> None:
        line = QFrame(self)
        line.setProperty("role", "line")
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(self.title, 1)
        head.addWidget(self._show)
        below = QVBoxLayout()
        below.setContentsMargins(2 * SPACE, HALF, SPACE, SPACE)
        below.setSpacing(HALF)
        below.addLayout(head)
        for label in (self.words, self.details, self.notes):
            below.addWidget(label)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.view, 1)
        whole.addWidget(line)
        whole.addLayout(below)

    def show_comparison(self, comparison: Comparison, sides: Sequence[Side]) -> None:
        found = []
        for side in sides:
            if (column := comparison.column(side)) is not None:
                found.append(LadderColumn(column, self._comparer.ladder(side)))
        self._columns = tuple(found)
        self.sheet.show(comparison, found)
        self.view.refresh()
        self.show_step(self.sheet.chosen)

    def show_step(self, key: str) -> None:
        """Take a step apart, by the key of its item; an empty one says how to choose."""
        chosen = self.sheet.step(key)
        self._show.setVisible(chosen is not None)
        notes = dict.fromkeys(bare(note) for each in self._columns for note in each.ladder.notes)
        self.notes.setText(" ".join(notes))
        self.notes.setVisible(bool(notes))
        if chosen is None:
            self.title.set_text(self.tr("Choose a step to see what it is for"))
            self.words.setText(AXIS_WORDS)
            self.details.hide()
            return
        column, step = chosen
        self.title.set_text(f"{bare(step.name)} · {column.column.title}")
        self.words.setText(bare(step.words))
        self.details.setText(_details(step))
        self.details.setVisible(bool(step.details))

    def _open_frame(self) -> None:
        chosen = self.sheet.step(self.sheet.chosen)
        if chosen is not None and chosen[1].frames:
            self.frame_requested.emit(chosen[0].column.side, chosen[1].frames[0])


def _details(step: Step) -> str:
    """``Login name: alice (read by anyone on the path)``, one line each."""
    lines = []
    for detail in step.details:
        why = f" – {bare(detail.words)}" if detail.words else ""
        lines.append(f"{bare(detail.label)}: {detail_value(detail, shows_secret=True)}{why}")
    return "\n".join(lines)
