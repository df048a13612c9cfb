"""One IRC account, kept up across connections: the engine behind ``core.ports.ChatConnection``.

Theory of operation. An attempt dials, registers, and lasts until its link is closed;
``KeptConnection`` makes one after the other. What belongs to one connection lives in a ``Context``
and ends with it; what belongs to the account (queued messages, the fate of sent ones, channels to
rejoin) lives here.
"""

from collections.abc import Sequence

from chatlab.chat.irc.attempt import Attempt, Shared
from chatlab.chat.irc.client_tags import reply_tags
from chatlab.chat.irc.commands import Commands
from chatlab.chat.irc.composing import Draft, compose
from chatlab.chat.irc.context import Lasting
from chatlab.chat.irc.credentials import keep_password_in
from chatlab.chat.irc.dcc import Dcc
from chatlab.chat.irc.delivery import Deliveries, Utterance
from chatlab.chat.irc.describing import features_of
from chatlab.chat.irc.messages import next_message_id
from chatlab.chat.irc.outbox import Outbox, SendPace
from chatlab.chat.irc.state import ServerState
from chatlab.chat.irc.sts import MemorySts, StrictTransport
from chatlab.chat.irc.tag_talk import TagTalk
from chatlab.chat.kept_connection import KeptConnection, not_connected
from chatlab.chat.timing import Timers, Timing
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.chat.transport import Dialler, Transport
from chatlab.chat.verdict import Verdict
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import MessageAdded, MessageChanged
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.ports import EventSink, SecretStore, StsStore
from chatlab.protocol.irc_masking import mask_line, mask_text

QUIT_WAIT_S = 2.0
"""How long the server gets to close after our QUIT."""


class IrcConnection(KeptConnection):
    """Implements ``ChatConnection`` for IRC."""

    def __init__(
        self,
        account: Account,
        sink: EventSink,
        dialler: Dialler[Transport],
        secrets: SecretStore,
        *,
        pace: SendPace | None = None,
        timing: Timing | None = None,
        sts: StsStore | None = None,
        peers: PeerDialler | None = None,
    ) -> None:
        """``peers`` opens sockets for files and direct chats (DCC); without it there are none."""
        super().__init__(account, sink, timing or Timing())
        self._timers = Timers(self._timing)
        self._deliveries = Deliveries(account.id, self._emit)
        self._shared = Shared(
            dialler=dialler,
            secrets=secrets,
            emit=self._emit,
            set_state=self._set_state,
            timing=self._timing,
            deliveries=self._deliveries,
            outbox=Outbox(self._deliveries, self._timers, self._timing, pace or SendPace()),
            lasting=Lasting(account.channels),
            sts=StrictTransport(sts or MemorySts(), self._timing),
            execute=self.execute,
        )
        self._dcc = Dcc(self, peers, self._emit, self._timing) if peers is not None else None
        self._shared.lasting.dcc = self._dcc
        self._commands = Commands(self)
        self._attempt: Attempt | None = None
        self._offline_state = ServerState(account.nick)
        self._turn = 0
        """Which of the network’s servers is tried."""

    # -- ChatConnection

    def update(self, account: Account) -> None:
        """Use these settings from the next connection on."""
        super().update(account)
        self._offline_state = ServerState(account.nick)

    def send(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[Message, ...]:
        """Accept a text for sending: one message per line that it needs, or per batch of lines."""
        if direct := self._direct(chat):
            return direct.say(chat, text, kind)
        keep_password_in(self._account, mask_text(chat, text) != text)
        drafts = compose(self.state, chat, text, kind)
        if not drafts:
            raise LocalProtocolError("There is nothing to send.", "Type a text.")
        if self._attempt is not None and self._attempt.typist is not None:
            self._attempt.typist.forget(chat)
        answered = reply_to if reply_tags(self.state, reply_to) else ""
        first, *rest = drafts
        return (
            self._accept(chat, first, kind, answered),
            *(self._accept(chat, draft, kind) for draft in rest),
        )

    def resend(self, message: MessageId) -> None:
        """Try a failed message once more. Raises UsageError when it did not fail."""
        utterance = self._deliveries.take_failed(message)
        self._emit(MessageChanged(self._account.id, message, delivery=Delivery.QUEUED))
        self._shared.outbox.put_message(utterance)

    def cancel(self, message: MessageId) -> None:
        """Take a queued message back. Raises UsageError when it has left already."""
        self._shared.outbox.cancel(message)

    def execute(self, command: Command, chat: str) -> None:
        """Carry out what the user typed in ``chat``."""
        self._commands.execute(command, chat)

    def predict(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[int, ...]:
        """Bytes of each message that ``text`` would become; none for what cannot be sent."""
        if direct := self._direct(chat):
            return direct.predict(text, kind)
        try:
            drafts = compose(self.state, chat, text, kind)
        except LocalProtocolError:
            return ()
        answering, plain = (self._shared.outbox.tag_overhead(name) for name in (reply_to, ""))
        return tuple(
            draft.size + (plain if number else answering) for number, draft in enumerate(drafts)
        )

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool = False) -> None:
        """Answer a message with a sign, or take it back. Raises UsageError."""
        self._tag_talk().react(chat, msgid, reaction, is_removed=is_removed)

    def retract(self, chat: str, msgid: str, reason: str = "") -> None:
        """Have a message taken back. Raises UsageError."""
        self._tag_talk().retract(chat, msgid, reason)

    def correct(self, chat: str, msgid: str, text: str) -> None:
        """IRC has no way. Raises UsageError."""
        raise UsageError("On IRC, what was said stays as it was said.", "Say it anew.")

    def note_typing(self, chat: str, is_writing: bool) -> None:
        """The text being written for a chat changed; others are told as the account allows."""
        if self._attempt and self._attempt.typist and not self._direct(chat):
            self._attempt.typist.note(chat, is_writing)

    def acknowledged(self) -> int | None:
        return self._attempt.acknowledged() if self._attempt is not None else None

    @property
    def transfers(self) -> Transfers | None:
        """Files and direct chats; None where nothing can open sockets for them."""
        return self._dcc.transfers if self._dcc is not None else None

    @property
    def features(self) -> ServerFeatures:
        """What the server announced about itself."""
        return features_of(self.state)

    def wait_for(self, nicks: Sequence[str]) -> None:
        """Have the server tell when these come and go, and nobody else (IRCv3 monitor)."""
        known = self._shared.lasting.monitored
        wanted = {self.state.fold(nick): nick for nick in nicks}
        if self.is_online and self.features.buddy_limit:
            for sign, names in (("-", known.keys() - wanted), ("+", wanted.keys() - known)):
                if names:
                    self.monitor(sign, [wanted.get(name) or known[name] for name in names])
        else:
            known.clear()
            known.update(wanted)

    # -- what the commands ask for (``commands.Engine``)

    @property
    def state(self) -> ServerState:
        """The server's side as far as it is known; while offline, a blank one."""
        return self._attempt.state if self._attempt is not None else self._offline_state

    @property
    def is_online(self) -> bool:
        return self._attempt is not None and self._attempt.is_online

    @property
    def has_echo(self) -> bool:
        """The server sends back what we say, so ECHOED will come (IRCv3 echo-message)."""
        return "echo-message" in self.state.caps

    @property
    def has_unsent(self) -> bool:
        """Something typed waits in the queue."""
        return self._shared.outbox.has_waiting

    def say(self, chat: str, text: str, kind: MessageKind) -> None:
        self.send(chat, text, kind)

    def put(self, command: str, *parameters: str) -> None:
        self._shared.outbox.put_command(command, *parameters)

    def put_raw(self, line: str) -> None:
        """Send a line exactly as typed. Raises LocalProtocolError when it is not one line."""
        keep_password_in(self._account, mask_line(line) != line)
        self._shared.outbox.put_typed(line, self.state.isupport.line_limit)

    def join(self, channels: str, keys: str) -> None:
        if self._attempt is not None:
            self._attempt.join(channels.split(","), keys.split(",") if keys else [])

    def set_away(self, message: str) -> None:
        self._shared.outbox.put_command("AWAY", *([message] if message else []))
        self._shared.lasting.away = message

    def monitor(self, sign: str, nicks: Sequence[str]) -> None:
        if self._attempt is not None:
            self._attempt.monitor(sign, nicks)

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Everything up to this moment was read here: tell our other clients, if one can."""
        if self._attempt and self.is_online and time_ns > 0 and not self._direct(chat):
            self._attempt.mark_read(chat, time_ns)

    def list_channels(self, words: str) -> None:
        if self._attempt is not None and self._attempt.inquiries is not None:
            self._attempt.inquiries.channels.ask(words)

    def request_masks(self, chat: str, mode: str) -> None:
        """Have a channel’s list handed on as MasksListed. Raises UsageError."""
        inquiries = self._attempt.inquiries if self._attempt is not None else None
        if inquiries is None or not self.is_online:
            raise not_connected()
        inquiries.masks.ask(chat, mode)

    def ask_about(self, nick: str, chat: str) -> None:
        self._shared.whois_chats[self.state.fold(nick)] = chat

    def expect_answer(self, command: str, chat: str) -> None:
        self._shared.answers.expect(command, chat)

    def tell_lag(self, chat: str) -> None:
        if self._attempt is not None:
            self._attempt.tell_lag(chat)

    def ctcp_ping_token(self) -> str:
        return self._shared.new_ping()

    # -- KeptConnection

    @property
    def _lasting(self) -> Lasting:
        return self._shared.lasting

    @property
    def _is_connected(self) -> bool:
        return self._attempt is not None and self._attempt.is_connected

    async def _leave(self, reason: str) -> None:
        if self._attempt is not None:
            await self._attempt.leave(reason or self._account.leave_message, QUIT_WAIT_S)

    async def _attempt_once(self) -> tuple[Verdict, float]:
        attempt = Attempt(self._account.at_turn(self._turn), self._shared)
        self._attempt = attempt
        try:
            verdict = await attempt.run()
        finally:
            self._attempt = None
        if not verdict.is_upgrade:
            self._turn += not attempt.online_for_s  # Another server may let us in.
        return verdict, attempt.online_for_s

    def _ask_for_life(self) -> None:
        if self._attempt is not None and self.is_online:
            self._attempt.check_now()

    def _rest(self, reason: str) -> None:
        self._turn = 0

    def _pause(self, reason: str) -> None:
        """What of IRC outlives a connection is in ``Lasting``; nothing ends here."""

    # -- inner

    def _direct(self, chat: str) -> Transfers | None:
        """Who carries what is said in a direct chat; None for any other chat."""
        transfers = self.transfers
        return transfers if transfers is not None and transfers.owns_chat(chat) else None

    def _tag_talk(self) -> TagTalk:
        tag_talk = self._attempt.tag_talk if self._attempt is not None else None
        if tag_talk is None or not self.is_online:
            raise not_connected()
        return tag_talk

    def _accept(self, chat: str, draft: Draft, kind: MessageKind, reply_to: str = "") -> Message:
        message = Message(
            id=next_message_id(),
            account=self._account.id,
            application=self._account.application,
            direction=Direction.SENT,
            sender=self.state.nick,
            target=chat,
            # The transcript and the history on disk show no password to a service.
            text=mask_text(chat, draft.text),
            kind=kind,
            time_ns=self._timing.clock_ns(),
            delivery=Delivery.QUEUED,
            reply_to=reply_to,
        )
        self._emit(MessageAdded(message))
        self._shared.outbox.put_message(
            Utterance(message.id, draft.command, chat, draft.payload, draft.lines, reply_to)
        )
        return message
