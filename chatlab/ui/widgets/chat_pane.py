"""One chat on the screen: header, transcript, composer, members; or the words for none."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from chatlab.core.account import Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.features import ServerFeatures
from chatlab.core.message import MessageId
from chatlab.ui.models.transcript import TranscriptModel
from chatlab.ui.widgets.chat_header import ChatHeader
from chatlab.ui.widgets.chat_middle import ChatMiddle
from chatlab.ui.widgets.chat_names import channels_beside, nicks_of
from chatlab.ui.widgets.chat_pages import make_empty_page, make_line
from chatlab.ui.widgets.chat_services import ChatServices, KeptChat
from chatlab.ui.widgets.chat_situations import WayOut, empty_words, situation_of, waiting_in
from chatlab.ui.widgets.composer import Composer
from chatlab.ui.widgets.experiment_strip import ExperimentStrip
from chatlab.ui.widgets.find_bar import FindBar
from chatlab.ui.widgets.member_list import MemberList
from chatlab.ui.widgets.scroll_keys import ScrollKeys
from chatlab.ui.widgets.transcript_delegate import BadgeSource
from chatlab.ui.widgets.transcript_view import TranscriptView
from chatlab.ui.widgets.transfer_strip import TransferStrip
from chatlab.ui.widgets.typing_line import TypingLine

__all__ = ["ChatPane", "ChatServices"]

_QUEUE_MS = 150
"""What leaves within this time was not worth telling about."""


class ChatPane(QWidget):
    """Shows one chat of the book at a time; several panes may show the same one.

    Signals:
        submitted: ChatKey and a line as typed, for ``commands.parse``.
        answered: the same, and the ``msgid`` of the message that it answers.
        writing_changed: ChatKey, and whether a message is being written.
        message_selected, badge_clicked, resend_requested, cancel_requested: MessageId.
        link_activated: an address of an allowed scheme.
        topic_edited: ChatKey and the new topic.
        query_requested: ChatKey of a private chat to open.
        connect_requested: AccountId whose chat is offline.
        history_requested: ChatKey whose oldest entry in memory came into view.
        split_requested, close_requested, activated: of this pane.
        security_clicked: AccountId whose connection is to be explained.
        settings_requested: AccountId whose settings are wanted.
        search_requested: words to be looked for in the whole history.
    """

    submitted = Signal(object, str)
    answered = Signal(object, str, str)
    writing_changed = Signal(object, bool)
    message_selected = Signal(str)
    badge_clicked = Signal(str)
    resend_requested = Signal(str)
    cancel_requested = Signal(str)
    link_activated = Signal(str)
    topic_edited = Signal(object, str)
    query_requested = Signal(object)
    connect_requested = Signal(str)
    history_requested = Signal(object)
    split_requested = Signal()
    close_requested = Signal()
    activated = Signal()
    security_clicked = Signal(str)
    settings_requested = Signal(str)
    search_requested = Signal(str)

    def __init__(
        self,
        chat: Chat | None,
        book: ChatBook,
        services: ChatServices,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._book = book
        self._services = services
        self._chat: Chat | None = None
        self._model: TranscriptModel | None = None
        self._kept: dict[ChatKey, KeptChat] = {}
        self._is_read = True
        self._way_out: WayOut | None = None
        self._queue_timer = QTimer(self)
        self._queue_timer.setSingleShot(True)
        self._queue_timer.setInterval(_QUEUE_MS)
        self._queue_timer.timeout.connect(self._show_situation)
        self._wants_members = False
        """Also while a chat is shown that has none."""
        self.header = ChatHeader(self)
        self.experiment = ExperimentStrip(self)
        self.transfers = TransferStrip(self)
        self.typing = TypingLine(self)
        self.transcript = TranscriptView(
            BadgeSource(services.frame_count, services.describe, services.exposure), self
        )
        self._find_bar: FindBar | None = None
        self.composer = Composer(self._predict, self._nicks, self._channels, self)
        self.members = MemberList(self)
        self._middle = ChatMiddle(self.transcript, self.typing, self.members, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._make_chat_page())
        self._pages.addWidget(make_empty_page(self))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(240)
        self._connect()
        self._stop_observing = book.observe(self._on_book_changed)
        self.show_chat(chat)

    def _make_chat_page(self) -> QWidget:
        page = QWidget(self)
        column = self._column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(make_line("line", page))
        column.addWidget(self.experiment)
        column.addWidget(self.transfers)
        column.addWidget(self._middle, 1)
        column.addWidget(make_line("line", page))
        column.addWidget(self.composer)
        return page

    @property
    def find_bar(self) -> FindBar:
        """Made when it is asked for: the first paint does without it."""
        if self._find_bar is None:
            bar = self._find_bar = FindBar(self.transcript, self)
            self._column.insertWidget(self._column.indexOf(self._middle), bar)
            bar.history_requested.connect(self.search_requested)
            bar.closed.connect(self.focus_composer)
            if self._model is not None:
                bar.show_model(self._model)
        return self._find_bar

    def _connect(self) -> None:
        self.transcript.message_selected.connect(self.message_selected)
        self.transcript.badge_clicked.connect(self.badge_clicked)
        self.transcript.resend_requested.connect(self.resend_requested)
        self.transcript.cancel_requested.connect(self.cancel_requested)
        self.transcript.link_activated.connect(self.link_activated)
        self.transcript.nick_requested.connect(self.composer.mention)
        self.transcript.typed.connect(self.composer.insert)
        self.transcript.features = lambda: self.features
        self.transcript.start_reached.connect(self._on_start_reached)
        self.composer.submitted.connect(self._submit)
        self.composer.notice_action.connect(self._on_notice_action)
        self.composer.writing_changed.connect(self._on_writing_changed)
        self.experiment.settings_clicked.connect(self._on_settings_clicked)
        self.header.topic_edited.connect(self._on_topic_edited)
        self.header.members_toggled.connect(lambda is_on: self.show_members(is_on))
        self._middle.folded_changed.connect(self._show_members)
        self.header.split_requested.connect(self.split_requested)
        self.header.close_requested.connect(self.close_requested)
        self.header.security_clicked.connect(self._on_security_clicked)
        self.members.mention_requested.connect(self.composer.mention)
        self.members.command_requested.connect(self._submit)
        self.members.command_begun.connect(self.composer.begin)
        self.members.query_requested.connect(self._on_query_requested)
        ScrollKeys(self.composer, self.transcript)
        for widget in (self.composer.editor, self.transcript):
            widget.installEventFilter(self)

    # Which chat -----------------------------------------------------------------------------

    @property
    def chat(self) -> Chat | None:
        return self._chat

    @property
    def features(self) -> ServerFeatures:
        """What the server of this chat can do."""
        chat = self._chat
        return self._services.features(chat.key.account) if chat else ServerFeatures()

    def show_chat(self, chat: Chat | None) -> None:
        """Show another chat; the draft of the one before is kept."""
        if chat is self._chat and (chat is not None or self._pages.currentIndex() == 1):
            return
        self._put_away()
        self._chat = chat
        self._pages.setCurrentIndex(0 if chat else 1)
        self.members.show_chat(self._book, chat)
        if chat is None:
            return
        self._model = TranscriptModel(self._book, chat, self)
        self.transcript.show_model(self._model)
        if self._find_bar is not None:
            self._find_bar.show_model(self._model)
        if chat.unread:
            self.transcript.mark_new(max(0, self._model.rowCount() - chat.unread))
        kept = self._kept.get(chat.key, KeptChat())
        self.composer.set_text(kept.draft)
        self.composer.set_answered(kept.answered)
        self.composer.editor.chat = chat.title
        self.composer.editor.set_history(kept.history)
        self._refresh()

    def _put_away(self) -> None:
        if self._chat is not None:
            self._kept[self._chat.key] = self._keep()
        if self._model is not None:
            self._model.close()
            self._model.deleteLater()
            self._model = None

    def _keep(self) -> KeptChat:
        composer = self.composer
        return KeptChat(composer.text(), tuple(composer.editor.history()), composer.answered)

    def drafts(self) -> dict[ChatKey, str]:
        """Texts that were begun and not sent, to be kept over a restart."""
        kept = dict(self._kept)
        if self._chat is not None:
            kept[self._chat.key] = self._keep()
        return {key: item.draft for key, item in kept.items() if item.draft}

    def set_drafts(self, drafts: dict[ChatKey, str]) -> None:
        for key, draft in drafts.items():
            self._kept[key] = KeptChat(draft)
            if self._chat is not None and self._chat.key == key:
                self.composer.set_text(draft)

    def close_pane(self) -> None:
        """End every watch on the book, before the pane is deleted."""
        self.show_chat(None)
        self._stop_observing()

    # What the window says -------------------------------------------------------------------

    def set_read(self, is_read: bool) -> None:
        """Whether the reader sees this pane now; where they left, a line marks what is new."""
        if self._is_read and not is_read:
            self.set_marker()
        self._is_read = is_read

    def set_marker(self) -> None:
        """Draw the line between read and new below the last message."""
        if self._model is not None:
            self._model.flush()
            self.transcript.mark_new(self._model.rowCount())

    def go_to_marker(self) -> bool:
        """Bring that line into view; False when there is none."""
        return self.transcript.go_to_new()

    def select_message(self, message: MessageId | None) -> bool:
        """Light up a message chosen elsewhere; False when this pane does not show it."""
        return self.transcript.select_message(message)

    def refresh_badges(self) -> None:
        self.transcript.refresh_badges()

    def show_writers(self, names: Sequence[str]) -> None:
        """Who is writing in the chat that is shown."""
        self.typing.show_names(names)

    @property
    def are_members_in_view(self) -> bool:
        return self._wants_members and not self._middle.is_folded

    def show_members(self, is_shown: bool, *, even_if_narrow: bool = True) -> None:
        self._wants_members = is_shown
        if even_if_narrow:
            self._middle.unfold()
        self._show_members()

    def _show_members(self) -> None:
        is_channel = self._chat is not None and self._chat.kind is ChatKind.CHANNEL
        self._middle.want_members(self._wants_members and is_channel)
        self.header.set_members_shown(self.are_members_in_view)

    def focus_composer(self) -> None:
        self.composer.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def sizeHint(self) -> QSize:
        return QSize(420, 600)

    # What happens ---------------------------------------------------------------------------

    def _on_book_changed(self, change: Change, what: Chat | AccountState, *_: int) -> None:
        chat = self._chat
        if chat is None:
            return
        if isinstance(what, AccountState):
            if what.account.id == chat.key.account:
                self._refresh()
        elif what is chat:
            if change is Change.CHAT_REMOVED:
                self.show_chat(None)
                self._kept.pop(what.key, None)
            elif change in (Change.CHAT_CHANGED, Change.MEMBERS_CHANGED):
                self._refresh()
            elif change is not Change.ENTRIES_DROPPED and not self._queue_timer.isActive():
                self._queue_timer.start()

    def _refresh(self) -> None:
        chat = self._chat
        if chat is None:
            return
        state = self._book.accounts.get(chat.key.account)
        self.header.show_chat(chat, state)
        self._show_members()
        self.transcript.set_empty_words(empty_words(chat))
        self.transcript.set_reader(state.nick if state else "")
        self.experiment.show_state(state)
        self.typing.setVisible(chat.kind is not ChatKind.SERVER and not (state and state.source))
        self.composer.set_multiline(self.features.has_multiline)
        self._show_situation()

    def _show_situation(self) -> None:
        chat = self._chat
        if chat is None:
            return
        state = self._book.accounts.get(chat.key.account)
        found = situation_of(chat, state, len(waiting_in(chat)))
        self._way_out = found.way_out
        self.composer.set_formatting(
            state is not None and state.account.application is Application.IRC
        )
        self.composer.set_situation(
            found.placeholder,
            found.notice,
            found.way_out.value if found.way_out else "",
            is_enabled=state is not None and not state.source,
        )

    def _on_notice_action(self) -> None:
        chat = self._chat
        if chat is None:
            return
        match self._way_out:
            case WayOut.CONNECT | WayOut.RETRY:
                self.connect_requested.emit(chat.key.account)
            case WayOut.JOIN:
                self.submitted.emit(chat.key, f"/join {chat.title}")
            case WayOut.CANCEL:
                for message in waiting_in(chat):
                    self.cancel_requested.emit(message)

    def _submit(self, line: str) -> None:
        if self._chat is not None:
            self.transcript.mark_new(None)
            self.transcript.go_to_end()
            if answered := self.composer.take_answered(line):
                self.answered.emit(self._chat.key, line, answered)
            else:
                self.submitted.emit(self._chat.key, line)

    def _on_writing_changed(self, is_writing: bool) -> None:
        if self._chat is not None:
            self.writing_changed.emit(self._chat.key, is_writing)

    def _on_settings_clicked(self) -> None:
        if self._chat is not None:
            self.settings_requested.emit(self._chat.key.account)

    def _on_topic_edited(self, topic: str) -> None:
        if self._chat is not None:
            self.topic_edited.emit(self._chat.key, topic)

    def _on_query_requested(self, nick: str) -> None:
        if self._chat is not None:
            self.query_requested.emit(ChatKey(self._chat.key.account, nick))

    def _on_start_reached(self) -> None:
        if self._chat is not None:
            self.history_requested.emit(self._chat.key)

    def _on_security_clicked(self) -> None:
        if self._chat is not None:
            self.security_clicked.emit(self._chat.key.account)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusIn:
            self.activated.emit()
        return super().eventFilter(watched, event)

    # What the composer asks -----------------------------------------------------------------

    def _predict(self, line: str, reply_to: str) -> tuple[int, ...]:
        return self._services.predict(self._chat.key, line, reply_to) if self._chat else ()

    def _nicks(self) -> list[str]:
        if self._chat is None or self._model is None:
            return []
        return nicks_of(self._book, self._chat, self._model.speakers())

    def _channels(self) -> list[str]:
        return channels_beside(self._book, self._chat) if self._chat else []
