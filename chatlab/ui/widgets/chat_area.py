"""The middle of the window: one chat, or two side by side."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from chatlab.core.chats import Chat, ChatBook, ChatKey
from chatlab.core.message import MessageId
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices

MAX_PANES = 2
"""Two fit beside the wire pane on a 1280-pixel screen, and two is what a comparison needs."""


class ChatArea(QSplitter):
    """Holds the panes and knows which one the reader works in.

    Signals:
        pane_added: a ChatPane to be connected.
        active_changed: ChatKey of the active pane's chat, or None.
        shown_changed: the set of chats in view changed.
    """

    pane_added = Signal(object)
    active_changed = Signal(object)
    shown_changed = Signal()

    def __init__(
        self, book: ChatBook, services: ChatServices, parent: QWidget | None = None
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._book = book
        self._services = services
        self._panes: list[ChatPane] = []
        self._active = 0
        self._are_members_shown = False
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self._add_pane(None)

    @property
    def panes(self) -> tuple[ChatPane, ...]:
        return tuple(self._panes)

    @property
    def are_members_shown(self) -> bool:
        """Whether they are wanted, also while panes are too narrow for them."""
        return self._are_members_shown

    @property
    def are_members_in_view(self) -> bool:
        return self.active.are_members_in_view

    @property
    def active(self) -> ChatPane:
        return self._panes[self._active]

    def shown(self) -> set[ChatKey]:
        """The chats that are in view."""
        return {pane.chat.key for pane in self._panes if pane.chat is not None}

    def pane_of(self, key: ChatKey) -> ChatPane | None:
        return next((p for p in self._panes if p.chat is not None and p.chat.key == key), None)

    def show_chat(self, chat: Chat | None) -> None:
        """Show a chat where the reader works; where it is in view already, go there."""
        pane = self.pane_of(chat.key) if chat is not None else None
        if pane is not None:
            self.activate(pane)
            return
        self.active.show_chat(chat)
        self._tell()

    def show_beside(self, chat: Chat) -> None:
        """Show a chat in the other pane, opening it when there is only one."""
        if self.pane_of(chat.key) is None:
            if len(self._panes) < MAX_PANES:
                self._add_pane(chat)
            else:
                self._panes[1 - self._active].show_chat(chat)
        self._tell()

    def compare(self, left: Chat, right: Chat) -> None:
        """Two chats, side by side, in equal width."""
        while len(self._panes) < MAX_PANES:
            self._add_pane(None)
        self._panes[0].show_chat(left)
        self._panes[1].show_chat(right)
        self.setSizes([1, 1])
        self._tell()

    def remove_pane(self, pane: ChatPane) -> None:
        """Close a pane; the last one only becomes empty."""
        if len(self._panes) == 1:
            pane.show_chat(None)
        else:
            self._panes.remove(pane)
            self._active = 0
            pane.close_pane()
            pane.deleteLater()
            self._offer_buttons()
        self._tell()

    def activate(self, pane: ChatPane) -> None:
        """The reader works in this pane from now on."""
        if pane is not self.active:
            self._active = self._panes.index(pane)
            self._tell()

    def activate_next(self) -> None:
        self.activate(self._panes[(self._active + 1) % len(self._panes)])
        self.active.focus_composer()

    def show_members(self, is_shown: bool) -> None:
        """In every pane with room for them, and in the active one in any case."""
        self._are_members_shown = is_shown
        for pane in self._panes:
            pane.show_members(is_shown, even_if_narrow=pane is self.active)

    def select_message(self, message: MessageId | None) -> bool:
        """Light a message up wherever it is shown; False when it is nowhere."""
        is_shown = False
        for pane in self._panes:
            is_shown |= pane.select_message(message)
        return is_shown

    def refresh_badges(self) -> None:
        for pane in self._panes:
            pane.refresh_badges()

    def _add_pane(self, chat: Chat | None) -> None:
        pane = ChatPane(chat, self._book, self._services, self)
        self._panes.append(pane)
        self.addWidget(pane)
        pane.show_members(self._are_members_shown)
        pane.activated.connect(lambda: self.activate(pane))
        pane.close_requested.connect(lambda: self.remove_pane(pane))
        self._offer_buttons()
        self.pane_added.emit(pane)

    def _offer_buttons(self) -> None:
        several = len(self._panes) > 1
        for pane in self._panes:
            pane.header.set_buttons(can_split=not several, can_close=several)

    def _tell(self) -> None:
        chat = self.active.chat
        self.active_changed.emit(chat.key if chat is not None else None)
        self.shown_changed.emit()
