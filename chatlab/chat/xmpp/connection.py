"""One XMPP account, kept up across connections: the engine behind ``core.ports.ChatConnection``.

Theory of operation. ``_run`` makes one attempt after the other; an attempt dials, negotiates, and
lasts until its link is closed. Its session is kept between two attempts, so that the next one may
resume it (XEP-0198). What belongs to the account (queued messages, the fate of sent ones, rooms to
enter) lives here. How an attempt ended is a ``Verdict``: why, in words, and whether to try again.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Generic

from chatlab.chat.timing import Timing, first_of
from chatlab.chat.xmpp.attempt import Attempt
from chatlab.chat.xmpp.commands import Commands
from chatlab.chat.xmpp.composing import body_of, check_target
from chatlab.chat.xmpp.context import Context, Feature, Lasting, Verdict
from chatlab.chat.xmpp.delivery import Deliveries
from chatlab.chat.xmpp.errands import Errands
from chatlab.chat.xmpp.idling import Idling
from chatlab.chat.xmpp.messages import next_message_id
from chatlab.chat.xmpp.outbox import Outbox, Utterance
from chatlab.chat.xmpp.session import Session
from chatlab.chat.xmpp.shared import Shared
from chatlab.chat.xmpp.stream import to_bytes
from chatlab.chat.xmpp.transport import Dialler, T
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import ChatEvent, LinkChanged, LinkState, MessageAdded, MessageChanged
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.ports import EventSink, SecretStore

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 60.0
STEADY_S = 30.0
"""Online for this long, a connection counts as good, and the back-off begins anew."""
_JITTER = 0.25
LEAVE_WAIT_S = 2.0
"""How long the server gets to close after our end of the stream."""

_NO_MODES = ServerFeatures(
    list_modes="",
    modes_with_parameter="",
    modes_set_with_parameter="",
    flag_modes="",
    has_multiline=True,
)
"""Rooms of XMPP have roles and affiliations instead."""


class XmppConnection(Errands, Generic[T]):
    """Implements ``SessionConnection``, ``AccountHolder`` and ``RoomKeeper`` for XMPP."""

    def __init__(
        self,
        account: Account,
        sink: EventSink,
        dialler: Dialler[T],
        secrets: SecretStore,
        *,
        timing: Timing | None = None,
    ) -> None:
        self._account = account
        self._sink = sink
        self._dialler = dialler
        self._timing = timing or Timing()
        deliveries = Deliveries(account.id, self._emit)
        self._shared = Shared(
            secrets=secrets,
            emit=self._emit,
            set_state=self._set_state,
            timing=self._timing,
            deliveries=deliveries,
            outbox=Outbox(deliveries.failed),
            lasting=Lasting(account.channels),
        )
        self._commands = Commands(self)
        self._attempt: Attempt[T] | None = None
        self._kept: Session | None = None
        """Of the last connection, as long as it may be resumed."""
        self._draft: Session | None = None
        """Composes while there is no session."""
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
        for room in self._account.channels:
            if room not in account.channels:
                self._shared.lasting.leave(room.channel)
        for room in account.channels:
            self._shared.lasting.join(room.channel, room.key)
        is_same = _identity(self._account) == _identity(account)
        self._account = account
        self._draft = None
        if self._session is not None and is_same:
            self._session.context.account = account  # What others are told changes at once.

    def start(self) -> None:
        """Connect now, and keep trying where that makes sense."""
        if self._task is None or self._task.done():
            self._is_stopping = False
            for room in self._account.channels:
                self._shared.lasting.join(room.channel, room.key)
            self._task = asyncio.get_running_loop().create_task(self._run())
        else:
            self._retry_now.set()

    async def stop(self, reason: str = "") -> None:
        """End the stream and close; returns when the socket is closed."""
        task = self._task
        if task is None or task.done():
            return
        self._is_stopping = True
        self._shared.lasting.away = ""
        if self._attempt is not None and self._attempt.is_connected:
            self._set_state(LinkState.CLOSING)
            await self._attempt.leave(LEAVE_WAIT_S)
        else:
            task.cancel()
        await asyncio.wait({task})

    def send(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[Message, ...]:
        """Accept a text for sending; on XMPP it is always one message."""
        check_target(chat)
        utterance = self._utterance(chat, body_of(text, kind), kind, reply_to)
        message = Message(
            id=utterance.id,
            account=self._account.id,
            application=self._account.application,
            direction=Direction.SENT,
            sender=self._sender_in(chat),
            target=chat,
            text=text.strip("\r\n"),
            kind=kind,
            time_ns=self._timing.clock_ns(),
            delivery=Delivery.QUEUED,
            msgid="" if utterance.is_room else utterance.stanza_id,
            reply_to=reply_to,
        )
        self.session.context.open_chat(chat, is_room=utterance.is_room)
        self._emit(MessageAdded(message))
        self._shared.outbox.put(utterance)
        return (message,)

    def resend(self, message: MessageId) -> None:
        """Try a failed message once more. Raises UsageError when it did not fail."""
        utterance = self._shared.deliveries.take_failed(message)
        self._emit(MessageChanged(self._account.id, message, delivery=Delivery.QUEUED))
        self._shared.outbox.put(utterance)

    def cancel(self, message: MessageId) -> None:
        """Take a queued message back. Raises UsageError when it has left already."""
        self._shared.outbox.cancel(message)

    def execute(self, command: Command, chat: str) -> None:
        """Carry out what the user typed in ``chat``."""
        self._commands.execute(command, chat)

    def predict(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[int, ...]:
        """Bytes of the stanza that ``text`` would become; none for what cannot be sent."""
        try:
            check_target(chat)
            utterance = self._utterance(chat, body_of(text, kind), kind, reply_to)
            return (len(to_bytes(self.session.compose(utterance))),)
        except LocalProtocolError:
            return ()

    def acknowledged(self) -> int | None:
        return self._attempt.acknowledged() if self._attempt is not None else None

    @property
    def features(self) -> ServerFeatures:
        """What the server and the engine can do."""
        features = _NO_MODES
        if self.is_online:
            features = replace(features, is_known=True)
            for feature in self._parts:
                features = feature.tell(features)
        return features

    def request_masks(self, chat: str, mode: str) -> None:
        """Have a list of a room handed on as one MasksListed. Raises UsageError."""
        self._online_context()
        if not any(feature.request_masks(chat, mode) for feature in self._parts):
            raise UsageError("There is no such list here.", "Lists belong to rooms.")

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool = False) -> None:
        """Put a sign on a message, or take it back. Raises UsageError."""
        self._online_context()
        parts = self._parts
        if not any(each.react(chat, msgid, reaction, is_removed=is_removed) for each in parts):
            raise UsageError("Signs cannot be put on messages here.")

    def retract(self, chat: str, msgid: str, reason: str = "") -> None:
        """Have a message taken back. Raises UsageError."""
        self._online_context()
        if not any(feature.retract(chat, msgid, reason) for feature in self._parts):
            raise UsageError("Messages cannot be taken back here.")

    def note_typing(self, chat: str, is_writing: bool) -> None:
        """The text being written changed; whether others are told is the features' matter."""
        if self.is_online:
            for feature in self._parts:
                feature.note_typing(chat, is_writing)

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Everything up to a message of this time was read."""
        if self.is_online:
            for feature in self._parts:
                feature.mark_read(chat, time_ns)

    # -- SessionConnection

    @property
    def has_echo(self) -> bool:
        """The server acknowledges what we say (XEP-0198)."""
        return self._session is not None and self._session.management.is_enabled

    @property
    def has_unsent(self) -> bool:
        """Something typed waits in the queue."""
        return self._shared.outbox.has_waiting

    def answer_only(self, may_answer: Callable[[str], bool]) -> None:
        """Answer questions of an address by ourselves only where this says so."""
        self._shared.lasting.may_answer = may_answer

    def set_active(self, is_active: bool) -> None:
        """Somebody looks at the window, or does so no longer; the server may be told."""
        self._shared.lasting.is_active = is_active
        if self.is_online:
            self.session.context.feature(Idling).tell_server()

    def wait_for(self, nicks: Sequence[str]) -> None:
        """Contacts come and go by themselves on XMPP (RFC 6121, section 4): nothing to ask."""

    # -- what the commands ask for

    @property
    def is_online(self) -> bool:
        return self._attempt is not None and self._attempt.is_online

    @property
    def session(self) -> Session:
        """The session, or one that has not begun and only composes."""
        if self._session is not None:
            return self._session
        if self._draft is None:
            self._draft = Session(self._account, self._shared)
        return self._draft

    def stop_soon(self, reason: str) -> None:
        self._spawn(self.stop(reason))

    def restart_soon(self) -> None:
        self._spawn(self._restart())

    # -- inner

    @property
    def _parts(self) -> tuple[Feature, ...]:
        """The features of the session."""
        return tuple(self.session.context.features.values())

    def _online_context(self) -> Context:
        if not self.is_online:
            raise UsageError("This account is not connected.", "Connect it first: /connect")
        return self.session.context

    def _utterance(self, chat: str, body: str, kind: MessageKind, reply_to: str) -> Utterance:
        return Utterance(
            id=next_message_id(),
            stanza_id=uuid.uuid4().hex,
            chat=chat,
            body=body,
            is_room=self._is_room(chat),
            kind=kind,
            reply_to=reply_to,
        )

    def _is_room(self, chat: str) -> bool:
        wanted = {room.channel.lower() for room in self._shared.lasting.rooms}
        known = self._session.context.state.rooms if self._session is not None else {}
        return chat.lower() in wanted or chat.lower() in known

    def _sender_in(self, chat: str) -> str:
        room = self._session.context.state.room(chat) if self._session is not None else None
        if room is not None:
            return room.nick
        return self._account.nick if self._is_room(chat) else self._account.jid

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

    async def _run(self) -> None:
        failures = 0
        try:
            while True:
                verdict, online_for_s = await self._attempt_once()
                if self._is_stopping:
                    self._end_session("")
                    self._set_state(LinkState.OFFLINE)
                    return
                if not verdict.may_retry:
                    self._end_session(verdict.reason)
                    self._set_state(LinkState.OFFLINE, verdict.reason, is_fault=True)
                    return
                if self._kept is not None and not self._kept.can_resume:
                    self._end_session(verdict.reason)
                failures = 0 if online_for_s >= STEADY_S else failures
                await self._wait_to_retry(verdict, failures)
                failures += 1
        except asyncio.CancelledError:
            self._end_session("")
            self._set_state(LinkState.OFFLINE)
            raise
        except Exception:  # A fault of ours: it is logged, and the account shows that it is off.
            log.exception("The engine of %s failed", self._account.name)
            self._end_session("")
            words = "ChatLab failed on this connection; its log says where. Connect again."
            self._set_state(LinkState.OFFLINE, words, is_fault=True)

    async def _attempt_once(self) -> tuple[Verdict, float]:
        if self._kept is not None and _identity(self._kept.context.account) != _identity(
            self._account
        ):
            self._end_session("The account is another one now.")
        self._attempt = attempt = Attempt(self._account, self._dialler, self._shared, self._kept)
        try:
            verdict = await attempt.run()
        finally:
            self._kept, self._attempt = attempt.session, None
        return verdict, attempt.online_for_s

    @property
    def _session(self) -> Session | None:
        """The one of now, or the one that the next connection may resume."""
        return self._attempt.session if self._attempt is not None else self._kept

    def _end_session(self, reason: str) -> None:
        if self._kept is not None:
            self._kept.end(reason)
            self._kept = None

    async def _wait_to_retry(self, verdict: Verdict, failures: int) -> None:
        delay = min(MAX_BACKOFF_S, 2.0**failures) * (1 + _JITTER * self._timing.random())
        self._set_state(LinkState.WAITING, verdict.reason, delay, is_fault=True)
        self._retry_now.clear()
        await first_of(self._timing.sleep(delay), self._retry_now.wait())


def _identity(account: Account) -> tuple[str, str, str]:
    """What a session belongs to; with another one it cannot be resumed."""
    return account.jid, account.resource, account.login_name
