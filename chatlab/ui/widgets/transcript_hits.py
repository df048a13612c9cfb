"""What lies under a point of a row, and where something to be clicked lies."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QUrl
from PySide6.QtGui import QTextLine

from chatlab.core.chats import Entry
from chatlab.core.message import Message
from chatlab.ui.models.transcript import local_time
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.widgets.transcript_delegate import BadgeSource, badge_rect
from chatlab.ui.widgets.transcript_extras import EARLIER, reaction_words
from chatlab.ui.widgets.transcript_layout import Hit, HitKind, Metrics, RowLayout, Text

if TYPE_CHECKING:
    from chatlab.ui.widgets.transcript_list import TranscriptList

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
        if layout.quote is not None and layout.quote.rect.contains(at):
            return Hit(HitKind.QUOTE, row, layout.quote.msgid)
        for chip in layout.chips:
            if chip.rect.contains(at):
                return Hit(HitKind.REACTION, row, chip.reaction.text)
    for text in layout.texts:
        if address := _link_at(text, at - text.origin):
            return Hit(HitKind.LINK, row, address)
    return None


def lowest_row_with(view: "TranscriptList", kind: HitKind) -> QRect | None:
    """The lowest row in view that offers ``kind``, in the coordinates of the viewport."""
    model, page = view.model(), view.viewport().rect()
    at_bottom = view.indexAt(page.bottomLeft()).row()
    row = at_bottom if at_bottom >= 0 else (model.rowCount() if model else 0) - 1
    while row >= 0 and (rect := view.visualRect(model.index(row, 0))).bottom() >= page.top():
        if any(each is kind for _rect, each, _words in view.layout_of(row).actions):
            return rect & page
        row -= 1
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


def tip_of(entry: Entry, hit: Hit | None, layout: RowLayout, badges: BadgeSource) -> str:
    """What to say about the thing under the pointer; the time where there is none."""
    match hit:
        case Hit(HitKind.LINK):
            # Encoded, so that a host of look-alike letters shows what it is.
            return bytes(QUrl(hit.value).toEncoded().data()).decode() or hit.value
        case Hit(HitKind.BADGE) if isinstance(entry, Message):
            return badges.describe(entry.id)
        case Hit(HitKind.NICK):
            return f"{isolated(hit.value)} — double-click to answer"
        case Hit(HitKind.QUOTE):
            quoted = layout.about.quoted
            return f"{isolated(quoted.sender)}: {bare(quoted.text)}" if quoted else EARLIER
        case Hit(HitKind.TWIN):
            return "It left on several chats at once: see what it cost on each of them"
        case Hit(HitKind.REACTION) if isinstance(entry, Message):
            found = (one for one in entry.reactions if one.text == hit.value)
            return "\n".join(reaction_words(one, layout.about.reader) for one in found)
        case None:
            return f"{local_time(entry):%A, %d %B %Y, %H:%M:%S}"
        case _:
            return ""
