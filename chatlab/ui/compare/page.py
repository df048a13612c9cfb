"""The comparison view: the same words on several connections, on three pages.

Messages: what they cost, and their bytes in step. Observers: who learns what. Handshakes: what came
before the first message. The page shows and tells; ``compare_desk`` connects it.
"""

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.comparison import Comparison, Side
from chatlab.core.observing import Observer
from chatlab.ui.compare.handshakes_part import HandshakesPart
from chatlab.ui.compare.messages_part import MessagesPart
from chatlab.ui.compare.observers_part import ObserversPart
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.segments import Segments
from chatlab.ui.compare.words import column_words
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, on_theme_changed, plain_label, set_icon
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.wire_pages import Button, StatePage

MOST_BESIDE = 4
"""So many connections stand side by side at most; the reader chooses which."""


class Part(IntEnum):
    """The pages of the view, in their order."""

    MESSAGES = 0
    OBSERVERS = 1
    HANDSHAKES = 2


class ComparePage(QWidget):
    """Signals:
    closed: back to the chats.
    submitted: a text that is to leave on all twins.
    twins_wanted: twins are to be switched on, from the empty page.
    second_wanted, second_dropped: open another capture beside this one, or let it go.
    picture_wanted, table_wanted: save what is shown.
    frame_requested: a Side and the number of a frame, to be seen in the wire pane.
    part_changed: another Part is shown.
    """

    closed = Signal()
    submitted = Signal(str)
    twins_wanted = Signal()
    second_wanted = Signal()
    second_dropped = Signal()
    picture_wanted = Signal()
    table_wanted = Signal()
    frame_requested = Signal(object, int)
    part_changed = Signal(object)

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparer = comparer
        self._comparison = Comparison()
        self._can_send = False
        self._wanted: set[Side] | None = None
        """The columns that the reader chose; None: the ones of the newest row."""
        self.setObjectName("comparison")
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.messages = MessagesPart(comparer, self)
        self.observers = ObserversPart(comparer, self)
        self.handshakes = HandshakesPart(comparer, self)
        self.switch = Segments(
            (
                ("compare", self.tr("Messages"), self.tr("What the same words cost, byte by byte")),
                ("eye", self.tr("Observers"), self.tr("What each of three observers learns")),
                ("key", self.tr("Handshakes"), self.tr("What came before the first message")),
            ),
            self.tr("Which page of the comparison"),
            self,
        )
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._stack = QStackedWidget(self)
        for part in (self.messages, self.observers, self.handshakes):
            self._stack.addWidget(part)
        self._empty = StatePage(self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._stack)
        self._pages.addWidget(self._empty)
        self._working = plain_label("", "surface", self)
        self._working.setMargin(HALF)
        self._working.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_head())
        column.addWidget(_line(self))
        column.addWidget(self._pages, 1)
        self._foot = self._make_foot()
        column.addWidget(self._foot)

    def _make_head(self) -> QWidget:
        head = QWidget(self)
        self.columns_button = self._button(head, "layers", self.tr("Connections"))
        self.columns_button.setToolTip(self.tr("Choose which connections are shown"))
        self.second_button = self._button(head, "open", self.tr("Second capture…"))
        self.second_button.setToolTip(self.tr("Compare with a saved session, or any capture"))
        self.export_button = self._button(head, "save", self.tr("Export"))
        self.export_button.setToolTip(self.tr("Save this page as a picture, or the table"))
        self.close_button = self._button(head, "close", "")
        self.close_button.setAccessibleName(self.tr("Back to the chats"))
        self.close_button.setToolTip(self.tr("Back to the chats (Esc)"))
        self._title = plain_label(self.tr("Comparison"), "title", head)
        line = QHBoxLayout(head)
        line.setContentsMargins(2 * SPACE, HALF, HALF, HALF)
        line.setSpacing(SPACE)
        line.addWidget(self._title)
        line.addWidget(self.switch)
        line.addStretch(1)
        for button in (self.columns_button, self.second_button, self.export_button):
            line.addWidget(button)
        line.addWidget(self.close_button)
        return head

    def _button(self, parent: QWidget, icon: str, words: str) -> QToolButton:
        button = QToolButton(parent)
        button.setText(words)
        button.setAccessibleName(words)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        button.setToolButtonStyle(style if words else Qt.ToolButtonStyle.ToolButtonIconOnly)
        set_icon(button, icon)
        return button

    def _make_foot(self) -> QWidget:
        foot = QWidget(self)
        self.twin_words = ElidedLabel("", "small", foot)
        self.field = QLineEdit(foot)
        self.field.setAccessibleName(self.tr("Text for all twins"))
        self.field.setPlaceholderText(self.tr("Type once; it leaves on each of them"))
        self.send_button = QPushButton(self.tr("Send"), foot)
        self.send_button.setProperty("primary", True)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.field, 1)
        line.addWidget(self.send_button)
        column = QVBoxLayout(foot)
        column.setContentsMargins(2 * SPACE, HALF, 2 * SPACE, SPACE)
        column.setSpacing(HALF)
        column.addWidget(self.twin_words)
        column.addLayout(line)
        return foot

    def _connect(self) -> None:
        self.switch.changed.connect(self._on_part_chosen)
        self.columns_button.clicked.connect(self._open_columns)
        self.second_button.clicked.connect(self._on_second)
        self.export_button.clicked.connect(self._open_export)
        self.close_button.clicked.connect(self.closed)
        self.field.returnPressed.connect(self._submit)
        self.send_button.clicked.connect(self._submit)
        for part in (self.messages, self.observers, self.handshakes):
            part.frame_requested.connect(self.frame_requested)
        on_theme_changed(self._fit_head)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()
        self._place_working()

    def _fit_head(self) -> None:
        """Where it becomes narrow, buttons show their icons alone, and then the title goes."""
        texts = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        icons = Qt.ToolButtonStyle.ToolButtonIconOnly
        head = self._title.parentWidget()
        layout = head.layout() if head is not None else None
        if layout is None:
            return
        for has_title, style in ((True, texts), (True, icons), (False, icons)):
            self._title.setVisible(has_title)
            for button in (self.columns_button, self.second_button, self.export_button):
                button.setToolButtonStyle(style)
            layout.invalidate()
            if layout.sizeHint().width() <= self.width():
                return

    # -- what is shown

    def show_working(self, percent: int) -> None:
        """Say how far the next table is; what stands here stays. 100: it is there."""
        words = self.tr("Working out the comparison…")
        if percent:
            words = f"{words} {percent} %"
        is_on = percent < 100
        if is_on and not self._comparison.columns:
            text = self.tr("Every frame of each message is counted, layer by layer.")
            self._empty.show_state("compare", words, text)
            self._pages.setCurrentIndex(1)
            return
        self._working.setVisible(is_on)
        self._working.setText(words)
        self._place_working()

    def _place_working(self) -> None:
        """Over the page, so that nothing moves when it comes and goes."""
        self._working.adjustSize()
        at = self._pages.geometry().topRight()
        self._working.move(at.x() - self._working.width() - 2 * SPACE, at.y() + SPACE)
        self._working.raise_()

    @property
    def part(self) -> Part:
        return Part(self.switch.current)

    def show_part(self, part: Part) -> None:
        self.switch.choose(part)

    def _on_part_chosen(self, number: int) -> None:
        self._stack.setCurrentIndex(number)
        self._foot.setVisible(self._can_send and self.part is Part.MESSAGES)
        self._show_current()
        self.part_changed.emit(Part(number))

    def show_comparison(self, comparison: Comparison) -> None:
        """The table as it is now; what the reader chose stays chosen."""
        self._comparison = comparison
        has_rows = bool(comparison.rows)
        self.columns_button.setEnabled(len(comparison.columns) > 1)
        self.export_button.setEnabled(has_rows)
        second = self._comparer.second_file
        words = self.tr("Without {file}").format(file=second) if second else ""
        self.second_button.setText(words or self.tr("Second capture…"))
        self._fit_head()
        self._pages.setCurrentIndex(0 if comparison.columns else 1)
        if not comparison.columns:
            self._show_empty()
        self._show_current()

    def _show_empty(self) -> None:
        self._empty.show_state(
            "compare",
            self.tr("Nothing to compare yet"),
            self.tr(
                "Send the same words on two connections: the frames of both will stand here, "
                "byte by byte. Or open a saved session."
            ),
            buttons=(
                Button(self.tr("Send to both"), self.twins_wanted.emit, True),
                Button(self.tr("Open a capture…"), self.second_wanted.emit, False),
            ),
        )

    def sides(self) -> tuple[Side, ...]:
        """The connections that stand side by side."""
        known = [column.side for column in self._comparison.columns]
        if self._wanted is not None and (chosen := [s for s in known if s in self._wanted]):
            return tuple(chosen[:MOST_BESIDE])
        for row in reversed(self._comparison.rows):
            pairs = zip(known, row.cells, strict=True)
            if len(sides := [side for side, cell in pairs if cell is not None]) > 1:
                return tuple(sides[:MOST_BESIDE])
        return tuple(known[:2])

    def set_sides(self, sides: Sequence[Side]) -> None:
        """Choose which connections are shown."""
        self._wanted = set(sides)
        self._show_current()

    def _show_current(self) -> None:
        """Only the page in view is laid out; the others follow when they are wanted."""
        part = (self.messages, self.observers, self.handshakes)[self.part]
        if self._comparison.columns:
            part.show_comparison(self._comparison, self.sides())

    def choose_twin(self, twin: str) -> None:
        """Show the row of a message."""
        self.show_part(Part.MESSAGES)
        self.messages.choose(twin)

    def choose_observer(self, observer: Observer) -> None:
        self.show_part(Part.OBSERVERS)
        self.observers.choose_observer(observer)

    def focus_next_part(self) -> None:
        """From the switch to the page below it, to its bytes, to the field, and round again."""
        messages, observers = self.messages, self.observers
        parts: list[QWidget] = [self.switch, messages.view]
        parts += [column.view for column in messages.bytes.columns]
        parts += [observers.switch, *observers.views]
        parts += [column.view for column in observers.bytes.columns]
        parts += [self.handshakes.view, self.field]
        shown = [part for part in parts if part.isVisible() and part.isEnabled()]
        focus = self.window().focusWidget()
        at = next((i for i, p in enumerate(shown) if p is focus or p.isAncestorOf(focus)), -1)
        target = shown[(at + 1) % len(shown)] if shown else self
        if isinstance(target, Segments):
            target = target.segment(target.current)
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- twins

    def show_twins(self, words: str, *, can_send: bool) -> None:
        """Who gets what is typed here; without words, that is settled with the first line."""
        self._can_send = can_send
        self._foot.setVisible(can_send and self.part is Part.MESSAGES)
        self.twin_words.set_text(
            words or self.tr("Leaves on the two chats that stand side by side")
        )

    def _submit(self) -> None:
        if text := self.field.text().strip():
            self.field.clear()
            self.submitted.emit(text)

    # -- menus

    def _open_columns(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = self.sides()
        for column in self._comparison.columns:
            words = bare(column_words(self._comparison, column)).replace("&", "&&")
            action = QAction(f"{words} · {column.flow.local.port}", menu)
            action.setCheckable(True)
            action.setChecked(column.side in shown)
            action.toggled.connect(lambda is_on, side=column.side: self._on_column(side, is_on))
            menu.addAction(action)
        menu.popup(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))

    def _on_column(self, side: Side, is_on: bool) -> None:
        rest = [each for each in self.sides() if each != side]
        self.set_sides([*rest, side] if is_on else rest)

    def _on_second(self) -> None:
        if self._comparer.second_file:
            self.second_dropped.emit()
        else:
            self.second_wanted.emit()

    def _open_export(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("This page as a &picture…"), self.picture_wanted.emit)
        menu.addAction(self.tr("The &table…"), self.table_wanted.emit)
        menu.popup(self.export_button.mapToGlobal(self.export_button.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "line")
    return line
