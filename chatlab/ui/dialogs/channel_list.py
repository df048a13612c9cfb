"""All channels of a network: look for one, and enter it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QWidget

from chatlab.core.features import ServerFeatures
from chatlab.core.listings import ChannelsListed
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.models.channel_list import ChannelListModel, Column
from chatlab.ui.theme import SPACE, isolated, plain_label, set_icon
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 96 * SPACE, 76 * SPACE
LONG_LIST = 1_000
BUSY = 50
_NAME_WIDTH, _USERS_WIDTH = 24 * SPACE, 12 * SPACE


class ChannelListDialog(Sheet):
    """Shows the list as it arrives; use it with ``open()`` and ``begin``.

    Signals:
        list_requested: what to ask for, as after ``/list``.
        join_requested: channel.
    """

    list_requested = Signal(str)
    join_requested = Signal(str)

    def __init__(
        self,
        network: str,
        features: ServerFeatures,
        parent: QWidget | None = None,
        *,
        noun: str = "channel",
    ) -> None:
        """``noun``: what the listed are called, ``channel`` or ``room``."""
        super().__init__(f"{noun.capitalize()}s", parent)
        self._features = features
        self._noun = noun
        self._is_running = False
        self._chosen = ""
        """Name of the channel that is current: rows come and go around it."""
        where = f"On {isolated(network)}. Return enters the chosen one."
        self.head.addWidget(header(self.windowTitle(), where, self))
        self.model = ChannelListModel(self, noun=noun)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter by name or topic"))
        self.filter.setAccessibleName(self.tr("Filter by name or topic"))
        self.filter.setClearButtonEnabled(True)
        self.table = Table(self.windowTitle(), self.tr("The list has not been asked for."), self)
        self.table.setModel(self.model)
        self._notice = Notice(self)
        self.busy_button = QPushButton(self.tr("Only busy channels"), self)
        self.all_button = QPushButton(self.tr("Ask for all anyway"), self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Channels received"))
        self.status = plain_label("", "small", self)
        self._lay_out()
        self._connect()
        self.settle(self.join_button)
        self.filter.setFocus()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.USERS, Qt.SortOrder.DescendingOrder)
        self.table.setColumnWidth(Column.NAME, scaled(_NAME_WIDTH))
        self.table.setColumnWidth(Column.USERS, scaled(_USERS_WIDTH))
        self._careful = QWidget(self)
        buttons = QHBoxLayout(self._careful)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addStretch(1)
        buttons.addWidget(self.all_button)
        buttons.addWidget(self.busy_button)
        self.body.setSpacing(SPACE + SPACE // 2)
        for part in (self.filter, self._notice, self._careful):
            self.body.addWidget(part)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.status)
        self._notice.hide()
        self._careful.hide()
        self.progress.hide()
        self.again_button = self.add_button(self.tr("Ask again"))
        set_icon(self.again_button, "refresh")
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))
        self.join_button = self.add_button(self.tr("Join"), is_primary=True)
        self.join_button.setEnabled(False)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self.model.set_filter)
        self.model.settled.connect(self._on_settled)
        self.table.chosen.connect(self._join)
        self.table.rows_chosen.connect(self._on_rows_chosen)
        self.join_button.clicked.connect(lambda: self._join(self.table.currentIndex().row()))
        self.close_button.clicked.connect(self.reject)
        self.again_button.clicked.connect(self._on_again)
        self.all_button.clicked.connect(lambda: self.ask("all"))
        self.busy_button.clicked.connect(lambda: self.ask(f">{BUSY}"))

    # Asking ---------------------------------------------------------------------------------

    def begin(self, words: str = "") -> None:
        """Ask for the list, or for leave to ask where a long list costs the connection."""
        count = self._features.channel_count
        is_long = count is None or count > LONG_LIST
        if words or self._features.has_safe_list or not is_long:
            self.ask(words)
            return
        known = f"It has about {count:,} channels. " if count else ""
        self._notice.tell(
            "warning",
            "attention",
            self.tr("The list may cost the connection"),
            f"{known}This server does not say that it sends a long list slowly (SAFELIST); some "
            "cut their own connection over it, and you would have to reconnect.",
        )
        self._notice.show()
        self._careful.show()
        self.busy_button.setVisible("U" in self._features.list_filters)
        self.busy_button.setText(self.tr("Those with more than {} users").format(BUSY))
        self.all_button.setFocus()

    def ask(self, words: str) -> None:
        """Ask; what was listed before goes."""
        self._notice.hide()
        self._careful.hide()
        self.model.clear()
        self._is_running = True
        self.table.say_empty(self.tr("Waiting for the server…"))
        self._show_progress()
        self.filter.setFocus()
        self.list_requested.emit(words)

    def show_block(self, event: ChannelsListed) -> None:
        """More of the list, or its end."""
        self.model.add(event.channels)
        if event.is_complete:
            self._is_running = False
            self.table.say_empty(f"The server lists no {self._noun}.")
            if event.problem:
                self.say_refused(event.problem)
            self.model.flush()
        self._show_progress()

    def say_refused(self, words: str) -> None:
        """The server, or our own caution, does not let the list through."""
        self._is_running = False
        self._notice.tell("warning", "attention", self.tr("The list is not whole"), words)
        self._notice.show()
        if not self.model.total:
            self.table.say_empty(self.tr("Nothing was listed."))
        self._show_progress()

    def _on_again(self) -> None:
        if self._is_running:
            self.list_requested.emit("stop")
        else:
            self.begin()

    # Looks ----------------------------------------------------------------------------------

    def _on_settled(self) -> None:
        if self.model.total and not self.model.rowCount():
            self.table.say_empty(f"No {self._noun} has all of these words in name or topic.")
        if self.model.rowCount():
            row = max(0, self.model.row_of(self._chosen))
            self.table.setCurrentIndex(self.model.index(row, 0))
        self._show_progress()

    def _show_progress(self) -> None:
        total, shown, count = self.model.total, self.model.rowCount(), self._features.channel_count
        self.progress.setVisible(self._is_running)
        self.progress.setRange(0, count or 0)
        self.progress.setValue(min(total, count or 0))
        words = f"{total:,} {self._noun}s" if total != 1 else f"1 {self._noun}"
        if shown < total and self.filter.text().strip():
            words = f"{shown:,} of {words}"
        if self._is_running and count:
            words += f", about {count:,} expected"
        self.status.setText(words if total or self._is_running else "")
        self.again_button.setText(self.tr("Stop") if self._is_running else self.tr("Ask again"))
        set_icon(self.again_button, "close" if self._is_running else "refresh")

    def _on_rows_chosen(self) -> None:
        channel = self.model.channel(self.table.currentIndex().row())
        self.join_button.setEnabled(channel is not None)
        if channel is not None and self.table.hasFocus():
            self._chosen = channel.name

    def _join(self, row: int) -> None:
        if channel := self.model.channel(row):
            self.accept()
            self.join_requested.emit(channel.name)

    def done(self, result: int) -> None:
        """Nobody reads the rest of the list."""
        if self._is_running:
            self._is_running = False
            self.list_requested.emit("stop")
        super().done(result)
