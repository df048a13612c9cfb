"""All files and direct chats of this run: how each is doing, and what can be done about it."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QPushButton, QWidget

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState
from chatlab.protocol.file_names import is_executable
from chatlab.ui.action_ids import ActionId
from chatlab.ui.dialogs.parts import Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.dialogs.transfer_detail import TransferDetail
from chatlab.ui.models.transfers import TransferColumn, TransferModel
from chatlab.ui.shortcuts import how_to
from chatlab.ui.theme import SPACE, set_icon
from chatlab.ui.transfer_words import is_for_us, size_text
from chatlab.ui.widgets.controls import scaled
from chatlab.ui.widgets.progress_cell import ProgressDelegate

WIDTH, HEIGHT = 108 * SPACE, 78 * SPACE
_WIDTHS = {
    TransferColumn.FILE: 25,
    TransferColumn.PEER: 13,
    TransferColumn.STATE: 19,
    TransferColumn.PROGRESS: 16,
    TransferColumn.RATE: 11,
    TransferColumn.SIZE: 10,
}
_EMPTY = (
    "No file yet. Send one with {}, drop it on a chat, or type /send nick file. "
    "What others offer you appears here, too, and nothing of it is taken before you say so."
)
_LIST_ROWS = 5


class TransfersDialog(Sheet):
    """The list and the chosen one’s details; it stays beside the window.

    Signals:
        accepted_one, refused, cancelled, retried, folder_wanted, frames_wanted, offer_wanted,
        removed: TransferId.
        held: TransferId, and whether it is to wait.
        send_wanted: a file is to be sent.
    """

    accepted_one = Signal(str)
    refused = Signal(str)
    cancelled = Signal(str)
    retried = Signal(str)
    held = Signal(str, bool)
    folder_wanted = Signal(str)
    frames_wanted = Signal(str)
    offer_wanted = Signal(str)
    removed = Signal(str)
    send_wanted = Signal()

    def __init__(
        self, parent: QWidget | None = None, *, kept: Mapping[TransferId, int] | None = None
    ) -> None:
        """``kept``: bytes that earlier attempts left, of offers to us; read when shown."""
        super().__init__("File transfers", parent)
        self._kept = kept if kept is not None else {}
        words = "Each file has a TCP connection of its own, straight between two programs (DCC)."
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.model = TransferModel(self)
        self.table = Table(
            self.windowTitle(), self.tr(_EMPTY).format(how_to(ActionId.SEND_FILE)), self
        )
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(TransferColumn.PROGRESS, ProgressDelegate(self.table))
        self.detail = TransferDetail(self)
        self._asked: set[TransferId] = set()
        """Programs whose offer was accepted once; the second time it counts."""
        self._lay_out()
        self._connect()
        self.settle(None)
        self.refresh()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        for which, width in _WIDTHS.items():
            self.table.setColumnWidth(which, scaled(width * SPACE))
        self.table.setMinimumHeight(scaled(_LIST_ROWS * 3 * SPACE))
        self.body.addWidget(self.table, 3)
        self.body.addWidget(self.detail, 2)
        self.frames_button = self._add("Show its frames", "wire")
        self.offer_button = self._add("Show the offer", "frame")
        self.folder_button = self._add("Open folder", "open")
        self.foot.addStretch(1)
        self.hold_button = self._add("Hold", "pause")
        self.retry_button = self._add("Try again", "retry")
        self.end_button = self._add("Cancel", "close")
        self.accept_button = self._add("Accept", "check")
        self.remove_button = self._add("Clear", "trash")
        self.send_button = self._add("Send a file…", "send")

    def _add(self, words: str, icon: str) -> QPushButton:
        button = self.add_button(self.tr(words))
        set_icon(button, icon)
        return button

    def _connect(self) -> None:
        self.table.rows_chosen.connect(self.refresh)
        self.table.chosen.connect(lambda _row: self._tell(self.frames_wanted))
        self.table.remove_wanted.connect(self._remove)
        self.frames_button.clicked.connect(lambda: self._tell(self.frames_wanted))
        self.offer_button.clicked.connect(lambda: self._tell(self.offer_wanted))
        self.folder_button.clicked.connect(lambda: self._tell(self.folder_wanted))
        self.accept_button.clicked.connect(self._accept)
        self.retry_button.clicked.connect(lambda: self._tell(self.retried))
        self.hold_button.clicked.connect(self._hold)
        self.end_button.clicked.connect(self._end)
        self.remove_button.clicked.connect(self._remove)
        self.send_button.clicked.connect(self.send_wanted)

    # -- what there is

    def show_all(self, transfers: Iterable[Transfer]) -> None:
        """All of them, oldest first; the newest is chosen."""
        self.model.show_all(transfers)
        if self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))
        self.refresh()

    def put(self, transfer: Transfer) -> None:
        """One began or moved on."""
        is_first = self.model.rowCount() == 0
        self.model.put(transfer)
        if is_first:
            self.table.setCurrentIndex(self.model.index(0, 0))
        self.refresh()

    def drop(self, transfer: TransferId) -> None:
        self.model.remove(transfer)
        self.refresh()

    def choose(self, transfer: TransferId) -> None:
        if (row := self.model.row_of(transfer)) is not None:
            self.table.setCurrentIndex(self.model.index(row, 0))

    @property
    def chosen(self) -> Transfer | None:
        rows = self.table.chosen_rows()
        return self.model.transfer(rows[0]) if rows else None

    # -- the chosen one

    def refresh(self) -> None:
        """Details and buttons of the chosen one."""
        one = self.chosen
        self.detail.show_transfer(one)
        is_live = one is not None and not one.state.is_over
        is_file = one is not None and one.kind is TransferKind.FILE
        self.frames_button.setEnabled(one is not None and one.flow is not None)
        self.offer_button.setEnabled(one is not None and one.offer is not None)
        self.folder_button.setEnabled(is_file and one is not None and one.path is not None)
        moves = one is not None and one.state is TransferState.MOVING and is_file
        self.hold_button.setVisible(moves)
        if one is not None:
            self.hold_button.setText(self.tr("Go on") if one.is_paused else self.tr("Hold"))
            set_icon(self.hold_button, "play" if one.is_paused else "pause")
            self.end_button.setText(self.tr(_end_words(one)))
            self.accept_button.setText(self._accept_words(one))
        self.end_button.setVisible(is_live)
        self.accept_button.setVisible(one is not None and is_for_us(one))
        self.retry_button.setVisible(one is not None and can_retry(one))
        self.remove_button.setVisible(one is not None and one.state.is_over)

    def _accept_words(self, one: Transfer) -> str:
        if one.id in self._asked:
            return self.tr("Take it all the same")
        if kept := self._kept.get(one.id):
            return self.tr("Go on at {}").format(size_text(kept))
        return self.tr("Accept")

    def _tell(self, signal: SignalInstance) -> None:
        if (one := self.chosen) is not None:
            signal.emit(one.id)

    def _accept(self) -> None:
        """A file that may run a program is asked about twice; the words above say why."""
        if (one := self.chosen) is None:
            return
        if is_executable(one.name) and one.id not in self._asked:
            self._asked.add(one.id)
            self.refresh()
        else:
            self.accepted_one.emit(one.id)

    def _hold(self) -> None:
        if (one := self.chosen) is not None:
            self.held.emit(one.id, not one.is_paused)

    def _end(self) -> None:
        if (one := self.chosen) is not None:
            (self.refused if is_for_us(one) else self.cancelled).emit(one.id)

    def _remove(self) -> None:
        if (one := self.chosen) is not None and one.state.is_over:
            self.removed.emit(one.id)


def can_retry(transfer: Transfer) -> bool:
    """Whether we can begin again: a file of ours is offered anew; theirs, they have to offer."""
    is_ours = transfer.direction is Direction.SENT
    return is_ours and transfer.state.is_over and transfer.state is not TransferState.DONE


def _end_words(transfer: Transfer) -> str:
    if is_for_us(transfer):
        return "Refuse"
    if transfer.kind is TransferKind.CHAT and transfer.state is TransferState.MOVING:
        return "Close the chat"
    return "Withdraw" if transfer.state is TransferState.OFFERED else "Cancel"
