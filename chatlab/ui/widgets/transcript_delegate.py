"""Paints one row of the transcript: words left, the quiet badge right."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextCharFormat, QTextLayout

from chatlab.core.chats import Entry, Note, NoteKind
from chatlab.core.flow import Direction
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.ui.models.transcript import local_time
from chatlab.ui.rich_text import utf16_length
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap, pixmap, scaled
from chatlab.ui.widgets.transcript_extras import paint_chips, paint_quote
from chatlab.ui.widgets.transcript_layout import (
    Hit,
    HitKind,
    Metrics,
    RowLayout,
    Text,
)

Selections = list[QTextLayout.FormatRange]

STATE_ICONS: dict[Delivery, tuple[str, str]] = {
    Delivery.QUEUED: ("clock", "muted"),
    Delivery.WRITTEN: ("arrow-up", "muted"),
    Delivery.ACKNOWLEDGED: ("check", "muted"),
    Delivery.ECHOED: ("check-double", "muted"),
    Delivery.DELIVERED: ("delivered", "muted"),
    Delivery.DISPLAYED: ("displayed", "muted"),
    Delivery.FAILED: ("close", "error"),
}
NOTE_ICONS: dict[NoteKind, tuple[str, str]] = {
    NoteKind.PRESENCE: ("person", "faint"),
    NoteKind.TOPIC: ("edit", "faint"),
    NoteKind.MODE: ("settings", "faint"),
    NoteKind.LINK: ("plug", "faint"),
    NoteKind.INFO: ("info", "faint"),
    NoteKind.WARNING: ("warning", "attention"),
    NoteKind.ERROR: ("error", "error"),
}
_NEW_WORDS = "New messages"
_MOST_FRAMES = 99
_BELL = 14


@dataclass(frozen=True, slots=True)
class BadgeSource:
    """Where the badges get their words and numbers; all answers are quick."""

    frame_count: Callable[[MessageId], int | None]
    """Captured frames that carry the message; None when nothing is known (yet)."""
    describe: Callable[[MessageId], str]
    """The badge in words, for the tooltip and for screen readers."""
    exposure: Callable[[MessageId], Exposure | None]
    """Who could read it on its way; None when no frame was seen."""


@dataclass(frozen=True, slots=True)
class RowState:
    """What the row shows because of the reader."""

    is_selected: bool = False
    is_hovered: bool = False
    hovered: Hit | None = None
    """What is under the pointer, in this row."""
    has_focus: bool = False
    frames: int | None = None
    exposure: Exposure | None = None


def badge_rect(row: RowLayout, metrics: Metrics) -> QRectF:
    """Where the badge of a message lies in its row."""
    return QRectF(metrics.badge_x, row.first_line_y, metrics.badge_width, metrics.pitch)


class TranscriptPainter:
    """Draws rows; one per view, given the row's layout and state each time."""

    def __init__(self) -> None:
        self.wanted: re.Pattern[str] | None = None
        """What the reader looks for: marked wherever it stands."""

    def paint(
        self,
        painter: QPainter,
        entry: Entry,
        row: RowLayout,
        metrics: Metrics,
        state: RowState,
        top: float,
    ) -> None:
        painter.save()
        painter.translate(0, top)
        self._paint_bands(painter, row, metrics)
        self._paint_ground(painter, entry, row, state)
        self._paint_time(painter, entry, row, metrics, state)
        if isinstance(entry, Note):
            self._paint_note(painter, entry, row, metrics, state)
        else:
            self._paint_message(painter, entry, row, metrics, state)
            self._paint_badge(painter, entry, row, metrics, state)
        for rect, kind, words in row.actions:
            _draw_link(painter, rect, words, metrics, kind)
        painter.restore()

    def _paint_bands(self, painter: QPainter, row: RowLayout, metrics: Metrics) -> None:
        theme = current()
        painter.setFont(metrics.small)
        for words, y in row.bands:
            color, line = theme.color("muted"), theme.color("line")
            if not words:
                words, color, line = _NEW_WORDS, theme.color("accent"), theme.color("accent")
            width = metrics.small_fm.horizontalAdvance(words)
            middle, centre = y + 15.5, metrics.width / 2
            painter.setPen(QPen(line, 1))
            gap = width / 2 + SPACE
            painter.drawLine(QPointF(SPACE, middle), QPointF(centre - gap, middle))
            painter.drawLine(QPointF(centre + gap, middle), QPointF(metrics.width - SPACE, middle))
            painter.setPen(color)
            rect = QRectF(centre - width / 2 - 2, y + 4, width + 4, 23)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_ground(
        self, painter: QPainter, entry: Entry, row: RowLayout, state: RowState
    ) -> None:
        theme = current()
        is_highlight = isinstance(entry, Message) and entry.is_highlight
        if state.is_selected:
            painter.fillRect(row.body, theme.color("selection"))
            painter.fillRect(QRectF(0, row.body.top(), 3, row.body.height()), theme.color("accent"))
        elif is_highlight:
            painter.fillRect(row.body, theme.mixed("surface", "accent", 0.09))
        elif state.is_hovered:
            painter.fillRect(row.body, theme.mixed("surface", "raised", 0.45))
        if state.has_focus:
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.drawRect(row.body.adjusted(0.5, 0.5, -0.5, -0.5))
        if is_highlight:
            x, side = row.body.left() + 13, scaled(_BELL)
            y = row.first_line_y + (row.texts[0].layout.boundingRect().height() - side) / 2
            y = min(y, row.first_line_y + 4)
            if row.about.starts_group or not (state.is_hovered or row.about.shows_time):
                painter.drawPixmap(
                    QPointF(x + 8, y), pixmap("bell", "accent", side, _ratio(painter))
                )

    def _paint_time(
        self,
        painter: QPainter,
        entry: Entry,
        row: RowLayout,
        metrics: Metrics,
        state: RowState,
    ) -> None:
        is_asked = state.is_hovered or state.is_selected
        if not (row.about.shows_time or is_asked):
            return
        y, pitch = row.first_line_y, metrics.pitch
        if row.nick and row.about.starts_group:
            y = row.nick_rect.top()
        if isinstance(entry, Note):
            pitch = metrics.small_pitch
        painter.setFont(metrics.small)
        painter.setPen(current().color("muted" if is_asked else "faint"))
        # On the baseline of the words beside it, though its own letters are smaller.
        beside = metrics.small_fm if isinstance(entry, Note) else metrics.fm
        baseline = y + (pitch - beside.height()) / 2 + beside.ascent()
        time = f"{local_time(entry):%H:%M}"
        x = metrics.time_right - metrics.small_fm.horizontalAdvance(time)
        painter.drawText(QPointF(x, baseline), time)

    def _paint_note(
        self, painter: QPainter, note: Note, row: RowLayout, metrics: Metrics, state: RowState
    ) -> None:
        name, token = NOTE_ICONS[note.kind]
        y = row.first_line_y + (metrics.small_pitch - metrics.state_icon) / 2
        painter.drawPixmap(
            QPointF(metrics.text_x, y), pixmap(name, token, metrics.state_icon, _ratio(painter))
        )
        is_loud = note.kind in (NoteKind.ERROR, NoteKind.WARNING)
        color = current().color("text" if is_loud else "muted")
        _draw_texts(painter, row.texts, color, self._found(row, state))
        if row.hint:
            _draw_texts(painter, [row.hint], current().color("muted"))

    def _paint_message(
        self,
        painter: QPainter,
        message: Message,
        row: RowLayout,
        metrics: Metrics,
        state: RowState,
    ) -> None:
        theme = current()
        is_mine = message.direction is Direction.SENT
        if row.nick:
            painter.setFont(metrics.bold)
            painter.setPen(theme.color("text") if is_mine else nick_color(message.sender, theme))
            rect = row.nick_rect
            baseline = rect.top() + (rect.height() - metrics.fm.height()) / 2 + metrics.fm.ascent()
            painter.drawText(QPointF(rect.left(), baseline), row.nick)
            tag = _tag(message)
            if tag and message.kind is not MessageKind.ACTION:
                painter.setFont(metrics.small)
                painter.setPen(theme.color("muted"))
                painter.drawText(QPointF(rect.right() + SPACE, baseline), tag)
        if row.quote is not None:
            is_pointed = state.hovered is not None and state.hovered.kind is HitKind.QUOTE
            paint_quote(painter, row.quote, metrics, is_pointed)
        is_quiet = message.delivery in (Delivery.QUEUED, Delivery.FAILED) or message.is_retracted
        found = self._found(row, state)
        token = "end_to_end" if message.is_sealed else "muted" if is_quiet else "text"
        _draw_texts(painter, row.texts, theme.color(token), found)
        if message.is_sealed:
            _paint_seal(painter, row, metrics)
        if row.hint:
            is_failed = message.delivery is Delivery.FAILED
            _draw_texts(painter, [row.hint], theme.color("error" if is_failed else "muted"))
        if row.chips:
            hovered = state.hovered
            is_reaction = hovered is not None and hovered.kind is HitKind.REACTION
            paint_chips(
                painter, row.chips, metrics, hovered.value if hovered and is_reaction else ""
            )

    def _found(self, row: RowLayout, state: RowState) -> list[Selections]:
        """Where the words that the reader looks for stand, in each text of the row."""
        if self.wanted is None:
            return []
        theme, look = current(), QTextCharFormat()
        if state.is_selected:
            look.setBackground(theme.color("accent"))
            look.setForeground(theme.color("on_accent"))
        else:
            look.setBackground(theme.mixed("surface", "accent", 0.28))
            look.setForeground(theme.color("text"))
        return [_selections(text.layout.text(), self.wanted, look) for text in row.texts]

    def _paint_badge(
        self,
        painter: QPainter,
        message: Message,
        row: RowLayout,
        metrics: Metrics,
        state: RowState,
    ) -> None:
        rect, ratio = badge_rect(row, metrics), _ratio(painter)
        if message.delivery is not None:
            name, token = STATE_ICONS[message.delivery]
            at = QPointF(
                rect.right() - metrics.state_icon,
                rect.top() + (rect.height() - metrics.state_icon) / 2,
            )
            painter.drawPixmap(at, pixmap(name, token, metrics.state_icon, ratio))
        if state.frames:
            words = f"{min(state.frames, _MOST_FRAMES)}{'+' * (state.frames > _MOST_FRAMES)}f"
            self._paint_pill(painter, words, rect, metrics, state)

    def _paint_pill(
        self, painter: QPainter, words: str, rect: QRectF, metrics: Metrics, state: RowState
    ) -> None:
        theme = current()
        exposure = state.exposure or Exposure.PLUMBING
        width = metrics.badge_icon + HALF + metrics.small_fm.horizontalAdvance(words) + 2 * HALF + 2
        height = min(rect.height() - 2, metrics.small_fm.height() + HALF)
        right = rect.right() - metrics.state_icon - HALF
        pill = QRectF(right - width, rect.top() + (rect.height() - height) / 2, width, height)
        color = theme.exposure_color(exposure)
        is_pointed = state.hovered is not None and state.hovered.kind is HitKind.BADGE
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.exposure_color(exposure, soft=True))
        painter.setPen(QPen(color, 1) if is_pointed else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), height / 2, height / 2)
        at = QPointF(pill.left() + HALF + 1, pill.top() + (height - metrics.badge_icon) / 2)
        painter.drawPixmap(at, exposure_pixmap(exposure, metrics.badge_icon, _ratio(painter)))
        painter.setFont(metrics.small)
        painter.setPen(QColor(color))
        text = pill.adjusted(HALF + metrics.badge_icon + HALF, 0, -HALF, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def _paint_seal(painter: QPainter, row: RowLayout, metrics: Metrics) -> None:
    """The sign of what nobody but the addressee can read, and this program cannot either."""
    if row.texts:
        at = row.texts[0].origin
        y = at.y() + (metrics.pitch - metrics.state_icon) / 2
        image = exposure_pixmap(Exposure.END_TO_END, metrics.state_icon, _ratio(painter))
        painter.drawPixmap(QPointF(at.x() - metrics.seal_room, y), image)


def _tag(message: Message) -> str:
    words = []
    if message.kind is MessageKind.NOTICE:
        words.append("notice")
    if message.is_history:
        words.append("from the history")
    return " · ".join(words)


def _selections(text: str, wanted: re.Pattern[str], look: QTextCharFormat) -> Selections:
    made: Selections = []
    for match in wanted.finditer(text):
        marked = QTextLayout.FormatRange()
        marked.start, marked.length = utf16_length(text[: match.start()]), utf16_length(match[0])
        marked.format = look
        made.append(marked)
    return made


def _draw_texts(
    painter: QPainter, texts: list[Text], color: QColor, found: Sequence[Selections] = ()
) -> None:
    painter.setPen(color)
    for at, text in enumerate(texts):
        text.layout.draw(painter, text.origin, found[at] if found else [])


def _draw_link(
    painter: QPainter, rect: QRectF, words: str, metrics: Metrics, kind: HitKind
) -> None:
    painter.setFont(metrics.small)
    painter.setPen(current().color("accent"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, words)
    if kind in (HitKind.RESEND, HitKind.CANCEL):
        painter.drawLine(rect.bottomLeft() + QPointF(0, -2), rect.bottomRight() + QPointF(0, -2))


def _ratio(painter: QPainter) -> float:
    device = painter.device()
    return device.devicePixelRatio() if device is not None else 1.0
