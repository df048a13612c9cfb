"""The raw console: every line of an account as it crossed the wire, and a field to send one.

For an XMPP account the lines are stanzas, one element a row, which can be folded.
"""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.account import Account, AccountId, Application
from chatlab.core.flow import WireRange
from chatlab.core.raw_lines import RawLineLog
from chatlab.ui.action_ids import ActionId
from chatlab.ui.models.raw_lines import RawLineModel
from chatlab.ui.rich_text import bare
from chatlab.ui.shortcuts import set_key_tip
from chatlab.ui.theme import (
    HALF,
    SPACE,
    isolated,
    mono_font,
    on_theme_changed,
    plain_label,
    set_icon,
    set_role,
)
from chatlab.ui.widgets.controls import Select, Tick
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.raw_lines import RawLineView

PULL_MS = 50
_MAX_SENT = 100
_USUAL_WORDS = "Sent exactly as typed. Up brings back earlier lines."


class RawConsole(QWidget):
    """Shows a log that it does not own; sending is somebody else's.

    Signals:
        line_selected: the LineSeen that the reader chose.
        send_requested: AccountId and a line, without its end.
        closed: the reader is done with it.
    """

    line_selected = Signal(object)
    send_requested = Signal(str, str)
    closed = Signal()

    def __init__(self, log: RawLineLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("raw-console")
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model = RawLineModel(log, self)
        self._accounts: list[AccountId] = []
        self._xmpp: frozenset[AccountId] = frozenset()
        """Those of them whose lines are stanzas."""
        self._sent: list[str] = []
        self._place = 0
        self.lines = RawLineView(self._model, self)
        self._account = Select(self)
        self._account.setAccessibleName(self.tr("Account whose lines are shown"))
        self._account.currentIndexChanged.connect(self._on_account_chosen)
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(self.tr("Filter lines"))
        self._filter.setAccessibleName(self.tr("Filter lines"))
        self._filter.setClearButtonEnabled(True)
        self._tags = Tick(self.tr("Tags"), self)
        self._tags.setToolTip(self.tr("Show the tags that precede a line (IRCv3 message-tags)"))
        self._fold = Tick(self.tr("One row each"), self)
        self._fold.setToolTip(self.tr("Fold each stanza to one row; the sign before it unfolds it"))
        self._fold.hide()
        self._keep_alive = Tick(self.tr("Hide PING and PONG"), self)
        self._heading = plain_label(self.tr("Raw lines"), "heading", self)
        self._count = plain_label("", "small", self)
        self._field = QLineEdit(self)
        self._field.setPlaceholderText(self.tr("A protocol line, for instance WHOIS alice"))
        self._field.setAccessibleName(self.tr("Protocol line to send"))
        self._field.installEventFilter(self)
        self._send = QPushButton(self.tr("Send"), self)
        self._words = ElidedLabel(_USUAL_WORDS, "small", self)
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)
        self._lay_out()
        self._connect()
        on_theme_changed(self._on_theme_changed)
        self._on_theme_changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_top())
        column.addWidget(_hairline(self))
        column.addWidget(self.lines, 1)
        column.addWidget(_hairline(self))
        column.addLayout(self._make_bottom())

    def _make_top(self) -> QVBoxLayout:
        """What is shown, and how to find something in it."""
        clear = self._button("trash", self.tr("Forget these lines"))
        clear.clicked.connect(self._on_clear)
        close = self._button("close", "")
        set_key_tip(close, self.tr("Close the console"), ActionId.RAW_CONSOLE)
        close.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(self._heading)
        head.addWidget(self._account, 1)
        head.addWidget(self._count)
        head.addWidget(clear)
        head.addWidget(close)
        second = QHBoxLayout()
        second.setSpacing(SPACE)
        second.addWidget(self._filter, 1)
        second.addWidget(self._tags)
        second.addWidget(self._fold)
        second.addWidget(self._keep_alive)
        top = QVBoxLayout()
        top.setContentsMargins(SPACE + HALF, HALF, HALF, SPACE)
        top.setSpacing(HALF)
        top.addLayout(head)
        top.addLayout(second)
        return top

    def _make_bottom(self) -> QVBoxLayout:
        """Where a line of one's own is written."""
        foot = QHBoxLayout()
        foot.setSpacing(SPACE)
        foot.addWidget(self._field, 1)
        foot.addWidget(self._send)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(SPACE, SPACE, SPACE, HALF + 2)
        bottom.setSpacing(HALF)
        bottom.addLayout(foot)
        words = QHBoxLayout()
        words.setContentsMargins(SPACE + 2, 0, SPACE, 0)
        words.addWidget(self._words)
        bottom.addLayout(words)
        return bottom

    def _button(self, sign: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(words)
        button.setAccessibleName(words)
        set_icon(button, sign)
        return button

    def _connect(self) -> None:
        self.lines.line_selected.connect(self.line_selected)
        self.lines.reuse_requested.connect(self._on_reuse)
        self._filter.textChanged.connect(self._on_filter_changed)
        self._keep_alive.toggled.connect(self._on_filter_changed)
        self._tags.toggled.connect(self.lines.show_tags)
        self._fold.toggled.connect(self._model.fold_all)
        self._send.clicked.connect(self._on_send)
        self._model.rowsInserted.connect(self._tell)
        self._model.rowsRemoved.connect(self._tell)
        self._model.modelReset.connect(self._tell)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 170)

    def sizeHint(self) -> QSize:
        return QSize(420, 280)

    # For the window -----------------------------------------------------------------------------

    @property
    def account(self) -> AccountId | None:
        return self._model.account

    def shows(self, accounts: list[Account]) -> bool:
        """Whether these accounts, by these names, are what can be chosen now."""
        names = [isolated(bare(account.name)) for account in accounts]
        shown = [self._account.itemText(at) for at in range(self._account.count())]
        same = [account.id for account in accounts] == self._accounts
        return names == shown and same and _speaking_xmpp(accounts) == self._xmpp

    def show_accounts(self, accounts: list[Account]) -> None:
        """The accounts that can be chosen; the one that is shown stays."""
        known = [account.id for account in accounts]
        current = self._model.account
        self._account.blockSignals(True)
        self._account.clear()
        self._account.addItems([isolated(bare(account.name)) for account in accounts])
        self._accounts, self._xmpp = known, _speaking_xmpp(accounts)
        self._account.blockSignals(False)
        self.show_account(current if current in known else (known[0] if known else None))

    def show_account(self, account: AccountId | None) -> None:
        """Show the lines of an account."""
        if account in self._accounts:
            self._account.setCurrentIndex(self._accounts.index(account))
        self._show(account)
        self._tell()

    def _show(self, account: AccountId | None) -> None:
        """The lines of an account, and the words that fit what it speaks."""
        is_xmpp = account in self._xmpp
        self._model.show_account(account, is_xmpp=is_xmpp)
        self._tags.setVisible(not is_xmpp)
        self._fold.setVisible(is_xmpp)
        self._heading.setText(self.tr("Stanzas") if is_xmpp else self.tr("Raw lines"))
        if is_xmpp:
            self._keep_alive.setText(self.tr("Hide keep-alives"))
            self._field.setPlaceholderText(self.tr("A stanza, for instance <presence/>"))
            self._field.setAccessibleName(self.tr("Stanza to send"))
        else:
            self._keep_alive.setText(self.tr("Hide PING and PONG"))
            self._field.setPlaceholderText(self.tr("A protocol line, for instance WHOIS alice"))
            self._field.setAccessibleName(self.tr("Protocol line to send"))

    def show_line(self, wire: WireRange | None) -> None:
        """Choose the line with these bytes, as chosen elsewhere."""
        self._model.pull()
        self.lines.show_row(self._model.row_of(wire) if wire is not None else None)

    def focus_field(self) -> None:
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def say_sent(self) -> None:
        """The line went out: the field is free for the next one."""
        line = self._field.text()
        if line and self._sent[-1:] != [line]:
            self._sent.append(line)
            del self._sent[:-_MAX_SENT]
        self._place = len(self._sent)
        self._field.clear()
        self._say(_USUAL_WORDS)

    def say_refused(self, why: str) -> None:
        """The line could not be sent: it stays, to be mended."""
        self._say(why, is_error=True)

    def _say(self, words: str, *, is_error: bool = False) -> None:
        self._words.set_text(words)
        set_role(self._words, "error" if is_error else "small")

    # What happens -------------------------------------------------------------------------------

    def pull(self) -> None:
        """Take over new lines; called by a timer while the console is seen."""
        self._model.pull()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pull()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _tell(self) -> None:
        shown, total = self._model.lines_shown(), self._model.total()
        words = f"{total:,}" if shown >= total else f"{shown:,} of {total:,}"
        self._count.setText(words if total else "")
        self._count.setAccessibleName(self.tr("{} lines").format(words))
        if total:
            self.lines.set_empty_words(self.tr("No line passes the filter."))
        else:
            self.lines.set_empty_words(
                self.tr(
                    "Every line between ChatLab and the server appears here as it crosses the "
                    "wire, passwords masked. Connect the account to see the first ones."
                )
            )

    def _on_account_chosen(self, index: int) -> None:
        if 0 <= index < len(self._accounts):
            self._show(self._accounts[index])

    def _on_filter_changed(self) -> None:
        self._model.set_filter(self._filter.text(), hides_keep_alive=self._keep_alive.isChecked())

    def _on_clear(self) -> None:
        self._model.clear()

    def _on_reuse(self, line: str) -> None:
        self._field.setText(line)
        self.focus_field()

    def _on_send(self) -> None:
        line, account = self._field.text().strip(), self._model.account
        if line and account is not None:
            self.send_requested.emit(account, line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            match event.key():
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self._on_send()
                    return True
                case Qt.Key.Key_Up | Qt.Key.Key_Down:
                    self._recall(-1 if event.key() == Qt.Key.Key_Up else 1)
                    return True
        return super().eventFilter(watched, event)

    def _recall(self, step: int) -> None:
        place = self._place + step
        if 0 <= place <= len(self._sent):
            self._place = place
            self._field.setText(self._sent[place] if place < len(self._sent) else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _on_theme_changed(self) -> None:
        self._field.setFont(mono_font(0.94))


def _speaking_xmpp(accounts: list[Account]) -> frozenset[AccountId]:
    return frozenset(each.id for each in accounts if each.application is Application.XMPP)


def _hairline(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "line")
    return line
