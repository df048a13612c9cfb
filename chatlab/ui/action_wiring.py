"""What each action of the table does in this window."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QWidget

from chatlab.core.capture import CaptureLive
from chatlab.core.chats import Chat, ChatBook
from chatlab.core.commands import Verb
from chatlab.core.errors import Severity
from chatlab.ui.actions import ActionId
from chatlab.ui.chat_walk import ChatWalk
from chatlab.ui.compare_desk import CompareDesk
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.formatting import Code
from chatlab.ui.interface_desk import InterfaceDesk
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.presentation import Presentation
from chatlab.ui.presenter import Presenter
from chatlab.ui.raw_desk import RawDesk
from chatlab.ui.search_desk import SearchDesk
from chatlab.ui.secrets_desk import SecretsDesk
from chatlab.ui.tag_desk import TagDesk
from chatlab.ui.talk_actions import TalkActions
from chatlab.ui.theme import current, system_theme_name
from chatlab.ui.tour import Tour
from chatlab.ui.transfer_desk import TransferDesk
from chatlab.ui.twin_desk import TwinDesk
from chatlab.ui.widgets.message_bar import BarMessage

FONT_STEP = 10
_FORMATS = {
    ActionId.BOLD: Code.BOLD,
    ActionId.ITALIC: Code.ITALIC,
    ActionId.UNDERLINE: Code.UNDERLINE,
    ActionId.STRIKE: Code.STRIKE,
    ActionId.MONOSPACE: Code.MONOSPACE,
    ActionId.PLAIN_TEXT: Code.RESET,
}
_Handlers = dict[ActionId, Callable[[], object]]


class ActionWiring:
    """Connects the table of actions with the presenter; holds no state of its own."""

    def __init__(
        self,
        presenter: Presenter,
        desk: DialogDesk,
        backstage: Backstage,
        book: ChatBook,
        feed: WireFeed,
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._feed = feed
        self._interfaces = InterfaceDesk(presenter.window, desk, backstage, feed)
        self._raw = RawDesk(presenter, book, feed, backstage)
        self._search = SearchDesk(presenter, desk, book, backstage)
        self.talk = TalkActions(presenter, desk, backstage, book)
        self.files = TransferDesk(presenter, desk, backstage, book, feed)
        self.talk.on_preferences = self.files.obey
        self.walk = ChatWalk(presenter, book)
        self.tags = TagDesk(presenter, desk, backstage, book)
        self.twins = TwinDesk(presenter, backstage, book)
        self.comparison = CompareDesk(presenter, desk, backstage, book, feed, self.twins)
        self.tour = Tour(presenter, backstage, book, self.twins, self.comparison)
        self.presentation = Presentation(presenter.window, backstage)
        self._connect()
        self._connect_toggles()
        self._connect_search()
        self._window.actions_table.fill(self._window.menuBar())
        self._window.first_start.lab_requested.connect(backstage.start_lab)
        self._window.first_start.connect_requested.connect(desk.new_account)
        self._window.first_start.open_requested.connect(desk.open_capture)

    def _connect(self) -> None:
        handlers = self._for_files() | self._for_chats() | self._for_the_window()
        for action, code in _FORMATS.items():
            handlers[action] = partial(self._format, code)
        handlers[ActionId.COLOUR] = lambda: self._window.chats.active.composer.choose_colour()
        for action, handler in handlers.items():
            self._window.actions_table.on(action, handler)

    def _for_files(self) -> _Handlers:
        """Accounts, captures and sessions: the menu “File”, more or less."""
        desk, backstage = self._desk, self._backstage
        return {
            ActionId.NEW_ACCOUNT: desk.new_account,
            ActionId.ACCOUNTS: desk.accounts,
            ActionId.LAB: backstage.start_lab,
            ActionId.OPEN_CAPTURE: desk.open_capture,
            ActionId.SAVE_CAPTURE: desk.save_capture,
            ActionId.SAVE_AS: desk.sessions.save_as,
            ActionId.EXPORT_CAPTURE: desk.sessions.export,
            ActionId.SESSION_NOTES: desk.sessions.notes,
            ActionId.PICTURE: self._save_picture,
            ActionId.QUIT: backstage.quit,
        }

    def _for_chats(self) -> _Handlers:
        return {
            ActionId.JOIN: self._join,
            ActionId.NEW_TALK: lambda: self._type_in("/query "),
            ActionId.CONNECT: self._connect_current,
            ActionId.DISCONNECT: self._disconnect_current,
            ActionId.CLOSE_CHAT: self._close_current,
            ActionId.FIND: lambda: self._window.chats.active.find_bar.open(),
            ActionId.FIND_NEXT: lambda: self._window.chats.active.find_bar.go(1),
            ActionId.FIND_PREVIOUS: lambda: self._window.chats.active.find_bar.go(-1),
            ActionId.SEARCH: lambda: self._search.open(),
            ActionId.SET_MARKER: self._set_marker,
            ActionId.GO_TO_MARKER: self._go_to_marker,
        }

    def _for_the_window(self) -> _Handlers:
        """What is seen, how large, and help about it."""
        presenter, desk, backstage = self._presenter, self._desk, self._backstage
        return {
            ActionId.CAPTURE: self._toggle_capture,
            ActionId.INTERFACE: self._interfaces.ask,
            ActionId.PACKETS: presenter.show_frames_of_last,
            ActionId.COMPARE: presenter.compare,
            ActionId.SPLIT: presenter.split,
            ActionId.NEXT_PANE: self._next_pane,
            ActionId.THEME: self._switch_theme,
            ActionId.FONT_BIGGER: lambda: self._scale(FONT_STEP),
            ActionId.FONT_SMALLER: lambda: self._scale(-FONT_STEP),
            ActionId.FONT_RESET: lambda: backstage.set_font_scale(100),
            ActionId.HELP: lambda: desk.help(),
            ActionId.PALETTE: lambda: desk.palette(presenter.show_chat, self._type_in),
            ActionId.SYSTEM_CHECK: desk.system_check,
            ActionId.ABOUT: desk.about,
        }

    def _connect_search(self) -> None:
        """From the bar in each pane, and by command."""
        chats = self._window.chats
        for pane in chats.panes:
            pane.search_requested.connect(self._search.open)
        chats.pane_added.connect(lambda pane: pane.search_requested.connect(self._search.open))
        self._presenter.speaker.handlers[Verb.SEARCH] = lambda command, _key: self._search.open(
            command.argument(0)
        )

    def _format(self, code: Code) -> None:
        self._window.chats.active.composer.toggle_format(code)

    def _connect_toggles(self) -> None:
        """Parts of the window that are shown or not; the menu's tick follows what is true."""
        window = self._window
        chats = window.chats
        self._toggle(ActionId.SIDEBAR, _is_shown(window.sidebar), window.sidebar.setVisible)
        self._toggle(ActionId.WIRE_PANE, _is_shown(window.wire), window.wire.setVisible)
        self._toggle(ActionId.MEMBER_LIST, lambda: chats.are_members_in_view, chats.show_members)
        secrets = SecretsDesk(self._feed, self._backstage, window.bar, window)
        self._toggle(ActionId.USE_SECRETS, lambda: secrets.is_used, secrets.set_used)
        window.actions_table.on(ActionId.KEY_LOG, secrets.ask_for_keys)
        self._toggle(ActionId.RAW_CONSOLE, lambda: self._raw.is_shown, self._raw.set_shown)
        self._toggle(ActionId.FULL_SCREEN, window.isFullScreen, self._set_full_screen)
        presentation = self.presentation
        self._toggle(ActionId.PRESENTATION, lambda: presentation.is_on, presentation.switch)

    def _toggle(
        self, action: ActionId, is_on: Callable[[], bool], set_on: Callable[[bool], object]
    ) -> None:
        made = self._window.actions_table.on(action, lambda: set_on(not is_on()))
        self._window.menuBar().hovered.connect(lambda _hovered: made.setChecked(is_on()))

    # -- accounts and chats

    def _current(self) -> Chat | None:
        return self._window.chats.active.chat

    def _join(self) -> None:
        chat = self._current()
        self._desk.ask_for_channel(chat.key.account if chat else None)

    def _connect_current(self) -> None:
        if chat := self._current():
            self._presenter.connect_account(chat.key.account)

    def _disconnect_current(self) -> None:
        if chat := self._current():
            self._backstage.disconnect(chat.key.account)

    def _close_current(self) -> None:
        if chat := self._current():
            self._presenter.close_chat(chat.key)

    def _set_marker(self) -> None:
        self._window.chats.active.set_marker()
        self._window.strip.tell_briefly("What comes next will stand below a line.")

    def _go_to_marker(self) -> None:
        if not self._window.chats.active.go_to_marker():
            self._window.strip.tell_briefly("Everything here has been read: there is no line.")

    def _type_in(self, text: str) -> None:
        pane = self._window.chats.active
        pane.composer.set_text(text)
        pane.focus_composer()

    # -- window

    def _toggle_capture(self) -> None:
        if isinstance(self._feed.status, CaptureLive):
            self._backstage.stop_capture()
        else:
            self._backstage.start_capture()

    def _next_pane(self) -> None:
        """Sidebar, chats, frames, and round again; or the parts of the comparison."""
        window = self._window
        if self.comparison.page is not None and self.comparison.is_shown:
            self.comparison.page.focus_next_part()
            return
        parts = [window.sidebar, *window.chats.panes, window.wire]
        shown = [part for part in parts if part.isVisible()]
        focus = window.focusWidget()
        at = next((i for i, p in enumerate(shown) if p is focus or p.isAncestorOf(focus)), -1)
        target = shown[(at + 1) % len(shown)]
        if target is window.sidebar:
            window.sidebar.focus_tree()
        elif target is window.wire:
            window.wire.focus_frames()
        else:
            pane = window.chats.panes[shown.index(target) - shown.index(window.chats.panes[0])]
            window.chats.activate(pane)
            pane.focus_composer()

    def _switch_theme(self) -> None:
        """A preference like others: the form shows it, and saving the form does not undo it."""
        name = "light" if current().is_dark else "dark"
        backstage = self._backstage
        backstage.set_preferences(
            replace(
                backstage.preferences,
                theme="system" if name == system_theme_name() else name,
                font_scale=backstage.font_scale,
            )
        )
        if current().name != name:  # The desktop’s has changed meanwhile.
            backstage.set_theme(name)

    def _scale(self, by: int) -> None:
        self._backstage.set_font_scale(self._backstage.font_scale + by)

    def _set_full_screen(self, is_full: bool) -> None:
        if is_full:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _save_picture(self) -> None:
        """The window as a PNG for the report, where pictures belong on this system."""
        place = QStandardPaths.StandardLocation.PicturesLocation
        folder = Path(QStandardPaths.writableLocation(place) or Path.home())
        folder = folder if folder.is_dir() else Path.home()
        file = folder / f"chatlab-{datetime.now():%Y%m%d-%H%M%S}.png"
        if self._window.grab().save(str(file)):
            message = BarMessage(Severity.INFO, f"Saved a picture as {file}.", topic="picture")
        else:
            hint = "Is the disk full, or the folder read-only?"
            message = BarMessage(
                Severity.ERROR, f"The picture cannot be written to {file}.", hint, topic="picture"
            )
        self._window.bar.post(message)


def _is_shown(part: QWidget) -> Callable[[], bool]:
    return lambda: not part.isHidden()
