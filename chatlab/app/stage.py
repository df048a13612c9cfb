"""What stands behind the window, built when it has been painted: nobody waits for this to load."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatlab.app.backstage import WindowBackstage
from chatlab.app.feed import CaptureFeed
from chatlab.app.history import HistoryKeeper
from chatlab.app.preferring import preferences_of
from chatlab.app.rule_keeper import RuleKeeper
from chatlab.app.watch import SessionWatch
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError, Severity
from chatlab.core.preferences import Preferences
from chatlab.core.rules import RuleBook
from chatlab.store.accounts import AccountStore
from chatlab.store.history import History
from chatlab.store.paths import Paths
from chatlab.store.rules import RulesStore
from chatlab.store.secrets import KeyringSecrets
from chatlab.store.settings import Settings
from chatlab.store.sts import FILE_NAME as STS_FILE_NAME
from chatlab.store.sts import StsFile
from chatlab.ui.action_wiring import ActionWiring
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.main_window import MainWindow
from chatlab.ui.presenter import Presenter
from chatlab.ui.speaking import Speaker

if TYPE_CHECKING:
    from chatlab.app.session import Session
    from chatlab.ui.dialogs.account_fields import NetworkPreset
    from chatlab.ui.dialogs.system_check import CheckRow


class Stage:
    """The desks, the presenter and the backstage of one window, connected with it."""

    def __init__(
        self,
        window: MainWindow,
        book: ChatBook,
        feed: CaptureFeed,
        paths: Paths,
        settings: Settings,
        lab_directory: Path,
        *,
        is_file: bool,
        keep: Callable[[Preferences], None],
    ) -> None:
        """``keep`` is told of what the reader prefers from now on."""
        self._loop = asyncio.get_running_loop()
        self._book = book
        self._feed = feed
        self._sts = StsFile(paths.data / STS_FILE_NAME)
        self.watch: SessionWatch | None = None
        """From the first moment of the session on."""
        self.notes: list[str] = []
        """What was wrong with the files that were read."""
        self.secrets = KeyringSecrets()
        history = History(
            paths.history_file,
            self._on_history_error,
            is_keeping=settings.keep_history and not is_file,
        )
        self.accounts = AccountStore(paths.accounts_file)
        self._history = HistoryKeeper(book, history, settings.history_lines)
        self.backstage = backstage = WindowBackstage(
            book,
            feed,
            self.accounts,
            self.secrets,
            self._history,
            lab_directory,
        )
        backstage.is_file = is_file
        backstage.font_scale = settings.font_scale
        backstage.preferences = preferences_of(settings)
        backstage.on_preferences = keep
        self.rules = self._load_rules(book, RulesStore(paths.rules_file))
        self._connect(window)

    def _load_rules(self, book: ChatBook, store: RulesStore) -> RuleKeeper:
        loaded = store.load()
        self.notes += loaded.notes
        self.backstage.rules = RuleBook(loaded.value)
        return RuleKeeper(self.backstage.rules, book, store, self._on_rules_error)

    def _connect(self, window: MainWindow) -> None:
        book, feed, backstage = self._book, self._feed, self.backstage
        backstage.bar, backstage.on_progress = window.bar, window.strip.show_message
        self.speaker = Speaker(book, backstage)
        self.desk = DialogDesk(window, book, feed, backstage, _presets, self._check_system)
        self.presenter = Presenter(window, book, feed, backstage, self.desk, self.speaker)
        backstage.on_lab_chat = partial(self.presenter.open_when_joined, beside=True)
        self.wiring = ActionWiring(self.presenter, self.desk, backstage, book, feed)
        window.close_requested.connect(backstage.quit)

    def open_session(self) -> "Session":
        """Make the session and let everybody listen to it; its module is loaded already."""
        from chatlab.app.session import Session

        session = Session(
            self._book,
            self._feed,
            self.secrets,
            sts=self._sts,
            rules=self.backstage.rules,
            memory=self._history,
        )
        self.rules.attach(session)
        self.backstage.attach(session)
        self.watch = SessionWatch(self._feed, partial(self._tell_all, session), session.wake)
        self.watch.start()
        return session

    def _tell_all(
        self, session: "Session", topic: str, severity: Severity, text: str, hint: str
    ) -> None:
        """In view at once, and in the transcripts for good."""
        self.backstage.post(severity, text, hint, topic)
        session.tell_all(severity, text, hint)

    def _check_system(self, show: "Callable[[tuple[CheckRow, ...]], None]") -> None:
        self.backstage.run(_look_at_system(show))

    def _on_rules_error(self, error: FileError) -> None:
        self.backstage.post(Severity.ERROR, error.message, error.hint, "rules")

    def _on_history_error(self, error: FileError) -> None:
        """Called in the history's own thread."""
        self._loop.call_soon_threadsafe(
            self.backstage.post, Severity.ERROR, error.message, error.hint, "history"
        )


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
