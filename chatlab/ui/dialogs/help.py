"""Help: every key, every command, every colour on one page, made from the tables in force."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from chatlab.core.commands import COMMANDS, CommandSpec
from chatlab.core.frame import Exposure
from chatlab.ui.actions import ActionSpec, Menu, shortcut_texts
from chatlab.ui.dialogs.parts import Sheet, header
from chatlab.ui.theme import (
    EXPOSURE_ICONS,
    EXPOSURE_WORDS,
    HALF,
    SPACE,
    current,
    isolated,
    mono_font,
    on_theme_changed,
    plain_label,
    set_role,
    small_font,
)
from chatlab.ui.topics import Topic, topics
from chatlab.ui.widgets.controls import IconLabel, scaled

WIDTH, HEIGHT = 132 * SPACE, 88 * SPACE
_TWO_COLUMNS = 108 * SPACE
_KEYS_WIDTH = 21 * SPACE
_USAGE_WIDTH = 29 * SPACE
_COLOURS = {
    Exposure.READABLE: ("Red", "readable"),
    Exposure.SEALED: ("Green", "sealed"),
    Exposure.END_TO_END: ("Violet", "end_to_end"),
    Exposure.PLUMBING: ("Grey", "plumbing"),
    Exposure.ATTENTION: ("Amber", "attention"),
}
"""What a colour is called, and its token."""
_COLOUR_WIDTH = 7 * SPACE
_EDITING_KEYS = (
    ("Return", "Send the message.", "enter"),
    ("Shift+Return", "Begin a new line in the message.", "newline enter"),
    ("Tab", "Complete a nick, a channel or a command.", "completion"),
    ("Up", "Bring back what you sent before; Down goes forward again.", "history input"),
    ("PgUp", "Scroll through the messages; PgDown goes forward.", "scroll page back"),
    ("Ctrl+Home", "Go to the first message while nothing is written; Ctrl+End to the last.", "top"),
    ("Esc", "Go back to the newest message.", "bottom end last"),
)
"""Keys of the composer, which are no actions of the window."""


class KeyCap(QWidget):
    """A key as it is printed on a keyboard."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(text)
        on_theme_changed(self.updateGeometry)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(small_font())
        return QSize(metrics.horizontalAdvance(self._text) + 2 * SPACE - 2, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.mixed("line", "faint", 0.4), 1))
        painter.setBrush(theme.color("surface"))
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(area, HALF, HALF)
        painter.setFont(small_font())
        painter.setPen(theme.color("text"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()


class _Section(QWidget):
    """A heading and rows that a search can thin out."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[QWidget, str]] = []
        self._title = title
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 2 * SPACE)
        self._column.setSpacing(SPACE - 2)
        self._column.addWidget(plain_label(title, "heading", self))

    def add(self, row: QWidget, words: str) -> None:
        """``words`` are what the row is found by."""
        self._rows.append((row, f"{self._title} {words}".casefold()))
        self._column.addWidget(row)

    def narrow(self, query: list[str]) -> int:
        """Show the rows that hold every word; returns how many."""
        count = 0
        for row, words in self._rows:
            is_meant = all(part in words for part in query)
            row.setVisible(is_meant)
            count += is_meant
        self.setVisible(count > 0)
        return count


class _Column(QWidget):
    """Sections one under the other; it makes room for the other column when none is meant."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sections: list[_Section] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)

    def add(self, section: _Section) -> None:
        self._sections.append(section)
        self._box.addWidget(section)

    def end(self) -> None:
        self._box.addStretch(1)

    def narrow(self, query: list[str]) -> int:
        """As for a section."""
        count = sum(section.narrow(query) for section in self._sections)
        self.setVisible(count > 0)
        return count


class HelpDialog(Sheet):
    """One searchable page; use it with ``show()``. ``actions`` are those that the window obeys."""

    def __init__(self, actions: Sequence[ActionSpec], parent: QWidget | None = None) -> None:
        super().__init__("Help", parent)
        self._code_labels: list[QLabel] = []
        self.search_edit = QLineEdit(self)
        self.search_edit.setAccessibleName(self.tr("Search Help"))
        self.search_edit.setPlaceholderText(self.tr("Search: a key, a command, a word"))
        self.search_edit.setClearButtonEnabled(True)
        self.search_edit.setMaximumWidth(scaled(46 * SPACE))
        self._make_head()
        self._empty = plain_label("", "muted", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self._empty)
        self._row = self._make_columns(actions)
        self.body.addLayout(self._row)
        self.body.addStretch(1)
        close = self.add_button(self.tr("Close"), is_primary=True)
        self.foot.insertStretch(0, 1)
        close.clicked.connect(self.accept)
        self.search_edit.textChanged.connect(self._on_search)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search_edit.setFocus)
        on_theme_changed(self._set_fonts)
        self._set_fonts()
        self._on_search("")
        self.settle(None)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # So that the arrow keys scroll.
        self.search_edit.setFocus()
        self.fit(WIDTH, HEIGHT)

    def search(self, words: str) -> None:
        """Search for something, as if it were typed; empty shows everything."""
        self.search_edit.setText(words)
        self.search_edit.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two columns where they fit, else one."""
        is_narrow = event.size().width() < scaled(_TWO_COLUMNS)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(down if is_narrow else across)
        self._row.setSpacing(0 if is_narrow else 5 * SPACE)
        super().resizeEvent(event)

    def _make_head(self) -> None:
        row = QHBoxLayout()
        row.addWidget(header("Help", "Every key and every command that there is.", self), 1)
        row.addWidget(self.search_edit, 1, Qt.AlignmentFlag.AlignVCenter)
        self.head.addLayout(row)

    def _make_columns(self, actions: Sequence[ActionSpec]) -> QBoxLayout:
        left, right = _Column(self), _Column(self)
        left.add(self._make_colours())
        for menu in Menu:
            rows = [spec for spec in actions if spec.menu is menu]
            if rows:
                left.add(self._make_keys(menu.title, rows))
        left.add(self._make_editing())
        right.add(self._make_commands())
        right.add(self._make_topics())
        columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        columns.setSpacing(5 * SPACE)
        for column, share in ((left, 10), (right, 12)):
            column.end()
            columns.addWidget(column, share)
        self._columns = (left, right)
        return columns

    def _make_colours(self) -> _Section:
        section = _Section(self.tr("What the colours mean"), self)
        for exposure, words in EXPOSURE_WORDS.items():
            row = QWidget(section)
            box = QHBoxLayout(row)
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(SPACE)
            colour, token = _COLOURS[exposure]
            name = plain_label(self.tr(colour), parent=row)
            name.setFixedWidth(scaled(_COLOUR_WIDTH))
            box.addWidget(IconLabel(EXPOSURE_ICONS[exposure], token, parent=row))
            box.addWidget(name)
            box.addWidget(plain_label(words, parent=row), 1)
            section.add(row, f"{words} {colour} colour color")
        return section

    def _make_keys(self, title: str, actions: Sequence[ActionSpec]) -> _Section:
        section = _Section(self.tr("{} menu").format(title), self)
        for spec in actions:
            caps = shortcut_texts(spec)
            words = (spec.plain_text, spec.help, spec.keywords, *caps, *spec.shortcuts)
            name = spec.plain_text.rstrip("…")
            section.add(self._key_row(caps, name, spec.help), " ".join(words))
        return section

    def _make_editing(self) -> _Section:
        section = _Section(self.tr("While you write"), self)
        for key, text, keywords in _EDITING_KEYS:
            cap = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            section.add(self._key_row((cap,), text), f"{key} {cap} {text} {keywords}")
        return section

    def _make_commands(self) -> _Section:
        section = _Section(self.tr("Commands"), self)
        for spec in COMMANDS:
            words = f"/{spec.verb.value} {spec.usage} {spec.explanation} {' '.join(spec.aliases)}"
            section.add(self._command_row(spec), words)
        return section

    def _make_topics(self) -> _Section:
        section = _Section(self.tr("Short answers"), self)
        for topic in topics():
            section.add(_topic_row(topic), f"{topic.title} {topic.text} {topic.keywords}")
        return section

    def _key_row(self, caps: tuple[str, ...], name: str, text: str = "") -> QWidget:
        """What it is called in its menu, beside its keys, and what it does."""
        row = QWidget(self)
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * SPACE)
        keys = QWidget(row)
        keys.setFixedWidth(scaled(_KEYS_WIDTH))
        inner = QHBoxLayout(keys)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(HALF)
        for cap in caps:
            inner.addWidget(KeyCap(cap, keys))
        if not caps:
            inner.addWidget(plain_label(self.tr("In the menu"), "small", keys))
        inner.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(0)
        for label in (plain_label(name, "", row), plain_label(text, "small", row)):
            label.setWordWrap(True)
            label.setVisible(bool(label.text()))
            words.addWidget(label)
        box.addWidget(keys, 0, Qt.AlignmentFlag.AlignTop)
        box.addLayout(words, 1)
        return row

    def _command_row(self, spec: CommandSpec) -> QWidget:
        row = QWidget(self)
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * SPACE)
        usage = plain_label(spec.usage, parent=row)
        usage.setFixedWidth(scaled(_USAGE_WIDTH))
        usage.setWordWrap(True)
        self._code_labels.append(usage)
        # The word joiner keeps a line from breaking behind the slash.
        also = ", ".join(f"/\u2060{alias}" for alias in spec.aliases)
        words = plain_label(
            f"{spec.explanation} Also: {also}." if also else spec.explanation, parent=row
        )
        words.setWordWrap(True)
        box.addWidget(usage, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(words, 1, Qt.AlignmentFlag.AlignTop)
        return row

    def _on_search(self, text: str) -> None:
        query = text.casefold().split()
        page = self._page
        page.hide()  # Rows that come while it is shown are each laid out by themselves.
        count = sum(column.narrow(query) for column in self._columns)
        words = self.tr("Nothing about {}. Try a shorter word.")
        self._empty.setText(words.format(isolated(f"“{text.strip()}”")))
        self._empty.setVisible(count == 0)
        page.show()
        self.area.verticalScrollBar().setValue(0)

    def _set_fonts(self) -> None:
        for label in self._code_labels:
            label.setFont(mono_font(0.95))


def _topic_row(topic: Topic) -> QWidget:
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, SPACE)
    column.setSpacing(2)
    title = plain_label(topic.title, parent=row)
    set_role(title, "heading")
    text = plain_label(topic.text, "muted", row)
    text.setWordWrap(True)
    column.addWidget(title)
    column.addWidget(text)
    return row
