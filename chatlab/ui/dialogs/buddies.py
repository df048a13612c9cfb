"""People to be told of when they come and go, and who of them is online."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.core.account import AccountId
from chatlab.core.rules import Buddy
from chatlab.ui.dialogs.list_sheet import ListSheet
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, icon, isolated, on_theme_changed
from chatlab.ui.widgets.controls import Select, scaled

WIDTH, HEIGHT = 66 * SPACE, 64 * SPACE
_TITLES = ("Nick", "Now", "Account")
_WORDS = {True: "Online", False: "Offline", None: "Not known"}
_ICONS = {True: ("person", "accent"), False: ("person", "faint"), None: ("help", "faint")}
_NO_MONITOR = "This server cannot tell who comes and goes (it has no MONITOR)."


class BuddiesDialog(ListSheet):
    """Shows and changes the list; use it with ``open()`` and ``show_buddies``.

    Signals:
        added, removed: AccountId and nick.
        talk_wanted: AccountId and nick, for a private chat.
    """

    added = Signal(str, str)
    removed = Signal(str, str)
    talk_wanted = Signal(str, str)

    def __init__(
        self,
        accounts: Sequence[tuple[AccountId, str]],
        unable: frozenset[AccountId] = frozenset(),
        parent: QWidget | None = None,
    ) -> None:
        """``unable``: accounts whose server, as it said, watches nobody."""
        words = "The server tells when they come and go. Return opens a private chat."
        empty = "Nobody yet. Add a nick above, and you will see when it comes online."
        super().__init__("Buddies", words, _TITLES, empty, parent)
        self._accounts = tuple(accounts)
        self._unable = unable
        self._buddies: tuple[Buddy, ...] = ()
        self._online: Mapping[Buddy, bool] = {}
        self.nick = QLineEdit(self)
        self.nick.setPlaceholderText(self.tr("Nick"))
        self.nick.setAccessibleName(self.tr("Nick"))
        self.where = Select(self)
        self.where.addItems([isolated(name) for _, name in self._accounts])
        self.new_button = QPushButton(self.tr("Add"), self)
        self._hint = Hint("", self)
        self._lay_out()
        self._connect()
        self.refresh()
        self.settle(self.new_button)
        self.nick.setFocus()
        on_theme_changed(self._fill)
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.nick, 1)
        row.addWidget(self.new_button)
        form = Form(parent=self)
        if len(self._accounts) > 1:
            form.add("Account", self.where)
        else:
            self.where.hide()
        form.add("Nick", line, self._hint)
        self.lay_out_list(form, (22, 14), ("Remove", "trash"))

    def _connect(self) -> None:
        self.nick.textChanged.connect(self.refresh)
        self.where.currentIndexChanged.connect(self.refresh)
        self.new_button.clicked.connect(self._add)
        self.table.chosen.connect(self._talk)

    def show_buddies(self, buddies: Sequence[Buddy], online: Mapping[Buddy, bool]) -> None:
        """The list, and who is online as far as the servers said."""
        rank = {True: 0, False: 1, None: 2}
        self._online = online
        self._buddies = tuple(
            sorted(buddies, key=lambda b: (rank[online.get(b)], b.nick.lower(), b.account))
        )
        self._fill()

    def _fill(self) -> None:
        names = dict(self._accounts)
        self.model.removeRows(0, self.model.rowCount())
        for buddy in self._buddies:
            is_online = self._online.get(buddy)
            nick = QStandardItem(icon(*_ICONS[is_online]), bare(buddy.nick))
            state = QStandardItem(_WORDS[is_online])
            account = QStandardItem(bare(names.get(buddy.account, buddy.account)))
            self.model.appendRow([nick, state, account])
        self.refresh()

    def _account(self) -> AccountId | None:
        index = self.where.currentIndex()
        return self._accounts[index][0] if 0 <= index < len(self._accounts) else None

    def refresh(self) -> None:
        super().refresh()
        account, nick = self._account(), self.nick.text().strip()
        self._hint.say(_NO_MONITOR if account in self._unable else "")
        is_nick = bool(nick) and not set(nick) & set(" ,!@*?:")
        self._hint.tell("A nick has no blank and none of , ! @ * ?" if nick and not is_nick else "")
        self.new_button.setEnabled(is_nick and account is not None)

    def _add(self) -> None:
        if self.new_button.isEnabled() and (account := self._account()) is not None:
            nick = self.nick.text().strip()
            self.nick.clear()
            self.nick.setFocus(Qt.FocusReason.OtherFocusReason)
            self.added.emit(account, nick)

    def remove_chosen(self) -> None:
        for buddy in [self._buddies[row] for row in self.table.chosen_rows()]:
            self.removed.emit(buddy.account, buddy.nick)

    def _talk(self, row: int) -> None:
        buddy = self._buddies[row]
        self.accept()
        self.talk_wanted.emit(buddy.account, buddy.nick)
