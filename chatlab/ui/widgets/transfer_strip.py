"""Above a chat's transcript: files that are offered or on their way here, one row each."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState
from chatlab.protocol.file_names import is_executable
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed, plain_label, set_icon
from chatlab.ui.transfer_words import (
    is_for_us,
    look,
    percent,
    progress_text,
    size_text,
    state_text,
)
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.icon_label import IconLabel
from chatlab.ui.widgets.progress_cell import paint_bar

MAX_ROWS = 3
"""Beyond that the list of transfers has room."""
_BAR = 6
_INDENT = 5 * SPACE
"""Of the words and buttons behind the sign, with the margins."""


class TransferStrip(QWidget):
    """Shows what it is given; hides itself when there is nothing.

    Signals:
        accepted: TransferId, and whether to go on where an earlier attempt ended.
        place_wanted: TransferId of an offer that is to be saved somewhere else.
        refused, cancelled, frames_wanted: TransferId.
        all_wanted: the list of all transfers.
    """

    accepted = Signal(str, bool)
    place_wanted = Signal(str)
    refused = Signal(str)
    cancelled = Signal(str)
    frames_wanted = Signal(str)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Files of this chat"))
        self._rows: dict[TransferId, TransferRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._more = QPushButton(self)
        self._more.setProperty("flat", True)
        self._more.clicked.connect(self.all_wanted)
        self._column.addWidget(self._more)
        self.hide()

    @property
    def rows(self) -> "tuple[TransferRow, ...]":
        return tuple(self._rows.values())

    def show_transfers(self, transfers: Sequence[Transfer], kept: dict[TransferId, int]) -> None:
        """Exactly these; offers to the reader come first. ``kept``: bytes of earlier attempts."""
        ordered = sorted(transfers, key=lambda one: (not is_for_us(one), one.time_ns))
        shown = ordered[:MAX_ROWS]
        wanted = {one.id for one in shown}
        for gone in [known for known in self._rows if known not in wanted]:
            row = self._rows.pop(gone)
            row.hide()
            row.deleteLater()
        for at, one in enumerate(shown):
            row = self._rows.get(one.id) or self._make(one, at)
            row.show_transfer(one, kept.get(one.id, 0))
        more = len(ordered) - len(shown)
        self._more.setText(self.tr("{n} more: show all transfers").format(n=more))
        self._more.setVisible(more > 0)
        self.setVisible(bool(ordered))

    def _make(self, transfer: Transfer, at: int) -> "TransferRow":
        row = self._rows[transfer.id] = TransferRow(self)
        row.accepted.connect(lambda resumes: self.accepted.emit(transfer.id, resumes))
        row.place_wanted.connect(lambda: self.place_wanted.emit(transfer.id))
        row.refused.connect(lambda: self.refused.emit(transfer.id))
        row.cancelled.connect(lambda: self.cancelled.emit(transfer.id))
        row.frames_wanted.connect(lambda: self.frames_wanted.emit(transfer.id))
        row.all_wanted.connect(self.all_wanted)
        self._column.insertWidget(min(at, self._column.count() - 1), row)
        row.show()
        return row


class TransferRow(QWidget):
    """One transfer: what, how far, and its buttons.

    Signals:
        accepted: whether to go on where an earlier attempt ended.
        place_wanted, refused, cancelled, frames_wanted, all_wanted: a button was pressed.
    """

    accepted = Signal(bool)
    place_wanted = Signal()
    refused = Signal()
    cancelled = Signal()
    frames_wanted = Signal()
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transfer: Transfer | None = None
        self._kept = 0
        self._is_sure = False
        """The reader was told what a file of this kind may do."""
        self._asked_place = False
        self._sign = IconLabel("file", "accent", parent=self)
        self.title = ElidedLabel("", "heading", self)
        self.words = _wrapped("muted", self)
        self.warning = _wrapped("", self)
        self._bar = _Bar(self)
        self.accept_button = self._button("Accept", is_primary=True)
        self.over_button = self._button("From the start")
        self.place_button = self._button("Save as…")
        self.refuse_button = self._button("Refuse")
        self.frames_button = self._tool("wire", "Show the frames of this transfer")
        self.list_button = self._tool("transfer", "Show all transfers")
        self.cancel_button = self._tool("close", "Cancel this transfer")
        self._lay_out()
        self._connect()
        on_theme_changed(self.update)

    def _button(self, words: str, *, is_primary: bool = False) -> QPushButton:
        button = QPushButton(self.tr(words), self)
        button.setProperty("primary", is_primary)
        return button

    def _tool(self, icon: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(self.tr(words))
        button.setAccessibleName(self.tr(words))
        set_icon(button, icon)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(HALF)
        head.addWidget(self.title, 1)
        for tool in (self.frames_button, self.list_button, self.cancel_button):
            head.addWidget(tool)
        self._answers, self._others = _button_row(), _button_row()
        for button in (self.accept_button, self.refuse_button):
            self._answers.insertWidget(self._answers.count() - 1, button)
        column = QVBoxLayout()
        column.setSpacing(HALF // 2)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self.words)
        column.addWidget(self.warning)
        column.addLayout(self._answers)
        column.addLayout(self._others)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + HALF, HALF, HALF, SPACE)
        line.setSpacing(SPACE)
        sign = QVBoxLayout()
        sign.setContentsMargins(0, SPACE, 0, 0)
        sign.addWidget(self._sign)
        sign.addStretch(1)
        line.addLayout(sign)
        line.addLayout(column, 1)

    def _connect(self) -> None:
        self.accept_button.clicked.connect(self._on_accept)
        self.over_button.clicked.connect(lambda: self.accepted.emit(False))
        self.place_button.clicked.connect(self._on_place)
        self.refuse_button.clicked.connect(self.refused)
        self.cancel_button.clicked.connect(self.cancelled)
        self.frames_button.clicked.connect(self.frames_wanted)
        self.list_button.clicked.connect(self.all_wanted)

    # -- what it shows

    def show_transfer(self, transfer: Transfer, kept: int = 0) -> None:
        is_new = self.transfer is None
        self.transfer, self._kept = transfer, kept
        asks = is_for_us(transfer)
        icon, token = look(transfer)
        is_file = transfer.kind is TransferKind.FILE
        self._sign.show_icon("file" if asks and is_file else icon, token)
        self.title.set_text(_title(transfer))
        self.words.setText("\n".join(filter(None, _words(transfer))))
        there = percent(transfer) if transfer.state is TransferState.MOVING else None
        self._bar.show_percent(there)
        self._show_warning(transfer)
        for button in (self.accept_button, self.refuse_button):
            button.setVisible(asks)
        self.place_button.setVisible(asks and is_file and not self._is_sure)
        self.over_button.setVisible(asks and kept > 0 and not self._is_sure)
        self.accept_button.setText(self._accept_words())
        self.cancel_button.setVisible(not asks)
        self.frames_button.setVisible(transfer.flow is not None)
        self._arrange()
        self.setAccessibleName(f"{self.title.text()}. {self.words.text()}")
        if is_new and asks and QAccessible.isActive():
            announced = QAccessibleAnnouncementEvent(self, self.title.text())
            QAccessible.updateAccessibility(announced)
        self.update()

    def _arrange(self) -> None:
        """What else can be done stands beside the answers, or below them in a narrow pane."""
        others = (self.over_button, self.place_button)
        shown = [b for b in (self.accept_button, self.refuse_button, *others) if not b.isHidden()]
        wanted = sum(button.sizeHint().width() + SPACE for button in shown)
        target = self._answers if wanted <= self.width() - _INDENT else self._others
        for button in others:
            if target.indexOf(button) < 0:
                target.insertWidget(target.count() - 1, button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _show_warning(self, transfer: Transfer) -> None:
        words = list(transfer.warnings) if is_for_us(transfer) else []
        if self._is_sure:
            words = [
                f"{isolated(transfer.name)} may run a program when it is opened. Take it only if "
                f"you asked {isolated(transfer.peer)} for it."
            ]
        self.warning.setText(bare(" ".join(words)) if not self._is_sure else words[0])
        self.warning.setVisible(bool(words))

    def _accept_words(self) -> str:
        if self._is_sure:
            return self.tr("Take it all the same")
        if self._kept:
            return self.tr("Go on at {size}").format(size=size_text(self._kept))
        is_chat = self.transfer is not None and self.transfer.kind is TransferKind.CHAT
        return self.tr("Open the chat") if is_chat else self.tr("Accept")

    # -- buttons

    def _on_accept(self) -> None:
        if self._asks_once_more(wants_place=False):
            return
        if self._asked_place:
            self.place_wanted.emit()
        else:
            self.accepted.emit(self._kept > 0)

    def _on_place(self) -> None:
        if not self._asks_once_more(wants_place=True):
            self.place_wanted.emit()

    def _asks_once_more(self, *, wants_place: bool) -> bool:
        """A file that may run a program is asked about twice."""
        transfer = self.transfer
        if transfer is None or self._is_sure or transfer.kind is not TransferKind.FILE:
            return False
        if not is_executable(transfer.name):
            return False
        self._is_sure, self._asked_place = True, wants_place
        self.show_transfer(transfer, self._kept)
        self.refuse_button.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        asks = self.transfer is not None and is_for_us(self.transfer)
        painter.fillRect(self.rect(), theme.color("attention_soft" if asks else "window"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        painter.end()


class _Bar(QWidget):
    """A thin bar; nothing while nothing crosses."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._there = 0
        self.setFixedHeight(_BAR + HALF)
        self.setAccessibleName(self.tr("Progress"))
        self.hide()

    def show_percent(self, there: int | None) -> None:
        self.setVisible(there is not None)
        self._there = there or 0
        self.setAccessibleDescription(f"{self._there} %")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_bar(painter, QRectF(0, HALF / 2, self.width() - HALF, _BAR), self._there, "accent")
        painter.end()


def _button_row() -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    row.setContentsMargins(0, HALF, 0, 0)
    row.addStretch(1)
    return row


def _wrapped(role: str, parent: QWidget) -> QLabel:
    label = plain_label("", role, parent)
    label.setWordWrap(True)
    return label


def _title(transfer: Transfer) -> str:
    peer, name = isolated(transfer.peer), isolated(transfer.name)
    if transfer.kind is TransferKind.CHAT:
        if is_for_us(transfer):
            return f"{peer} proposes a direct chat"
        return f"Direct chat with {peer}: {state_text(transfer).lower()}"
    if is_for_us(transfer):
        return f"{peer} offers {name}, {size_text(transfer.size)}"
    return f"{name} {'to' if transfer.direction is Direction.SENT else 'from'} {peer}"


def _words(transfer: Transfer) -> tuple[str, ...]:
    if is_for_us(transfer):
        return (bare(transfer.offer_words),)
    if transfer.state is TransferState.MOVING and not transfer.is_paused:
        return (progress_text(transfer),)
    state = state_text(transfer)
    return (f"{state}. {bare(transfer.detail)}".strip(),)
