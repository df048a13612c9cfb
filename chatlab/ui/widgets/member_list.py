"""Who is in the channel, and what one can ask or do about them."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.chat import Member
from chatlab.core.chats import Chat, ChatBook
from chatlab.ui.models.members import RANKS, STANDING_WORDS, GroupRow, MemberModel, Role
from chatlab.ui.rich_text import bare, isolated, tooltip
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current, pixmap, scaled, small_font

Index = QModelIndex | QPersistentModelIndex
FILTER_FROM = 50
"""A shorter list is read faster than it is filtered."""
_SIGN_WIDTH = 14
_ICON = 12
_STANDING_ICONS = {"owner": ("crown", "accent"), "admin": ("crown", "muted")}
"""Who rules a room, however they speak in it at the moment."""


class MemberList(QWidget):
    """Shows the members of a channel.

    Signals:
        query_requested: nick, for a private chat.
        mention_requested: nick, to be put into the composer.
        command_requested: what would be typed to do it, e.g. ``/whois bob``.
        command_begun: the beginning of what would be typed, e.g. ``/kick bob ``.
        file_requested: nick that is to be offered a file.
        order_requested: a Command about somebody in a room, whose nickname may have blanks.
        reason_requested: Verb and nickname; the reason is to be asked for.
        invite_requested: somebody is to be invited into the room.
    """

    query_requested = Signal(str)
    mention_requested = Signal(str)
    command_requested = Signal(str)
    command_begun = Signal(str)
    file_requested = Signal(str)
    order_requested = Signal(object)
    reason_requested = Signal(object, str)
    invite_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: MemberModel | None = None
        self._book: ChatBook | None = None
        self._chat: Chat | None = None
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(self.tr("Filter members"))
        self._filter.setAccessibleName(self.tr("Filter members"))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._on_filter_changed)
        self._list = QListView(self)
        self._list.setObjectName("members")
        self._list.setAccessibleName(self.tr("Members"))
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setItemDelegate(_MemberDelegate(self._list))
        self._list.activated.connect(self._on_activated)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._show_menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, HALF, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(self._filter)
        column.addWidget(self._list)

    def show_chat(self, book: ChatBook, chat: Chat | None) -> None:
        """Follow another chat; None follows none."""
        if self._model is not None:
            self._model.close()
            self._model.deleteLater()
        self._book, self._chat = book, chat
        self._filter.clear()
        self._model = MemberModel(book, chat, self) if chat is not None else None
        self._list.setModel(self._model)
        if self._model is not None and chat is not None:
            self._model.rowsInserted.connect(lambda: self._show_filter(chat))
        self._show_filter(chat)

    def sizeHint(self) -> QSize:
        return QSize(160, 300)

    def _show_filter(self, chat: Chat | None) -> None:
        is_long = chat is not None and len(chat.members) > FILTER_FROM
        self._filter.setVisible(is_long or bool(self._filter.text()))

    def _on_filter_changed(self, wanted: str) -> None:
        if self._model is not None:
            self._model.set_filter(wanted)

    def _on_activated(self, index: QModelIndex) -> None:
        member = index.data(Role.ROW)
        if isinstance(member, Member):
            self.query_requested.emit(self._address_of(member))

    def _show_menu(self, at: QPoint) -> None:
        member = self._list.indexAt(at).data(Role.ROW)
        if not isinstance(member, Member):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, member)
        menu.popup(self._list.viewport().mapToGlobal(at))

    def fill_menu(self, menu: QMenu, member: Member) -> None:
        """What can be asked or done about ``member``, by what the reader may do here."""
        if member.role:
            self._fill_occupant_menu(menu, member)
            return
        from chatlab.ui.widgets.member_menu import MemberActs, fill_member_menu

        own_nick, own_prefixes = self._own()
        acts = MemberActs(
            query=self.query_requested.emit,
            mention=self.mention_requested.emit,
            run=self.command_requested.emit,
            begin=self.command_begun.emit,
            send_file=self.file_requested.emit,
        )
        fill_member_menu(menu, member, own_nick, own_prefixes, acts)

    def _fill_occupant_menu(self, menu: QMenu, member: Member) -> None:
        from chatlab.ui.widgets.occupant_menu import OccupantActs, fill_occupant_menu

        assert self._chat is not None  # The member is one of its members.
        own = self._chat.members.get(self._chat.own_nick.lower())
        acts = OccupantActs(
            query=lambda: self.query_requested.emit(self._address_of(member)),
            mention=lambda: self.mention_requested.emit(member.nick),
            run=self.order_requested.emit,
            ask=lambda verb: self.reason_requested.emit(verb, member.nick),
            begin=self.command_begun.emit,
            invite=self.invite_requested.emit,
        )
        fill_occupant_menu(menu, member, own, acts)

    def _address_of(self, member: Member) -> str:
        """Whom a private message is for: in a room the real address where it is shown, else the
        nickname behind the room's."""
        if not member.role or self._chat is None:
            return member.nick
        return member.account_name or f"{self._chat.title}/{member.nick}"

    def _own(self) -> tuple[str, str]:
        """The reader's nick, and their status signs in this channel."""
        if self._book is None or self._chat is None:
            return "", ""
        state = self._book.accounts.get(self._chat.key.account)
        nick = self._chat.own_nick or (state.nick if state else "")
        member = self._chat.members.get(nick.lower())
        return nick, member.prefixes if member else ""


class _MemberDelegate(QStyledItemDelegate):
    """Sign of rank, nick in its colour; who is away is grey and says so."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, QFontMetrics(QApplication.font()).height() + SPACE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(Role.ROW)
        area: QRect = option.rect
        painter.save()
        if isinstance(row, GroupRow):
            painter.setFont(small_font())
            painter.setPen(current().color("muted"))
            line = area.adjusted(SPACE, HALF, -HALF, 0)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, f"{row.title} — {row.count}")
        elif isinstance(row, Member):
            self._paint_member(painter, option, area, row)
        painter.restore()

    def _paint_member(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, member: Member
    ) -> None:
        theme, flags = current(), option.state
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.color("selection"))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.color("raised"))
        painter.setPen(theme.color("muted"))
        painter.setFont(small_font())
        sign = QRect(area.left() + SPACE, area.top(), _SIGN_WIDTH, area.height())
        painter.drawText(
            sign, Qt.AlignmentFlag.AlignVCenter, "" if member.role else member.prefixes[:1]
        )
        painter.setFont(QApplication.font())
        painter.setPen(theme.color("faint") if member.is_away else nick_color(member.nick, theme))
        room = area.adjusted(SPACE + _SIGN_WIDTH, 0, -HALF, 0)
        side = scaled(_ICON)
        if member.affiliation in _STANDING_ICONS:
            crown = pixmap(*_STANDING_ICONS[member.affiliation], side)
            painter.drawPixmap(room.right() - side, area.top() + (area.height() - side) // 2, crown)
            room.adjust(0, 0, -side - HALF, 0)
        if member.is_away:
            away = pixmap("moon", "faint", side)
            painter.drawPixmap(room.right() - side, area.top() + (area.height() - side) // 2, away)
            room.adjust(0, 0, -side - HALF, 0)
        words = painter.fontMetrics().elidedText(
            bare(member.nick), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        member = index.data(Role.ROW)
        words = ""
        if isinstance(member, Member):
            lines = (
                isolated(member.nick),
                *(_room_lines(member) if member.role else _irc_lines(member)),
                "Away" if member.is_away else "",
            )
            words = "\n".join(filter(None, lines))
        QToolTip.showText(event.globalPos(), tooltip(words), view)
        return True


def _irc_lines(member: Member) -> tuple[str, ...]:
    login = f"Logged in as {isolated(member.account_name)}" if member.account_name else ""
    return (isolated(member.user_host) if member.user_host else "", login)


def _room_lines(member: Member) -> tuple[str, ...]:
    """Role and standing in a room, and who it really is where the room shows it."""
    what = RANKS.get(member.role, member.role).rstrip("s")
    standing = STANDING_WORDS.get(member.affiliation, "")
    return (
        f"{what}, {standing}" if standing else what,
        isolated(member.account_name) if member.account_name else "The room hides the address",
    )
