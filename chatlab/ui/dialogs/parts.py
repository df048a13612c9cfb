"""What dialogs are built from: one grid, one header, one way to say that something is missing."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.ui.theme import (
    HALF,
    SPACE,
    current,
    on_theme_changed,
    plain_label,
    set_icon,
    set_role,
)
from chatlab.ui.widgets.controls import IconLabel, scaled
from chatlab.ui.widgets.tab_order import go_on

MARGIN = 3 * SPACE
LABEL_WIDTH = 15 * SPACE
RADIUS = 6
_SCREEN_EDGE = 10 * SPACE
"""Kept free for the window’s frame and the desktop’s bars."""


def header(title: str, subtitle: str = "", parent: QWidget | None = None) -> QWidget:
    """The headline of a dialog and one sentence below it."""
    head = QWidget(parent)
    column = QVBoxLayout(head)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(HALF)
    column.addWidget(plain_label(title, "title", head))
    if subtitle:
        words = plain_label(subtitle, "muted", head)
        words.setWordWrap(True)
        column.addWidget(words)
    return head


def line(parent: QWidget | None = None) -> QFrame:
    """A hairline."""
    made = QFrame(parent)
    set_role(made, "line")
    return made


class Notice(QWidget):
    """A soft panel with an icon and words, in the colour of what it means."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = "plumbing"
        self._icon = IconLabel("info", "plumbing", parent=self)
        self._title = plain_label("", "heading", self)
        self._text = plain_label("", "", self)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + HALF, SPACE, SPACE + HALF, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self._title)
        column.addWidget(self._text)
        row.addLayout(column, 1)
        on_theme_changed(self.update)

    def tell(self, icon: str, token: str, title: str, text: str) -> None:
        """``token`` is a colour that has a soft one beside it, e.g. ``readable``."""
        self._token = token
        self._icon.set(icon, token)
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._text.setText(text)
        self.setAccessibleName(f"{title} {text}".strip())
        self.update()

    def text(self) -> str:
        return self._text.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current().color(self._token + "_soft"))
        painter.drawRoundedRect(self.rect(), RADIUS, RADIUS)
        painter.end()


class Hint(QLabel):
    """The small line under a field: what it is for, or what is wrong with it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._usual = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.tell("")

    def tell(self, error: str) -> None:
        """Show an error, or the usual words when it is empty."""
        self.setText(error or self._usual)
        set_role(self, "error" if error else "small")
        self.setVisible(bool(self.text()))

    def say(self, text: str) -> None:
        """Change the usual words."""
        self._usual = text
        self.tell("")


class Form(QWidget):
    """Labels to the left, fields to the right, aligned over all forms of a dialog.

    A dense one holds values to read, not to change.
    """

    def __init__(
        self, title: str = "", parent: QWidget | None = None, *, is_dense: bool = False
    ) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(0 if is_dense else SPACE + HALF)
        self._grid.setColumnMinimumWidth(0, scaled(LABEL_WIDTH))
        self._grid.setColumnStretch(1, 1)
        if title:
            heading = plain_label(title, "heading", self)
            self._grid.addWidget(heading, 0, 0, 1, 2)

    def add(self, name: str, field: QWidget, hint: QWidget | None = None) -> QWidget:
        """A row; returns the part right of the label, so that a row can be hidden with ``row``."""
        label = plain_label(name, "muted", self)
        label.setBuddy(field)
        if not field.accessibleName():
            field.setAccessibleName(name)
        cell = QWidget(self)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(field)
        if hint is not None:
            column.addWidget(hint)
        row = self._grid.rowCount()
        top = QWidget(self)
        label_column = QVBoxLayout(top)
        # The label's first line stands level with the text inside the field.
        label_column.setContentsMargins(0, SPACE - 1, 0, 0)
        label_column.addWidget(label)
        self._grid.addWidget(top, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(cell, row, 1)
        cell.setProperty("label", top)
        return cell

    def add_wide(self, widget: QWidget) -> None:
        """Something in the column of the fields without a label."""
        self._grid.addWidget(widget, self._grid.rowCount(), 1)

    def add_tick(self, tick: QWidget, words: str) -> None:
        """A tick in the column of the fields, and below it, indented, what it brings about."""
        cell = QWidget(self)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF // 2)
        column.addWidget(tick)
        hint = Hint(words, cell)
        hint.setIndent(2 * SPACE + 3)  # Under the words of the tick.
        column.addWidget(hint)
        tick.setAccessibleDescription(words)
        self.add_wide(cell)


def show_row(cell: QWidget, is_shown: bool) -> None:
    """Show or hide a row that ``Form.add`` returned, label included."""
    cell.setVisible(is_shown)
    label = cell.property("label")
    if isinstance(label, QWidget):
        label.setVisible(is_shown)


class Fold(QWidget):
    """A part that opens on demand; its state is in words for screen readers, too.

    Signals:
        toggled: now open (True) or closed (False).
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton(self)
        self._button.setText(title)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.clicked.connect(lambda: self.set_open(not self.is_open))
        self._content = content
        self.is_open: bool = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + HALF)
        column.addWidget(self._button)
        column.addWidget(content)
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        if is_open == self.is_open:
            return
        self.is_open = is_open
        set_icon(self._button, "chevron-down" if is_open else "chevron-right")
        self._button.setAccessibleDescription(self.tr("open") if is_open else self.tr("closed"))
        self._content.setVisible(is_open)
        self.toggled.emit(is_open)


class Sheet(QDialog):
    """A dialog with a scrolling middle between a fixed head and a fixed row of buttons."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._max_height = 0
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.head = QVBoxLayout()
        self.head.setContentsMargins(MARGIN, MARGIN, MARGIN, 2 * SPACE)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page = QWidget(self.area)
        self.body = QVBoxLayout(self._page)
        self.body.setContentsMargins(MARGIN, 2 * SPACE, MARGIN, 2 * SPACE)
        self.body.setSpacing(2 * SPACE)
        self.area.setWidget(self._page)
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(MARGIN, 2 * SPACE, MARGIN, 2 * SPACE)
        self.foot.setSpacing(SPACE)
        outer.addLayout(self.head)
        outer.addWidget(line(self))
        outer.addWidget(self.area, 1)
        outer.addWidget(line(self))
        outer.addLayout(self.foot)

    def add_button(self, text: str, *, is_primary: bool = False) -> QPushButton:
        """A button in the foot; the primary one is what Return means in a field."""
        button = QPushButton(text, self)
        button.setProperty("primary", is_primary)
        self.foot.addWidget(button)
        return button

    def settle(self, default: QPushButton | None) -> None:
        """Call when all is built: Return in a field presses ``default`` and no other."""
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        if default is not None:
            default.setDefault(True)
        ScrollToFocus(self.area, self._page)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return on a button presses that button, not the default one."""
        focus = self.focusWidget()
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and isinstance(focus, QAbstractButton):
            focus.click()
        else:
            super().keyPressEvent(event)

    def fit(self, width: int, max_height: int) -> None:
        """As high as the content wants, within ``max_height``; grows with it later.

        The width is for usual text; with bigger text it grows, as far as the screen goes.
        """
        screen = self.screen().availableSize()
        self._max_height = min(scaled(max_height), screen.height() - _SCREEN_EDGE)
        width = min(scaled(width), screen.width() - _SCREEN_EDGE)
        self.resize(width, self._wanted_height(width))
        self._page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() == QEvent.Type.LayoutRequest:
            # Once the layout has settled; a dialog that jumps back and forth is worse than a gap.
            QTimer.singleShot(0, self, self._grow)
        return False

    def focusNextPrevChild(self, is_next: bool) -> bool:
        return go_on(self, is_forward=is_next) or super().focusNextPrevChild(is_next)

    def _grow(self) -> None:
        wanted = self._wanted_height(self.width())
        if wanted > self.height():
            self.resize(self.width(), wanted)

    def _wanted_height(self, width: int) -> int:
        page = self._page
        ends = self.head.sizeHint().height() + self.foot.sizeHint().height() + 2
        inner = page.heightForWidth(width) if page.hasHeightForWidth() else page.sizeHint().height()
        return min(self._max_height, ends + inner)


class ScrollToFocus(QObject):
    """Keeps the field that has the keyboard in sight while one tabs through a long form."""

    def __init__(self, area: QScrollArea, page: QWidget) -> None:
        super().__init__(area)
        self._area = area
        for child in page.findChildren(QWidget):
            if child.focusPolicy() != Qt.FocusPolicy.NoFocus:
                child.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self._area.ensureWidgetVisible(watched, SPACE, 4 * SPACE)
        return False
