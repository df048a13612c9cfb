"""Search in the whole history: asks the disk, adds what is only in memory, goes to what is chosen."""

from typing import TYPE_CHECKING

from chatlab.core.chats import Chat, ChatBook, ChatKey
from chatlab.core.errors import Severity
from chatlab.core.message import Message
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import bare
from chatlab.ui.widgets.find_bar import pattern_of
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.history_search import HistorySearchDialog

MOST_SHOWN = 300


class SearchDesk:
    """Opens the search and does what it asks for."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, book: ChatBook, backstage: Backstage
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._book = book
        self._backstage = backstage
        self._dialog: HistorySearchDialog | None = None

    def open(self, words: str = "") -> None:
        """Ask what to look for; ``words`` are looked for at once."""
        from chatlab.ui.dialogs.history_search import HistorySearchDialog

        dialog = self._dialog = HistorySearchDialog(words, self._window)
        dialog.wanted.connect(self._search)
        dialog.go_to.connect(self._go_to)
        dialog.finished.connect(lambda _result: self._forget(dialog))
        self._desk.show("search", dialog)

    def _forget(self, dialog: "HistorySearchDialog") -> None:
        if self._dialog is dialog:
            self._dialog = None

    def _search(self, words: str) -> None:
        self._backstage.search_history(words, lambda found: self._show(words, found))

    def _show(self, words: str, stored: tuple[Message, ...]) -> None:
        if self._dialog is None:
            return
        found = sorted(
            (*stored, *self._only_in_memory(words)), key=lambda one: one.time_ns, reverse=True
        )
        shown = [(message, self._where(message)) for message in found[:MOST_SHOWN]]
        self._dialog.show_found(words, shown, is_cut=len(found) >= MOST_SHOWN)

    def _only_in_memory(self, words: str) -> list[Message]:
        """Messages of accounts that leave no trace on disk: the lab’s."""
        pattern = pattern_of(words)
        if pattern is None:
            return []
        return [
            entry
            for chat in self._book.chats.values()
            if self._is_temporary(chat)
            for entry in chat.entries
            if isinstance(entry, Message) and pattern.search(bare(entry.text))
        ]

    def _is_temporary(self, chat: Chat) -> bool:
        state = self._book.accounts.get(chat.key.account)
        return state is not None and state.account.is_temporary

    def _where(self, message: Message) -> str:
        state = self._book.accounts.get(message.account)
        account = state.account.name if state else "an account that was removed"
        return f"{message.target or 'Server'} · {account}"

    # Going there ----------------------------------------------------------------------------

    def _go_to(self, message: Message) -> None:
        if message.account not in self._book.accounts:
            self._say("The account of this message was removed.", "Its chat cannot be opened.")
            return
        key = self._book.open(message.account, message.target).key
        self._presenter.show_chat(key)
        if not self._select(key, message):
            self._backstage.load_back_to(key, message.time_ns, lambda: self._arrive(key, message))

    def _arrive(self, key: ChatKey, message: Message) -> None:
        if not self._select(key, message):
            hint = "What the search shows of it is all there is to see."
            self._say("This message lies too far back to be shown in its chat.", hint)

    def _select(self, key: ChatKey, message: Message) -> bool:
        """Choose the message in its chat; what came from disk has another id each time."""
        chat = self._book.chats.get(key)
        for entry in reversed(chat.entries if chat else ()):
            if isinstance(entry, Message) and _is_same(entry, message):
                self._presenter.select_message(entry.id)
                return True
        return False

    def _say(self, text: str, hint: str) -> None:
        self._window.bar.post(BarMessage(Severity.INFO, text, hint, topic="search"))


def _is_same(entry: Message, message: Message) -> bool:
    wanted = (message.time_ns, message.sender, message.text)
    return (entry.time_ns, entry.sender, entry.text) == wanted
