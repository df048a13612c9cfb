"""The window and the session behind it: made here, taken apart here.

Order matters: the window is painted before anything heavy is imported. The session (IRC engine,
DNS, capture) follows in a thread, then the accounts, then the lab.
"""

import asyncio
import contextlib
import importlib
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from chatlab.app.backstage import WindowBackstage
from chatlab.app.feed import CaptureFeed
from chatlab.app.garbage import GentleCollector
from chatlab.app.history import HistoryKeeper
from chatlab.app.leftovers import MAX_KEPT, SessionFolder
from chatlab.app.loop import QtLoop
from chatlab.app.preferring import preferences_of, with_preferences
from chatlab.app.rule_keeper import RuleKeeper
from chatlab.app.saving import save_capture
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.account import Account, Application
from chatlab.core.chats import ChatBook, ChatKey, ChatKind
from chatlab.core.errors import FileError
from chatlab.core.events import Severity
from chatlab.core.message import MessageId
from chatlab.core.preferences import Preferences
from chatlab.core.rules import RuleBook
from chatlab.store.accounts import AccountStore
from chatlab.store.history import History
from chatlab.store.paths import Paths, find_paths
from chatlab.store.rules import RulesStore
from chatlab.store.secrets import KeyringSecrets
from chatlab.store.settings import Settings, SettingsStore, ThemeChoice, WindowSettings
from chatlab.store.sts import FILE_NAME as STS_FILE_NAME
from chatlab.store.sts import StsFile
from chatlab.ui.action_wiring import ActionWiring
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.main_window import MainWindow, WindowLayout
from chatlab.ui.presenter import Presenter
from chatlab.ui.speaking import Speaker
from chatlab.ui.theme import Theme, current, system_theme_name
from chatlab.ui.widgets.chat_pane import ChatServices
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.account_fields import NetworkPreset
    from chatlab.ui.dialogs.system_check import CheckRow


def run_window(*, lab: bool, file: Path | None, link: str | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    ``link`` is an address that the reader is offered to join once the window is there.
    """
    application = QApplication(sys.argv[:1])
    application.setApplicationName("ChatLab")
    application.setDesktopFileName("chatlab")
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=QtLoop) as runner:
        return runner.run(_Life(application, is_lab=lab, file=file, link=link).run())


class _Life:
    """One run of the program, from the first paint to the last file written."""

    def __init__(
        self,
        application: QApplication,
        *,
        is_lab: bool,
        file: Path | None,
        link: str | None = None,
    ) -> None:
        self._application = application
        self._is_lab = is_lab
        self._file = file
        self._link = link
        self._paths: Paths = find_paths()
        self._settings_store = SettingsStore(self._paths.settings_file)
        loaded = self._settings_store.load()
        self._settings: Settings = loaded.value
        self._notes = list(loaded.notes)
        theme = self._dress()
        self._book = ChatBook()
        self._folder = SessionFolder(self._paths.sessions)
        self._dissector = ScapyDissector()
        self._collector = GentleCollector()
        capture = file or self._folder.live_file
        self._feed = CaptureFeed(capture, self._book, self._dissector, is_live=file is None)
        self._secrets = KeyringSecrets()
        self._accounts = AccountStore(self._paths.accounts_file)
        history = History(
            self._paths.history_file,
            self._on_history_error,
            is_keeping=self._settings.keep_history and file is None,
        )
        self._backstage = WindowBackstage(
            self._book,
            self._feed,
            self._accounts,
            self._secrets,
            HistoryKeeper(self._book, history, self._settings.history_lines),
            self._folder.lab,
        )
        self._take_preferences()
        self._load_rules()
        self._make_window()
        theme.put_on(application)

    def _take_preferences(self) -> None:
        settings, backstage = self._settings, self._backstage
        backstage.font_scale = settings.font_scale
        backstage.preferences = preferences_of(settings)
        backstage.on_preferences = self._keep_preferences

    def _keep_preferences(self, chosen: Preferences) -> None:
        self._settings = with_preferences(self._settings, chosen)
        self._write_settings(self._settings)

    def _load_rules(self) -> None:
        store = RulesStore(self._paths.rules_file)
        loaded = store.load()
        self._notes += loaded.notes
        self._backstage.rules = RuleBook(loaded.value)
        self._rules = RuleKeeper(self._backstage.rules, self._book, store, self._on_rules_error)

    def _on_rules_error(self, error: FileError) -> None:
        self._backstage.post(Severity.ERROR, error.message, error.hint, "rules")

    def _on_history_error(self, error: FileError) -> None:
        """Called in the history's own thread."""
        self._loop.call_soon_threadsafe(
            self._backstage.post, Severity.ERROR, error.message, error.hint, "history"
        )

    def _dress(self) -> Theme:
        choice = self._settings.theme
        name = system_theme_name() if choice is ThemeChoice.SYSTEM else choice.value
        theme = Theme.load(name)
        theme.prepare(self._application, self._settings.font_scale / 100)
        return theme

    def _make_window(self) -> None:
        speaker = Speaker(self._book, self._backstage)
        services = ChatServices(
            predict=speaker.predict,
            frame_count=self._frame_count,
            describe=self._feed.explain_message,
            exposure=self._feed.exposure_of,
            features=self._backstage.features,
        )
        window = self._window = MainWindow(self._book, self._feed, services, self._backstage.run)
        self._backstage.bar, self._backstage.on_progress = window.bar, window.strip.show_message
        self._desk = DialogDesk(
            window, self._book, self._feed, self._backstage, _presets, self._check_system
        )
        self._presenter = Presenter(
            window, self._book, self._feed, self._backstage, self._desk, speaker
        )
        self._backstage.on_lab_chat = partial(self._presenter.open_when_joined, beside=True)
        ActionWiring(self._presenter, self._desk, self._backstage, self._book, self._feed)
        window.close_requested.connect(self._backstage.quit)
        self._painted = asyncio.Event()
        window.painted.connect(self._painted.set)
        saved = self._settings.window
        window.restore_layout(
            WindowLayout(saved.geometry, saved.splits, saved.is_sidebar_shown, saved.is_wire_shown)
        )
        window.chats.show_members(saved.is_member_list_shown)

    def _frame_count(self, message: MessageId) -> int | None:
        return len(self._feed.attribution(message).frames) or None

    def _check_system(self, show: "Callable[[tuple[CheckRow, ...]], None]") -> None:
        self._backstage.run(_look_at_system(show))

    async def run(self) -> int:
        """Show the window, do everything else, and return when all is closed."""
        self._loop = asyncio.get_running_loop()
        self._watch_signals()
        self._backstage.is_file = self._file is not None
        accounts = self._accounts.load() if self._file is None else None
        is_empty = accounts is not None and not accounts.value
        self._window.show_first_start(is_empty and not self._is_lab)
        self._window.show()
        await self._painted.wait()
        self._collector.start()
        self._window.focus_changed.connect(self._on_focus_changed)
        if self._file is not None:
            self._open_file(self._file)
        else:
            self._notes += accounts.notes if accounts else []
            await self._begin(accounts.value if accounts else ())
            if self._link is not None:
                self._desk.offer_link(self._link)
        for note in self._notes:
            self._backstage.post(Severity.WARNING, note)
        await self._backstage.leave.wait()
        await self._end()
        return 0

    def _on_focus_changed(self) -> None:
        if not self._window.isActiveWindow():
            self._collector.sweep()

    def _watch_signals(self) -> None:
        """SIGTERM (a log-out) and Ctrl-C close as politely as the window's button."""
        with contextlib.suppress(NotImplementedError):  # Windows ends programs otherwise.
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._backstage.quit)

    async def _begin(self, accounts: tuple[Account, ...]) -> None:
        await asyncio.to_thread(importlib.import_module, "chatlab.app.session")
        await asyncio.to_thread(self._feed.prepare)
        from chatlab.app.session import Session

        try:
            self._folder.open()
            self._offer_leftovers()
        except FileError as error:
            self._backstage.post(Severity.ERROR, error.message, error.hint)
        session = Session(
            self._book,
            self._feed,
            self._secrets,
            sts=StsFile(self._paths.data / STS_FILE_NAME),
            rules=self._backstage.rules,
        )
        self._rules.attach(session)
        self._backstage.observe(self._presenter.take_event)
        self._backstage.attach(session)
        if self._settings.capture_on_start:
            await session.start_capture()
        for account in accounts:
            await self._secrets.ready(account.id)
            session.add_account(account)
            for channel in account.channels:
                self._book.open(account.id, channel.channel, ChatKind.CHANNEL)
            if account.connect_on_start and not self._is_lab:
                session.connections[account.id].start()
        if self._is_lab:
            self._backstage.start_lab()
        else:
            self._open_last_chats()
        self._backstage.settle()

    def _open_last_chats(self) -> None:
        """The chats of the last run, private ones, too; in view those that were in view."""
        for key in self._settings.window.chats:
            if key.account in self._book.accounts:
                self._book.open(key.account, key.name)
        found = [self._book.chats[k] for k in self._settings.window.panes if k in self._book.chats]
        if len(found) > 1:
            self._window.chats.compare(found[0], found[1])
        elif found:
            self._window.chats.show_chat(found[0])

    def _open_file(self, file: Path) -> None:
        from chatlab.app.replay import fill_from_file

        fill_from_file(self._feed, self._book)
        talks = [chat for chat in self._book.chats.values() if chat.kind is not ChatKind.SERVER]
        if len(talks) > 1:
            self._window.chats.compare(talks[0], talks[1])
        elif talks:
            self._window.chats.show_chat(talks[0])
        self._window.setWindowTitle(f"{file.name} – ChatLab")

    async def _end(self) -> None:
        """The window goes at once; what takes time follows."""
        if self._file is None:
            self._save_settings()
        self._window.hide()
        await self._backstage.close()
        if self._file is None:
            self._keep_capture()
        await self._dissector.close()
        self._feed.close()
        self._window.let_go()

    def _keep_capture(self) -> None:
        """What was not saved waits, complete, for the next start."""
        keeps = self._feed.count > 0 and not self._backstage.is_saved
        if keeps:
            try:
                save_capture(self._feed, self._folder.whole_file)
            except FileError as error:  # The growing file stays in its place.
                print(error, file=sys.stderr)
        self._folder.close(keeps=keeps)

    def _offer_leftovers(self) -> None:
        new = [one for one in self._folder.leftovers() if not one.was_offered]
        if not new:
            return
        file = new[0].file
        new[0].note_offer()
        self._window.bar.post(
            BarMessage(
                Severity.INFO,
                f"The capture of {new[0].words} was not saved.",
                f"ChatLab keeps the last {MAX_KEPT} of them in {self._paths.sessions}.",
                action="Open",
                on_action=lambda: self._backstage.open_capture(file),
                topic="leftover",
            )
        )

    def _save_settings(self) -> None:
        layout = self._window.read_layout()
        before = self._settings.window
        window = WindowSettings(
            geometry=layout.geometry,
            splits=layout.splits,
            # What the lab shows is not what the reader will want to see next time.
            chats=before.chats if self._is_lab else self._chats_to_keep(),
            panes=before.panes if self._is_lab else self._panes_to_keep(),
            is_sidebar_shown=layout.is_sidebar_shown,
            is_wire_shown=layout.is_wire_shown,
            is_member_list_shown=self._window.chats.are_members_shown,
        )
        self._write_settings(
            replace(
                self._settings,
                theme=self._theme_choice(),
                font_scale=self._backstage.font_scale,
                window=window,
            )
        )

    def _write_settings(self, settings: Settings) -> None:
        try:
            self._settings_store.save(settings)
        except FileError as error:
            print(error, file=sys.stderr)

    def _chats_to_keep(self) -> tuple[ChatKey, ...]:
        """Rooms are not among them: they come back from the account, or from its bookmarks."""
        kinds = ((key, chat.kind) for key, chat in self._book.chats.items())
        return tuple(
            key
            for key, kind in kinds
            if kind is not ChatKind.SERVER
            and self._is_lasting(key)
            and not (kind is ChatKind.CHANNEL and self._is_xmpp(key))
        )

    def _is_xmpp(self, key: ChatKey) -> bool:
        return self._book.accounts[key.account].account.application is Application.XMPP

    def _panes_to_keep(self) -> tuple[ChatKey, ...]:
        shown = (pane.chat.key for pane in self._window.chats.panes if pane.chat)
        return tuple(key for key in shown if self._is_lasting(key))

    def _theme_choice(self) -> ThemeChoice:
        """Still the system's, unless the reader chose the other one."""
        chosen = ThemeChoice(current().name)
        if self._settings.theme is ThemeChoice.SYSTEM and chosen.value == system_theme_name():
            return ThemeChoice.SYSTEM
        return chosen

    def _is_lasting(self, key: ChatKey) -> bool:
        state = self._book.accounts.get(key.account)
        return state is not None and not state.account.is_temporary


def _presets() -> "tuple[NetworkPreset, ...]":
    from chatlab.chat.networks import read_networks

    return read_networks()


async def _look_at_system(show: "Callable[[tuple[CheckRow, ...]], None]") -> None:
    """Run the doctor's checks in a thread, and show what they found."""
    from chatlab.app.checks import check_all
    from chatlab.ui.dialogs.system_check import CheckRow, CheckState

    checks = await asyncio.to_thread(check_all)
    show(
        tuple(
            CheckRow(check.name, CheckState[check.verdict.name], check.words, check.remedy)
            for check in checks
        )
    )
