"""One IRC account, kept up across connections: the engine behind ``core.ports.ChatConnection``.

Theory of operation. ``_run`` makes one attempt after the other; an attempt dials, registers, and
lasts until its link is closed. What belongs to one connection lives in a ``Context`` and ends with
it; what belongs to the account (queued messages, the fate of sent ones, channels to rejoin) lives
here. How an attempt ended is a ``Verdict``: it says why in words, and whether to try again.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from chatlab.chat.irc.attempt import Attempt, Shared
from chatlab.chat.irc.client_tags import reply_tags
from chatlab.chat.irc.commands import Commands
from chatlab.chat.irc.composing import Draft, compose
from chatlab.chat.irc.context import Lasting, Verdict
from chatlab.chat.irc.credentials import keep_password_in
from chatlab.chat.irc.dcc import Dcc
from chatlab.chat.irc.delivery import Deliveries, Utterance
from chatlab.chat.irc.describing import features_of
from chatlab.chat.irc.messages import next_message_id
from chatlab.chat.irc.outbox import Outbox, SendPace
from chatlab.chat.irc.state import ServerState
from chatlab.chat.irc.sts import MemorySts, StrictTransport
from chatlab.chat.irc.tag_talk import TagTalk
from chatlab.chat.irc.timing import Timers, Timing, first_of
from chatlab.chat.irc.transport import Dialler
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import ChatEvent, LinkChanged, LinkState, MessageAdded, MessageChanged
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.ports import EventSink, SecretStore, StsStore
from chatlab.protocol.irc_masking import mask_line, mask_text

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 60.0
STEADY_S = 30.0
"""Online for this long, a connection counts as good, and the back-off begins anew."""
_JITTER = 0.25
QUIT_WAIT_S = 2.0
"""How long the server gets to close after our QUIT."""


class IrcConnection:
    """Implements ``ChatConnection`` for IRC."""

    def __init__(
        self,
        account: Account,
        sink: EventSink,
        dialler: Dialler,
        secrets: SecretStore,
        *,
        pace: SendPace | None = None,
        timing: Timing | None = None,
        sts: StsStore | None = None,
        peers: PeerDialler | None = None,
    ) -> None:
        """``peers`` opens sockets for files and direct chats (DCC); without it there are none."""
        self._account = account
        self._sink = sink
        self._timing = timing or Timing()
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
        self._task: asyncio.Task[None] | None = None
        self._retry_now = asyncio.Event()
        self._is_stopping = False
        self._background: set[asyncio.Task[None]] = set()

    # -- ChatConnection

    @property
    def account(self) -> Account:
        return self._account

    def update(self, account: Account) -> None:
        """Use these settings from the next connection on."""
        for channel in self._account.channels:
            if channel not in account.channels:
                self._shared.lasting.leave(channel.channel)
        for channel in account.channels:
            self._shared.lasting.join(channel.channel, channel.key)
        self._account = account
        self._offline_state = ServerState(account.nick)

    def start(self) -> None:
        """Connect now, and keep trying where that makes sense."""
        if self._task is None or self._task.done():
            self._is_stopping = False
            for channel in self._account.channels:
                self._shared.lasting.join(channel.channel, channel.key)
            self._task = asyncio.get_running_loop().create_task(self._run())
        else:
            self._retry_now.set()

    async def stop(self, reason: str = "") -> None:
        """Leave politely (QUIT) and close; returns when the socket is closed."""
        task = self._task
        if task is None or task.done():
            return
        self._is_stopping = True
        self._shared.lasting.away = ""
        if self._attempt is not None and self._attempt.is_connected:
            self._set_state(LinkState.CLOSING)
            await self._attempt.leave(reason or self._account.leave_message, QUIT_WAIT_S)
        else:
            task.cancel()
        await asyncio.wait({task})

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

    def answer_only(self, may_answer: Callable[[str], bool]) -> None:
        """Answer CTCP requests of ``nick!user@host`` only where this says so."""
        self._shared.lasting.may_answer = may_answer

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
            raise _not_connected()
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

    def stop_soon(self, reason: str) -> None:
        self._spawn(self.stop(reason))

    def restart_soon(self) -> None:
        self._spawn(self._restart())

    # -- inner

    def _direct(self, chat: str) -> Transfers | None:
        """Who carries what is said in a direct chat; None for any other chat."""
        transfers = self.transfers
        return transfers if transfers is not None and transfers.owns_chat(chat) else None

    async def _restart(self) -> None:
        await self.stop()
        self.start()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _emit(self, event: ChatEvent) -> None:
        """Hand an event out; a fault of the listener must not cost the connection."""
        try:
            self._sink(event)
        except Exception:
            log.exception("A listener failed on %s", type(event).__name__)

    def _set_state(
        self,
        state: LinkState,
        detail: str = "",
        retry_in_s: float | None = None,
        is_fault: bool = False,
    ) -> None:
        now_ns = self._timing.clock_ns()
        self._emit(LinkChanged(self._account.id, state, now_ns, detail, retry_in_s, is_fault))

    def _tag_talk(self) -> TagTalk:
        tag_talk = self._attempt.tag_talk if self._attempt is not None else None
        if tag_talk is None or not self.is_online:
            raise _not_connected()
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

    async def _run(self) -> None:
        failures = turn = 0
        try:
            while True:
                self._attempt = attempt = Attempt(self._account.at_turn(turn), self._shared)
                verdict = await attempt.run()
                self._attempt = None
                if self._is_stopping:
                    self._set_state(LinkState.OFFLINE)
                    return
                if verdict.is_upgrade:
                    continue
                if not verdict.may_retry:
                    self._set_state(LinkState.OFFLINE, verdict.reason, is_fault=True)
                    return
                turn += not attempt.online_for_s  # Another server may let us in.
                failures = 0 if attempt.online_for_s >= STEADY_S else failures
                await self._wait_to_retry(verdict, failures)
                failures += 1
        except asyncio.CancelledError:
            self._set_state(LinkState.OFFLINE)
            raise
        finally:
            self._attempt = None

    async def _wait_to_retry(self, verdict: Verdict, failures: int) -> None:
        delay = min(MAX_BACKOFF_S, 2.0**failures)
        delay = max(delay, verdict.min_delay_s) * (1 + _JITTER * self._timing.random())
        self._set_state(LinkState.WAITING, verdict.reason, delay, is_fault=True)
        self._retry_now.clear()
        await first_of(self._timing.sleep(delay), self._retry_now.wait())


def _not_connected() -> UsageError:
    return UsageError("This account is not connected.", "Connect it first: /connect")
