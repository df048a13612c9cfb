"""All there is to know about one transfer: why, what next, checksum, place, ends, the offer."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferKind
from chatlab.ui.dialogs.parts import Notice
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, mono_font, on_theme_changed, plain_label
from chatlab.ui.transfer_words import (
    is_for_us,
    look,
    peer_text,
    progress_text,
    state_text,
    title,
    way_text,
)
from chatlab.ui.widgets.controls import scaled

_LABEL_WIDTH = 12 * SPACE
_TOKENS = {"error": "error", "attention": "attention"}
_NAMES = ("Way", "Connection", "Place", "Offered as", "SHA-256", "Checked", "The offer")


class TransferDetail(QWidget):
    """Shows one transfer, or nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = Notice(self)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(HALF)
        self._grid.setColumnMinimumWidth(0, scaled(_LABEL_WIDTH))
        self._grid.setColumnStretch(1, 1)
        self._values: dict[str, tuple[QLabel, QLabel]] = {}
        for row, name in enumerate(_NAMES):
            self._add(row, name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + HALF)
        column.addWidget(self.notice)
        column.addLayout(self._grid)
        column.addStretch(1)
        on_theme_changed(self._fit)
        self._fit()

    def _add(self, row: int, name: str) -> None:
        label = plain_label(name, "muted", self)
        value = plain_label("", "", self)
        value.setWordWrap(True)
        value.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        value.setAccessibleName(name)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._values[name] = (label, value)

    def _fit(self) -> None:
        self._values["SHA-256"][1].setFont(mono_font())

    def text_of(self, name: str) -> str:
        """What stands beside a name; empty where it is not shown."""
        label, value = self._values[name]
        return "" if label.isHidden() else value.text()

    def show_transfer(self, transfer: Transfer | None) -> None:
        self.setVisible(transfer is not None)
        if transfer is None:
            return
        icon, token = look(transfer)
        words = f"{isolated(title(transfer))} {peer_text(transfer)}: {state_text(transfer)}"
        lines = [progress_text(transfer), _sentence(transfer)]
        if is_for_us(transfer):
            lines += transfer.warnings
        self.notice.tell(
            icon, _TOKENS.get(token, "plumbing"), words, "\n".join(filter(None, lines))
        )
        facts = dict(zip(_NAMES, _facts(transfer), strict=True))
        for name, (label, value) in self._values.items():
            label.setVisible(bool(facts[name]))
            value.setVisible(bool(facts[name]))
            if value.text() != facts[name]:  # A selection in it stays while bytes cross.
                value.setText(facts[name])


def _sentence(transfer: Transfer) -> str:
    return bare(" ".join(filter(None, (transfer.detail, transfer.hint))))


def _facts(transfer: Transfer) -> tuple[str, ...]:
    flow = transfer.flow
    ends = f"{flow.local} to {flow.remote}, TCP" if flow else ""
    place = bare(str(transfer.path)) if transfer.path else ""
    return (
        way_text(transfer),
        ends,
        place,
        bare(transfer.offered_name),
        transfer.sha256,
        _checked(transfer),
        bare(transfer.offer_words),
    )


def _checked(transfer: Transfer) -> str:
    """What comparing the sums of both sides came to."""
    if transfer.kind is TransferKind.CHAT or not (transfer.sha256 or transfer.peer_sha256):
        return ""
    if transfer.is_verified:
        return "The other program has the same SHA-256."
    if not transfer.sha256:
        return f"The sender says it must become {transfer.peer_sha256}."
    if transfer.peer_sha256:
        return f"The sender’s is another: {transfer.peer_sha256}."
    if transfer.direction is Direction.SENT:
        return "The receiver can compare it with their own."
    return "The sender’s program did not say its own."
