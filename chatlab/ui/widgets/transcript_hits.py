"""What lies under a point of a row."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTextLine

from chatlab.core.chats import Entry
from chatlab.core.message import Message
from chatlab.ui.widgets.transcript_delegate import badge_rect
from chatlab.ui.widgets.transcript_layout import Hit, HitKind, Metrics, RowLayout, Text

_ON_CHARACTER = QTextLine.CursorPosition.CursorOnCharacter


def hit_in_row(
    entry: Entry, row: int, layout: RowLayout, metrics: Metrics, at: QPointF
) -> Hit | None:
    """The thing at ``at``, counted from the row's top left; None where nothing acts."""
    for rect, kind, _words in layout.actions:
        if rect.contains(at):
            return Hit(kind, row)
    if isinstance(entry, Message):
        if badge_rect(layout, metrics).contains(at):
            return Hit(HitKind.BADGE, row)
        if layout.nick_rect.contains(at):
            return Hit(HitKind.NICK, row, entry.sender)
    for text in layout.texts:
        if address := _link_at(text, at - text.origin):
            return Hit(HitKind.LINK, row, address)
    return None


def _link_at(text: Text, inside: QPointF) -> str:
    if not text.links or not 0 <= inside.y() < text.height:
        return ""
    line = text.layout.lineAt(int(inside.y() * text.layout.lineCount() // text.height))
    words = line.naturalTextRect()
    if not words.left() <= inside.x() <= words.right():
        return ""
    position = line.xToCursor(inside.x(), _ON_CHARACTER)
    found = (link.address for link in text.links if link.start <= position < link.stop)
    return next(found, "")
