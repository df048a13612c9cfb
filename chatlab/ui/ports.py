"""What the window needs from the session behind it; ``app`` provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:  # These are promises: nothing is needed for them when the program runs.
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from chatlab.analysis.rows import FrameRow
    from chatlab.core.account import Account, AccountId, SecretKind
    from chatlab.core.attribution import Attribution
    from chatlab.core.capture import CaptureInterface, CaptureStatus
    from chatlab.core.chats import ChatKey
    from chatlab.core.client_certificate import ClientCertificate
    from chatlab.core.errors import ChatlabError, FileError
    from chatlab.core.events import ChatEvent
    from chatlab.core.export import ExportFacts, SecretsChoice
    from chatlab.core.flow import ByteRange, ConnectionId, FlowKey, WireRange
    from chatlab.core.forms import DataForm
    from chatlab.core.frame import ByteView, Exposure, Layer
    from chatlab.core.message import Message, MessageId
    from chatlab.core.ports import ChatConnection, EventSink, FileTransfers
    from chatlab.core.preferences import Preferences
    from chatlab.core.registration import RegistrationForm
    from chatlab.core.rules import RuleBook
    from chatlab.core.transfer import TransferPolicy
    from chatlab.ui.compare.ports import Comparer
    from chatlab.ui.models.providers import ProviderRow

CertificateAnswer: TypeAlias = "ClientCertificate | FileError"
"""A certificate of one's own, or why there is none."""


class WireFeed(Protocol):
    """The capture as the wire pane reads it. Frames are numbered from 1; all calls are quick
    but ``layers``, which asks another process."""

    @property
    def count(self) -> int:
        """Frames indexed so far."""
        ...

    @property
    def status(self) -> CaptureStatus: ...

    def row(self, number: int) -> FrameRow: ...

    def raw(self, number: int) -> bytes: ...

    async def layers(self, number: int) -> tuple[Layer, ...]:
        """The detail tree, application layers included. Raises ChatlabError."""
        ...

    def byte_views(self, number: int) -> tuple[ByteView, ...]:
        """Bytes beside the frame's own: put together from several frames, or decrypted."""
        ...

    @property
    def has_secrets(self) -> bool:
        """Secrets of TLS connections are known, whether they are used or not."""
        ...

    @property
    def uses_secrets(self) -> bool: ...

    def set_uses_secrets(self, uses_secrets: bool) -> None:
        """Look into TLS, or show what an observer has; those who show frames are told."""
        ...

    def account_of(self, number: int) -> AccountId | None:
        """Whose connection the frame belongs to."""
        ...

    def chat_frames(self, chat: ChatKey) -> frozenset[int]:
        """Frames that carry, acknowledge or echo messages of a chat."""
        ...

    def attribution(self, message: MessageId) -> Attribution: ...

    def frames_of(self, wire: WireRange) -> tuple[int, ...]:
        """The frames that carry bytes of a range, ascending."""
        ...

    def choose_line(self, wire: WireRange) -> MessageId:
        """A name under which a protocol line that is no message can be asked about like one.

        It holds until another line is chosen.
        """
        ...

    def choose_connection(self, flow: FlowKey, connection: ConnectionId, words: str) -> MessageId:
        """The same for all frames of a TCP connection, such as a file’s; ``words`` say what it is.

        It takes in what the capture gains, until another line or connection is chosen.
        """
        ...

    def messages_of(self, number: int) -> tuple[MessageId, ...]: ...

    def message_spans(self, number: int) -> tuple[tuple[MessageId, ByteRange], ...]:
        """Which bytes of the frame carry which message."""
        ...

    def explain_message(self, message: MessageId) -> str:
        """One line of plain language."""
        ...

    def explain_frame(self, number: int) -> str: ...

    def exposure_of(self, message: MessageId) -> Exposure | None:
        """Who could read a message on its way; None while it has not been on the wire."""
        ...

    def tap_bytes(self, message: MessageId) -> bytes:
        """The bytes of a message as ChatLab's own tap saw them; empty when no longer kept.

        Shown where nothing may be captured, and named as what it is: not frames.
        """
        ...

    def on_frames(self, observer: Callable[[], None]) -> None:
        """``observer`` is called when frames were added or the status changed."""
        ...


class XmppErrands(Protocol):
    """What only an XMPP server can answer. Every call returns at once; the answer is handed to
    the function given, in the window's thread, or never when it was given up."""

    def providers(self) -> tuple[ProviderRow, ...]:
        """Servers that make accounts."""
        ...

    def ask_registration(
        self, account: Account, show: Callable[[RegistrationForm | ChatlabError], None]
    ) -> None:
        """Ask a server what it wants to know before it makes an account; one at a time."""
        ...

    def submit_registration(
        self, account: Account, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None:
        """Hand in the form that was asked for last."""
        ...

    def end_registration(self) -> None:
        """Nobody waits for an answer any more."""
        ...

    def change_password(
        self, account: AccountId, password: str, done: Callable[[ChatlabError | None], None]
    ) -> None:
        """On the server; the keyring follows when it has worked."""
        ...

    def delete_on_server(
        self, account: AccountId, done: Callable[[ChatlabError | None], None]
    ) -> None: ...

    def ask_room_form(self, room: ChatKey, show: Callable[[DataForm | ChatlabError], None]) -> None:
        """The settings of a room that we own."""
        ...

    def submit_room_form(
        self, room: ChatKey, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None: ...


class SessionFiles(Protocol):
    """The session as a file. Nothing here blocks; what comes of it is told in the message bar."""

    @property
    def file(self) -> Path | None:
        """Where it is saved; None for one that never was."""
        ...

    @property
    def is_modified(self) -> bool:
        """Frames or notes have come since it was saved."""
        ...

    @property
    def notes(self) -> str:
        """The reader’s own."""
        ...

    def set_notes(self, notes: str) -> None: ...

    def save(self, file: Path | None = None) -> None:
        """To ``file``, or to where it was saved before."""
        ...

    def export(self, file: Path, secrets: SecretsChoice) -> None:
        """Write a copy of the capture that may be handed on."""
        ...

    def survey(self, show: Callable[[ExportFacts], None]) -> None:
        """Count what a copy would tell, and hand it to ``show``."""
        ...

    def observe(self, observer: Callable[[], None]) -> None:
        """``observer`` is called when the file, or what is not in it yet, changed."""
        ...


class Backstage(Protocol):
    """What the window asks to be done. Nothing here blocks; what goes wrong comes back as words
    in the window's message bar."""

    def connection(self, account: AccountId) -> ChatConnection | None:
        """None for an account of an opened file, and while ChatLab is still starting."""
        ...

    def transfers(self, account: AccountId) -> FileTransfers | None:
        """Files and direct chats of an account; None where it cannot have any."""
        ...

    def set_transfer_policy(self, policy: TransferPolicy) -> None:
        """For all accounts, those that are made later, too."""
        ...

    def observe(self, observer: EventSink, *kinds: type[ChatEvent]) -> None:
        """``observer`` gets chat events of these kinds, or all, after the book has taken them in."""
        ...

    def keep_account(
        self, account: Account, secrets: Mapping[SecretKind, str], *, connects: bool = False
    ) -> None:
        """Store a new or changed account, and connect it if wanted; an empty secret is forgotten."""
        ...

    def remove_account(self, account: AccountId) -> None: ...

    def stored_secrets(self, account: AccountId) -> frozenset[SecretKind]: ...

    def make_certificate(
        self, account: AccountId, name: str, show: Callable[[CertificateAnswer], None]
    ) -> None:
        """Make a certificate of one's own for an account, then tell what it is."""
        ...

    def read_certificate(self, file: Path, show: Callable[[CertificateAnswer], None]) -> None:
        """Tell what is in a certificate's file."""
        ...

    @property
    def keeps_secrets(self) -> bool:
        """False when no keyring answers, so that passwords last only for this run."""
        ...

    @property
    def xmpp(self) -> XmppErrands: ...

    @property
    def comparer(self) -> Comparer:
        """The captures, as the comparison view asks about them."""
        ...

    def present(self, is_on: bool) -> None:
        """Everything big enough for the back row of a lecture room, or as chosen again."""
        ...

    def disconnect(self, account: AccountId, reason: str = "") -> None: ...

    def start_lab(self) -> None: ...

    def start_capture(self) -> None: ...

    def stop_capture(self) -> None: ...

    def restart_capture(self) -> None: ...

    def find_interfaces(
        self, show: Callable[[tuple[CaptureInterface, ...] | ChatlabError], None]
    ) -> None:
        """Which interfaces can be captured whole, or why none can."""
        ...

    def capture_interface(self, name: str, *, is_promiscuous: bool = False) -> None:
        """Capture a whole interface beside our own connections; an empty name ends that."""
        ...

    def use_key_file(self, file: Path, show: Callable[[int | FileError], None]) -> None:
        """Use the secrets of a key log; ``show`` is told how many it held, or what is wrong."""
        ...

    def enable_capture(self) -> None:
        """Have an administrator’s password asked for, then capture."""
        ...

    @property
    def sessions(self) -> SessionFiles: ...

    def open_capture(self, file: Path) -> None:
        """In a window of its own: a saved capture is not mixed with a live one."""
        ...

    def load_older(self, chat: ChatKey) -> None:
        """Bring earlier lines of a chat from disk."""
        ...

    def search_history(self, wanted: str, show: Callable[[tuple[Message, ...]], None]) -> None:
        """Look for messages on disk and hand them to ``show``, the newest first.

        A later search makes an earlier one give up; its ``show`` then gets nothing.
        """
        ...

    def load_back_to(self, chat: ChatKey, time_ns: int, then: Callable[[], None]) -> None:
        """Bring the lines of a chat back from disk as far as a time, then call."""
        ...

    def load_named(self, chat: ChatKey, msgid: str, then: Callable[[], None]) -> None:
        """The same, as far as the message that the server calls ``msgid``, if it is kept."""
        ...

    def export_chat(self, chat: ChatKey, file: Path) -> None:
        """Write what is said in a chat to a text file."""
        ...

    @property
    def rules(self) -> RuleBook:
        """Who is ignored, what the reader wants to be told of, who is waited for."""
        ...

    @property
    def preferences(self) -> Preferences: ...

    def set_preferences(self, preferences: Preferences) -> None:
        """Put them into force and keep them."""
        ...

    def set_theme(self, name: str) -> None: ...

    def set_font_scale(self, percent: int) -> None: ...

    @property
    def font_scale(self) -> int: ...

    def quit(self) -> None: ...
