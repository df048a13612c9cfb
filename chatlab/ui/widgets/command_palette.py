"""Find anything: an overlay with one field and one list."""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.commands import CommandSpec
from chatlab.ui.actions import ActionId, Actions
from chatlab.ui.models.palette import (
    ENTRY_ROLE,
    POSITIONS_ROLE,
    PaletteEntry,
    PaletteModel,
    action_entries,
    chat_entries,
    command_entries,
    contact_entries,
    topic_entries,
)
from chatlab.ui.theme import (
    HALF,
    ICON_SIZE,
    SPACE,
    current,
    isolated,
    on_theme_changed,
    pixmap,
    plain_label,
    small_font,
)
from chatlab.ui.topics import Topic
from chatlab.ui.widgets.controls import scaled

WIDTH = 72 * SPACE
_TOP = 8 * SPACE
_ROWS = 10
_MOVES = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: _ROWS,
    Qt.Key.Key_PageUp: -_ROWS,
}
Index = QModelIndex | QPersistentModelIndex


class CommandPalette(QFrame):
    """Lies over the upper part of ``window``; Esc or a click elsewhere closes it.

    Made for one use: when it closes, it gives the keyboard back and deletes itself. Actions are
    triggered by it; the rest is told.

    Signals:
        chat_chosen: ChatKey.
        command_chosen: what to put into the composer, e.g. ``/join `` (str).
        help_chosen: the title of a help topic (str).
    """

    chat_chosen = Signal(object)
    command_chosen = Signal(str)
    help_chosen = Signal(str)

    def __init__(self, book: ChatBook, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._actions = actions
        self._entries = (
            *chat_entries(book),
            *contact_entries(book),
            *action_entries(actions.obeyed()),
            *command_entries(),
            *topic_entries(),
        )
        self.setObjectName("palette")
        self.setAutoFillBackground(True)
        self._window = window
        self._return_to: QWidget | None = None
        self._model = PaletteModel(self)
        self.edit = QLineEdit(self)
        self.edit.setAccessibleName(self.tr("Find anything"))
        self.edit.setPlaceholderText(self.tr("Chat, action, /command or help topic"))
        self.list = QListView(self)
        self.list.setAccessibleName(self.tr("What was found"))
        self.list.setModel(self._model)
        self.list.setItemDelegate(PaletteDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self._empty = plain_label("", "muted", self)
        self._empty.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.edit)
        column.addWidget(self._empty)
        column.addWidget(self.list)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.installEventFilter(self)
        self.list.clicked.connect(lambda index: self._pick(index.row()))
        window.installEventFilter(self)
        on_theme_changed(self._dress)
        self._dress()
        self.hide()

    def open(self, query: str = "") -> None:
        """Show everything that fits ``query``."""
        self._return_to = QApplication.focusWidget()
        self._model.set_entries(self._entries)
        self.edit.setText(query)
        self._on_text_changed(query)
        self.show()
        self.raise_()
        self.edit.setFocus()

    def close_palette(self) -> None:
        """Give the keyboard back and go."""
        if not self.isVisible():
            return
        self.hide()
        if self._return_to is not None and isValid(self._return_to):
            self._return_to.setFocus()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
            return False
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            if QApplication.activeWindow() is self.window():
                self.close_palette()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick(self.list.currentIndex().row())
        elif key in _MOVES:
            self._move(_MOVES[key])
        else:
            return False
        return True

    def _move(self, by: int) -> None:
        count = self._model.rowCount()
        if not count:
            return
        row = self.list.currentIndex().row() + by
        # One step wraps around, a page stops at the end.
        row = row % count if abs(by) == 1 else min(max(row, 0), count - 1)
        self.list.setCurrentIndex(self._model.index(row))

    def _pick(self, row: int) -> None:
        if (entry := self._model.entry(row)) is not None:
            self.close_palette()
            self._follow(entry)

    def _follow(self, entry: PaletteEntry) -> None:
        match entry.target:
            case ChatKey() as key:
                self.chat_chosen.emit(key)
            case ActionId() as action:
                self._actions.trigger(action)
            case CommandSpec() as command:
                self.command_chosen.emit(f"/{command.verb.value} ")
            case Topic() as topic:
                self.help_chosen.emit(topic.title)

    def _on_text_changed(self, text: str) -> None:
        self._model.set_query(text.strip())
        self.list.setCurrentIndex(self._model.index(0))
        is_empty = self._model.rowCount() == 0
        words = self.tr("Nothing is called {}. Fewer letters find more.")
        self._empty.setText(words.format(isolated(f"“{text.strip()}”")))
        self._empty.setVisible(is_empty)
        self.list.setVisible(not is_empty)
        self._place()

    def _place(self) -> None:
        window = self._window
        width = min(scaled(WIDTH), window.width() - 4 * SPACE)
        rows = min(self._model.rowCount(), _ROWS)
        room = window.height() - 2 * _TOP
        height = min(rows * self.list.sizeHintForRow(0) + 2, max(room, 20 * SPACE))
        self.list.setFixedHeight(max(height, 0))
        self.resize(width, self.sizeHint().height())
        self.move((window.width() - width) // 2, min(_TOP, window.height() // 8))

    def _dress(self) -> None:
        theme = current()
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.color("surface"))
        self.setPalette(palette)
        line = theme.mixed("line", "faint", 0.5).name()
        self.setStyleSheet(
            f"QFrame#palette {{ background: {theme.color('surface').name()};"
            f" border: 1px solid {line}; border-radius: 8px; }}"
        )


class PaletteDelegate(QStyledItemDelegate):
    """Icon, title with the letters that were meant, detail, shortcut."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = QFontMetrics(QApplication.font()).height() + 2 * SPACE
        return QSize(20 * SPACE, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, PaletteEntry):
            return
        theme = current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(option.rect, HALF, HALF)
        area: QRect = option.rect.adjusted(SPACE, 0, -SPACE, 0)
        side = scaled(ICON_SIZE)
        top = area.top() + (area.height() - side) // 2
        painter.drawPixmap(area.left(), top, pixmap(entry.icon or "play", size=side))
        area.setLeft(area.left() + side + SPACE + HALF)
        area.setRight(area.right() - self._paint_right(painter, area, entry) - 2 * SPACE)
        used = self._paint_title(painter, area, entry.title, index.data(POSITIONS_ROLE))
        area.setLeft(area.left() + used + SPACE + HALF)
        painter.setFont(small_font())
        painter.setPen(theme.color("muted"))
        metrics = QFontMetrics(painter.font())
        detail = metrics.elidedText(entry.detail, Qt.TextElideMode.ElideRight, area.width())
        if area.width() > 6 * SPACE:
            painter.drawText(area, _LEFT, detail)
        painter.restore()

    def _paint_right(self, painter: QPainter, area: QRect, entry: PaletteEntry) -> int:
        """The shortcut, or what sort of entry it is; returns its width."""
        text = entry.shortcut or entry.kind.value
        painter.setFont(small_font())
        painter.setPen(current().color("muted" if entry.shortcut else "faint"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        return QFontMetrics(painter.font()).horizontalAdvance(text)

    def _paint_title(self, painter: QPainter, area: QRect, title: str, positions: object) -> int:
        """Returns the width that was used."""
        meant = set(positions) if isinstance(positions, tuple) else set()
        font = QFont(QApplication.font())
        strong = QFont(font)
        strong.setWeight(QFont.Weight.Bold)
        if QFontMetrics(strong).horizontalAdvance(title) > area.width():
            title = QFontMetrics(font).elidedText(title, Qt.TextElideMode.ElideRight, area.width())
            meant = set()
        left = area.left()
        painter.setPen(current().color("text"))
        for text, is_meant in _runs(title, meant):
            painter.setFont(strong if is_meant else font)
            width = QFontMetrics(painter.font()).horizontalAdvance(text)
            painter.drawText(QRect(left, area.top(), width + 1, area.height()), _LEFT, text)
            left += width
        return left - area.left()


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _runs(text: str, meant: set[int]) -> list[tuple[str, bool]]:
    """Stretches of characters that look alike, so that letters keep their joins."""
    runs: list[tuple[str, bool]] = []
    for at, char in enumerate(text):
        is_meant = at in meant
        if runs and runs[-1][1] == is_meant:
            runs[-1] = (runs[-1][0] + char, is_meant)
        else:
            runs.append((char, is_meant))
    return runs
