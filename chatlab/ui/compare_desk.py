"""The comparison view in the window: opened, kept up to date, exported, left."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QFileDialog

from chatlab.core.chats import ChatBook
from chatlab.core.commands import parse
from chatlab.core.errors import ChatlabError, FileError, Severity, UsageError
from chatlab.core.message import Message, MessageId
from chatlab.ui.actions import ActionId
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.presenter import Presenter
from chatlab.ui.twin_desk import TwinDesk
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.core.comparison import Comparison, MessageCost, Side
    from chatlab.ui.compare.page import ComparePage

REFRESH_MS = 120
"""While messages and frames arrive the table is made anew this often at most."""
_IDLE_SHARE = 4
"""And it rests this many times as long as it took."""


class CompareDesk:
    """Makes the view when it is first wanted."""

    def __init__(
        self,
        presenter: Presenter,
        desk: DialogDesk,
        backstage: Backstage,
        book: ChatBook,
        feed: WireFeed,
        twins: TwinDesk,
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._twins = twins
        self._page: ComparePage | None = None
        self._comparison: Comparison | None = None
        self._began = self._took_ms = 0.0
        self._is_behind = False
        """More has come while the table was worked out."""
        self._then: Callable[[ComparePage], None] | None = None
        """What the reader wants to see in the table that is worked out."""
        self.on_shown: Callable[[bool], None] = lambda is_shown: None
        """Told when the view comes and goes."""
        self._timer = QTimer(self._window)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        feed.on_frames(self._refresh_soon)
        book.observe(lambda *_: self._refresh_soon())
        twins.on_switched = lambda _is_on: self._show_twins()
        self._window.actions_table.on(ActionId.COMPARISON, self.toggle)
        area = self._window.chats
        area.pane_added.connect(self._connect_pane)
        for pane in area.panes:
            self._connect_pane(pane)

    @property
    def page(self) -> "ComparePage | None":
        """None until it was asked for."""
        return self._page

    @property
    def is_shown(self) -> bool:
        return self._page is not None and self._page.isVisible()

    def _connect_pane(self, pane: ChatPane) -> None:
        pane.transcript.compare_requested.connect(self.open_message)

    # -- opening and leaving

    def toggle(self) -> None:
        if self.is_shown:
            self.leave()
        else:
            self.open()

    def open(self, twin: str = "") -> "ComparePage":
        """Show the view; with ``twin``, on the row of that message."""
        return self._open((lambda page: page.choose_twin(twin)) if twin else None)

    def _open(self, then: "Callable[[ComparePage], None] | None") -> "ComparePage":
        page = self._page or self._make()
        self._window.show_page(page)
        self._then = then
        self.refresh()
        self._show_twins()
        page.messages.view.setFocus()
        self.on_shown(True)
        return page

    def open_message(self, message: str) -> None:
        """Compare a message with its twins."""
        found = self._book.find(MessageId(message))
        entry = found[0].entries[found[1]] if found else None

        def choose(page: "ComparePage") -> None:
            if isinstance(entry, Message):
                rows = self._comparison.rows if self._comparison is not None else ()
                row = next((r for r in rows if any(_holds(c, entry.id) for c in r.cells)), None)
                page.choose_twin(row.twin if row is not None else entry.twin)

        self._open(choose)

    def leave_quietly(self) -> None:
        """Back to the chats, for somebody who shows something there."""
        self._window.show_page(None)

    def leave(self) -> None:
        """Back to the chats."""
        self._window.show_page(None)
        self.on_shown(False)
        self._window.chats.active.focus_composer()

    def _make(self) -> "ComparePage":
        from chatlab.ui.compare.page import ComparePage

        page = self._page = ComparePage(self._backstage.comparer, self._window)
        self._backstage.comparer.watch(self._on_progress, self._on_table)
        page.closed.connect(self.leave)
        page.submitted.connect(self._send)
        page.twins_wanted.connect(self._switch_twins_on)
        page.second_wanted.connect(self._ask_for_second)
        page.second_dropped.connect(self._drop_second)
        page.picture_wanted.connect(self._ask_for_picture)
        page.table_wanted.connect(self._ask_for_table)
        page.frame_requested.connect(self._show_frame)
        return page

    def _show_frame(self, side: "Side", frame: int) -> None:
        if side.capture:
            words = f"Frame {frame} lies in {self._backstage.comparer.second_file}."
            self._say(Severity.INFO, words, "Open that capture by itself to see it there.")
            return
        self._window.show_page(None)
        self.on_shown(False)
        self._presenter.show_wire()
        wire = self._window.wire
        chat = self._window.chats.active.chat
        wire.set_scope(Scope.ALL, chat.key if chat else None, chat.key.account if chat else None)
        wire.show_frame(frame)
        wire.focus_frames()

    # -- keeping up

    def _refresh_soon(self) -> None:
        if not self.is_shown or self._timer.isActive():
            return
        if self._backstage.comparer.is_working:
            self._is_behind = True
        else:
            self._timer.start(max(REFRESH_MS, round(_IDLE_SHARE * self._took_ms)))

    def refresh(self) -> None:
        """Have the table worked out anew; the one of before stays until then."""
        if self._page is None:
            return
        self._is_behind, self._began = False, time.monotonic()
        if not self._backstage.comparer.comparison().columns:
            self._page.show_working(0)
        self._backstage.comparer.refresh()

    def _on_progress(self, percent: int) -> None:
        if self._page is not None:
            self._page.show_working(percent)

    def _on_table(self) -> None:
        if self._page is None:
            return
        self._comparison = self._backstage.comparer.comparison()
        try:
            self._page.show_comparison(self._comparison)
        except ChatlabError as error:
            self._say(Severity.ERROR, error.message, error.hint)
            return
        then, self._then = self._then, None
        if then is not None:
            then(self._page)
        self._took_ms = (time.monotonic() - self._began) * 1000
        if self._is_behind:
            self._timer.start(max(REFRESH_MS, round(_IDLE_SHARE * self._took_ms)))

    # -- twins

    def _show_twins(self) -> None:
        if self._page is None:
            return
        can_send = any(not state.source for state in self._book.accounts.values())
        self._page.show_twins(self._twins.words(), can_send=can_send)

    def _switch_twins_on(self) -> None:
        self._twins.switch(True)
        self._show_twins()
        if self._page is not None and self._twins.is_on:
            self._page.field.setFocus()

    def _send(self, text: str) -> None:
        """What cannot leave stays in the field: a command is never said to everybody."""
        try:
            command = parse(text)
        except UsageError as error:
            self._keep(text, error.message, error.hint)
            return
        if not self._twins.is_on:
            self._twins.switch(True)
        if self._twins.is_on and not self._twins.send(command, self._twins.chosen[0]):
            self._keep(text, "A command concerns one chat.", "Type it there.")
        elif not self._twins.is_on and self._page is not None:
            self._page.field.setText(text)

    def _keep(self, text: str, words: str, hint: str) -> None:
        if self._page is not None:
            self._page.field.setText(text)
        self._say(Severity.WARNING, words, hint)

    # -- files

    def _ask_for_second(self) -> None:
        from chatlab.ui.dialogs.capture_file import open_dialog

        dialog = open_dialog(
            str(_place(QStandardPaths.StandardLocation.DocumentsLocation)), self._window
        )
        dialog.fileSelected.connect(
            lambda name: self._backstage.comparer.open_second(Path(name), self._on_second)
        )
        self._desk.show("second capture", dialog)

    def _on_second(self, error: ChatlabError | None) -> None:
        if error is not None:
            self._say(Severity.ERROR, error.message, error.hint)
        self.refresh()

    def _drop_second(self) -> None:
        self._backstage.comparer.close_second()
        if self._page is not None:  # Nothing of that file can be shown any more.
            self._page.show_comparison(self._backstage.comparer.comparison())
        self.refresh()

    def _ask_for_picture(self) -> None:
        folder = _place(QStandardPaths.StandardLocation.PicturesLocation)
        dialog = self._save_dialog(
            "Save this page as a picture",
            folder / "comparison.png",
            ("Picture (*.png)", "Drawing (*.svg)"),
        )
        dialog.fileSelected.connect(lambda name: self.save_picture(Path(name)))
        self._desk.show("picture", dialog)

    def save_picture(self, file: Path) -> None:
        """The page in view, all of it, as PNG or SVG."""
        from chatlab.ui.compare.picture import save
        from chatlab.ui.compare.picture_pages import page_of

        if self._page is None or self._comparison is None:
            return
        try:
            save(page_of(self._page, self._comparison, self._backstage.comparer), file)
        except FileError as error:
            self._say(Severity.ERROR, error.message, error.hint)
        else:
            self._say(Severity.INFO, f"Saved the picture as {file.name}.", "")

    def _ask_for_table(self) -> None:
        folder = _place(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = self._save_dialog(
            "Save the table", folder / "comparison.html", ("Web page (*.html)", "Table (*.csv)")
        )
        dialog.fileSelected.connect(
            lambda name: self._backstage.comparer.save_table(
                Path(name), partial(self._on_saved, Path(name))
            )
        )
        self._desk.show("table", dialog)

    def _on_saved(self, file: Path, error: ChatlabError | None) -> None:
        if error is not None:
            self._say(Severity.ERROR, error.message, error.hint)
        else:
            self._say(Severity.INFO, f"Saved the table as {file.name}.", "")

    def _save_dialog(self, title: str, file: Path, filters: tuple[str, ...]) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(file))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(filters))
        dialog.setDefaultSuffix(file.suffix[1:])
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")"))
        )
        dialog.selectFile(file.name)
        return dialog

    def _say(self, severity: Severity, words: str, hint: str) -> None:
        self._window.bar.post(BarMessage(severity, words, hint, topic="comparison"))


def _holds(cost: "MessageCost | None", message: MessageId) -> bool:
    return cost is not None and message in cost.messages


def _place(which: QStandardPaths.StandardLocation) -> Path:
    found = Path(QStandardPaths.writableLocation(which) or Path.home())
    return found if found.is_dir() else Path.home()
