"""Twin send: what is typed in one chat leaves on others as well, in one gesture.

The messages get a common name (``Message.twin``), by which they are compared. Only what says
something goes out on all of them: a command, and an answer to a message, concern one chat.
"""

import uuid
from collections.abc import Callable

from chatlab.core import events as ev
from chatlab.core.chats import Change, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, Severity, UsageError
from chatlab.core.message import Delivery, Message, MessageKind
from chatlab.ui.actions import ActionId
from chatlab.ui.place_words import chat_words
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import bare
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.message_bar import BarMessage
from chatlab.ui.widgets.twin_strip import TwinChat

_KINDS = {Verb.SAY: MessageKind.MESSAGE, Verb.ME: MessageKind.ACTION}
_PAIR = 2


class TwinDesk:
    """Knows which chats are twins, shows it in their panes, and sends to all of them."""

    def __init__(self, presenter: Presenter, backstage: Backstage, book: ChatBook) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._backstage = backstage
        self._book = book
        self._chosen: tuple[ChatKey, ...] = ()
        """In the order of the columns: those in clear first."""
        self.on_sent: Callable[[str], None] = lambda twin: None
        """Told the common name of messages that have left."""
        self.on_switched: Callable[[bool], None] = lambda is_on: None
        presenter.speaker.send_twins = self.send
        backstage.observe(self.take_event, ev.MessageChanged)
        book.observe(
            self._on_book_changed,
            *(Change.CHAT_ADDED, Change.CHAT_REMOVED, Change.ACCOUNT_CHANGED),
        )
        area = self._window.chats
        area.pane_added.connect(self._connect_pane)
        area.shown_changed.connect(self.refresh)
        for pane in area.panes:
            self._connect_pane(pane)
        made = self._window.actions_table.on(ActionId.TWINS, lambda: self.switch(not self.is_on))
        self._window.menuBar().hovered.connect(lambda _hovered: made.setChecked(self.is_on))

    @property
    def is_on(self) -> bool:
        return len(self._chosen) >= _PAIR

    @property
    def chosen(self) -> tuple[ChatKey, ...]:
        """The chats that get the same text; none while it is off."""
        return self._chosen

    # -- which chats

    def switch(self, is_on: bool) -> None:
        """On: the chats side by side; where there is one only, its counterpart comes beside it."""
        if not is_on:
            self._choose(())
            return
        if len(self._pair_in_view()) < _PAIR:
            self._presenter.compare()
        if len(pair := self._pair_in_view()) >= _PAIR:
            self._choose(pair)
            return
        self._say(
            Severity.INFO,
            "There is only one chat to send to.",
            "Join a channel on a second account, then send to both.",
        )

    def choose(self, chats: tuple[ChatKey, ...]) -> None:
        """Send to exactly these."""
        self._choose(tuple(key for key in chats if self._may_get(key)))

    def _choose(self, chats: tuple[ChatKey, ...]) -> None:
        was_on = self.is_on
        known = sorted(set(chats), key=self._place)
        self._chosen = tuple(known) if len(known) >= _PAIR else ()
        self.refresh()
        if was_on != self.is_on:
            self.on_switched(self.is_on)

    def _pair_in_view(self) -> tuple[ChatKey, ...]:
        shown = (pane.chat for pane in self._window.chats.panes)
        return tuple(chat.key for chat in shown if chat and self._may_get(chat.key))

    def _may_get(self, key: ChatKey) -> bool:
        """A chat with somebody in it, on an account that can connect."""
        chat, state = self._book.chats.get(key), self._book.accounts.get(key.account)
        if chat is None or state is None:
            return False
        return chat.kind is not ChatKind.SERVER and not state.source

    def _place(self, key: ChatKey) -> tuple[bool, int]:
        """Those in clear first, then in the order of the sidebar."""
        state = self._book.accounts.get(key.account)
        connection = state.connection if state else None
        order = list(self._book.accounts)
        is_sealed = connection is not None and connection.tls is not None
        return is_sealed, order.index(key.account) if key.account in order else len(order)

    def candidates(self) -> tuple[ChatKey, ...]:
        """Every chat that may get the text."""
        keys = [key for key in self._book.chats if self._may_get(key)]
        return tuple(sorted(keys, key=self._place))

    def words(self) -> str:
        """Which chats get the text, for a field that belongs to none of them."""
        names = [self._words(key) for key in self._chosen]
        return f"Leaves on {', '.join(names[:-1])} and {names[-1]}" if self.is_on else ""

    # -- panes

    def _connect_pane(self, pane: ChatPane) -> None:
        composer = pane.composer
        composer.twin_switch.clicked.connect(lambda is_on: self._on_switched(pane, is_on))
        composer.twins.closed.connect(lambda: self.switch(False))
        composer.twins.chosen.connect(self._on_picked)
        composer.editor.textChanged.connect(lambda: self._show_in(pane))
        self._show_in(pane)

    def _on_switched(self, pane: ChatPane, is_on: bool) -> None:
        """Writing comes next; who pressed it by keyboard stays where they are."""
        self.switch(is_on)
        if is_on and self.is_on and self._window.focusWidget() is not pane.composer.twin_switch:
            pane.focus_composer()

    def _on_picked(self, key: ChatKey, is_chosen: bool) -> None:
        rest = tuple(each for each in self._chosen if each != key)
        self._choose((*rest, key) if is_chosen else rest)

    def refresh(self) -> None:
        """Show in every pane what holds."""
        for pane in self._window.chats.panes:
            self._show_in(pane)

    def _show_in(self, pane: ChatPane) -> None:
        key = pane.chat.key if pane.chat is not None else None
        composer = pane.composer
        is_on = key is not None and key in self._chosen
        composer.twin_switch.setVisible(is_on or len(self._pair_in_view()) >= _PAIR)
        composer.twin_switch.show_state(is_on, max(_PAIR, len(self._chosen)) if is_on else _PAIR)
        if not is_on:
            composer.twins.show_twins((), ())
            return
        line = composer.text()
        others = [self._describe(one, line, key) for one in self._chosen if one != key]
        candidates = [self._describe(one, "") for one in self.candidates() if one != key]
        composer.twins.show_twins(others, candidates)

    def _describe(self, key: ChatKey, line: str, beside: ChatKey | None = None) -> TwinChat:
        """``beside``: the chat that it is described in; what is called alike needs no name."""
        sizes = self._presenter.speaker.predict(key, line) if line.strip() else ()
        words = self._words(key)
        if beside is not None and beside.name == key.name and key.account in self._book.accounts:
            words = bare(self._book.accounts[key.account].account.name)
        return TwinChat(key, words, sum(sizes), key in self._chosen)

    def _words(self, key: ChatKey) -> str:
        chat, state = self._book.chats.get(key), self._book.accounts.get(key.account)
        name = chat_words(chat) if chat is not None else key.name
        return f"{bare(name)} · {bare(state.account.name)}" if state is not None else bare(name)

    def _on_book_changed(self, change: Change, _what: object, _first: int, _count: int) -> None:
        if change is Change.CHAT_ADDED:
            self.refresh()
        elif any(not self._may_get(key) for key in self._chosen):
            self._choose(tuple(key for key in self._chosen if self._may_get(key)))

    # -- sending

    def send(self, command: Command, key: ChatKey) -> bool:
        """Send what was typed in ``key`` to all twins; False where it concerns that chat alone."""
        kind = _KINDS.get(command.verb)
        if kind is None or key not in self._chosen:
            return False
        twin, failed = uuid.uuid4().hex[:12], []
        # The chat that it was typed in comes last: what was sent last is what the wire pane shows.
        for one in sorted(self._chosen, key=lambda each: each == key):
            try:
                messages = self._send_to(one, command.argument(0), kind)
            except ChatlabError as error:
                self._presenter.speaker.complain(one, error)
                failed.append((one, error))
            else:
                self._backstage.comparer.pair(messages, twin)
        if failed:
            self._complain(failed)
        if len(self._chosen) - len(failed) > 0:
            self.on_sent(twin)
        return True

    def _send_to(self, key: ChatKey, text: str, kind: MessageKind) -> tuple[Message, ...]:
        connection, chat = self._backstage.connection(key.account), self._book.chats.get(key)
        if connection is None or chat is None:
            raise UsageError("This chat cannot be written to.", "Choose another one for it.")
        return connection.send(chat.title, text, kind)

    def _complain(self, failed: list[tuple[ChatKey, ChatlabError]]) -> None:
        key, error = failed[0]
        left = len(self._chosen) - len(failed)
        total = len(self._chosen)
        self._say(
            Severity.ERROR,
            f"Sent on {left} of {total} chats. {self._words(key)}: {error.message}",
            error.hint,
        )

    def take_event(self, event: ev.ChatEvent) -> None:
        """A twin that fails later is said where it cannot be overlooked."""
        if not isinstance(event, ev.MessageChanged) or event.delivery is not Delivery.FAILED:
            return
        found = self._book.find(event.message)
        entry = found[0].entries[found[1]] if found else None
        if found and isinstance(entry, Message) and entry.twin:
            self._say(
                Severity.ERROR,
                f"One of the twins did not leave. {self._words(found[0].key)}: {entry.failure}",
                "Send it again from its row in the chat.",
            )

    def _say(self, severity: Severity, words: str, hint: str) -> None:
        self._window.bar.post(BarMessage(severity, words, hint, topic="twins"))
