"""One XMPP account, kept up across connections: the engine behind ``core.ports.ChatConnection``.

Theory of operation. An attempt dials, negotiates, and lasts until its link is closed;
``KeptConnection`` makes one after the other. Its session is kept between two attempts, so that the
next one may resume it (XEP-0198). What belongs to the account (queued messages, the fate of sent
ones, rooms to enter) lives here.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Generic

from chatlab.chat.kept_connection import KeptConnection, not_connected
from chatlab.chat.timing import Timing
from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.attempt import Attempt
from chatlab.chat.xmpp.commands import Commands
from chatlab.chat.xmpp.composing import body_of, check_target
from chatlab.chat.xmpp.context import Context, Feature, Lasting
from chatlab.chat.xmpp.corrections import Corrections
from chatlab.chat.xmpp.delivery import Deliveries
from chatlab.chat.xmpp.errands import Errands
from chatlab.chat.xmpp.idling import Idling
from chatlab.chat.xmpp.keepalive import Keepalive
from chatlab.chat.xmpp.messages import next_message_id
from chatlab.chat.xmpp.outbox import Outbox, Utterance
from chatlab.chat.xmpp.session import Session
from chatlab.chat.xmpp.shared import Shared
from chatlab.chat.xmpp.stream import to_bytes
from chatlab.chat.xmpp.transport import Dialler, T
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import MessageAdded, MessageChanged
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.ports import EventSink, SecretStore
from chatlab.core.xmpp_ports import Memory

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


class XmppConnection(KeptConnection, Errands, Generic[T]):
    """Implements ``SessionConnection``, ``AccountHolder`` and ``RoomKeeper`` for XMPP."""

    def __init__(
        self,
        account: Account,
        sink: EventSink,
        dialler: Dialler[T],
        secrets: SecretStore,
        *,
        timing: Timing | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Without ``memory``, archives are asked for their newest page after the first login."""
        super().__init__(account, sink, timing or Timing())
        self._dialler = dialler
        self._memory = memory
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

    # -- ChatConnection

    def update(self, account: Account) -> None:
        """Use these settings from the next connection on."""
        is_same = _identity(self._account) == _identity(account)
        super().update(account)
        self._draft = None
        if self._session is not None and is_same:
            self._session.context.account = account  # What others are told changes at once.

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

    def correct(self, chat: str, msgid: str, text: str) -> None:
        """Have a text take the place of a message of ours. Raises UsageError."""
        self._online_context().feature(Corrections).correct(chat, msgid, text)

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

    # -- KeptConnection

    @property
    def _lasting(self) -> Lasting:
        return self._shared.lasting

    @property
    def _is_connected(self) -> bool:
        return self._attempt is not None and self._attempt.is_connected

    async def _leave(self, reason: str) -> None:
        if self._attempt is not None:
            await self._attempt.leave(reason, LEAVE_WAIT_S)

    async def _attempt_once(self) -> tuple[Verdict, float]:
        kept = self._kept
        if kept is not None and _identity(kept.context.account) != _identity(self._account):
            self._rest("The account is another one now.")
        if self._memory is not None and self._lasting.remembered is None:
            # Before anything comes that would be newer.
            self._lasting.remembered = await self._memory.newest(self._account.id)
        self._attempt = attempt = Attempt(self._account, self._dialler, self._shared, self._kept)
        try:
            verdict = await attempt.run()
        finally:
            self._kept, self._attempt = attempt.session, None
        return verdict, attempt.online_for_s

    def _ask_for_life(self) -> None:
        if self._session is not None:
            self._session.context.feature(Keepalive).check_now()

    def _rest(self, reason: str) -> None:
        if self._kept is not None:
            self._kept.end(reason)
            self._kept = None

    def _pause(self, reason: str) -> None:
        if self._kept is not None and not self._kept.can_resume:
            self._rest(reason)

    # -- inner

    @property
    def _parts(self) -> tuple[Feature, ...]:
        """The features of the session."""
        return tuple(self.session.context.features.values())

    def _online_context(self) -> Context:
        if not self.is_online:
            raise not_connected()
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
        wanted = {room.channel.lower() for room in self._shared.lasting.channels}
        known = self._session.context.state.rooms if self._session is not None else {}
        return chat.lower() in wanted or chat.lower() in known

    def _sender_in(self, chat: str) -> str:
        room = self._session.context.state.room(chat) if self._session is not None else None
        if room is not None:
            return room.nick
        return self._account.nick if self._is_room(chat) else self._account.jid

    @property
    def _session(self) -> Session | None:
        """The one of now, or the one that the next connection may resume."""
        return self._attempt.session if self._attempt is not None else self._kept


def _identity(account: Account) -> tuple[str, str, str]:
    """What a session belongs to; with another one it cannot be resumed."""
    return account.jid, account.resource, account.login_name
