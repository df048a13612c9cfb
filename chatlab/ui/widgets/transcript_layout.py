"""Where everything in a row of the transcript lies: time, nick, text, badge.

    |  12:03  alice                                       |
    |         hello everyone, this is a long      (o) 2f ✓|
    |         message that wraps                          |

Texts are laid out by ``QTextLayout`` on a fixed pitch: no stack of combining marks and no emoji
makes a line taller, and each text is a paragraph of its own, so its direction stays its own.
"""

from dataclasses import dataclass, field
from enum import Enum
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication

from chatlab.core.account import Application
from chatlab.core.chats import Entry, Note
from chatlab.core.message import Delivery, Message, MessageKind
from chatlab.protocol.irc_format import Style
from chatlab.ui.rich_text import Link, RichText, bare, pieces, utf16_length
from chatlab.ui.text_color import contrasting, exact_color, legible_color
from chatlab.ui.theme import HALF, SPACE, current, mono_font, scaled, small_font
from chatlab.ui.widgets.transcript_extras import TAKEN_BACK, Chip, Quote, make_chips, make_quote

MARGIN = 12
_BADGE_ICON, _STATE_ICON = 12, 14
"""The sides of icons beside usual text."""
ROW_PAD = 3
"""Above and below the text, so that tints do not touch the letters."""
_EDITED = " (edited)"
_WAITING = "Waiting to be sent"
_TWIN = "Compare with its twin"
_BAND = 28
"""Height of a day line or of the “new messages” line."""


class HitKind(Enum):
    """What lies under the pointer."""

    LINK = "link"
    BADGE = "badge"
    RESEND = "send again"
    CANCEL = "cancel"
    MORE = "show more"
    NICK = "nick"
    QUOTE = "answered message"
    REACTION = "reaction"
    TWIN = "twin"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something in a row that can be clicked."""

    kind: HitKind
    row: int
    value: str = ""
    """The address of a link, the nick, the quoted message’s name, the reaction; else empty."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What a row shows because of the rows before it."""

    starts_group: bool
    shows_time: bool
    day: str = ""
    is_first_new: bool = False
    is_first_row: bool = False
    quoted: Message | None = None
    """The message that it answers, where that is in memory."""
    reader: str = ""
    """The nick of who reads."""


@dataclass(slots=True)
class Text:
    """One laid-out text and where its first line begins."""

    layout: QTextLayout
    origin: QPointF
    height: float
    links: tuple[Link, ...] = ()
    """Counted as Qt counts, in UTF-16 units."""


@dataclass(slots=True)
class RowLayout:
    """A row, ready to be painted; all coordinates count from its top left."""

    height: float
    body: QRectF
    """What selection and tints cover: no day line, no gap."""
    about: Neighbourhood
    bands: list[tuple[str, float]] = field(default_factory=list)
    """Words (empty: new messages) and top of each line above the body."""
    nick: str = ""
    nick_rect: QRectF = field(default_factory=QRectF)
    texts: list[Text] = field(default_factory=list)
    first_line_y: float = 0.0
    """Top of the first text line: the badge stands beside it."""
    hint: Text | None = None
    """The second, quieter text: a note's next step, why a message failed."""
    actions: list[tuple[QRectF, HitKind, str]] = field(default_factory=list)
    """Words that act."""
    quote: Quote | None = None
    chips: list[Chip] = field(default_factory=list)


class Metrics:
    """Fonts and columns of the transcript for one width; made anew when either changes."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.font = QApplication.font()
        self.bold = QFont(self.font)
        self.bold.setWeight(QFont.Weight.DemiBold)
        self.small = small_font()
        self.mono_family = mono_font().family()
        self.fm = QFontMetricsF(self.font)
        self.bold_fm = QFontMetricsF(self.bold)
        self.small_fm = QFontMetricsF(self.small)
        self.pitch = float(ceil(self.fm.height() * 1.28))
        self.small_pitch = float(ceil(self.small_fm.height() * 1.3))
        self.time_right = MARGIN + ceil(self.small_fm.horizontalAdvance("00:00"))
        self.text_x = float(self.time_right + SPACE)
        self.badge_icon, self.state_icon = scaled(_BADGE_ICON), scaled(_STATE_ICON)
        self.seal_room = self.state_icon + HALF + 2
        """Left of a message that is sealed end to end, for the sign that says so."""
        pill = self.badge_icon + self.small_fm.horizontalAdvance("99f") + 3 * HALF
        self.badge_width = ceil(pill) + HALF + self.state_icon
        self.badge_x = width - SPACE - self.badge_width
        self.text_width = max(40.0, self.badge_x - SPACE - self.text_x)
        self.note_width = max(40.0, width - SPACE - self.text_x - self.seal_room)

    def estimate(self, entry: Entry) -> float:
        """About how tall the row will be."""
        per_line = max(8.0, self.text_width / self.fm.averageCharWidth())
        lines = len(entry.text) // per_line + 1
        return lines * self.pitch + 2 * ROW_PAD + (self.pitch if isinstance(entry, Message) else 0)


def lay_out(
    text: str,
    font: QFont,
    width: float,
    pitch: float,
    rich: RichText | None = None,
    suffix: str = "",
) -> Text:
    """Wrap a text to ``width``, its lines ``pitch`` apart; ``suffix`` ends it, quietly."""
    layout = QTextLayout(text + suffix, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    formats: list[QTextLayout.FormatRange] = []
    if rich and (len(rich.runs) > 1 or rich.links or (rich.runs and rich.runs[0].style != Style())):
        formats = _formats(rich)
    if suffix:
        look = QTextCharFormat()
        look.setFont(small_font())
        look.setForeground(current().color("muted"))
        formats.append(_range(utf16_length(text), utf16_length(suffix), look))
    if formats:
        layout.setFormats(formats)
    metrics = QFontMetricsF(font)
    baseline = (pitch - metrics.height()) / 2 + metrics.ascent()
    layout.beginLayout()
    count = 0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, count * pitch + baseline - line.ascent()))
        count += 1
    layout.endLayout()
    links = _links_for_qt(rich) if rich else ()
    return Text(layout, QPointF(), max(1, count) * pitch, links)


def _formats(rich: RichText) -> list[QTextLayout.FormatRange]:
    made = []
    start = 0
    for run in rich.runs:
        if run.style != Style():
            made.append(_range(start, utf16_length(run.text), char_format(run.style)))
        start += utf16_length(run.text)
    for link in _links_for_qt(rich):
        look = QTextCharFormat()
        look.setForeground(current().color("accent"))
        look.setFontUnderline(True)
        made.append(_range(link.start, link.stop - link.start, look))
    return made


def _links_for_qt(rich: RichText) -> tuple[Link, ...]:
    return tuple(
        Link(
            utf16_length(rich.text[: link.start]),
            utf16_length(rich.text[: link.stop]),
            link.address,
        )
        for link in rich.links
    )


def _range(start: int, length: int, look: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, look
    return made


def char_format(style: Style) -> QTextCharFormat:
    """How a style looks on the theme's surface."""
    look, theme = QTextCharFormat(), current()
    if style.is_bold:
        look.setFontWeight(QFont.Weight.Bold)
    look.setFontItalic(style.is_italic)
    look.setFontUnderline(style.is_underlined)
    look.setFontStrikeOut(style.is_struck)
    if style.is_monospaced:
        look.setFontFamilies([mono_font().family()])
        look.setBackground(theme.color("raised"))
    if style.is_reversed:
        look.setForeground(theme.color("surface"))
        look.setBackground(theme.color("text"))
    elif style.background is not None:
        background = exact_color(style.background)
        look.setBackground(background)
        look.setForeground(contrasting(background, theme))
    elif style.foreground is not None:
        look.setForeground(legible_color(style.foreground, theme))
    return look


def build_row(entry: Entry, about: Neighbourhood, metrics: Metrics, shown: int = 1) -> RowLayout:
    """Lay out one entry; ``shown`` is how many pieces of a long text are unfolded."""
    y = 0.0
    bands = []
    if about.day:
        bands.append((about.day, y))
        y += _BAND
    if about.is_first_new:
        bands.append(("", y))
        y += _BAND
    if about.starts_group and not bands:
        y += HALF if about.is_first_row else SPACE
    row = RowLayout(0, QRectF(0, y, metrics.width, 0), about, bands)
    y += ROW_PAD
    y = (
        _lay_note(row, entry, metrics, y)
        if isinstance(entry, Note)
        else _lay_message(row, entry, metrics, y, shown)
    )
    row.height = y + ROW_PAD
    row.body.setBottom(row.height)
    return row


def _lay_note(row: RowLayout, note: Note, metrics: Metrics, y: float) -> float:
    x = metrics.text_x + metrics.seal_room
    row.first_line_y = y
    parts, _ = pieces(note.text)
    text = lay_out(parts[0].text, metrics.small, metrics.note_width, metrics.small_pitch, parts[0])
    text.origin = QPointF(x, y)
    row.texts.append(text)
    y += text.height
    if note.hint:
        y = _lay_hint(row, note.hint, metrics, x, y)
    return y


def _lay_hint(row: RowLayout, hint: str, metrics: Metrics, x: float, y: float) -> float:
    width = metrics.width - SPACE - x
    row.hint = lay_out(bare(hint), metrics.small, width, metrics.small_pitch)
    row.hint.origin = QPointF(x, y)
    return y + row.hint.height


def _lay_message(row: RowLayout, message: Message, metrics: Metrics, y: float, shown: int) -> float:
    x = metrics.text_x
    is_action = message.kind is MessageKind.ACTION
    nick = bare(message.sender)
    if row.about.starts_group and not is_action:
        row.nick = metrics.bold_fm.elidedText(nick, Qt.TextElideMode.ElideRight, metrics.text_width)
        width = metrics.bold_fm.horizontalAdvance(row.nick)
        row.nick_rect = QRectF(x, y, width, metrics.pitch)
        y += metrics.pitch
    if message.reply_to:
        row.quote = make_quote(message, row.about.quoted, metrics, y)
        y = row.quote.rect.bottom()
    row.first_line_y = y
    if is_action:
        # The nick is drawn over the first line's empty beginning, in its own colour.
        row.nick = metrics.bold_fm.elidedText(
            nick, Qt.TextElideMode.ElideRight, metrics.text_width / 2
        )
        row.nick_rect = QRectF(x, y, metrics.bold_fm.horizontalAdvance(row.nick), metrics.pitch)
    y, hidden = _lay_texts(row, message, metrics, y, shown)
    if hidden:
        y = _lay_action(row, HitKind.MORE, _more_words(hidden), metrics, y)
    if message.delivery is Delivery.QUEUED:
        y = _lay_waiting(row, metrics, y)
    elif message.delivery is Delivery.FAILED:
        y = _lay_hint(row, f"Not sent: {message.failure or 'no reason given.'}", metrics, x, y)
        y = _lay_action(row, HitKind.RESEND, "Send again", metrics, y)
    if message.twin:
        y = _lay_action(row, HitKind.TWIN, _TWIN, metrics, y)
    if message.reactions:
        row.chips, y = make_chips(message.reactions, row.about.reader, metrics, y)
    return y


def _lay_texts(
    row: RowLayout, message: Message, metrics: Metrics, y: float, shown: int
) -> tuple[float, int]:
    is_action = message.kind is MessageKind.ACTION
    font = metrics.font
    if is_action or message.is_retracted or message.is_sealed:
        font = QFont(font)
        font.setItalic(True)
    text_shown = TAKEN_BACK if message.is_retracted else message.text
    parts, hidden = pieces(text_shown, shown, is_styled=_is_styled(message))
    for number, part in enumerate(parts):
        x, width = metrics.text_x, metrics.text_width
        if is_action and number == 0:
            x += row.nick_rect.width() + HALF + 1
            width = max(40.0, width - row.nick_rect.width() - HALF - 1)
        if message.is_sealed:
            x, width = x + metrics.seal_room, width - metrics.seal_room
        is_end = number == len(parts) - 1 and not hidden
        suffix = _EDITED if message.is_corrected and is_end else ""
        text = lay_out(part.text, font, width, metrics.pitch, part, suffix)
        text.origin = QPointF(x, y)
        row.texts.append(text)
        y += text.height
    return y, hidden


def _is_styled(message: Message) -> bool:
    """Signs around words are meant as styling (XEP-0393)."""
    is_words = not (message.is_retracted or message.is_sealed or message.is_unstyled)
    return message.application is Application.XMPP and is_words


def _lay_action(row: RowLayout, kind: HitKind, words: str, metrics: Metrics, y: float) -> float:
    width = metrics.small_fm.horizontalAdvance(words)
    row.actions.append((QRectF(metrics.text_x, y, width, metrics.small_pitch), kind, words))
    return y + metrics.small_pitch


def _lay_waiting(row: RowLayout, metrics: Metrics, y: float) -> float:
    """It has not left yet: the words, and beside them the way to take it back."""
    bottom = _lay_hint(row, _WAITING, metrics, metrics.text_x, y)
    _lay_action(row, HitKind.CANCEL, "Cancel", metrics, y)
    rect, kind, words = row.actions[-1]
    beside = metrics.small_fm.horizontalAdvance(_WAITING) + SPACE
    row.actions[-1] = rect.translated(beside, 0), kind, words
    return bottom


def _more_words(hidden: int) -> str:
    return f"Show more ({hidden:,} characters are folded)"
