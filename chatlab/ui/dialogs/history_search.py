"""Search in everything that was kept: words in, messages out, Return goes to where one was said."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QTextCharFormat,
    QTextLayout,
)
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from chatlab.core.message import Message
from chatlab.ui.dialogs.parts import Hint, Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.models.history_hits import HistoryHits, HitColumn
from chatlab.ui.rich_text import utf16_length
from chatlab.ui.theme import HALF, SPACE, current
from chatlab.ui.widgets.controls import scaled
from chatlab.ui.widgets.find_bar import pattern_of

Index = QModelIndex | QPersistentModelIndex
WIDTH, HEIGHT = 108 * SPACE, 68 * SPACE
_WIDTHS = {HitColumn.TIME: 18 * SPACE, HitColumn.CHAT: 22 * SPACE, HitColumn.SENDER: 13 * SPACE}
_LEAST = 2
"""Letters from which on it is worth looking through everything."""
_WAIT_MS = 200
_EMPTY = (
    "Everything that was kept is looked through: type two letters or more. "
    "The messages of the offline lab are found only while it runs."
)


class HistorySearchDialog(Sheet):
    """Asks for words and shows what somebody else found.

    Signals:
        wanted: words to be looked for.
        go_to: the Message that the reader wants to see in its chat.
    """

    wanted = Signal(str)
    go_to = Signal(object)

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__("Search the history", parent)
        subtitle = "In all chats of all accounts, as far as they were kept on this computer."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.head.setSpacing(SPACE + HALF)
        self.field = QLineEdit(words, self)
        self.field.setPlaceholderText(self.tr("Words that were said"))
        self.field.setAccessibleName(self.tr("Words that were said"))
        self.field.setClearButtonEnabled(True)
        self.head.addWidget(self.field)
        self.model = HistoryHits(self)
        self.table = Table(self.tr("Messages found"), self.tr(_EMPTY), self)
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(HitColumn.TEXT, _MatchDelegate(self.model, self.table))
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, scaled(width))
        self.body.addWidget(self.table, 1)
        self._state = Hint(parent=self)
        self._state.setWordWrap(False)
        self.foot.addWidget(self._state)
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))
        self.go_button = self.add_button(self.tr("Go there"), is_primary=True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._ask)
        self.field.textChanged.connect(lambda: self._timer.start())
        self.close_button.clicked.connect(self.reject)
        self.go_button.clicked.connect(lambda: self._go(self.table.currentIndex().row()))
        self.table.chosen.connect(self._go)
        self.table.rows_chosen.connect(self._update)
        self._update()
        self.settle(self.go_button)
        self.resize(scaled(WIDTH), scaled(HEIGHT))
        self.field.setFocus()
        self.field.selectAll()
        if words:
            self._timer.start(0)

    def words(self) -> str:
        return self.field.text().strip()

    def show_found(self, words: str, found: list[tuple[Message, str]], *, is_cut: bool) -> None:
        """Show what was found for ``words``, unless others are wanted by now."""
        if words != self.words():
            return
        self.model.show_hits(found, pattern_of(words))
        self.table.say_empty(self.tr("No message that was kept has these words in it."))
        count = f"{len(found):,} message{'' if len(found) == 1 else 's'}"
        self._state.say(f"The newest {count}; older ones are not shown." if is_cut else count)
        if found:
            self.table.setCurrentIndex(self.model.index(0, 0))
        self._update()

    def _ask(self) -> None:
        words = self.words()
        if len(words) >= _LEAST:
            self._state.say(self.tr("Searching…"))
            self.wanted.emit(words)
        else:
            self.model.show_hits([], None)
            self.table.say_empty(self.tr(_EMPTY))
            self._state.say("")
            self._update()

    def _update(self) -> None:
        self.go_button.setEnabled(self.table.currentIndex().isValid())

    def _go(self, row: int) -> None:
        if (message := self.model.message(row)) is not None:
            self.accept()
            self.go_to.emit(message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows walk through what was found while the words have the keyboard."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.field.hasFocus():
            step = -1 if event.key() == Qt.Key.Key_Up else 1
            row = self.table.currentIndex().row() + step
            if 0 <= row < self.model.rowCount():
                self.table.setCurrentIndex(self.model.index(row, 0))
            return
        super().keyPressEvent(event)


class _MatchDelegate(QStyledItemDelegate):
    """The message with the words marked that were looked for."""

    def __init__(self, model: HistoryHits, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colors, rect = current(), option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_selected:
            painter.fillRect(rect, colors.color("selection"))
        font = QApplication.font()
        text = str(index.data())
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width() - SPACE)
        layout = QTextLayout(shown, font)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(rect.width())
        layout.endLayout()
        top = rect.top() + (rect.height() - line.height()) / 2
        painter.setPen(colors.color("text"))
        painter.setClipRect(rect)
        layout.draw(painter, QPointF(rect.left() + HALF, top), self._marks(shown, is_selected))
        painter.restore()

    def _marks(self, shown: str, is_selected: bool) -> list[QTextLayout.FormatRange]:
        if self._model.wanted is None:
            return []
        colors, look = current(), QTextCharFormat()
        look.setBackground(
            colors.color("accent") if is_selected else colors.mixed("surface", "accent", 0.28)
        )
        look.setForeground(colors.color("on_accent" if is_selected else "text"))
        made = []
        for match in self._model.wanted.finditer(shown):
            mark = QTextLayout.FormatRange()
            mark.start, mark.length = utf16_length(shown[: match.start()]), utf16_length(match[0])
            mark.format = look
            made.append(mark)
        return made
