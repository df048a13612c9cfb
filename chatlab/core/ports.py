"""What the outer packages promise one another; ``app`` introduces them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from chatlab.core.message import MessageKind

if TYPE_CHECKING:  # These are promises: nothing is needed for them when the program runs.
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chatlab.core.account import Account, AccountId, SecretKind
    from chatlab.core.commands import Command
    from chatlab.core.connection import Connection
    from chatlab.core.events import ChatEvent
    from chatlab.core.features import ServerFeatures
    from chatlab.core.flow import Direction, FlowKey
    from chatlab.core.frame import Layer
    from chatlab.core.message import Message, MessageId
    from chatlab.core.sts import StsPolicy
    from chatlab.core.transfer import Transfer, TransferId, TransferPolicy


EventSink: TypeAlias = "Callable[[ChatEvent], None]"


class CaptureGate(Protocol):
    """Asked before a connection's first packet leaves."""

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        """Capture ``flow``, whose local end is the bound socket ``fileno``.

        Returns when the filter is in place, so the SYN will be seen; False when nothing
        can be captured (the reason is the capture's own state). Never raises for that:
        a missing permission must not stop the chat.
        """
        ...

    def dismiss(self, flow: FlowKey) -> None:
        """The connection is closed: stop capturing it once its last packets are in."""
        ...


class ConnectionRegistry(Protocol):
    """Told about every connection of ours, and which bytes carry which message."""

    def opened(self, connection: Connection) -> None: ...

    def changed(self, connection: Connection) -> None: ...

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        """Bytes that crossed the socket, in order, as they lie in the TCP stream.

        They anchor a capture that began late, and stand in for frames where nothing
        may be captured. Implementations keep a bounded tail only.
        """
        ...

    def secret(self, key_log_line: str) -> None:
        """One line of an NSS key log, as TLS agreed on a new secret."""
        ...


class SecretStore(Protocol):
    """Passwords, in the system's keyring or, failing that, for this session only."""

    def get(self, account: AccountId, kind: SecretKind) -> str | None: ...

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None: ...

    def set_for_now(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        """As ``set``, but gone at exit: for accounts that are themselves."""
        ...

    def delete(self, account: AccountId) -> None: ...

    @property
    def is_lasting(self) -> bool:
        """False when secrets are gone at exit, because no keyring answers."""
        ...


class StsStore(Protocol):
    """Which servers demanded TLS (IRCv3 STS); hosts in any spelling."""

    def get(self, host: str) -> StsPolicy | None:
        """The policy of a host, expired or not."""
        ...

    def put(self, host: str, policy: StsPolicy) -> None:
        """Remember a policy. Raises FileError; it then holds for this run only."""
        ...

    def delete(self, host: str) -> None:
        """Forget a policy. Raises FileError."""
        ...


class ChatConnection(Protocol):
    """One account's way to its server, kept up across reconnects."""

    @property
    def account(self) -> Account: ...

    def update(self, account: Account) -> None:
        """Use these settings from the next connection on."""
        ...

    def start(self) -> None:
        """Connect now, and keep trying where that makes sense."""
        ...

    async def stop(self, reason: str = "") -> None:
        """Leave politely (QUIT) and close; returns when the socket is closed."""
        ...

    def send(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[Message, ...]:
        """Accept a text for sending: one message per protocol unit it needs.

        ``reply_to`` is the ``msgid`` of the message that the first of them answers; it is left out
        where the server would not pass it on. Emits a MessageAdded for each before returning.
        Raises LocalProtocolError, having sent nothing, when the text or target is illegal.
        """
        ...

    def resend(self, message: MessageId) -> None:
        """Try a failed message once more."""
        ...

    def cancel(self, message: MessageId) -> None:
        """Take back a message that still waits; it counts as failed and may be sent again.

        Raises UsageError when it has left already.
        """
        ...

    @property
    def features(self) -> ServerFeatures:
        """What the server announced about itself."""
        ...

    def request_masks(self, chat: str, mode: str) -> None:
        """Have a channel's list (``b`` bans, …) handed on as one MasksListed.

        Raises UsageError when there is no such list, or no connection.
        """
        ...

    def execute(self, command: Command, chat: str) -> None:
        """Carry out what the user typed in ``chat``. Raises LocalProtocolError or UsageError."""
        ...

    def predict(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[int, ...]:
        """Bytes of each protocol unit that ``text`` would become, line end included."""
        ...

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool = False) -> None:
        """Answer a message with a sign, or take the sign back (``features.can_react``).

        A ReactionSeen tells when it holds. Raises UsageError where the server has no way.
        """
        ...

    def retract(self, chat: str, msgid: str, reason: str = "") -> None:
        """Have a message taken back (``features.can_retract``).

        A MessageRewritten tells when it holds. Raises UsageError where the server has no way.
        """
        ...

    def correct(self, chat: str, msgid: str, text: str) -> None:
        """Have ``text`` take the place of a message of ours (``features.can_correct``).

        Without ``msgid`` it is the last one that was said there since the start. A
        MessageRewritten tells when it holds. Raises UsageError where it cannot be.
        """
        ...

    def note_typing(self, chat: str, is_writing: bool) -> None:
        """The text being written for ``chat`` changed, or is empty now.

        To be called at every change: whether and how often others are told is decided here
        (``Account.sends_typing``). Never raises: nobody waits for it.
        """
        ...

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Everything up to a message of this time was read.

        Told where the account wants it (``Account.sends_markers``) and the server has a way.
        """
        ...

    def acknowledged(self) -> int | None:
        """Stream offset up to which the peer's TCP has acknowledged; None when unknowable."""
        ...


class SessionConnection(ChatConnection, Protocol):
    """What a session asks of a connection beside what a window does."""

    @property
    def has_echo(self) -> bool:
        """The server says of each message that it has it: ECHOED will come."""
        ...

    def check_now(self) -> None:
        """The computer has slept: see soon whether the server still knows us, or try again now."""
        ...

    @property
    def has_unsent(self) -> bool:
        """Something typed waits in the queue."""
        ...

    def answer_only(self, may_answer: Callable[[str], bool]) -> None:
        """Answer others by ourselves only where this says so of their address."""
        ...

    def wait_for(self, nicks: Sequence[str]) -> None:
        """Have the server tell when these come and go, and nobody else."""
        ...


class FileTransfers(Protocol):
    """Files and direct chats of one account; events tell how each of them is doing.

    A method that names a transfer raises UsageError when it cannot be done in its present state.
    """

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """All of this session that are remembered, oldest first."""
        ...

    @property
    def policy(self) -> TransferPolicy: ...

    @policy.setter
    def policy(self, policy: TransferPolicy) -> None: ...

    def advice(self, nicks: Sequence[str]) -> tuple[str, ...]:
        """What to know before a file is offered to these: who will see our address, NAT.

        Made of what is known already; nothing is sent.
        """
        ...

    def offer_file(
        self, nicks: Sequence[str], path: Path, chat: str = "", *, passive: bool | None = None
    ) -> tuple[Transfer, ...]:
        """Offer a file: one transfer per person, each emitted before this returns.

        ``chat`` is where it was asked for; ``passive`` None lets the policy and the addresses
        decide who listens. Raises UsageError or FileError, having offered nothing.
        """
        ...

    def offer_chat(self, nick: str, *, passive: bool | None = None) -> Transfer:
        """Propose a direct chat."""
        ...

    def kept_bytes(self, transfer: TransferId, place: Path | None = None) -> int:
        """How much an earlier attempt left at ``place``, so that it can be resumed; else 0."""
        ...

    def accept(
        self, transfer: TransferId, place: Path | None = None, *, resume: bool = False
    ) -> None:
        """Take what was offered. ``place``: a folder, or the file to write; None: the policy’s.

        Nothing is ever overwritten: ``name (1).ext`` is made instead. ``resume`` goes on where an
        earlier attempt ended. May raise FileError.
        """
        ...

    def refuse(self, transfer: TransferId) -> None:
        """Turn an offer down, and tell the other program so (DCC REJECT)."""
        ...

    def cancel(self, transfer: TransferId, *, is_quiet: bool = False) -> None:
        """Break off, or withdraw an offer of ours; ends a direct chat.

        ``is_quiet``: no line in its chat tells of it, for that one is about to be closed.
        """
        ...

    def set_paused(self, transfer: TransferId, is_paused: bool) -> None:
        """Hold a file that is crossing, or let it go on."""
        ...

    def forget(self, transfer: TransferId) -> None:
        """Take one that is over from the list; files stay."""
        ...


class Dissector(Protocol):
    """Takes one frame apart, somewhere where hostile bytes do no harm."""

    async def dissect(self, raw: bytes, link_type: int) -> tuple[Layer, ...]:
        """Layers from link to transport (DNS, too), with byte ranges.

        Raises ChatlabError when the frame cannot be dissected in time.
        """
        ...
