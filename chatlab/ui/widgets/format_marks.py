"""Formatting codes in a text field: the words look as they will, each code is a small mark.

The codes stay what they are, characters of the text, so that what is counted is what is sent.
``CodeHighlighter`` dresses the words and hides the codes; ``paint_marks`` draws a mark where each
hidden code stands.
"""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPen,
    QSyntaxHighlighter,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextEdit

from chatlab.protocol.irc_format import Piece, Style, parse_pieces
from chatlab.ui import theme
from chatlab.ui.formatting import label_of
from chatlab.ui.rich_text import utf16_length
from chatlab.ui.text_color import contrasting, exact_color
from chatlab.ui.widgets.transcript_layout import char_format

_MARK_SPACING = 8.0
"""Added to the width of a code's first character, so that its mark has room."""
_MARK_SCALE = 0.72
_CODES = frozenset("\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f")


def has_codes(text: str) -> bool:
    return not _CODES.isdisjoint(text)


class CodeHighlighter(QSyntaxHighlighter):
    """Shows the words of a document in the style that their codes give them."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._hidden = QTextCharFormat()
        self._hidden.setForeground(QColor(Qt.GlobalColor.transparent))
        self._hidden.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
        self._first = QTextCharFormat(self._hidden)
        self._first.setFontLetterSpacing(_MARK_SPACING)

    def highlightBlock(self, text: str) -> None:
        if not has_codes(text):
            return
        start = 0
        for piece in parse_pieces(text):
            length = utf16_length(piece.text)
            if piece.is_code:
                self.setFormat(start, length, self._hidden)
                self.setFormat(start, 1, self._first)
            elif piece.style != Style():
                self.setFormat(start, length, char_format(piece.style))
            start += length


def paint_marks(editor: QPlainTextEdit, block: QTextBlock, top: float, left: float) -> None:
    """Draw the marks of one block, whose first line begins at ``top``."""
    text = block.text()
    if not has_codes(text):
        return
    painter = QPainter(editor.viewport())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(editor.font())
    font.setPointSizeF(font.pointSizeF() * _MARK_SCALE)
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    start = 0
    for piece in parse_pieces(text):
        length = utf16_length(piece.text)
        if piece.is_code:
            rect = _rect_of(block, start, length).translated(left, top)
            _paint_mark(painter, rect, piece)
        start += length
    painter.end()


def _rect_of(block: QTextBlock, start: int, length: int) -> QRectF:
    """Where a code lies in its block; a code that was wrapped keeps to its first line."""
    line = block.layout().lineForTextPosition(start)
    begin = _x(line.cursorToX(start))
    stop = min(start + length, line.textStart() + line.textLength())
    end = _x(line.cursorToX(stop))
    return QRectF(min(begin, end), line.y(), abs(end - begin), line.height())


def _x(place: object) -> float:
    """Qt's binding gives the x alone, or together with the cursor."""
    return float(place[0] if isinstance(place, tuple) else place)  # type: ignore[arg-type]


def _paint_mark(painter: QPainter, rect: QRectF, piece: Piece) -> None:
    colors = theme.current()
    box = rect.adjusted(1.0, 2.0, -1.0, -2.0)
    fill, ink = colors.color("raised"), colors.color("muted")
    if piece.text[0] in "\x03\x04" and piece.style.foreground is not None:
        fill = exact_color(piece.style.foreground)
        ink = contrasting(fill, colors)
    painter.setPen(QPen(colors.mixed("line", "faint", 0.6), 1))
    painter.setBrush(fill)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label_of(piece.text))
