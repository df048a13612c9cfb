"""What stands in the wire pane instead of frames, or above them, when something is to be said."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.ui import theme
from chatlab.ui.theme import HALF, SPACE

_PAGE_ICON = 40
_TEXT_WIDTH = 440
_MAX_CODE_LINES = 10
_NARROW = 440
"""Below this width, what would stand side by side stands one below the other."""
_IN_A_ROW = 2
"""Buttons that fit into a narrow pane."""


def _direction(is_narrow: bool) -> QBoxLayout.Direction:
    return QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight


class Button:
    """A button of a page: its words, what it does, and whether it is the one to press."""

    def __init__(self, text: str, action: Callable[[], object], is_primary: bool = False) -> None:
        self.text = text
        self.action = action
        self.is_primary = is_primary

    def make(self, parent: QWidget) -> QPushButton:
        made = QPushButton(self.text, parent)
        made.setProperty("primary" if self.is_primary else "flat", True)
        made.setAutoDefault(False)
        made.clicked.connect(lambda: self.action())
        return made


class _CodeText(QPlainTextEdit):
    """As high as its text is, up to a limit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self.fit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()  # Another width wraps the text anew, and the document does not say so.

    @Slot()
    def fit(self) -> None:
        """A plain text's document counts its height in lines."""
        lines = max(1, round(self.document().size().height()))
        # A scroll bar that came and went while the height changes would wrap the text anew.
        bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if lines > _MAX_CODE_LINES:
            bar = Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(bar)
        height = self.fontMetrics().lineSpacing() * min(lines, _MAX_CODE_LINES)
        self.setFixedHeight(height + 2 * SPACE + HALF + 2)


class CodeBlock(QWidget):
    """Commands to copy: selectable, in the fixed-width font, with a button that copies all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = _CodeText(self)
        self._text.setProperty("role", "code")
        self._text.setAccessibleName(self.tr("Commands that mend it"))
        self._text.setTabChangesFocus(True)
        self._copy = QToolButton(self)
        self._copy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._copy.setToolTip(self.tr("Copy the commands"))
        self._copy.setAccessibleName(self.tr("Copy the commands"))
        theme.set_icon(self._copy, "copy")
        self._copy.clicked.connect(self._on_copy)
        theme.on_theme_changed(self._on_theme_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(HALF)
        row.addWidget(self._text, 1)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)

    def show_text(self, text: str) -> None:
        self._text.setPlainText(text)
        self._copy.setToolTip(self.tr("Copy the commands"))
        theme.set_icon(self._copy, "copy")
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._text.setFont(theme.mono_font(0.94))
        self._text.fit()

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())
        self._copy.setToolTip(self.tr("Copied"))
        theme.set_icon(self._copy, "check", "accent")


class StatePage(QScrollArea):
    """An empty place that says what will be there and how to get it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setProperty("role", "surface")
        self._icon_name, self._icon_token = "wire", "faint"
        self._icon = QLabel()
        self._title = theme.plain_label("", "title")
        self._words = theme.plain_label("", "")
        self._code = CodeBlock()
        self._note = theme.plain_label("", "muted")
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(SPACE)
        self._rows = (QHBoxLayout(), QHBoxLayout())
        for row in self._rows:
            row.setSpacing(SPACE)
            self._buttons.addLayout(row)
        self._buttons.addStretch(1)
        self.setWidget(self._lay_out())
        theme.on_theme_changed(self._on_theme_changed)

    def _lay_out(self) -> QWidget:
        for label in (self._title, self._words, self._note):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inner = QWidget()
        inner.setProperty("role", "surface")
        inner.setMaximumWidth(_TEXT_WIDTH)
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(SPACE)
        box.addWidget(self._icon)
        for widget in (self._title, self._words, self._code):
            box.addWidget(widget)
        box.addLayout(self._buttons)  # Above the note: what mends it is in view in a low pane, too.
        box.addSpacing(HALF)
        box.addWidget(self._note)
        page = QWidget()
        page.setProperty("role", "surface")
        outer = QVBoxLayout(page)
        outer.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        outer.addStretch(2)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(3)
        return page

    def show_state(
        self,
        icon: str,
        title: str,
        words: str,
        *,
        token: str = "faint",
        code: str = "",
        note: str = "",
        buttons: tuple[Button, ...] = (),
    ) -> None:
        """Say what is, in a headline and a sentence, and offer what can be done."""
        self._icon_name, self._icon_token = icon, token
        self._on_theme_changed()
        self._title.setText(title)
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._code.setVisible(bool(code))
        if code:
            self._code.show_text(code)
        self._clear_buttons()
        for at, button in enumerate(buttons):
            self._rows[at >= _IN_A_ROW].addWidget(button.make(self))
        self._arrange()

    def _clear_buttons(self) -> None:
        for row in self._rows:
            while (item := row.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """A second row of buttons where one is too wide; both begin at the left."""
        is_narrow = self.width() < _NARROW
        for row in self._rows:
            row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._buttons.setDirection(_direction(is_narrow))

    @Slot()
    def _on_theme_changed(self) -> None:
        self._icon.setPixmap(theme.pixmap(self._icon_name, self._icon_token, _PAGE_ICON))


class Notice(QWidget):
    """A line above the frames that stays as long as it is true, with the action that mends it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = "attention"
        self._icon_name = "warning"
        self._said: tuple[str, str] = ("", "")
        self._icon = QLabel(self)
        self._words = theme.plain_label("", "", self)
        self._words.setWordWrap(True)
        self._buttons = QHBoxLayout()
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + HALF, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(SPACE)
        self._body.addWidget(self._words, 1)
        self._body.addLayout(self._buttons)
        self._body.setAlignment(self._buttons, Qt.AlignmentFlag.AlignRight)
        row.addLayout(self._body, 1)
        theme.on_theme_changed(self._on_theme_changed)
        self.hide()

    def say(self, token: str, icon: str, words: str, button: Button | None = None) -> None:
        """Show the words on the soft colour of ``token``; the same words change nothing."""
        self.show()
        if (token, words) == self._said:
            return
        self._said = (token, words)
        self._token, self._icon_name = token, icon
        self._words.setText(words)
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if button:
            self._buttons.addWidget(button.make(self))
        self._on_theme_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._body.setDirection(_direction(event.size().width() < _NARROW))
        super().resizeEvent(event)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._icon.setPixmap(theme.pixmap(self._icon_name, self._token))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.color(f"{self._token}_soft"))
        painter.fillRect(0, 0, 3, self.height(), colors.color(self._token))
