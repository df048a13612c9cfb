"""The window and the session behind it: made here, taken apart here.

Order matters: the window is painted before anything heavy is imported. The session (IRC engine,
DNS, capture) follows in a thread, then the accounts, then the lab.
"""

import asyncio
import contextlib
import importlib
import signal
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from chatlab.app import no_features, root  # noqa: F401 - the one spares time when it is loaded.
from chatlab.app.feed import CaptureFeed
from chatlab.app.garbage import GentleCollector
from chatlab.app.leftovers import SessionFolder
from chatlab.app.loop import QtLoop
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.account import AccountId, Application
from chatlab.core.capture import CaptureLost
from chatlab.core.chats import ChatBook, ChatKey, ChatKind
from chatlab.core.errors import FileError, Severity
from chatlab.core.features import ServerFeatures
from chatlab.core.message import MessageId
from chatlab.store.paths import Paths, find_paths
from chatlab.store.settings import Settings, SettingsStore, ThemeChoice, WindowSettings
from chatlab.ui.main_window import MainWindow, WindowLayout
from chatlab.ui.theme import Theme, current, system_theme_name
from chatlab.ui.widgets.chat_services import ChatServices

if TYPE_CHECKING:
    from chatlab.app.backstage import WindowBackstage
    from chatlab.app.opening import OpenedFile
    from chatlab.app.stage import Stage
    from chatlab.core.preferences import Preferences

_PAINT_PATIENCE_S = 2.0
"""A window that is minimized, or on another desktop, may not be painted for long."""


def run_window(
    *, lab: bool, file: Path | None, link: str | None = None, keys: Path | None = None
) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    ``link`` is an address that the reader is offered to join once the window is there; ``keys`` a
    key log with the secrets of what TLS sealed in ``file``.
    """
    application = QApplication(sys.argv[:1])
    application.setApplicationName("ChatLab")
    application.setDesktopFileName("chatlab")
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=QtLoop) as runner:
        life = _Life(application, is_lab=lab, file=file, link=link, keys=keys)
        return runner.run(life.run())


def _opened(file: Path) -> "OpenedFile":
    from chatlab.app.opening import OpenedFile

    return OpenedFile(file)


class _Life:
    """One run of the program, from the first paint to the last file written."""

    def __init__(
        self,
        application: QApplication,
        *,
        is_lab: bool,
        file: Path | None,
        link: str | None = None,
        keys: Path | None = None,
    ) -> None:
        self._application = application
        self._keys = keys
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
        self._opened = _opened(file) if file is not None else None
        capture = self._opened.capture if self._opened else self._folder.live_file
        self._feed = CaptureFeed(capture, self._book, self._dissector, is_live=file is None)
        self._stage: Stage | None = None
        self._painted, self.staged = asyncio.Event(), asyncio.Event()
        """All that stands behind the window is there."""
        self._make_window()
        theme.put_on(application)

    def _dress(self) -> Theme:
        choice = self._settings.theme
        name = system_theme_name() if choice is ThemeChoice.SYSTEM else choice.value
        theme = Theme.load(name)
        theme.prepare(self._application, self._settings.font_scale / 100)
        return theme

    def _make_window(self) -> None:
        services = ChatServices(
            predict=self._predict,
            frame_count=self._frame_count,
            describe=self._feed.explain_message,
            exposure=self._feed.exposure_of,
            features=self._features,
        )
        window = self._window = MainWindow(self._book, self._feed, services, self._run_beside)
        if root.is_root():
            window.strip.show_message(root.WORDS)
        window.painted.connect(self._painted.set)
        saved = self._settings.window
        window.restore_layout(
            WindowLayout(saved.geometry, saved.splits, saved.is_sidebar_shown, saved.is_wire_shown)
        )
        window.chats.show_members(saved.is_member_list_shown)

    # -- what the window asks; between its first paint and the stage there is nothing to tell

    def _predict(self, chat: ChatKey, line: str, reply_to: str) -> tuple[int, ...]:
        return self._stage.speaker.predict(chat, line, reply_to) if self._stage else ()

    def _features(self, account: AccountId) -> ServerFeatures:
        return self._stage.backstage.features(account) if self._stage else ServerFeatures()

    def _frame_count(self, message: MessageId) -> int | None:
        return len(self._feed.attribution(message).frames) or None

    def _run_beside(self, work: Coroutine[object, object, None]) -> None:
        self._backstage.run(work)

    # -- from the first paint to the end

    @property
    def _backstage(self) -> "WindowBackstage":
        return self._behind.backstage

    @property
    def _behind(self) -> "Stage":
        assert self._stage is not None
        return self._stage

    async def run(self) -> int:
        """Show the window, do everything else, and return when all is closed."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QtLoop)
        self._loop = loop
        self._window.show_first_start(self._has_no_account())
        self._window.show()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PAINT_PATIENCE_S):
                await self._painted.wait()
        self._set_stage()
        self._collector.start()
        self._window.focus_changed.connect(self._on_focus_changed)
        if self._opened is not None:
            self._show_opened(self._opened)
        else:
            await self._begin()
            if self._link is not None:
                self._behind.desk.offer_link(self._link)
        for note in self._notes:
            self._backstage.post(Severity.WARNING, note)
        await self._backstage.leave.wait()
        await self._end()
        return 0

    def _has_no_account(self) -> bool:
        """Nothing was ever set up, and nothing else is to be shown."""
        if self._is_lab or self._file is not None:
            return False
        from chatlab.store.accounts import AccountStore

        return not AccountStore(self._paths.accounts_file).load().value

    def _set_stage(self) -> None:
        from chatlab.app.stage import Stage

        self._stage = stage = Stage(
            self._window,
            self._book,
            self._feed,
            self._paths,
            self._settings,
            self._folder.lab,
            is_file=self._file is not None,
            keep=self._keep_preferences,
        )
        self._notes += stage.notes
        self._watch_signals()
        self.staged.set()

    def _keep_preferences(self, chosen: "Preferences") -> None:
        from chatlab.app.preferring import with_preferences

        self._settings = with_preferences(self._settings, chosen)
        self._write_settings(self._settings)

    def _on_focus_changed(self) -> None:
        if not self._window.isActiveWindow():
            self._collector.sweep()

    def _watch_signals(self) -> None:
        """SIGTERM (a log-out) and Ctrl-C close as politely as the window's button."""
        with contextlib.suppress(NotImplementedError):  # Windows ends programs otherwise.
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._backstage.quit)

    async def _begin(self) -> None:
        await asyncio.to_thread(importlib.import_module, "chatlab.app.session")
        await asyncio.to_thread(self._feed.prepare)
        stage = self._behind
        loaded = stage.accounts.load()
        self._notes += loaded.notes
        try:
            self._begin_journal()
        except FileError as error:
            self._backstage.post(Severity.ERROR, error.message, error.hint)
        session = stage.open_session()
        sessions = self._backstage.sessions
        sessions.notes_file = self._folder.notes_file
        sessions.set_autosave(self._settings.autosave_minutes)
        if self._settings.capture_on_start:
            await session.start_capture()
        for account in loaded.value:
            await stage.secrets.ready(account.id)
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

    def _show_opened(self, opened: "OpenedFile") -> None:
        from chatlab.app.finding import MessageSearch, look_inside
        from chatlab.app.replay import fill_from_file, show_frames_alone
        from chatlab.app.session_replay import fill_from_session

        try:
            if opened.is_session:
                fill_from_session(opened, self._feed, self._book)
            else:
                fill_from_file(self._feed, self._book)
        except FileError as error:  # The window is there already, and says it better.
            show_frames_alone(self._feed, opened.file.name, error)
        is_leftover = opened.file.absolute().is_relative_to(self._paths.sessions)
        # What an earlier run left will be deleted one day: saving it asks where.
        file = opened.file if opened.is_session and not is_leftover else None
        self._backstage.sessions.adopt(file, opened.notes)
        self._show_talks()
        backstage, feed = self._backstage, self._feed
        search = MessageSearch(feed, self._book, self._show_talks, backstage.on_progress)
        look_inside(feed, opened.file, self._keys, search, backstage.run, backstage.post)

    def _show_talks(self) -> None:
        """The first chats of a file that was opened."""
        talks = [chat for chat in self._book.chats.values() if chat.kind is not ChatKind.SERVER]
        if len(talks) > 1:
            self._window.chats.compare(talks[0], talks[1])
        elif talks:
            self._window.chats.show_chat(talks[0])

    async def _end(self) -> None:
        """The window goes at once; what takes time follows."""
        if self._file is None:
            self._save_settings()
        self._window.hide()
        if self._behind.watch is not None:
            self._behind.watch.close()
        await self._backstage.close()
        if self._file is None:
            self._keep_capture()
        await self._dissector.close()
        self._feed.close()
        if self._opened is not None:
            self._opened.close()
        self._window.let_go()

    def _keep_capture(self) -> None:
        """What was not saved waits, complete, for the next start."""
        if (journal := self._feed.journal) is not None:
            self._feed.journal = None
            journal.close()
        sessions = self._backstage.sessions
        keeps = sessions.is_modified
        if keeps:
            from chatlab.app.saving import save, session_work

            try:
                work = session_work(self._feed, self._book, sessions.notes)
                save(work, self._folder.whole_file)
            except FileError as error:  # The growing file stays in its place.
                print(error, file=sys.stderr)
        self._folder.close(keeps=keeps)

    def _begin_journal(self) -> None:
        """From now on a crash loses nothing of what is said. Raises FileError."""
        from chatlab.app.journal import SessionJournal
        from chatlab.app.leftover_offer import offer_leftovers

        self._folder.open()
        bar, backstage = self._window.bar, self._backstage
        backstage.run(
            offer_leftovers(self._folder, self._paths.sessions, bar.post, backstage.open_capture)
        )
        self._feed.journal = SessionJournal(
            self._feed.file, self._on_journal_fault, self._loop.at_turn_end
        )
        self._feed.journal.follow(self._book)

    def _on_journal_fault(self, cause: str, remedy: str) -> None:
        if isinstance(self._feed.status, CaptureLost):
            return  # The same disk: it is said already, of the frames.
        words = f"A crash would lose what is said from now on: {cause}"
        self._backstage.post(Severity.ERROR, words, remedy, "capture")

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
