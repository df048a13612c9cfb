"""Answers, reactions, messages taken back, and who is writing: between panes and connections."""

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, Severity, UsageError
from chatlab.core.flow import Direction
from chatlab.core.message import Message, MessageId
from chatlab.core.ports import ChatConnection
from chatlab.core.typing import EVENTS, Writers
from chatlab.ui.actions import ActionId
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.shortcuts import how_to
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.message_bar import BarMessage

_MS = 1_000_000


class TagDesk:
    """Connects what is said about messages, rather than in them, with menus, keys and commands."""

    def __init__(
        self,
        presenter: Presenter,
        accounts: DialogDesk,
        backstage: Backstage,
        book: ChatBook,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._accounts = accounts
        self._backstage = backstage
        self._book = book
        self._clock_ns = clock_ns
        self._writers = Writers()
        self._correcting: dict[ChatKey, MessageId] = {}
        """What is being corrected in the composer of a chat."""
        self._expiry = QTimer(self._window)
        self._expiry.setSingleShot(True)
        self._expiry.timeout.connect(self._expire)
        backstage.observe(self.take_event, *EVENTS)
        self._connect()

    def _connect(self) -> None:
        table, area = self._window.actions_table, self._window.chats
        table.on(ActionId.REPLY, lambda: self._begin_answer(None))
        table.on(ActionId.REACT, lambda: self._choose_reaction(None))
        table.on(ActionId.RETRACT, lambda: self._ask_to_retract(None))
        table.on(ActionId.CORRECT, lambda: self._begin_correction(None))
        self._presenter.speaker.handlers |= {
            Verb.REPLY: self._on_reply,
            Verb.REACT: lambda command, key: self._on_react(command, key, is_removed=False),
            Verb.UNREACT: lambda command, key: self._on_react(command, key, is_removed=True),
            Verb.RETRACT: self._on_retract,
            Verb.CORRECT: self._on_correct,
        }
        area.pane_added.connect(self._connect_pane)
        area.shown_changed.connect(self._show_writers)
        for pane in area.panes:
            self._connect_pane(pane)

    def _connect_pane(self, pane: ChatPane) -> None:
        pane.answered.connect(self._presenter.speaker.say)
        pane.writing_changed.connect(self._on_writing_changed)
        pane.settings_requested.connect(lambda who: self._accounts.edit_account(AccountId(who)))
        pane.transcript.reply_requested.connect(self._begin_answer)
        pane.transcript.reaction_wanted.connect(self._choose_reaction)
        pane.transcript.reaction_toggled.connect(self._toggle)
        pane.transcript.retract_requested.connect(self._ask_to_retract)
        pane.transcript.correction_requested.connect(self._begin_correction)
        # Later: what is sent leaves the composer just before it is worked off.
        empty = partial(self._forget_given_up, pane)
        pane.composer.editor.textChanged.connect(lambda: QTimer.singleShot(0, pane, empty))
        pane.transcript.earlier_wanted.connect(lambda msgid: self._bring(pane, msgid))

    # -- who is writing

    def take_event(self, event: ev.ChatEvent) -> None:
        """Fold an event into who is writing."""
        if self._writers.take(event, self._clock_ns()):
            self._show_writers()

    def _expire(self) -> None:
        self._writers.expire(self._clock_ns())
        self._show_writers()

    def _show_writers(self) -> None:
        now_ns = self._clock_ns()
        for pane in self._window.chats.panes:
            chat = pane.chat
            pane.show_writers(self._writers.names(chat.key, now_ns) if chat else ())
        self._expiry.stop()
        if (end_ns := self._writers.next_end_ns()) is not None:
            self._expiry.start(max(1, (end_ns - now_ns) // _MS + 1))

    def _on_writing_changed(self, key: ChatKey, is_writing: bool) -> None:
        chat, connection = self._book.chats.get(key), self._backstage.connection(key.account)
        if chat is not None and connection is not None:
            connection.note_typing(chat.title, is_writing)

    # -- answers

    def _begin_answer(self, message: str | None) -> None:
        """Answer the message by its name, or where the server has no names, by its author’s."""
        said = self._said(message, Direction.RECEIVED)
        if said is None:
            return
        composer = self._window.chats.active.composer
        if said.msgid and self._window.chats.active.features.can_reply:
            composer.begin_answer(said)
        else:
            composer.mention(said.sender)

    def _on_reply(self, command: Command, key: ChatKey) -> None:
        said = self._named(Direction.RECEIVED)
        self._presenter.speaker.say(key, f"/say {command.argument(0)}", said.msgid)

    def _bring(self, pane: ChatPane, msgid: str) -> None:
        """The answered message may still be on disk."""
        chat = pane.chat

        def arrived() -> None:
            if pane.chat is chat and not pane.transcript.show_named(msgid):
                words = "The message that was answered is not kept on this computer."
                bar = BarMessage(
                    Severity.INFO, words, "The answer is all there is.", topic="answer"
                )
                self._window.bar.post(bar)

        if chat is not None:
            self._backstage.load_named(chat.key, msgid, arrived)

    # -- reactions

    def _choose_reaction(self, message: str | None) -> None:
        from chatlab.ui.widgets.reaction_chooser import ReactionChooser

        said = self._said(message, Direction.RECEIVED)
        if said is None:
            return
        pane = self._window.chats.active
        if not said.msgid or not pane.features.can_react:
            self._complain(said, UsageError("This server passes no reactions on.", _in_words()))
            return
        chooser = ReactionChooser(pane)
        chooser.chosen.connect(lambda sign: self._react(said, sign, is_removed=False))
        chooser.show_at(pane.transcript.place_of(said.id))

    def _toggle(self, message: str, sign: str) -> None:
        """The same sign as others, or not any more."""
        if (said := self._said(message, Direction.RECEIVED)) is None:
            return
        state = self._book.accounts.get(said.account)
        found = self._book.find(said.id)
        own_nick = found[0].own_nick if found else ""  # In a room it may be another one.
        nick = own_nick or (state.nick if state else "")
        is_ours = any(one.text == sign and one.is_from(nick) for one in said.reactions)
        self._react(said, sign, is_removed=is_ours)

    def _on_react(self, command: Command, key: ChatKey, *, is_removed: bool) -> None:
        self._react(self._named(Direction.RECEIVED), command.argument(0), is_removed=is_removed)

    def _react(self, said: Message, sign: str, *, is_removed: bool) -> None:
        self._try(
            said,
            lambda connection: connection.react(
                said.target, said.msgid, sign, is_removed=is_removed
            ),
        )

    # -- taking back

    def _ask_to_retract(self, message: str | None) -> None:
        """Others cannot be made to forget it, so it is asked first, in the window's bar."""
        said = self._said(message, Direction.SENT)
        if said is None:
            return
        self._window.bar.post(
            BarMessage(
                Severity.WARNING,
                "Take this message back?",
                "The server asks all programs to hide it. Who has read it has read it, and the "
                "frames that carried it stay in every capture.",
                action="Take back",
                on_action=lambda: self._retract(said),
                topic="retract",
            )
        )

    def _on_retract(self, command: Command, key: ChatKey) -> None:
        self._retract(self._named(Direction.SENT))

    def _retract(self, said: Message) -> None:
        self._try(said, lambda connection: connection.retract(said.target, said.msgid))

    # -- correcting

    def _begin_correction(self, message: str | None) -> None:
        """Put what was said into the composer, to be said otherwise."""
        said = self._ours(message)
        if said is None:
            return
        pane = self._window.chats.active
        if pane.features.can_correct and pane.chat is not None:
            pane.composer.begin(f"/{Verb.CORRECT.value} {said.text}")
            self._correcting[pane.chat.key] = said.id
        else:
            error = UsageError("What was said cannot be changed here.", "Say it anew.")
            self._complain(said, error)

    def _on_correct(self, command: Command, key: ChatKey) -> None:
        connection, chat = self._backstage.connection(key.account), self._book.chats.get(key)
        if connection is not None and chat is not None:
            begun = self._correcting.pop(key, None)  # Another one may be chosen by now.
            said = self._ours(begun)
            if begun and (said is None or said.id != begun):
                raise UsageError("What you began to correct is not here any more.", "Say it anew.")
            connection.correct(chat.title, said.msgid if said else "", command.argument(0))

    def _forget_given_up(self, pane: ChatPane) -> None:
        """An emptied composer: what is corrected next was not chosen before that."""
        if pane.chat is not None and not pane.composer.text():
            self._correcting.pop(pane.chat.key, None)

    # -- which message

    def _ours(self, message: str | None) -> Message | None:
        """A message of ours that still says something: the chosen one, else the last."""
        said = self._said(message, Direction.SENT)
        is_fit = said is not None and said.direction is Direction.SENT and not said.is_retracted
        return said if is_fit or message else self._last(Direction.SENT)

    def _said(self, message: str | None, direction: Direction) -> Message | None:
        """A message by its id, else the chosen one, else the last of others or of ours."""
        wanted = message or self._presenter.selected
        found = self._book.find(MessageId(wanted)) if wanted else None
        chat = self._window.chats.active.chat
        if found is not None and (message or found[0] is chat):
            entry = found[0].entries[found[1]]
            return entry if isinstance(entry, Message) else None
        return self._last(direction)

    def _last(self, direction: Direction) -> Message | None:
        """The newest message of ours, or of others, that still says something."""
        chat = self._window.chats.active.chat
        entries = reversed(chat.entries) if chat else ()
        talk = (e for e in entries if isinstance(e, Message) and e.direction is direction)
        return next((entry for entry in talk if not entry.is_retracted), None)

    def _named(self, direction: Direction) -> Message:
        """The same for a typed command. Raises UsageError where there is none to refer to."""
        said = self._said(None, direction)
        if said is None or not said.msgid:
            raise UsageError(
                "There is no message here that could be referred to.",
                "Choose one that the server gave a name, or answer in words.",
            )
        return said

    def _try(self, said: Message, act: Callable[[ChatConnection], None]) -> None:
        connection = self._backstage.connection(said.account)
        if connection is None:
            return
        try:
            act(connection)
        except ChatlabError as error:
            self._complain(said, error)

    def _complain(self, said: Message, error: ChatlabError) -> None:
        self._presenter.speaker.complain(ChatKey(said.account, said.target.lower()), error)


def _in_words() -> str:
    return f"Answer in words: {how_to(ActionId.REPLY)}."
