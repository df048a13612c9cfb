"""Bytes in hex and ASCII, with those marked that carry somebody's words.

Painted by hand: text widgets are slow on hostile text, and a byte has two places at once. The
colour of a mark is its meaning (readable, sealed); the chosen message's bytes are underlined, too,
so that the mark does not hang on colour alone.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAction,
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure
from chatlab.ui import theme
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.hex_layout import NARROW, WIDE, HexLayout, printable

NO_BYTES = ByteRange(0, 0)
_LINE_GAP = 5
_TOP = theme.HALF
"""Pixels above the first row."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Bytes that mean something: whose they are decides ``is_chosen``."""

    span: ByteRange
    exposure: Exposure
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """How a byte is painted; neighbours of the same look are painted in one go."""

    ink: str
    ground: str
    line: str


_PLAIN = _Look("muted", "", "")
_TOKENS = {
    Exposure.READABLE: "readable",
    Exposure.SEALED: "sealed",
    Exposure.END_TO_END: "end_to_end",
    Exposure.PLUMBING: "plumbing",
    Exposure.ATTENTION: "attention",
}


class HexView(QAbstractScrollArea):
    """Shows bytes, marks and a chosen range; the reader moves a cursor over them.

    Signals:
        byte_clicked: offset that was clicked or that the cursor keys reached.
        range_selected: the ByteRange that was dragged, or extended with Shift.
        byte_hovered: offset under the pointer, -1 where there is none.
    """

    byte_clicked = Signal(int)
    range_selected = Signal(object)
    byte_hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = b""
        self._marks: tuple[Mark, ...] = ()
        self._chosen = NO_BYTES
        self._cursor = 0
        self._anchor = 0
        self._hover = -1
        self._is_dragging = False
        self._most_per_row = WIDE
        self.setObjectName("bytes")
        self.setAccessibleName(self.tr("Bytes"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        theme.on_theme_changed(self._on_theme_changed)
        self._on_theme_changed()

    # For the owner -----------------------------------------------------------------------------

    @property
    def chosen(self) -> ByteRange:
        return self._chosen

    @property
    def dump_layout(self) -> HexLayout:
        """Where each byte stands at the moment."""
        return self._layout

    @property
    def data(self) -> bytes:
        return self._data

    def show_bytes(self, data: bytes, marks: tuple[Mark, ...] = (), name: str = "") -> None:
        """Show other bytes; ``name`` is what a screen reader calls them."""
        is_same = data == self._data
        self._data, self._marks = data, marks
        if name:
            self.setAccessibleName(name)
        if not is_same:
            self._chosen, self._cursor, self._anchor, self._hover = NO_BYTES, 0, 0, -1
            self.verticalScrollBar().setValue(0)
            self._lay_out()
        self.viewport().update()

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        self._marks = marks
        self.viewport().update()

    def choose(self, span: ByteRange) -> None:
        """Highlight a range and bring it into sight; tells nobody."""
        self._chosen = span
        if len(span):
            self._cursor = self._anchor = span.start
            self.bring_into_sight(span)
        self.viewport().update()

    def choose_around(self, span: ByteRange) -> None:
        """Highlight the field around the cursor; the cursor stays where the reader put it."""
        self._chosen = span
        self.viewport().update()

    def bring_into_sight(self, span: ByteRange) -> None:
        """Scroll so that the first byte of ``span`` is seen, and the last if both fit."""
        bar = self.verticalScrollBar()
        per_row, page = self._layout.per_row, max(1, bar.pageStep())
        first, last = span.start // per_row, max(span.start, span.stop - 1) // per_row
        if last >= bar.value() + page:
            bar.setValue(min(first, last - page + 1))
        if first < bar.value():
            bar.setValue(first)

    # Geometry ----------------------------------------------------------------------------------

    @Slot()
    def _on_theme_changed(self) -> None:
        self._font = theme.mono_font(0.94)
        metrics = QFontMetricsF(self._font)
        self._cell = metrics.horizontalAdvance("0")
        self._line = round(metrics.height()) + _LINE_GAP
        self._ascent = metrics.ascent() + _LINE_GAP / 2
        self._lay_out()
        self.viewport().update()

    def _lay_out(self) -> None:
        view = self.viewport()
        room = view.width() if self._most_per_row == WIDE else 0
        self._layout = HexLayout.fit(len(self._data), self._cell, self._line, SPACE, room)
        page = max(1, view.height() // self._line)
        bar = self.verticalScrollBar()
        bar.setPageStep(page)
        bar.setRange(0, max(0, self._layout.rows - page))
        side = self.horizontalScrollBar()
        side.setPageStep(view.width())
        side.setRange(0, max(0, self._layout.width - view.width()))
        side.setSingleStep(round(self._cell * 3))

    def set_most_per_row(self, count: int) -> None:
        """Eight bytes a row even where sixteen fit: beside a dump that has less room."""
        if count != self._most_per_row:
            self._most_per_row = count
            self._lay_out()
            self.viewport().update()

    def width_for(self, per_row: int) -> int:
        """Width that shows so many bytes a row without scrolling sideways."""
        bar = self.verticalScrollBar().sizeHint().width()
        return self._layout.width_of(per_row) + bar + 1

    def minimumSizeHint(self) -> QSize:
        return QSize(self.width_for(NARROW) - round(NARROW * self._cell), 4 * self._line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _dump_point(self, point: QPointF | QPoint) -> tuple[float, float]:
        """A point of the viewport as a point of the whole dump."""
        top = self.verticalScrollBar().value() * self._line
        return point.x() + self.horizontalScrollBar().value(), point.y() - _TOP + top

    # Painting ----------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colors = theme.current()
        painter.fillRect(self.viewport().rect(), colors.color("surface"))
        painter.setFont(self._font)
        painter.translate(-self.horizontalScrollBar().value(), _TOP)
        first = self.verticalScrollBar().value()
        shown = self.viewport().height() // self._line + 1
        for row in range(first, min(self._layout.rows, first + shown)):
            self._paint_row(painter, row, (row - first) * self._line)
        if self.hasFocus() and self._data:
            self._paint_cursor(painter, first)

    def _paint_row(self, painter: QPainter, row: int, y: float) -> None:
        lay = self._layout
        start = row * lay.per_row
        painter.setPen(theme.current().color("faint"))
        painter.drawText(QPointF(lay.pad, y + self._ascent), f"{start:0{lay.offset_digits}x}")
        stop = min(start + lay.per_row, lay.size)
        at = start
        while at < stop:
            look = self._look(at)
            end = at + 1
            # The gap after eight bytes is wider: no run crosses it.
            while end < stop and (end - start) % 8 and self._look(end) == look:
                end += 1
            self._paint_run(painter, look, ByteRange(at, end), start, y)
            at = end

    def _paint_run(
        self, painter: QPainter, look: _Look, run: ByteRange, start: int, y: float
    ) -> None:
        lay = self._layout
        data = self._data[run.start : run.stop]
        first, last = run.start - start, run.stop - start - 1
        half = self._cell / 2
        hex_left, hex_right = lay.hex_x(first) - half, lay.hex_x(last) + 2 * self._cell + half
        text_left, text_right = lay.ascii_x(first), lay.ascii_x(last + 1)
        for left, right in ((hex_left, hex_right), (text_left, text_right)):
            box = QRectF(left, y, right - left, self._line)
            if look.ground:
                painter.fillRect(box, theme.current().color(look.ground))
            if look.line:
                foot = QRectF(left, y + self._line - 1.5, right - left, 1.5)
                painter.fillRect(foot, theme.current().color(look.line))
        painter.setPen(theme.current().color(look.ink))
        painter.drawText(QPointF(lay.hex_x(first), y + self._ascent), data.hex(" "))
        painter.drawText(QPointF(text_left, y + self._ascent), printable(data))

    def _look(self, offset: int) -> _Look:
        look = _PLAIN
        for mark in self._marks:
            if mark.span.start <= offset < mark.span.stop:
                token = _TOKENS[mark.exposure]
                look = _Look(token, f"{token}_soft", token if mark.is_chosen else "")
                if mark.is_chosen:
                    break
        if self._chosen.start <= offset < self._chosen.stop:
            ink = "text" if look is _PLAIN else look.ink
            return _Look(ink, "selection", look.line)
        if offset == self._hover:
            return _Look("text" if look is _PLAIN else look.ink, "raised", look.line)
        return look

    def _paint_cursor(self, painter: QPainter, first: int) -> None:
        lay = self._layout
        row, column = divmod(self._cursor, lay.per_row)
        y = (row - first) * self._line
        pen_color: QColor = theme.current().color("accent")
        painter.setPen(QPen(pen_color, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(lay.hex_x(column) - 2, y + 0.5, 2 * self._cell + 4, self._line - 1))
        painter.drawRect(QRectF(lay.ascii_x(column), y + 0.5, self._cell, self._line - 1))

    # Mouse -------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        hit = self._layout.byte_at(*self._dump_point(event.position()))
        if hit is not None:
            self._cursor = self._anchor = hit[0]
            self._is_dragging = True
            self.byte_clicked.emit(hit[0])
            self._announce()
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self._dump_point(event.position())
        if self._is_dragging:
            if (reached := self._layout.nearest(*point)) != self._cursor:
                self._extend_to(reached)
            return
        hit = self._layout.byte_at(*point)
        self._set_hover(hit[0] if hit else -1)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._is_dragging = False

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hover(-1)

    def _set_hover(self, offset: int) -> None:
        if offset != self._hover:
            self._hover = offset
            self.byte_hovered.emit(offset)
            self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, copy in (
            (self.tr("Copy as hex"), self.copy_hex),
            (self.tr("Copy as text"), self.copy_text),
            (self.tr("Copy as hex dump"), self.copy_dump),
        ):
            action = QAction(text, menu)
            action.setEnabled(bool(self._data))
            action.triggered.connect(copy)
            menu.addAction(action)
        menu.popup(event.globalPos())

    # Keyboard ----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = self.verticalScrollBar().pageStep()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_hex()
        elif event.matches(QKeySequence.StandardKey.SelectAll) and self._data:
            self._anchor = 0
            self._extend_to(len(self._data) - 1)
        elif (step := self._layout.step(event.key(), self._cursor, page)) is not None:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._extend_to(step)
            else:
                self._move_to(step)
        else:
            super().keyPressEvent(event)

    def _move_to(self, offset: int) -> None:
        self._cursor = self._anchor = offset
        self.byte_clicked.emit(offset)
        self.bring_into_sight(ByteRange(self._cursor, self._cursor + 1))
        self._announce()
        self.viewport().update()

    def _extend_to(self, offset: int) -> None:
        self._cursor = offset
        self._chosen = ByteRange(min(self._anchor, offset), max(self._anchor, offset) + 1)
        self.bring_into_sight(ByteRange(offset, offset + 1))
        self.range_selected.emit(self._chosen)
        self._announce()
        self.viewport().update()

    # Words and clipboard -----------------------------------------------------------------------

    def _announce(self) -> None:
        """Tell a screen reader where the cursor is."""
        byte = self._data[self._cursor]
        words = f"Byte {self._cursor} of {len(self._data)}, hex {byte:02x}"
        if 0x21 <= byte <= 0x7E:
            words += f", character {chr(byte)}"
        for mark in self._marks:
            if mark.span.start <= self._cursor < mark.span.stop:
                words += f", {theme.EXPOSURE_WORDS[mark.exposure]}"
                break
        self.setAccessibleDescription(words)
        change = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(change)

    def _picked(self) -> ByteRange:
        return self._chosen if len(self._chosen) else ByteRange(0, len(self._data))

    @Slot()
    def copy_hex(self) -> None:
        """Put the chosen bytes, or all, on the clipboard as ``50 52 49``."""
        span = self._picked()
        QGuiApplication.clipboard().setText(self._data[span.start : span.stop].hex(" "))

    @Slot()
    def copy_text(self) -> None:
        span = self._picked()
        text = self._data[span.start : span.stop].decode("utf-8", "replace")
        QGuiApplication.clipboard().setText(text.replace("\0", "�"))

    @Slot()
    def copy_dump(self) -> None:
        """Put the chosen rows on the clipboard as they are shown."""
        span, per_row = self._picked(), self._layout.per_row
        lines = []
        for start in range(span.start - span.start % per_row, span.stop, per_row):
            row = self._data[start : start + per_row]
            lines.append(f"{start:04x}  {row.hex(' '):<{3 * per_row - 1}}  {printable(row)}")
        QGuiApplication.clipboard().setText("\n".join(lines))
