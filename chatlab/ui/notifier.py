"""Tells of what arrived while the reader looks elsewhere: title, icon, and the desktop if wanted."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from chatlab.core import events as ev
from chatlab.core.chats import Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.flow import Direction
from chatlab.core.message import Message
from chatlab.core.preferences import Preferences
from chatlab.core.rules import RuleBook
from chatlab.ui.actions import ActionId
from chatlab.ui.main_window import MainWindow
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import app_icon, current
from chatlab.ui.transfer_words import is_for_us, offer_words

BATCH_MS = 100
_ICON_SIZES = (32, 64, 128)
_MAX_TEXT = 200
_MOST = 99
_SHOWN_MS = 8_000
_MARKUP = str.maketrans({"<": "‹", ">": "›"})
"""Desktops read simple markup in a notification; what others write must stay words."""


class Notifier(QObject):
    """Counts over all chats; one notification at a time."""

    def __init__(
        self,
        window: MainWindow,
        book: ChatBook,
        rules: RuleBook,
        show_chat: Callable[[ChatKey], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._book = book
        self._rules = rules
        self._show_chat = show_chat
        self._tray: QSystemTrayIcon | None = None
        self._menu: QMenu
        self._notifies = self._hides = self._has_said_where = False
        window.hides_on_close = self._hides_on_close
        self._told: ChatKey | None = None
        self._shown = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.refresh)
        book.observe(self._on_book_changed, Change.CHAT_CHANGED, Change.CHAT_REMOVED)

    def can_notify(self) -> bool:
        """Whether this desktop shows notifications."""
        return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()

    def obey(self, preferences: Preferences) -> None:
        """Show messages on the desktop, and keep ChatLab in its tray, as the reader chose."""
        is_able = self.can_notify()
        self._notifies = preferences.notifies and is_able
        self._hides = preferences.closes_to_tray and QSystemTrayIcon.isSystemTrayAvailable()
        if not (self._notifies or self._hides):
            self._take_down()
        elif self._tray is None:
            self._put_up()

    def _put_up(self) -> None:
        self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
        self._tray.messageClicked.connect(self._on_clicked)
        self._tray.activated.connect(self._on_activated)
        self._tray.setToolTip("ChatLab")
        self._menu = QMenu(self._window)
        self._menu.addAction(self.tr("Show ChatLab"), self._come_forward)
        self._menu.addAction(
            self.tr("Quit"), lambda: self._window.actions_table.trigger(ActionId.QUIT)
        )
        self._tray.setContextMenu(self._menu)
        self._tray.show()

    def _take_down(self) -> None:
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._menu.deleteLater()
            self._tray = None

    def _hides_on_close(self) -> bool:
        """Asked when the window is closed; the first time, say where ChatLab has gone."""
        if self._tray is None or not self._hides:
            return False
        if not self._has_said_where:
            self._has_said_where = True
            words = self.tr("It stays online. Its icon brings the window back.")
            self._tray.showMessage(
                self.tr("ChatLab goes on in the tray"), words, app_icon(), _SHOWN_MS
            )
        return True

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self._come_forward()

    # -- counters

    @property
    def count(self) -> int:
        """Messages for the reader that are not read yet."""
        return sum(chat.highlights for chat in self._book.chats.values())

    def refresh(self) -> None:
        """Put the counter into title and icon."""
        self._timer.stop()
        count = self.count
        self._window.set_unread(count)
        if min(count, _MOST + 1) != self._shown:
            self._shown = min(count, _MOST + 1)
            sign = badged_icon(count)
            self._window.setWindowIcon(sign)
            if self._tray is not None:
                self._tray.setIcon(sign)

    def _on_book_changed(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    # -- notifications

    def take_event(self, event: ev.ChatEvent) -> None:
        if not self._notifies:
            return
        match event:
            case ev.MessageAdded(message):
                self._take_message(message)
            case ev.TransferOffered(_, transfer) if is_for_us(transfer):
                key = ChatKey(transfer.account, transfer.chat.lower())
                if not self._is_seen(key):
                    self._tell(key, transfer.peer, offer_words(transfer))
            case _:
                pass

    def _take_message(self, message: Message) -> None:
        chat = self._book.chats.get(ChatKey(message.account, message.target.lower()))
        is_new = message.direction is Direction.RECEIVED and not message.is_history
        if chat is None or not is_new or not self._is_meant(chat, message):
            return
        if not self._is_seen(chat.key):
            sender, is_channel = message.sender, chat.kind is ChatKind.CHANNEL
            where = f"{sender} in {chat.heading}" if is_channel else sender
            self._tell(chat.key, where, message.text[:_MAX_TEXT])

    def _is_meant(self, chat: Chat, message: Message) -> bool:
        is_private = chat.kind is ChatKind.PRIVATE
        return message.is_highlight or is_private or chat.key in self._rules.rules.told

    def _is_seen(self, key: ChatKey) -> bool:
        """The reader looks at the chat, or does not want to hear of it."""
        chat = self._book.chats.get(key)
        is_in_view = self._window.isActiveWindow() and key in self._window.chats.shown()
        return is_in_view or (chat is not None and chat.is_muted)

    def _tell(self, key: ChatKey, title: str, text: str) -> None:
        assert self._tray is not None  # it is there while messages are shown
        self._told = key
        title, text = (bare(words).translate(_MARKUP) for words in (title, text))
        self._tray.showMessage(title, text, app_icon(), _SHOWN_MS)

    def _on_clicked(self) -> None:
        self._come_forward()
        if self._told is not None:
            self._show_chat(self._told)

    def _come_forward(self) -> None:
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()


def badged_icon(count: int) -> QIcon:
    """The program's sign with a number on it; without one, the sign alone."""
    plain = app_icon()
    if not count:
        return plain
    made = QIcon()
    for size in _ICON_SIZES:
        made.addPixmap(_badged(plain.pixmap(size, size), size, count))
    return made


def _badged(picture: QPixmap, size: int, count: int) -> QPixmap:
    made = QPixmap(picture)
    words = str(count) if count <= _MOST else f"{_MOST}+"
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = size * made.devicePixelRatio()
    painter.setWindow(0, 0, round(side), round(side))
    height = side * 0.56
    width = height if len(words) == 1 else height * 1.35
    pill = QRectF(side - width, side - height, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(current().color("accent"))
    painter.drawRoundedRect(pill, height / 2, height / 2)
    font = QFont()
    font.setPixelSize(max(6, round(height * (0.72 if len(words) < 3 else 0.52))))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(current().color("on_accent"))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    return made
