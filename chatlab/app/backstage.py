"""Carries out what the window asks for; every failure comes back as words in its message bar."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatlab.app.feed import CaptureFeed
from chatlab.app.history import HistoryKeeper
from chatlab.app.looks import Looks
from chatlab.app.read_markers import ReadMarkers
from chatlab.app.session_saving import SessionSaver
from chatlab.app.xmpp_errands import SessionErrands
from chatlab.core.account import Account, AccountId, SecretKind
from chatlab.core.capture import CaptureInterface, CaptureLost
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.errors import ChatlabError, FileError, Severity
from chatlab.core.events import ChatEvent, ReadMarkerMoved
from chatlab.core.features import ServerFeatures
from chatlab.core.message import Message
from chatlab.core.ports import ChatConnection, EventSink, FileTransfers
from chatlab.core.preferences import Preferences
from chatlab.core.rules import RuleBook
from chatlab.core.transfer import TransferPolicy
from chatlab.store.accounts import AccountStore
from chatlab.store.secrets import KeyringSecrets
from chatlab.ui.ports import CertificateAnswer
from chatlab.ui.theme import system_theme
from chatlab.ui.widgets.message_bar import BarMessage, MessageBar

if TYPE_CHECKING:
    from chatlab.app.comparing import SessionComparer
    from chatlab.app.lab import Lab
    from chatlab.app.session import Session

log = logging.getLogger(__name__)


class WindowBackstage(Looks):
    """Implements ``ui.ports.Backstage``. The session arrives after the first paint."""

    def __init__(
        self,
        book: ChatBook,
        feed: CaptureFeed,
        accounts: AccountStore,
        secrets: KeyringSecrets,
        history: HistoryKeeper,
        lab_directory: Path,
    ) -> None:
        super().__init__()
        self.session: Session | None = None
        self.bar: MessageBar | None = None
        self.rules = RuleBook()
        self.preferences = Preferences()
        self.on_preferences: Callable[[Preferences], None] = lambda preferences: None
        """Told of what the reader chose, to be kept."""
        self.leave = asyncio.Event()
        self.on_lab_chat: Callable[[ChatKey], None] = lambda chat: None
        """Told of the lab's channels, which are to be shown side by side."""
        self.on_progress: Callable[[str], None] = lambda words: None
        """Told how far something has come that takes a while; empty when it is over."""
        self.is_file = False
        """The window shows a saved capture: there is nothing to connect, and nothing to keep."""
        self._early: list[Callable[[], None]] | None = []
        """What was asked for before the accounts were read; None from then on."""
        self._book = book
        self._feed = feed
        self._accounts = accounts
        self._secrets = secrets
        self._history = history
        history.on_opened = lambda key: self.run(history.fill(key))
        self._lab_directory = lab_directory
        self._lab: Lab | None = None
        self._markers: ReadMarkers | None = None
        self._observers: list[tuple[EventSink, tuple[type[ChatEvent], ...]]] = []
        self._transfer_policy = TransferPolicy()
        self._tasks: set[asyncio.Task[None]] = set()
        self._enabling: asyncio.Task[None] | None = None
        self.xmpp = SessionErrands(lambda: self.session, book, secrets, self.run, self._waits)
        self._saves: set[asyncio.Task[None]] = set()
        """Those of the tasks that the reader would miss: the program ends after them."""
        self.sessions = SessionSaver(
            feed,
            book,
            post=self.post,
            start=self._start_lasting,
            on_progress=lambda words: self.on_progress(words),
            catch_up=self._catch_up,
        )

    # -- the life of the session

    def attach(self, session: "Session") -> None:
        """The session is there: tell it who listens."""
        self.session = session
        session.set_transfer_policy(self._transfer_policy)
        self._markers = ReadMarkers(self._book, self.connection)
        session.observe(self._markers.take_event, ReadMarkerMoved)
        for observer, kinds in self._observers:
            session.observe(observer, *kinds)

    def settle(self) -> None:
        """The accounts are read: do what was asked for meanwhile."""
        early, self._early = self._early or [], None
        for ask in early:
            ask()

    def _waits(self, ask: Callable[[], None]) -> bool:
        """Put something off until the accounts are read; True when that was necessary."""
        if self.is_file:
            words = "This window shows a saved capture: nothing is connected or kept from here."
            hint = "Start ChatLab once more for that."
            self.post(Severity.INFO, words, hint, topic="read-only")
            return True
        if self._early is None:
            return False
        self._early.append(ask)
        return True

    async def close(self) -> None:
        """End the session, then the lab that it may have been connected to."""
        await asyncio.gather(*self._saves)
        for task in list(self._tasks):
            task.cancel()
        if self._markers is not None:
            self._markers.close()
        if self.session is not None:
            await self.session.close()
        await self.sessions.finish()
        if "comparer" in vars(self):
            self.comparer.close_second()
        if self._lab is not None:
            await self._lab.stop()
        await asyncio.to_thread(self._history.close)
        await asyncio.to_thread(self._secrets.close)

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Have ``work`` done; its ChatlabError becomes a message, a bug a log line."""
        self._start(work)

    def _start(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except ChatlabError as error:
            self.post(Severity.ERROR, error.message, error.hint)
        except Exception:  # A bug of ours must not vanish with its task.
            log.exception("something that the window asked for failed")
            self.post(Severity.ERROR, "Something went wrong inside ChatLab.", "The log has more.")

    def post(self, severity: Severity, text: str, hint: str = "", topic: str = "") -> None:
        if self.bar is not None:
            self.bar.post(BarMessage(severity, text, hint, topic=topic))

    def _start_lasting(self, work: Coroutine[object, object, None]) -> None:
        task = self._start(work)
        self._saves.add(task)
        task.add_done_callback(self._saves.discard)

    async def _catch_up(self) -> None:
        if self.session is not None:
            await self.session.catch_up()

    # -- ui.ports.Backstage

    def connection(self, account: AccountId) -> ChatConnection | None:
        return self.session.connections.get(account) if self.session else None

    def features(self, account: AccountId) -> ServerFeatures:
        """What the account's server can do; what every server can while nothing is known."""
        connection = self.connection(account)
        return connection.features if connection is not None else ServerFeatures()

    def transfers(self, account: AccountId) -> FileTransfers | None:
        return self.session.transfers(account) if self.session else None

    def set_transfer_policy(self, policy: TransferPolicy) -> None:
        self._transfer_policy = policy
        if self.session is not None:
            self.session.set_transfer_policy(policy)

    def observe(self, observer: EventSink, *kinds: type[ChatEvent]) -> None:
        self._observers.append((observer, kinds))
        if self.session is not None:
            self.session.observe(observer, *kinds)

    def keep_account(
        self, account: Account, secrets: Mapping[SecretKind, str], *, connects: bool = False
    ) -> None:
        if self._waits(lambda: self.keep_account(account, secrets, connects=connects)):
            return
        for kind, secret in secrets.items():
            self._secrets.set(account.id, kind, secret)
        if self.session is not None:
            connection = self.session.add_account(account)
            if connects:
                connection.start()
        self._save_accounts()

    def _save_accounts(self) -> None:
        try:
            self._accounts.save(state.account for state in self._book.accounts.values())
        except FileError as error:
            self.post(Severity.ERROR, error.message, error.hint, topic="accounts")

    def remove_account(self, account: AccountId) -> None:
        self.run(self._remove_account(account))

    async def _remove_account(self, account: AccountId) -> None:
        if self.session is not None:
            await self.session.remove_account(account)
        self.rules.forget_account(account)
        self._secrets.delete(account)
        await self._history.delete_account(account)
        self._save_accounts()

    def stored_secrets(self, account: AccountId) -> frozenset[SecretKind]:
        return frozenset(kind for kind in SecretKind if self._secrets.get(account, kind))

    def make_certificate(
        self, account: AccountId, name: str, show: Callable[[CertificateAnswer], None]
    ) -> None:
        from chatlab.app.certificates import make

        self.run(make(account, name, show))

    def read_certificate(self, file: Path, show: Callable[[CertificateAnswer], None]) -> None:
        from chatlab.app.certificates import read

        self.run(read(file, show))

    @property
    def keeps_secrets(self) -> bool:
        return self._secrets.is_lasting

    def disconnect(self, account: AccountId, reason: str = "") -> None:
        if connection := self.connection(account):
            self.run(connection.stop(reason))

    def start_lab(self) -> None:
        if self._waits(self.start_lab):
            return
        self.run(self._start_lab())

    async def _start_lab(self) -> None:
        from chatlab.app.lab import Lab

        if self.session is None or self._lab is not None:
            return
        lab = self._lab = Lab(self._lab_directory, self._secrets, self._on_lab_death)
        try:
            await lab.start(self.session, self.on_lab_chat)
        except ChatlabError:
            self._lab = None
            raise
        await lab.start_xmpp(self.session)

    def _on_lab_death(self, reason: str) -> None:
        self._lab = None
        hint = "Start the offline lab again from the File menu."
        self.post(Severity.ERROR, f"The lab’s server has ended: {reason}", hint, topic="lab")

    def start_capture(self) -> None:
        if self._waits(self.start_capture):
            return
        self.run(self._start_capture())

    async def _start_capture(self) -> None:
        if self.session is not None:
            await self.session.start_capture()

    def stop_capture(self) -> None:
        if self.session is not None:
            self.run(self.session.stop_capture())

    def restart_capture(self) -> None:
        self.run(self._restart_capture())

    async def _restart_capture(self) -> None:
        if self.session is None:
            return
        if isinstance(self._feed.status, CaptureLost):
            await self.session.restart_capture()
        else:  # It was refused: look once more whether it is allowed now.
            await self.session.stop_capture()
            await self.session.start_capture()

    def find_interfaces(
        self, show: Callable[[tuple[CaptureInterface, ...] | ChatlabError], None]
    ) -> None:
        from chatlab.app.interfaces import find_interfaces

        self.run(find_interfaces(show))

    def capture_interface(self, name: str, *, is_promiscuous: bool = False) -> None:
        if self._waits(lambda: self.capture_interface(name, is_promiscuous=is_promiscuous)):
            return
        if self.session is not None:
            work = self.session.capture_interface(name, is_promiscuous=is_promiscuous)
            self.run(work)

    def use_key_file(self, file: Path, show: Callable[[int | FileError], None]) -> None:
        from chatlab.app.key_files import show_key_file

        self.run(show_key_file(self._feed, file, show))

    def enable_capture(self) -> None:
        if self._enabling is None or self._enabling.done():  # One dialog for a password is enough.
            self._enabling = self._start(self._enable_capture())

    async def _enable_capture(self) -> None:
        from chatlab.capture.enabling import enable

        words = await enable()
        await self._restart_capture()
        self.post(Severity.INFO, words, topic="permission")

    def open_capture(self, file: Path) -> None:
        self.run(self._open_capture(file))

    async def _open_capture(self, file: Path) -> None:
        from chatlab.app.opening import check_file

        await asyncio.to_thread(check_file, file)
        self._open_window(file)

    def _open_window(self, file: Path) -> None:
        command = [sys.executable, "-P", "-m", "chatlab", "open", str(file)]
        try:
            subprocess.Popen(command, start_new_session=os.name == "posix")
        except OSError as error:
            words = f"{file.name} cannot be opened: {error.strerror}."
            self.post(Severity.ERROR, words, "Close other programs and try again.")

    def load_older(self, chat: ChatKey) -> None:
        self.run(self._history.load_older(chat))

    def search_history(self, wanted: str, show: Callable[[tuple[Message, ...]], None]) -> None:
        async def search() -> None:
            show(await self._history.search(wanted))

        self.run(search())

    def load_back_to(self, chat: ChatKey, time_ns: int, then: Callable[[], None]) -> None:
        async def load() -> None:
            await self._history.load_back_to(chat, time_ns)
            then()

        self.run(load())

    def load_named(self, chat: ChatKey, msgid: str, then: Callable[[], None]) -> None:
        async def load() -> None:
            await self._history.load_named(chat, msgid)
            then()

        self.run(load())

    def export_chat(self, chat: ChatKey, file: Path) -> None:
        self.run(self._export_chat(chat, file))

    async def _export_chat(self, chat: ChatKey, file: Path) -> None:
        from chatlab.app.exporting import export_chat

        if found := self._book.chats.get(chat):
            count = export_chat(found, file, lambda m: self._feed.attribution(m.id))
            self.post(Severity.INFO, f"Saved {count} lines as {file.name}.", topic="saved")

    def set_preferences(self, preferences: Preferences) -> None:
        before, self.preferences = self.preferences, preferences
        if preferences.theme != before.theme or preferences.font_scale != before.font_scale:
            self.font_scale = preferences.font_scale
            self.set_theme(system_theme(preferences.theme))
        self._history.set_keeping(preferences.keep_history, preferences.history_lines)
        self.sessions.set_autosave(preferences.autosave_minutes)
        self.on_preferences(preferences)

    @cached_property
    def comparer(self) -> "SessionComparer":
        from chatlab.app.comparing import SessionComparer

        return SessionComparer(self._feed, lambda: self.session, self.run)

    def quit(self) -> None:
        if self.sessions.may_end():
            self.leave.set()
