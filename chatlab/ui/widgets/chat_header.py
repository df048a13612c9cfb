"""The head of a chat pane: which chat, on which account, how protected, its topic."""

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.account import Application
from chatlab.core.chats import AccountState, Chat, ChatKind
from chatlab.ui.action_ids import ActionId
from chatlab.ui.place_words import chat_words, place_words
from chatlab.ui.presence_words import contact_line
from chatlab.ui.rich_text import bare, tooltip
from chatlab.ui.shortcuts import set_key_tip
from chatlab.ui.theme import HALF, SPACE, set_icon
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.security_badge import SecurityBadge, security_facts

_COMPACT_BELOW = 330
"""Narrower, the security badge shows its icon alone."""
_MODE_WORDS = {
    "c": "no colours",
    "i": "only with an invitation",
    "k": "only with the key",
    "l": "a limited number of members",
    "m": "moderated: only those with voice speak",
    "n": "only members can write here",
    "p": "private",
    "r": "only registered nicks",
    "s": "secret: in no list of channels",
    "t": "only operators change the topic",
}
"""Channel modes of RFC 2811, section 4.2, and two that most networks share."""


class ChatHeader(QWidget):
    """Two lines: title, account, badge and buttons; the topic below.

    Signals:
        topic_edited: the new topic (empty: none).
        members_toggled: whether the member list is wanted.
        split_requested, close_requested: the buttons.
        security_clicked: details of the connection are wanted.
        channel_clicked: topic, modes and lists of the channel are wanted.
    """

    topic_edited = Signal(str)
    members_toggled = Signal(bool)
    split_requested = Signal()
    close_requested = Signal()
    security_clicked = Signal()
    channel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chat: Chat | None = None
        self._title = ElidedLabel("", "heading", self)
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._account = ElidedLabel("", "small", self)
        self._badge = SecurityBadge(self)
        self._badge.clicked.connect(self.security_clicked)
        self._members = self._make_button("members", self.tr("Members"), self.tr("Members"))
        set_key_tip(self._members, self.tr("Members"), ActionId.MEMBER_LIST)
        self._members.setCheckable(True)
        self._members.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._members.toggled.connect(self.members_toggled)
        self._split = self._make_button(
            "split", self.tr("Split"), self.tr("Show a second chat beside this one")
        )
        self._split.clicked.connect(self.split_requested)
        self._close = self._make_button(
            "close", self.tr("Close pane"), self.tr("Close this pane; the chat stays open")
        )
        self._close.clicked.connect(self.close_requested)
        self._topic = ElidedLabel("", "small", self)
        self._topic.clicked.connect(self._begin_edit)
        self._edit = _TopicEdit(self)
        self._edit.setAccessibleName(self.tr("Topic"))
        self._edit.returnPressed.connect(self._finish_edit)
        self._edit.left.connect(self._end_edit)
        self._topic_line = QStackedWidget(self)
        self._topic_line.addWidget(self._topic)
        self._topic_line.addWidget(self._edit)
        self._topic_line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._modes = ElidedLabel("", "small", self)
        self._modes.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._modes.set_clickable(True)
        self._modes.clicked.connect(self.channel_clicked)
        self._lay_out()
        self._end_edit()

    def _make_button(self, sign: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        set_icon(button, sign)
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(HALF)
        first.addWidget(self._title)
        first.addSpacing(HALF)
        first.addWidget(self._account, 1)
        first.addWidget(self._badge)
        first.addSpacing(HALF)
        for button in (self._members, self._split, self._close):
            first.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + HALF, HALF, HALF, HALF + 2)
        column.setSpacing(0)
        column.addLayout(first)
        second = QHBoxLayout()
        second.setContentsMargins(0, 0, SPACE, 0)
        second.setSpacing(SPACE)
        second.addWidget(self._topic_line, 1)
        second.addWidget(self._modes)
        column.addLayout(second)

    # What to show ---------------------------------------------------------------------------

    def show_chat(self, chat: Chat, state: AccountState | None) -> None:
        """Show a chat, or what changed about it."""
        if chat is not self._chat:
            self._end_edit()
            self._chat = chat
        account = bare(state.account.name) if state else ""
        is_server = chat.kind is ChatKind.SERVER
        title = account if is_server else chat_words(chat)
        self._title.set_text(title, "" if is_server or title == chat.title else bare(chat.title))
        self._account.set_text("" if is_server else account)
        self._badge.show_facts(security_facts(state) if state else None)
        self._members.setVisible(chat.kind is ChatKind.CHANNEL)
        self._members.setText(str(len(chat.members)) if chat.members else "")
        self._show_topic(chat, state)

    def set_buttons(self, can_split: bool, can_close: bool) -> None:
        """Which of the pane's buttons make sense in this window now."""
        self._split.setVisible(can_split)
        self._close.setVisible(can_close)

    def set_members_shown(self, is_shown: bool) -> None:
        with QSignalBlocker(self._members):  # A pane that is too narrow is no wish of the reader.
            self._members.setChecked(is_shown)

    def _show_topic(self, chat: Chat, state: AccountState | None) -> None:
        can_edit = chat.kind is ChatKind.CHANNEL and chat.is_joined
        self._topic.set_clickable(can_edit)
        tip = self.tr("Click to change the topic") if can_edit else ""
        match chat.kind:
            case ChatKind.CHANNEL:
                empty = self.tr("Set a topic…") if can_edit else self.tr("Not joined")
                self._topic.set_text(bare(chat.topic) or empty, tip)
            case ChatKind.PRIVATE:
                self._topic.set_text(_person_words(chat, state))
            case _:
                self._topic.set_text(bare(place_words(state.account)) if state else "")
        self._topic.setAccessibleName(self.tr("Topic: {topic}").format(topic=self._topic.text()))
        if can_edit and state and state.account.application is Application.XMPP:
            self._show_room_entry()
        else:
            self._show_modes(chat.modes if chat.kind is ChatKind.CHANNEL else "")

    def _show_room_entry(self) -> None:
        """Where IRC shows modes, a room has settings of its own."""
        words = self.tr("Topic, settings and people of this room")
        self._modes.set_text(self.tr("Room settings"))
        self._modes.setToolTip(words)
        self._modes.setAccessibleName(words)
        self._modes.show()

    def _show_modes(self, modes: str) -> None:
        """The channel's modes as IRC writes them; in words on hover."""
        letters = modes.partition(" ")[0].removeprefix("+")
        words = [f"{letter}: {_MODE_WORDS.get(letter, 'set')}" for letter in letters]
        tip = [self.tr("Modes of the channel"), *words, self.tr("Click to see or change them")]
        self._modes.set_text(modes.partition(" ")[0])  # Not the key behind them.
        self._modes.setToolTip(tooltip("\n".join(tip)))
        self._modes.setAccessibleName(self.tr("Modes: {}").format(", ".join(words)))
        self._modes.setVisible(bool(letters))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._badge.set_compact(self.width() < _COMPACT_BELOW)
        super().resizeEvent(event)

    # Changing the topic ---------------------------------------------------------------------

    def _begin_edit(self) -> None:
        if self._chat is None:
            return
        self._edit.setText(self._chat.topic)
        self._edit.selectAll()
        self._topic_line.setFixedHeight(self._edit.sizeHint().height())
        self._topic_line.setCurrentWidget(self._edit)
        self._edit.setFocus(Qt.FocusReason.MouseFocusReason)

    def _finish_edit(self) -> None:
        text = self._edit.text().strip()
        is_new = self._chat is not None and text != self._chat.topic
        self._end_edit()
        if is_new:
            self.topic_edited.emit(text)

    def _end_edit(self) -> None:
        self._topic_line.setCurrentWidget(self._topic)
        self._topic_line.setFixedHeight(self._topic.sizeHint().height() + HALF)


def _person_words(chat: Chat, state: AccountState | None) -> str:
    """How the other party is, where the roster knows them."""
    contact = state.contacts.get(chat.key.name) if state else None
    if contact is None:
        is_named = chat.heading != chat.title
        return f"Private chat · {bare(chat.title)}" if is_named else "Private chat"
    return f"{bare(contact_line(contact))} · {bare(contact.jid)}"


class _TopicEdit(QLineEdit):
    """Signals:
    left: Escape, or the focus went elsewhere.
    """

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusOut:
            self.left.emit()
        return super().event(event)
