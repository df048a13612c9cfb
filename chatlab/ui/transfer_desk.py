"""Files and direct chats in the window: what is offered, on its way, over; and what is done about it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from chatlab.core import events as ev
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, FileError, Severity
from chatlab.core.ports import FileTransfers
from chatlab.core.preferences import Preferences
from chatlab.core.transfer import (
    Transfer,
    TransferId,
    TransferKind,
    TransferPolicy,
    TransferState,
)
from chatlab.ui.actions import ActionId
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import isolated
from chatlab.ui.send_desk import DIRECT_SIGN, SendDesk
from chatlab.ui.transfer_words import connection_words, is_for_us, offer_words
from chatlab.ui.typed_path import typed_path
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.message_bar import BarChoice, BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.transfers import TransfersDialog


class TransferDesk:
    """Knows every transfer of this run, until it is cleared."""

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
        self._known: dict[TransferId, Transfer] = {}
        self._kept: dict[TransferId, int] = {}
        """Bytes that an earlier attempt left, of offers to us."""
        self._list: TransfersDialog | None = None
        self._sending = SendDesk(presenter, desk, backstage, book, self.show_list)
        backstage.observe(
            self.take_event,
            *(ev.TransferOffered, ev.TransferChanged, ev.ChatOpened, ev.LinkChanged),
        )
        actions = self._window.actions_table
        actions.on(ActionId.SEND_FILE, lambda: self._sending.ask())
        actions.on(ActionId.TRANSFERS, lambda: self.show_list())
        presenter.speaker.handlers[Verb.DCC] = self._dcc
        presenter.on_closing = self._hang_up
        area = self._window.chats
        area.pane_added.connect(self._connect_pane)
        area.shown_changed.connect(self._refresh)
        for pane in area.panes:
            self._connect_pane(pane)
        self.obey(backstage.preferences)

    def obey(self, preferences: Preferences) -> None:
        """Put the reader's choices about files into force."""
        self._backstage.set_transfer_policy(
            TransferPolicy(
                folder=downloads(preferences),
                first_port=preferences.dcc_first_port,
                last_port=preferences.dcc_last_port,
                prefers_passive=preferences.dcc_prefers_passive,
            )
        )

    def _connect_pane(self, pane: ChatPane) -> None:
        strip = pane.transfers
        strip.accepted.connect(lambda who, resumes: self._accept(TransferId(who), resumes=resumes))
        strip.place_wanted.connect(lambda who: self._ask_where(TransferId(who)))
        strip.refused.connect(lambda who: self._refuse(TransferId(who)))
        strip.cancelled.connect(lambda who: self._cancel(TransferId(who)))
        strip.frames_wanted.connect(lambda who: self._show_frames(TransferId(who)))
        strip.all_wanted.connect(lambda: self.show_list())
        pane.members.file_requested.connect(lambda nick: self._sending.ask((nick,), pane=pane))
        self._sending.connect_pane(pane)

    # -- what happens

    def take_event(self, event: ev.ChatEvent) -> None:
        match event:
            case ev.TransferOffered(_, transfer) | ev.TransferChanged(_, transfer):
                self._take(transfer)
            case ev.ChatOpened(account, chat) if chat.startswith(DIRECT_SIGN):
                self._presenter.show_chat(ChatKey(account, chat.lower()))
            case ev.LinkChanged():
                self._refresh()
            case _:
                pass

    def _take(self, transfer: Transfer) -> None:
        is_new = transfer.id not in self._known
        self._known[transfer.id] = transfer
        if is_new and is_for_us(transfer):
            self._kept[transfer.id] = self._bytes_kept(transfer)
            self._announce(transfer)
        if not is_for_us(transfer):
            self._window.bar.withdraw(_topic(transfer))
        if self._list is not None:
            self._list.put(transfer)
        for pane in self._window.chats.panes:
            if pane.chat is not None and pane.chat.key == _chat_of(transfer):
                self._fill(pane)

    def _bytes_kept(self, transfer: Transfer) -> int:
        transfers = self._backstage.transfers(transfer.account)
        if transfers is None or transfer.kind is TransferKind.CHAT:
            return 0
        try:
            return transfers.kept_bytes(transfer.id)
        except FileError:  # No folder is set: nothing was kept there.
            return 0

    def _announce(self, transfer: Transfer) -> None:
        """An offer in a chat that is not in view waits in the bar until it is answered."""
        key = _chat_of(transfer)
        if key in self._window.chats.shown():
            return
        self._window.bar.post(
            BarMessage(
                Severity.INFO,
                f"{isolated(transfer.peer)} {offer_words(transfer)}",
                "Nothing happens before you answer.",
                action="Look at it",
                on_action=lambda: self._presenter.show_chat(key),
                choices=(BarChoice("Refuse", lambda: self._refuse(transfer.id)),),
                topic=_topic(transfer),
            )
        )

    def _refresh(self) -> None:
        for pane in self._window.chats.panes:
            self._fill(pane)

    def _fill(self, pane: ChatPane) -> None:
        """What is offered or on its way in the pane's chat."""
        key = pane.chat.key if pane.chat is not None else None
        pane.transfers.show_transfers(
            [one for one in self._known.values() if _chat_of(one) == key and _is_shown(one)],
            self._kept,
        )
        self._sending.follow(pane)

    # -- deeds

    def _accept(
        self, which: TransferId, place: Path | None = None, *, resumes: bool = False
    ) -> None:
        self._do(which, lambda of: of.accept(which, place, resume=resumes))

    def _ask_where(self, which: TransferId) -> None:
        if (transfer := self._known.get(which)) is None:
            return
        suggested = downloads(self._backstage.preferences) / transfer.name
        dialog = QFileDialog(self._window, "Save the file as", str(suggested))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # Nothing is overwritten.
        dialog.fileSelected.connect(lambda name: self._accept(which, Path(name)))
        self._desk.show("save received", dialog)

    def _refuse(self, which: TransferId) -> None:
        self._do(which, lambda of: of.refuse(which))

    def _cancel(self, which: TransferId, *, is_quiet: bool = False) -> None:
        self._do(which, lambda of: of.cancel(which, is_quiet=is_quiet))

    def _hang_up(self, key: ChatKey) -> None:
        """With a direct chat its connection goes."""
        for transfer in list(self._known.values()):
            is_this = (transfer.account, transfer.name.lower()) == (key.account, key.name)
            if transfer.kind is TransferKind.CHAT and is_this and not transfer.state.is_over:
                self._cancel(transfer.id, is_quiet=True)

    def _retry(self, which: TransferId) -> None:
        """Offer once more what failed, was refused or was cancelled."""
        transfer = self._known[which]

        def offer(of: FileTransfers) -> None:
            if transfer.kind is TransferKind.CHAT:
                again = of.offer_chat(transfer.peer)
            elif transfer.path is not None:
                (again,) = of.offer_file([transfer.peer], transfer.path, transfer.chat)
            else:
                return
            self.show_list(again.id)

        self._do(which, offer)

    def _remove(self, which: TransferId) -> None:
        def forget(of: FileTransfers) -> None:
            of.forget(which)
            self._known.pop(which, None)
            if self._list is not None:
                self._list.drop(which)

        self._do(which, forget)

    def _do(self, which: TransferId, deed: Callable[[FileTransfers], None]) -> None:
        """What is refused is told in the bar."""
        transfer = self._known.get(which)
        transfers = self._backstage.transfers(transfer.account) if transfer else None
        if transfers is None:
            return
        try:
            deed(transfers)
        except ChatlabError as error:
            self._say(error.message, error.hint, Severity.ERROR)

    def _open_folder(self, which: TransferId) -> None:
        transfer = self._known.get(which)
        if transfer is not None and transfer.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(transfer.path.parent)))

    # -- frames

    def _show_frames(self, which: TransferId) -> None:
        """All frames of its connection, alone in the wire pane."""
        transfer = self._known.get(which)
        if transfer is None or transfer.flow is None or transfer.connection is None:
            return
        words = connection_words(transfer)
        chosen = self._feed.choose_connection(transfer.flow, transfer.connection, words)
        self._presenter.show_frames_of(chosen)
        self._come_forward()

    def _show_offer(self, which: TransferId) -> None:
        """The frames of the line that carried the offer."""
        transfer = self._known.get(which)
        if transfer is not None and transfer.offer is not None:
            self._presenter.show_frames_of(self._feed.choose_line(transfer.offer))
            self._come_forward()

    def _come_forward(self) -> None:
        self._window.raise_()
        self._window.activateWindow()

    # -- the list

    def _dcc(self, command: Command, key: ChatKey) -> None:
        """``/dcc list`` opens the list; everything else is the account's."""
        connection = self._backstage.connection(key.account)
        if command.argument(0).lower() == "list" or connection is None:
            self.show_list()
            return
        chat = self._book.chats.get(key)
        connection.execute(command, chat.title if chat is not None else "")

    def show_list(self, chosen: TransferId | None = None) -> None:
        """The list of all transfers, beside the window."""
        from chatlab.ui.dialogs.transfers import TransfersDialog

        if self._list is None:
            dialog = self._list = TransfersDialog(self._window, kept=self._kept)
            dialog.show_all(sorted(self._known.values(), key=lambda one: one.time_ns))
            self._connect_list(dialog)
            self._desk.show("transfers", dialog)
        if chosen is not None:
            self._list.choose(chosen)
        self._list.raise_()
        self._list.activateWindow()

    def _connect_list(self, dialog: "TransfersDialog") -> None:
        dialog.accepted_one.connect(
            lambda who: self._accept(
                TransferId(who), resumes=self._kept.get(TransferId(who), 0) > 0
            )
        )
        dialog.refused.connect(lambda who: self._refuse(TransferId(who)))
        dialog.cancelled.connect(lambda who: self._cancel(TransferId(who)))
        dialog.retried.connect(lambda who: self._retry(TransferId(who)))
        dialog.removed.connect(lambda who: self._remove(TransferId(who)))
        dialog.folder_wanted.connect(lambda who: self._open_folder(TransferId(who)))
        dialog.frames_wanted.connect(lambda who: self._show_frames(TransferId(who)))
        dialog.offer_wanted.connect(lambda who: self._show_offer(TransferId(who)))
        dialog.send_wanted.connect(lambda: self._sending.ask())
        dialog.held.connect(
            lambda who, is_held: self._do(
                TransferId(who), lambda of: of.set_paused(TransferId(who), is_held)
            )
        )
        dialog.finished.connect(self._drop_list)

    def _drop_list(self) -> None:
        self._list = None

    def _say(self, words: str, hint: str, severity: Severity = Severity.INFO) -> None:
        self._window.bar.post(BarMessage(severity, words, hint, topic="transfers"))


def downloads(preferences: Preferences) -> Path:
    """Where received files go: the reader's choice, else the system's folder for that."""
    if preferences.download_folder:
        return typed_path(preferences.download_folder)
    place = QStandardPaths.StandardLocation.DownloadLocation
    return Path(QStandardPaths.writableLocation(place) or Path.home())


def _topic(transfer: Transfer) -> str:
    return f"offer {transfer.id}"


def _chat_of(transfer: Transfer) -> ChatKey:
    return ChatKey(transfer.account, transfer.chat.lower())


def _is_shown(transfer: Transfer) -> bool:
    """In its chat: until it is over; a direct chat, until it is open and has a chat of its own."""
    if transfer.kind is TransferKind.CHAT and transfer.state is TransferState.MOVING:
        return False
    return not transfer.state.is_over
