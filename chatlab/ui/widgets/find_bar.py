"""Find in a chat: a line above the transcript, marks in it, and a walk from match to match."""

import re
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.ui.action_ids import ActionId
from chatlab.ui.models.transcript import TranscriptModel
from chatlab.ui.rich_text import bare
from chatlab.ui.shortcuts import set_key_tip
from chatlab.ui.theme import HALF, SPACE, plain_label, set_icon
from chatlab.ui.widgets.controls import scaled
from chatlab.ui.widgets.transcript_layout import HitKind
from chatlab.ui.widgets.transcript_view import TranscriptView

_WAIT_MS = 120
"""Until letters stop coming: a search through 10,000 lines is not for every letter."""
_FIELD_WIDTH = 260
_LEAST_FIELD = 90
_ROOMY = 400
"""Width from which on there is room for the way to the whole history; Ctrl+Shift+F goes there, too."""


def pattern_of(wanted: str) -> re.Pattern[str] | None:
    """What finds ``wanted`` whatever its case; None when there is nothing to look for."""
    text = wanted.strip()
    return re.compile(re.escape(text), re.IGNORECASE) if text else None


class FindBar(QWidget):
    """Looks through the messages in memory, the newest first.

    Signals:
        closed: the reader is done; the keyboard belongs to the composer again.
        history_requested: the words, to be looked for in everything that is on disk.
    """

    closed = Signal()
    history_requested = Signal(str)

    def __init__(self, view: TranscriptView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._model: TranscriptModel | None = None
        self._pattern: re.Pattern[str] | None = None
        self._rows: list[int] = []
        self._place = QPersistentModelIndex()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._look)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_WAIT_MS)
        self._again.timeout.connect(self._count_again)
        self._field = QLineEdit(self)
        self._field.setPlaceholderText(self.tr("Find in this chat"))
        self._field.setAccessibleName(self.tr("Find in this chat"))
        self._field.setClearButtonEnabled(True)
        self._field.setMaximumWidth(scaled(_FIELD_WIDTH))
        self._field.setMinimumWidth(_LEAST_FIELD)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.installEventFilter(self)
        self._count = plain_label("", "small", self)
        self._count.setAccessibleName(self.tr("Matches"))
        self._older = self._button("arrow-up", "", lambda: self.go(1))
        self._newer = self._button("arrow-down", "", lambda: self.go(-1))
        set_key_tip(self._older, self.tr("Next match, further back"), ActionId.FIND_NEXT)
        set_key_tip(self._newer, self.tr("Match before"), ActionId.FIND_PREVIOUS)
        self._close = self._button("close", self.tr("Close (Esc)"), self.leave)
        self._history = QPushButton(self.tr("All chats…"), self)
        self._history.setProperty("flat", True)
        set_key_tip(self._history, self.tr("Search everything that was kept"), ActionId.SEARCH)
        self._history.clicked.connect(lambda: self.history_requested.emit(self.text()))
        self._lay_out()
        self.hide()

    def _button(self, sign: str, words: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(words)
        button.setAccessibleName(words)
        set_icon(button, sign)
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE + HALF, HALF, HALF, HALF)
        row.setSpacing(HALF)
        row.addWidget(self._field, 4)
        row.addWidget(self._older)
        row.addWidget(self._newer)
        row.addSpacing(HALF)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self._history)
        row.addWidget(self._close)
        line = QFrame(self)
        line.setProperty("role", "line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(line)

    # For the pane -------------------------------------------------------------------------------

    def text(self) -> str:
        return self._field.text().strip()

    def open(self) -> None:
        """Show the bar, its words chosen, so that typing replaces them."""
        self.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def leave(self) -> None:
        """Close the bar; the marks go with it, the chosen message stays."""
        self.hide()
        self.closed.emit()

    def show_model(self, model: TranscriptModel | None) -> None:
        """Another chat is shown: look through that."""
        self._model = model
        self._place = QPersistentModelIndex()
        if model is not None:
            for changed in (model.rowsInserted, model.rowsRemoved, model.dataChanged):
                changed.connect(self._on_rows_changed)
        self._search()
        self._tell()

    def go(self, step: int) -> None:
        """On to the next match further back (1), or to the one before (-1); goes round."""
        if not self.isVisible():
            self.open()
        self._finish_typing()
        if self._model is None or not self._rows:
            return
        at = self._position()
        # Without a place yet, the first match is the newest one, whichever way is asked for.
        self._show_match(0 if at is None else (at + step) % len(self._rows))

    # Searching ----------------------------------------------------------------------------------

    def _on_text_changed(self) -> None:
        self._timer.start()

    def _finish_typing(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._search()

    def _look(self) -> None:
        """The words are typed: mark them, and go to the newest place that is no further down."""
        self._search()
        if self._rows and self._position() is None:
            self._show_match(self._nearest())
        self._tell()

    def _nearest(self) -> int:
        """The first match at or above the row that is seen lowest."""
        view = self._view
        lowest = view.indexAt(view.viewport().rect().bottomLeft()).row()
        if lowest < 0 or view.is_at_end:
            return 0
        return next((at for at, row in enumerate(self._rows) if row <= lowest), 0)

    def _search(self) -> None:
        self._pattern = pattern_of(self._field.text()) if self.isVisible() else None
        self._rows = self._matching_rows()
        self._view.mark_found(self._pattern)

    def _matching_rows(self) -> list[int]:
        """Newest first."""
        model, pattern = self._model, self._pattern
        if model is None or pattern is None:
            return []
        rows = range(model.rowCount() - 1, -1, -1)
        return [row for row in rows if pattern.search(bare(model.entry(row).text))]

    def _on_rows_changed(self) -> None:
        if self._pattern is not None and not self._again.isActive():
            self._again.start()

    def _count_again(self) -> None:
        self._rows = self._matching_rows()
        self._tell()

    def _position(self) -> int | None:
        """Where in the matches the reader is."""
        row = self._place.row() if self._place.isValid() else -1
        return self._rows.index(row) if row in self._rows else None

    def _show_match(self, at: int) -> None:
        assert self._model is not None
        row = self._rows[at]
        index = self._model.index(row)
        self._place = QPersistentModelIndex(index)
        self._unfold(row)
        self._view.setCurrentIndex(index)
        self._view.doItemsLayout()  # Where it lies is a guess until it was measured.
        rect = self._view.visualRect(index)
        if rect.top() < 0 or rect.bottom() > self._view.viewport().height():
            self._view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self._tell()

    def _unfold(self, row: int) -> None:
        """A match in the folded part of a long message is shown, too."""
        pattern = self._pattern
        while pattern is not None:
            layout = self._view.layout_of(row)
            is_seen = any(pattern.search(text.layout.text()) for text in layout.texts)
            if is_seen or not any(kind is HitKind.MORE for _, kind, _ in layout.actions):
                return
            self._view.unfold(row)

    def _tell(self) -> None:
        count, at = len(self._rows), self._position()
        if self._pattern is None:
            words = ""
        elif not count:
            words = self.tr("Not found")
        elif at is None:
            words = self.tr("{:,} found").format(count)
        else:
            words = self.tr("{:,} of {:,}").format(at + 1, count)
        self._count.setText(words)
        for button in (self._older, self._newer):
            button.setEnabled(count > 0)

    # Keys ---------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.go(-1 if is_back else 1)
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.go(1 if event.key() == Qt.Key.Key_Up else -1)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._history.setVisible(event.size().width() >= scaled(_ROOMY))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._search()
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self._search()
