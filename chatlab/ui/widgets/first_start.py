"""The first page that anybody sees: three ways to begin, nothing to configure."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from chatlab.ui.theme import ICON_SIZE, SPACE, app_icon, plain_label
from chatlab.ui.widgets.card import Card
from chatlab.ui.widgets.controls import IconLabel, scaled

_WIDTH = 116 * SPACE
_NARROW = 90 * SPACE
"""Below this width the cards stand one under the other."""
_SIGN = 48


class FirstStart(QWidget):
    """Three cards; the keys 1, 2 and 3 press them, arrow keys move among them.

    Signals:
        lab_requested, connect_requested, open_requested: what was chosen.
    """

    lab_requested = Signal()
    connect_requested = Signal()
    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("How to begin"))
        self._cards = (
            Card(
                "wire", "accent", self.tr("Try the offline lab"),
                self.tr(
                    "A server on this computer, one plain and one sealed account in #lab. Needs "
                    "no internet and no account. Type a line and watch it cross the wire."
                ),
                is_big=True, parent=self,
            ),
            Card(
                "globe", "accent", self.tr("Connect to a network"),
                self.tr(
                    "IRC by a nick – Libera.Chat, your school’s server – or XMPP by an address, "
                    "which can be made here. Nothing is sent until you say so."
                ),
                is_big=True, parent=self,
            ),
            Card(
                "open", "accent", self.tr("Open a capture"),
                self.tr(
                    "A session that you saved, or any pcap or pcapng file, also one of Wireshark’s."
                ),
                is_big=True, parent=self,
            ),
        )  # fmt: skip
        signals = (self.lab_requested, self.connect_requested, self.open_requested)
        for card, signal in zip(self._cards, signals, strict=True):
            card.clicked.connect(signal)
        for number, card in enumerate(self._cards, 1):
            card.setToolTip(self.tr("Key {}").format(number))
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(2 * SPACE)
        self._lay_out()
        self.setFocusProxy(self._cards[0])

    def _lay_out(self) -> None:
        middle = QWidget(self)
        middle.setMaximumWidth(scaled(_WIDTH))
        column = QVBoxLayout(middle)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        column.setSpacing(0)
        column.addWidget(self._make_head())
        column.addSpacing(4 * SPACE)
        for card in self._cards:
            self._row.addWidget(card, 1)
        column.addLayout(self._row)
        column.addSpacing(3 * SPACE)
        column.addWidget(self._make_foot())
        page = QWidget(self)
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(2)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(middle, 100)
        line.addStretch(1)
        outer.addLayout(line)
        outer.addStretch(3)
        # Big text in a small window: then one can still reach everything.
        area = QScrollArea(self)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _make_head(self) -> QWidget:
        head = QWidget(self)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACE)
        sign = QLabel(head)
        sign.setPixmap(app_icon().pixmap(_SIGN, _SIGN))
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = plain_label(self.tr("Chat, and see what crosses the wire"), "title", head)
        subtitle = self.tr("Beside each message: the exact frames that carried it.")
        for label in (title, plain_label(subtitle, "muted", head)):
            label.setWordWrap(True)
            words.addWidget(label)
        row.addLayout(words, 1)
        return head

    def _make_foot(self) -> QWidget:
        foot = QWidget(self)
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(IconLabel("shield", "muted", ICON_SIZE, foot))
        words = plain_label(
            self.tr("Only ChatLab’s own connections are captured, never those of other programs."),
            "small",
            foot,
        )
        words.setWordWrap(True)
        row.addWidget(words, 1)
        return foot

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """1, 2, 3 press a card; the arrow keys go from one to the next."""
        number = event.key() - Qt.Key.Key_1
        if 0 <= number < len(self._cards):
            self._cards[number].click()
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self._step(1)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self._step(-1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._press_focused()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        is_narrow = event.size().width() < scaled(_NARROW)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(down if is_narrow else across)
        super().resizeEvent(event)

    def _step(self, by: int) -> None:
        focused = [card.hasFocus() for card in self._cards]
        at = focused.index(True) if True in focused else -1
        self._cards[(at + by) % len(self._cards)].setFocus()

    def _press_focused(self) -> None:
        for card in self._cards:
            if card.hasFocus():
                card.click()
