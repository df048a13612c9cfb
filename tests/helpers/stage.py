"""A window with nothing real behind it: a book, a feed over a list, and a backstage that notes."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, SecretKind
from chatlab.core.capture import CaptureInterface
from chatlab.core.chat import Member
from chatlab.core.chats import Chat, ChatBook, ChatKey
from chatlab.core.commands import Command
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, FileError, LocalProtocolError
from chatlab.core.export import ExportFacts, SecretsChoice
from chatlab.core.features import ServerFeatures
from chatlab.core.forms import DataForm
from chatlab.core.message import Message, MessageId, MessageKind
from chatlab.core.ports import EventSink, FileTransfers
from chatlab.core.preferences import Preferences
from chatlab.core.registration import RegistrationForm
from chatlab.core.rules import RuleBook
from chatlab.core.transfer import TransferPolicy
from chatlab.ui.action_wiring import ActionWiring
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.main_window import MainWindow
from chatlab.ui.models.providers import ProviderRow
from chatlab.ui.ports import CertificateAnswer
from chatlab.ui.presenter import Presenter
from chatlab.ui.speaking import Speaker
from chatlab.ui.widgets.chat_pane import ChatServices
from tests.helpers.chats import NOON, account
from tests.helpers.comparisons import FakeComparer
from tests.helpers.wire_feed import FakeFeed, lab_feed

LAB = AccountId("lab")


@dataclass
class NotingConnection:
    """A ``ChatConnection`` that sends nowhere."""

    account: Account
    said: list[tuple[str, str, MessageKind]] = field(default_factory=list)
    executed: list[tuple[Command, str]] = field(default_factory=list)
    resent: list[MessageId] = field(default_factory=list)
    cancelled: list[MessageId] = field(default_factory=list)
    masks_asked: list[tuple[str, str]] = field(default_factory=list)
    known_features: ServerFeatures = field(default_factory=ServerFeatures)
    replies: list[str] = field(default_factory=list)
    """What the messages that answer another one name."""
    reactions: list[tuple[str, str, str, bool]] = field(default_factory=list)
    retracted: list[tuple[str, str]] = field(default_factory=list)
    corrected: list[tuple[str, str, str]] = field(default_factory=list)
    typing: list[tuple[str, bool]] = field(default_factory=list)
    read: list[tuple[str, int]] = field(default_factory=list)
    starts: int = 0
    failure: LocalProtocolError | None = None

    def update(self, account: Account) -> None:
        self.account = account

    def start(self) -> None:
        self.starts += 1

    async def stop(self, reason: str = "") -> None: ...

    def send(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[Message, ...]:
        if self.failure:
            raise self.failure
        self.said.append((chat, text, kind))
        if reply_to:
            self.replies.append(reply_to)
        return ()

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool = False) -> None:
        if self.failure:
            raise self.failure
        self.reactions.append((chat, msgid, reaction, is_removed))

    def retract(self, chat: str, msgid: str, reason: str = "") -> None:
        if self.failure:
            raise self.failure
        self.retracted.append((chat, msgid))

    def correct(self, chat: str, msgid: str, text: str) -> None:
        if self.failure:
            raise self.failure
        self.corrected.append((chat, msgid, text))

    def note_typing(self, chat: str, is_writing: bool) -> None:
        self.typing.append((chat, is_writing))

    def mark_read(self, chat: str, time_ns: int) -> None:
        self.read.append((chat, time_ns))

    def resend(self, message: MessageId) -> None:
        if self.failure:
            raise self.failure
        self.resent.append(message)

    def cancel(self, message: MessageId) -> None:
        if self.failure:
            raise self.failure
        self.cancelled.append(message)

    def execute(self, command: Command, chat: str) -> None:
        if self.failure:
            raise self.failure
        self.executed.append((command, chat))

    @property
    def features(self) -> ServerFeatures:
        return self.known_features

    def request_masks(self, chat: str, mode: str) -> None:
        self.masks_asked.append((chat, mode))

    def predict(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[int, ...]:
        return (len(f"PRIVMSG {chat} :{text}\r\n".encode()),)

    def acknowledged(self) -> int | None:
        return None


@dataclass
class NotingErrands:
    """``XmppErrands`` that write down what they were asked, and keep whom to tell."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    answer: Callable[[object], None] = lambda answer: None
    """Tells the one who asked last."""

    def providers(self) -> tuple[ProviderRow, ...]:
        return ()

    def ask_registration(
        self, account: Account, show: Callable[[RegistrationForm | ChatlabError], None]
    ) -> None:
        self._note(show, "ask", account)

    def submit_registration(
        self, account: Account, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None:
        self._note(done, "submit", account, answers)

    def end_registration(self) -> None:
        self.asked.append(("end",))

    def change_password(
        self, account: AccountId, password: str, done: Callable[[ChatlabError | None], None]
    ) -> None:
        self._note(done, "password", account, password)

    def delete_on_server(
        self, account: AccountId, done: Callable[[ChatlabError | None], None]
    ) -> None:
        self._note(done, "delete", account)

    def ask_room_form(self, room: ChatKey, show: Callable[[DataForm | ChatlabError], None]) -> None:
        self._note(show, "form", room)

    def submit_room_form(
        self, room: ChatKey, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None:
        self._note(done, "settings", room, answers)

    def _note(self, show: Callable[..., None], *what: object) -> None:
        self.asked.append(what)
        self.answer = show


@dataclass
class NotingSessions:
    """A ``SessionFiles`` that writes down what it was asked for."""

    file: Path | None = None
    is_modified: bool = False
    notes: str = ""
    facts: ExportFacts = field(default_factory=ExportFacts)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    observers: list[Callable[[], None]] = field(default_factory=list)

    def set_notes(self, notes: str) -> None:
        self.notes = notes

    def save(self, file: Path | None = None) -> None:
        self.asked.append(("save", file))

    def export(self, file: Path, secrets: SecretsChoice) -> None:
        self.asked.append(("export", file, secrets))

    def survey(self, show: Callable[[ExportFacts], None]) -> None:
        show(self.facts)

    def observe(self, observer: Callable[[], None]) -> None:
        self.observers.append(observer)


@dataclass
class NotingBackstage:
    """A ``Backstage`` that writes down what it was asked for."""

    connections: dict[AccountId, NotingConnection] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    kept: list[tuple[Account, bool]] = field(default_factory=list)
    rules: RuleBook = field(default_factory=RuleBook)
    preferences: Preferences = field(default_factory=Preferences)
    stored: tuple[Message, ...] = ()
    certificate: CertificateAnswer = field(default_factory=lambda: FileError("None here.", "Wait."))
    on_load_back: Callable[[ChatKey], None] = lambda chat: None
    keeps_secrets: bool = True
    xmpp: NotingErrands = field(default_factory=NotingErrands)
    sessions: NotingSessions = field(default_factory=NotingSessions)
    font_scale: int = 100
    comparer: FakeComparer = field(default_factory=FakeComparer)
    presents: bool = False
    files: dict[AccountId, FileTransfers] = field(default_factory=dict)
    policy: TransferPolicy = field(default_factory=TransferPolicy)

    def connection(self, account: AccountId) -> NotingConnection | None:
        return self.connections.get(account)

    def features(self, account: AccountId) -> ServerFeatures:
        connection = self.connections.get(account)
        return connection.features if connection else ServerFeatures()

    def transfers(self, account: AccountId) -> FileTransfers | None:
        return self.files.get(account)

    def set_transfer_policy(self, policy: TransferPolicy) -> None:
        self.policy = policy

    def observe(self, observer: EventSink, *kinds: type[ev.ChatEvent]) -> None:
        self.asked.append("observe")

    def keep_account(
        self, account: Account, secrets: Mapping[SecretKind, str], *, connects: bool = False
    ) -> None:
        self.kept.append((account, connects))

    def remove_account(self, account: AccountId) -> None:
        self.asked.append(f"remove {account}")

    def stored_secrets(self, account: AccountId) -> frozenset[SecretKind]:
        return frozenset()

    def make_certificate(
        self, account: AccountId, name: str, show: Callable[[CertificateAnswer], None]
    ) -> None:
        self.asked.append(f"certificate {account} {name}")
        show(self.certificate)

    def read_certificate(self, file: Path, show: Callable[[CertificateAnswer], None]) -> None:
        self.asked.append(f"read {file}")
        show(self.certificate)

    def disconnect(self, account: AccountId, reason: str = "") -> None:
        self.asked.append(f"disconnect {account}")

    def start_lab(self) -> None:
        self.asked.append("start lab")

    def start_capture(self) -> None:
        self.asked.append("start capture")

    def stop_capture(self) -> None:
        self.asked.append("stop capture")

    def find_interfaces(
        self, show: Callable[[tuple[CaptureInterface, ...] | ChatlabError], None]
    ) -> None:
        show((CaptureInterface(name="eth0"),))

    def capture_interface(self, name: str, *, is_promiscuous: bool = False) -> None:
        self.asked.append(f"interface {name}{' promiscuous' if is_promiscuous else ''}")

    def use_key_file(self, file: Path, show: Callable[[int | FileError], None]) -> None:
        show(FileError(f"{file} holds no TLS secret.", "Give a key log."))

    def enable_capture(self) -> None:
        self.asked.append("enable capture")

    def restart_capture(self) -> None:
        self.asked.append("restart capture")

    def open_capture(self, file: Path) -> None:
        self.asked.append(f"open {file}")

    def load_older(self, chat: ChatKey) -> None:
        self.asked.append(f"older {chat.name}")

    def search_history(self, wanted: str, show: Callable[[tuple[Message, ...]], None]) -> None:
        self.asked.append(f"search {wanted}")
        show(tuple(one for one in self.stored if wanted.lower() in one.text.lower()))

    def load_back_to(self, chat: ChatKey, time_ns: int, then: Callable[[], None]) -> None:
        self.asked.append(f"back {chat.name} {time_ns}")
        self.on_load_back(chat)
        then()

    def load_named(self, chat: ChatKey, msgid: str, then: Callable[[], None]) -> None:
        self.asked.append(f"named {chat.name} {msgid}")
        self.on_load_back(chat)
        then()

    def export_chat(self, chat: ChatKey, file: Path) -> None:
        self.asked.append(f"export {chat.name} {file.name}")

    def set_preferences(self, preferences: Preferences) -> None:
        self.preferences = preferences

    def present(self, is_on: bool) -> None:
        self.presents = is_on

    def set_theme(self, name: str) -> None:
        self.asked.append(f"theme {name}")

    def set_font_scale(self, percent: int) -> None:
        self.font_scale = percent

    def quit(self) -> None:
        self.asked.append("quit")


class Stage:
    """The window with presenter, dialogs and actions, as ``app`` puts them together."""

    def __init__(self, qtbot: QtBot, feed: FakeFeed | None = None) -> None:
        self.book = ChatBook()
        self.feed = feed or lab_feed()
        self.backstage = NotingBackstage()
        self.speaker = Speaker(self.book, self.backstage)
        services = ChatServices(
            predict=self.speaker.predict,
            frame_count=lambda message: len(self.feed.attribution(message).frames) or None,
            describe=self.feed.explain_message,
            exposure=self.feed.exposure_of,
            features=self.backstage.features,
        )
        self.window = MainWindow(self.book, self.feed, services, _drop)
        qtbot.addWidget(self.window, before_close_func=lambda window: self.window.let_go())
        self.desk = DialogDesk(
            self.window, self.book, self.feed, self.backstage, tuple, lambda show: show(())
        )
        self.presenter = Presenter(
            self.window, self.book, self.feed, self.backstage, self.desk, self.speaker
        )
        self.wiring = ActionWiring(self.presenter, self.desk, self.backstage, self.book, self.feed)
        self.window.show()

    def join(self, name: str = "#lab", of: Account | None = None, *, shows: bool = True) -> Chat:
        """Have an account that is online and in a channel, and the channel in view."""
        owner = of or account()
        self.book.add_account(owner)
        self.backstage.connections.setdefault(owner.id, NotingConnection(owner))
        self.book.apply(ev.LinkChanged(owner.id, LinkState.ONLINE, NOON))
        event = ev.MemberJoined(owner.id, name, Member(nick="me"), NOON, is_self=True)
        self.take(event)
        chat = self.book.open(owner.id, name)
        if shows:
            self.presenter.show_chat(chat.key)
        return chat

    def take(self, event: ev.ChatEvent) -> None:
        """What a session does with an event: the book first, then who watches."""
        self.book.apply(event)
        self.presenter.take_event(event)

    @property
    def connection(self) -> NotingConnection:
        return self.backstage.connections[LAB]


def _drop(work: Coroutine[object, object, None]) -> None:
    """Nobody dissects here."""
    work.close()
