"""Paints the rows of the sidebar."""

from PySide6.QtCore import (
    QElapsedTimer,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
)

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import CHANNEL_SIGNS, AccountState, Chat, ChatKind
from chatlab.core.connection import LinkState
from chatlab.core.roster import Availability, Contact
from chatlab.ui.models.account_tree import Role, buddy_words, link_words, unread_words
from chatlab.ui.place_words import chat_words, place_words
from chatlab.ui.presence_words import PRESENCE_ICONS
from chatlab.ui.rich_text import bare, isolated, tooltip
from chatlab.ui.theme import HALF, SPACE, current, pixmap, scaled, small_font
from chatlab.ui.widgets.security_badge import ICON_TOKENS, security_facts

Index = QModelIndex | QPersistentModelIndex
_CHEVRON_WIDTH = 22
_ICON = 16
_SMALL_ICON = 14
_FOLD = 12
_MOST = 999
_LINK_ICONS = {
    LinkState.OFFLINE: "unplug",
    LinkState.ONLINE: "plug",
    LinkState.WAITING: "clock",
}


def chevron_width() -> int:
    """How far rows are set in."""
    return scaled(_CHEVRON_WIDTH)


def state_icon_room() -> int:
    """What an icon takes before the words of a state."""
    return _small() + HALF


def _icon() -> int:
    return scaled(_ICON)


def _small() -> int:
    return scaled(_SMALL_ICON)


class AccountDelegate(QStyledItemDelegate):
    """Account rows have two lines: the name; then link state and security, in words."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self._tree = tree
        self._since: dict[AccountId, tuple[float | None, QElapsedTimer]] = {}

    def note_state(self, state: AccountState) -> None:
        """An account changed: its waiting time counts from now, if it is a new one."""
        known = self._since.get(state.account.id)
        if state.state is not LinkState.WAITING:
            self._since.pop(state.account.id, None)
        elif known is None or known[0] != state.retry_in_s:
            timer = QElapsedTimer()
            timer.start()
            self._since[state.account.id] = (state.retry_in_s, timer)

    def _words(self, state: AccountState) -> str:
        known = self._since.get(state.account.id)
        return link_words(state, known[1].elapsed() / 1_000 if known else 0.0)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = QFontMetrics(QApplication.font()).height()
        if isinstance(index.data(Role.STATE), AccountState):
            small = QFontMetrics(small_font()).height()
            return QSize(100, height + small + 2 * SPACE + HALF)
        return QSize(100, height + SPACE + HALF + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect
        self._paint_ground(painter, option, area)
        state, chat = index.data(Role.STATE), index.data(Role.CHAT)
        if isinstance(state, AccountState):
            self._paint_account(painter, area, index, state, chat)
        elif isinstance(chat, Chat):
            sign = _chat_sign(chat, index.data(Role.CONTACT), is_here=bool(index.data(Role.ONLINE)))
            self._paint_chat(painter, area, chat, sign)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect) -> None:
        flags: QStyle.StateFlag = option.state
        theme = current()
        box = QRectF(area).adjusted(HALF + 0.5, 1.5, -HALF - 0.5, -1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if flags & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.color("selection"))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.color("raised"))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if flags & QStyle.StateFlag.State_HasFocus and self._tree.hasFocus():
            painter.setPen(theme.color("accent"))
        painter.drawRoundedRect(box, 6, 6)

    def _paint_account(
        self, painter: QPainter, area: QRect, index: Index, state: AccountState, chat: object
    ) -> None:
        theme, ratio = current(), self._tree.devicePixelRatioF()
        bold = QFont(QApplication.font())
        bold.setWeight(QFont.Weight.DemiBold)
        metrics, small = QFontMetrics(bold), QFontMetrics(small_font())
        top = area.top() + SPACE
        here = index.model().index(index.row(), 0)
        is_open = self._tree.isExpanded(here)
        if index.model().rowCount(here):
            fold = pixmap(
                "chevron-down" if is_open else "chevron-right", "faint", scaled(_FOLD), ratio
            )
            painter.drawPixmap(
                area.left() + SPACE, top + (metrics.height() - scaled(_FOLD)) // 2, fold
            )
        left = area.left() + chevron_width()
        right = area.right() - SPACE - HALF
        if isinstance(chat, Chat):
            right = _paint_counter(painter, right, top, metrics.height(), chat)
        is_on = state.state is LinkState.ONLINE
        painter.setFont(bold)
        painter.setPen(theme.color("text" if is_on else "muted"))
        _draw(painter, QRect(left, top, right - left, metrics.height()), state.account.name)
        line = QRect(left, top + metrics.height() + HALF, right - left, small.height())
        if (buddies := index.data(Role.ONLINE)) and is_on:
            line.setRight(_paint_buddies(painter, line, len(buddies), ratio))
        self._paint_state(painter, line, state, ratio)

    def _paint_state(
        self, painter: QPainter, line: QRect, state: AccountState, ratio: float
    ) -> None:
        theme = current()
        facts = security_facts(state)
        metrics = QFontMetrics(small_font())
        painter.setFont(small_font())
        token = "error" if state.is_fault and state.state is not LinkState.ONLINE else "muted"
        name = _LINK_ICONS.get(state.state, "refresh")
        if state.state is LinkState.ONLINE and state.availability is not Availability.AVAILABLE:
            is_away = state.availability is Availability.AWAY
            name = "moon" if is_away else PRESENCE_ICONS[state.availability][0]
        sign = pixmap(name, token, _small(), ratio)
        y = line.top() + (line.height() - _small()) // 2
        painter.drawPixmap(line.left(), y, sign)
        words = self._words(state)
        x = line.left() + _small() + HALF
        painter.setPen(theme.color(token))
        width = min(metrics.horizontalAdvance(words) + 1, line.right() - x)
        _draw(painter, QRect(x, line.top(), width, line.height()), words)
        x += width + SPACE
        security = ICON_TOKENS[facts.exposure]
        if x + _small() <= line.right() + SPACE:
            painter.drawPixmap(x, y, pixmap(facts.icon, security, _small(), ratio))
            x += _small() + HALF - 1
            # A cut word would say less than its icon alone.
            if metrics.horizontalAdvance(facts.short) <= line.right() - x:
                painter.setPen(theme.color(security))
                _draw(painter, QRect(x, line.top(), line.right() - x, line.height()), facts.short)

    def _paint_chat(
        self, painter: QPainter, area: QRect, chat: Chat, sign: tuple[str, str]
    ) -> None:
        theme, ratio = current(), self._tree.devicePixelRatioF()
        is_out = chat.kind is ChatKind.CHANNEL and not chat.is_joined
        left = area.left() + chevron_width() + HALF
        size = _small() if sign[0].startswith("presence") else _icon()
        inset = (_icon() - size) // 2
        image = pixmap(*sign, size, ratio)
        painter.drawPixmap(left + inset, area.top() + (area.height() - size) // 2, image)
        left += _icon() + HALF + 2
        right = area.right() - SPACE - HALF
        if chat.is_muted:
            bell = pixmap("bell-off", "faint", _small(), ratio)
            right -= _small()
            painter.drawPixmap(right, area.top() + (area.height() - _small()) // 2, bell)
            right -= HALF
        right = _paint_counter(painter, right, area.top(), area.height(), chat)
        font = QFont(QApplication.font())
        if chat.unread:
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.color("muted" if is_out else "text"))
        _draw(painter, QRect(left, area.top(), right - left, area.height()), _short(chat))

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if event.type() is not QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        state, chat = index.data(Role.STATE), index.data(Role.CHAT)
        words = ""
        if isinstance(state, AccountState):
            buddies = buddy_words(index.data(Role.ONLINE) or ())
            words = "\n".join(filter(None, (self._account_tip(state), buddies)))
        elif isinstance(chat, Chat):
            words = _chat_tip(chat) + ("\nOnline" if index.data(Role.ONLINE) else "")
        QToolTip.showText(event.globalPos(), tooltip(words), view)
        return True

    def _account_tip(self, state: AccountState) -> str:
        account = state.account
        who = isolated(place_words(account))
        if account.application is not Application.XMPP:
            who = f"{isolated(state.nick)} on {who}"
        lines = [who, self._words(state), bare(state.detail), security_facts(state).words]
        return "\n".join(filter(None, lines))


def _chat_sign(chat: Chat, contact: object, *, is_here: bool) -> tuple[str, str]:
    """Icon and colour token before a chat: how a contact is, or what kind of chat it is."""
    if isinstance(contact, Contact):
        return ("block", "error") if contact.is_blocked else PRESENCE_ICONS[contact.availability]
    if chat.kind is ChatKind.CHANNEL:
        return "channel", "muted" if chat.is_joined else "faint"
    return "person", "accent" if is_here else "muted"


def _short(chat: Chat) -> str:
    """What a narrow row has room for: the icon says that it is a channel or a room."""
    heading = chat_words(chat)
    title = heading.removeprefix("#") if heading.startswith("#") else heading
    return title if title and title[0] not in CHANNEL_SIGNS else heading


def _chat_tip(chat: Chat) -> str:
    name = isolated(chat.heading)
    if chat.heading != chat.title:
        name += f", {isolated(chat.title)}"
    if chat.kind is ChatKind.PRIVATE:
        what = f"Private chat with {name}"
    else:
        what = name + ("" if chat.is_joined else " — you are not in it")
    muted = "Muted: nothing here counts as unread" if chat.is_muted else ""
    return "\n".join(filter(None, (what, bare(chat.topic)[:300], muted, unread_words(chat))))


def _paint_buddies(painter: QPainter, line: QRect, count: int, ratio: float) -> int:
    """How many buddies are online, at the right; returns where that leaves room up to."""
    metrics = QFontMetrics(small_font())
    words = str(count)
    painter.setFont(small_font())
    painter.setPen(current().color("accent"))
    left = line.right() - metrics.horizontalAdvance(words)
    place = QRect(left, line.top(), line.right() - left, line.height())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
    left -= _small() + 2
    y = line.top() + (line.height() - _small()) // 2
    painter.drawPixmap(left, y, pixmap("person", "accent", _small(), ratio))
    return left - HALF


def _paint_counter(painter: QPainter, right: int, top: int, height: int, chat: Chat) -> int:
    """The pills: those for the reader, all unread; returns where they leave room up to."""
    if not chat.unread:
        return right
    if not chat.highlights or chat.highlights == chat.unread:
        return _paint_pill(painter, right, top, height, chat.unread, bool(chat.highlights))
    right = _paint_pill(painter, right, top, height, chat.highlights, True) + HALF
    return _paint_pill(painter, right, top, height, chat.unread, False)


def _paint_pill(
    painter: QPainter, right: int, top: int, height: int, number: int, is_highlight: bool
) -> int:
    theme = current()
    font = small_font()
    font.setWeight(QFont.Weight.DemiBold)
    metrics = QFontMetrics(font)
    words = f"{_MOST}+" if number > _MOST else str(number)
    if is_highlight:
        words = f"@ {words}"
    tall = metrics.height() + 3
    width = max(tall, metrics.horizontalAdvance(words) + SPACE + HALF)
    pill = QRectF(right - width, top + (height - tall) / 2, width, tall)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent") if is_highlight else theme.mixed("raised", "line", 1))
    painter.drawRoundedRect(pill, tall / 2, tall / 2)
    painter.setFont(font)
    painter.setPen(theme.color("on_accent" if is_highlight else "text"))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
    return right - width - SPACE


def _draw(painter: QPainter, rect: QRect, text: str) -> None:
    words = painter.fontMetrics().elidedText(
        bare(text), Qt.TextElideMode.ElideRight, max(0, rect.width())
    )
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, words)
