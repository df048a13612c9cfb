"""The sidebar: accounts, how they are doing, and their chats."""

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QStyle,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Chat, ChatKey, ChatKind
from chatlab.core.connection import LinkState
from chatlab.ui.models.account_tree import AccountTreeModel, Role
from chatlab.ui.theme import HALF, SPACE, icon, plain_label, set_icon, small_font
from chatlab.ui.widgets.account_delegate import AccountDelegate, chevron_width, state_icon_room
from chatlab.ui.widgets.icon_label import IconLabel
from chatlab.ui.widgets.sidebar_parts import SidebarParts

_USUAL_WORDS = "OnlineUnencrypted"
"""Of an account's second line: its state and its security, each beside an icon."""


class AccountPane(QWidget):
    """Shows accounts and chats; says what was chosen and what is wanted of it.

    Signals:
        chat_activated: ChatKey that was clicked or chosen with Return.
        beside_requested: ChatKey to be shown in the second pane.
        add_requested: a new account is wanted.
        connect_requested, disconnect_requested, edit_requested, remove_requested,
        join_requested: AccountId.
        close_requested: ChatKey of a channel to leave, or a private chat to close.
        mute_requested: ChatKey, and whether it is to be muted.
        tell_all_requested: ChatKey, and whether the desktop is to tell every message.
        channel_requested: ChatKey of a channel to be changed.
        list_requested, away_requested: AccountId.
        presence_requested: AccountId, and the Availability that others are to see.
        invite_requested: ChatKey of an XMPP room that somebody is to be invited into.
        contact_requested: ChatKey of an XMPP chat of two: its contact, or one to be added.
    """

    chat_activated = Signal(object)
    beside_requested = Signal(object)
    add_requested = Signal()
    connect_requested = Signal(str)
    disconnect_requested = Signal(str)
    edit_requested = Signal(str)
    remove_requested = Signal(str)
    join_requested = Signal(str)
    close_requested = Signal(object)
    mute_requested = Signal(object, bool)
    tell_all_requested = Signal(object, bool)
    channel_requested = Signal(object)
    list_requested = Signal(str)
    away_requested = Signal(str)
    presence_requested = Signal(str, object)
    invite_requested = Signal(object)
    contact_requested = Signal(object)

    def __init__(self, model: AccountTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.is_told: Callable[[ChatKey], bool] = lambda chat: False
        """Whether the desktop tells every message of a chat."""
        self._tree = _Tree(self)
        self._delegate = AccountDelegate(self._tree)
        self._tree.setItemDelegate(self._delegate)
        self._tree.setModel(model)
        self._tree.expandAll()
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._tree)
        self._pages.addWidget(self._make_empty_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_head())
        self.parts = SidebarParts(self._pages, self._tree.content_height, self)
        column.addWidget(self.parts)
        self.setProperty("role", "window")
        self.setMinimumWidth(160)
        self._tick = QTimer(self)
        self._tick.setInterval(1_000)
        self._tick.timeout.connect(self._count_down)
        model.rowsInserted.connect(self._on_rows_changed)
        model.rowsRemoved.connect(self._on_rows_changed)
        model.dataChanged.connect(self._on_data_changed)
        self._tree.index_chosen.connect(self._on_index_chosen)
        self._tree.menu_wanted.connect(self._show_menu)
        self._tree.close_wanted.connect(self._on_close_wanted)
        self._on_rows_changed()

    def sizeHint(self) -> QSize:
        """Wide enough for the longest usual words and a scroll bar, at any size of the font."""
        words = QFontMetrics(small_font()).horizontalAdvance(_USUAL_WORDS)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        return QSize(chevron_width() + 2 * state_icon_room() + words + 4 * SPACE + bar, 400)

    def put_below(self, part: QWidget) -> None:
        """Give something a place under the chats, such as contacts."""
        self.parts.put_below(part)

    def share(self) -> None:
        """Divide the height anew: what is shown has changed."""
        self.parts.share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share()

    def show_online(self, account: AccountId, nicks: Iterable[str]) -> None:
        """Who of the buddies on an account is online."""
        self._model.show_online(account, nicks)

    def show_current(self, key: ChatKey | None) -> None:
        """Mark the chat that the active pane shows."""
        index = self._model.chat_index(key) if key else QModelIndex()
        self._tree.setCurrentIndex(index)

    def focus_tree(self) -> None:
        self._tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _make_head(self) -> QHBoxLayout:
        add = QToolButton(self)
        add.setObjectName("add_account")
        add.setAccessibleName(self.tr("Add account"))
        add.setToolTip(self.tr("Add account"))
        set_icon(add, "plus")
        add.clicked.connect(self.add_requested)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE + HALF, HALF, HALF, HALF)
        head.addWidget(plain_label(self.tr("Accounts"), "small", self), 1)
        head.addWidget(add)
        return head

    def _make_empty_page(self) -> QWidget:
        page = QWidget(self)
        picture = IconLabel("account", "faint", 32, page)
        title = plain_label(self.tr("No accounts yet"), "heading", page)
        text = plain_label(
            self.tr(
                "An account is who you are on one network. Its channels and chats appear here."
            ),
            "muted",
            page,
        )
        button = QPushButton(self.tr("Add account…"), page)
        button.setProperty("primary", True)
        button.clicked.connect(self.add_requested)
        for label in (title, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 6 * SPACE)
        column.setSpacing(SPACE)
        column.addStretch()
        for widget in (picture, title, text):
            column.addWidget(widget)
        column.addSpacing(SPACE)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        return page

    def _on_rows_changed(self, parent: QModelIndex | None = None, *_: int) -> None:
        self._pages.setCurrentIndex(0 if self._model.rowCount() else 1)
        if parent is None or not parent.isValid():
            for row in range(self._model.rowCount()):
                self._tree.expand(self._model.index(row, 0))
        elif self._model.rowCount(parent) == 1:
            self._tree.expand(parent)  # The first chat of an account.
        self.share()

    def _on_data_changed(self, first: QModelIndex, _last: QModelIndex) -> None:
        state = first.data(Role.STATE)
        if isinstance(state, AccountState):
            self._delegate.note_state(state)
        if self._model.is_waiting() != self._tick.isActive():
            self._tick.start() if not self._tick.isActive() else self._tick.stop()

    def _count_down(self) -> None:
        self._tree.viewport().update()

    def _on_index_chosen(self, index: QModelIndex) -> None:
        chat = index.data(Role.CHAT)
        if isinstance(chat, Chat):
            self.chat_activated.emit(chat.key)

    def _on_close_wanted(self, index: QModelIndex) -> None:
        chat = index.data(Role.CHAT)
        if isinstance(chat, Chat) and chat.kind is not ChatKind.SERVER:
            self.close_requested.emit(chat.key)

    def _show_menu(self, index: QModelIndex, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        state, chat = index.data(Role.STATE), index.data(Role.CHAT)
        if isinstance(state, AccountState):
            self._fill_account_menu(menu, state)
        elif isinstance(chat, Chat):
            owner = index.parent().data(Role.STATE)
            is_xmpp = isinstance(owner, AccountState) and _is_xmpp(owner)
            self._fill_chat_menu(menu, chat, is_xmpp=is_xmpp)
        else:
            menu.addAction(icon("plus"), self.tr("Add account…"), self.add_requested.emit)
        menu.popup(at)

    def _fill_account_menu(self, menu: QMenu, state: AccountState) -> None:
        account: AccountId = state.account.id
        if state.state is LinkState.OFFLINE:
            menu.addAction(
                icon("plug"), self.tr("Connect"), lambda: self.connect_requested.emit(account)
            )
        else:
            menu.addAction(
                icon("unplug"),
                self.tr("Disconnect"),
                lambda: self.disconnect_requested.emit(account),
            )
        enter, known = ("Join channel…", "List of channels…")
        if _is_xmpp(state):
            enter, known = ("Enter a room…", "List of rooms…")
        join = menu.addAction(
            icon("channel"), self.tr(enter), lambda: self.join_requested.emit(account)
        )
        channels = menu.addAction(
            icon("search"), self.tr(known), lambda: self.list_requested.emit(account)
        )
        for action in (join, channels):
            action.setEnabled(state.state is LinkState.ONLINE)
        self._add_presence(menu, state)
        menu.addSeparator()
        menu.addAction(
            icon("edit"), self.tr("Edit account…"), lambda: self.edit_requested.emit(account)
        )
        menu.addAction(
            icon("trash"), self.tr("Remove account…"), lambda: self.remove_requested.emit(account)
        )

    def _add_presence(self, menu: QMenu, state: AccountState) -> None:
        """IRC knows here and away, XMPP more."""
        account: AccountId = state.account.id
        if _is_xmpp(state):
            from chatlab.ui.widgets.presence_menu import add_presence_menu

            add_presence_menu(menu, state, partial(self.presence_requested.emit, account))
            return
        away = menu.addAction(
            icon("moon"),
            self.tr("I am back") if state.is_away else self.tr("I am away"),
            lambda: self.away_requested.emit(account),
        )
        away.setEnabled(state.state is LinkState.ONLINE)

    def _fill_chat_menu(self, menu: QMenu, chat: Chat, *, is_xmpp: bool = False) -> None:
        menu.addAction(
            icon("split"),
            self.tr("Open beside"),
            lambda: self.beside_requested.emit(chat.key),
        )
        menu.addAction(
            icon("bell" if chat.is_muted else "bell-off"),
            self.tr("Unmute") if chat.is_muted else self.tr("Mute"),
            lambda: self.mute_requested.emit(chat.key, not chat.is_muted),
        )
        tell = menu.addAction(self.tr("Notify me of every message"))
        tell.setCheckable(True)
        tell.setChecked(self.is_told(chat.key))
        tell.toggled.connect(partial(self.tell_all_requested.emit, chat.key))
        is_joined = chat.kind is ChatKind.CHANNEL and chat.is_joined
        if is_joined:
            words = "Topic, settings and people…" if is_xmpp else "Topic, modes and bans…"
            menu.addAction(
                icon("settings"), self.tr(words), lambda: self.channel_requested.emit(chat.key)
            )
        if is_xmpp and is_joined:
            menu.addAction(
                icon("user-add"),
                self.tr("Invite somebody…"),
                lambda: self.invite_requested.emit(chat.key),
            )
        if is_xmpp and chat.kind is ChatKind.PRIVATE:
            menu.addAction(
                icon("info"), self.tr("Contact…"), lambda: self.contact_requested.emit(chat.key)
            )
        menu.addSeparator()
        place = "Leave room" if is_xmpp else "Leave channel"
        words = self.tr(place) if is_joined else self.tr("Close chat")
        menu.addAction(icon("close"), words, lambda: self.close_requested.emit(chat.key))


def _is_xmpp(state: AccountState) -> bool:
    return state.account.application is Application.XMPP


class _Tree(QTreeView):
    """The tree itself: keys, the fold sign, and menus from mouse and keyboard.

    Signals:
        index_chosen, close_wanted: QModelIndex.
        menu_wanted: QModelIndex (may be invalid) and the global position.
    """

    index_chosen = Signal(QModelIndex)
    close_wanted = Signal(QModelIndex)
    menu_wanted = Signal(QModelIndex, QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("accounts")
        self.setAccessibleName(self.tr("Accounts and chats"))
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setProperty("role", "window")

    def content_height(self, most: int) -> int:
        """Of every row that is not folded away; not counted further than ``most``."""
        height, index = 0, self.model().index(0, 0)
        while index.isValid() and height < most:
            height += self.rowHeight(index)
            index = self.indexBelow(index)
        return height

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        is_account = index.isValid() and not index.parent().isValid()
        if is_account and event.position().x() < chevron_width():
            self.setExpanded(index, not self.isExpanded(index))
            return
        super().mousePressEvent(event)
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            self.index_chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.index_chosen.emit(index)
        elif event.matches(QKeySequence.StandardKey.Delete) and index.isValid():
            self.close_wanted.emit(index)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_key else self.indexAt(event.pos())
        at = event.globalPos()
        if is_key and index.isValid():
            at = self.viewport().mapToGlobal(self.visualRect(index).center())
        self.menu_wanted.emit(index, at)
