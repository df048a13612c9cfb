"""What stands around a message's words: above them what it answers, below them the reactions.

|  12:04  bob                                         |
|         ┃ alice  hello everyone, this is …          |
|         I agree.                             (o) 2f |
|         (👍 2) (🎉 1)                                |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from chatlab.core.message import Message
from chatlab.core.reactions import Reaction
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current

if TYPE_CHECKING:
    from chatlab.ui.widgets.transcript_layout import Metrics

_BAR = 3
_LONGEST_SIGN = 90
"""Pixels of a reaction that is words rather than an emoji."""
_MOST_NAMED = 20
_QUOTED_CHARACTERS = 300
"""More of a quoted text is not looked at: one line has no room for it."""
EARLIER = "An earlier message"
TAKEN_BACK = "This message was taken back."


@dataclass(frozen=True, slots=True)
class Quote:
    """The one-line quotation of the message that is answered."""

    rect: QRectF
    nick: str
    """As drawn; empty where the message is not in memory."""
    sender: str
    """Whose colour the nick has."""
    text: str
    msgid: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One reaction below a message."""

    rect: QRectF
    sign: str
    """As drawn."""
    reaction: Reaction
    is_ours: bool


def make_quote(message: Message, quoted: Message | None, metrics: "Metrics", y: float) -> Quote:
    """The quotation above ``message``, its top at ``y``."""
    fm, room = metrics.small_fm, metrics.text_width - _BAR - SPACE
    if quoted is None:
        words = fm.elidedText(EARLIER, Qt.TextElideMode.ElideRight, room)
        width = fm.horizontalAdvance(words) + _BAR + SPACE
        rect = QRectF(metrics.text_x, y, width, metrics.small_pitch)
        return Quote(rect, "", "", words, message.reply_to)
    nick = fm.elidedText(bare(quoted.sender), Qt.TextElideMode.ElideRight, room / 3)
    said = TAKEN_BACK if quoted.is_retracted else bare(quoted.text[:_QUOTED_CHARACTERS])
    left = room - fm.horizontalAdvance(nick) - SPACE
    words = fm.elidedText(isolated(said), Qt.TextElideMode.ElideRight, left)
    width = _BAR + SPACE + fm.horizontalAdvance(nick) + SPACE + fm.horizontalAdvance(words)
    rect = QRectF(metrics.text_x, y, min(width, metrics.text_width), metrics.small_pitch)
    return Quote(rect, nick, quoted.sender, words, message.reply_to)


def make_chips(
    reactions: Sequence[Reaction], reader: str, metrics: "Metrics", y: float
) -> tuple[list[Chip], float]:
    """The reactions in rows below ``y``, and the bottom of the last row."""
    chips: list[Chip] = []
    fm, height = metrics.small_fm, metrics.small_pitch + 2
    x, right = metrics.text_x, metrics.text_x + metrics.text_width
    y += 2
    for reaction in reactions:
        sign = fm.elidedText(bare(reaction.text), Qt.TextElideMode.ElideRight, _LONGEST_SIGN)
        width = fm.horizontalAdvance(f"{sign} {len(reaction.people)}") + 2 * SPACE
        if x + width > right and x > metrics.text_x:
            x, y = metrics.text_x, y + height + HALF
        chips.append(Chip(QRectF(x, y, width, height), sign, reaction, reaction.is_from(reader)))
        x += width + HALF
    return chips, y + height + 2


def reaction_words(reaction: Reaction, reader: str) -> str:
    """Whose it is, for the tooltip and for screen readers: ``👍 alice, bob and you``."""
    others = [isolated(nick) for nick in reaction.people if nick.lower() != reader.lower()]
    named = others[:_MOST_NAMED]
    if more := len(others) - len(named):
        named.append(f"{more} more")
    if reaction.is_from(reader):
        named.append("you")
    last = named.pop() if named else ""
    people = f"{', '.join(named)} and {last}" if named else last
    return f"{isolated(reaction.text)} {people}"


def paint_quote(painter: QPainter, quote: Quote, metrics: "Metrics", is_hovered: bool) -> None:
    """A thin bar, the nick in its colour, the words quietly."""
    theme, rect = current(), quote.rect
    painter.setFont(metrics.small)
    bar = QRectF(rect.left(), rect.top() + 2, _BAR, rect.height() - 4)
    painter.fillRect(bar, theme.color("accent" if is_hovered else "line"))
    fm = metrics.small_fm
    baseline = rect.top() + (rect.height() - fm.height()) / 2 + fm.ascent()
    x = rect.left() + _BAR + SPACE
    if quote.nick:
        painter.setPen(nick_color(quote.sender, theme))
        painter.drawText(QPointF(x, baseline), quote.nick)
        x += fm.horizontalAdvance(quote.nick) + SPACE
    painter.setPen(theme.color("text" if is_hovered else "muted"))
    painter.drawText(QPointF(x, baseline), quote.text)


def paint_chips(painter: QPainter, chips: Sequence[Chip], metrics: "Metrics", hovered: str) -> None:
    """A rounded chip each; our own ones with the accent's edge, the pointed one with an edge."""
    theme = current()
    painter.setFont(metrics.small)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for chip in chips:
        is_pointed = chip.reaction.text == hovered
        ground = theme.mixed("surface", "accent", 0.16) if chip.is_ours else theme.color("raised")
        edge = theme.color("accent" if chip.is_ours or is_pointed else "line")
        area = chip.rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(ground)
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setPen(theme.color("text"))
        words = f"{chip.sign} {len(chip.reaction.people)}"
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
