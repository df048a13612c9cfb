"""Who is not shown: the rules, and a line to add one."""

import time
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.core.account import AccountId
from chatlab.core.ignoring import EVERYTHING, EVERYWHERE, IgnoreKind, IgnoreRule, kind_words
from chatlab.core.masks import full_mask
from chatlab.ui.dialogs.list_sheet import ListSheet
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated
from chatlab.ui.widgets.controls import Select, Tick, scaled

WIDTH, HEIGHT = 88 * SPACE, 80 * SPACE
_TITLES = ("Who", "What", "Where", "Until")
_NS = 1_000_000_000
_TIMES = (
    ("Until I take it back", 0),
    ("For an hour", 3_600),
    ("For a day", 86_400),
    ("For a week", 604_800),
)
_KIND_TITLES = {
    IgnoreKind.CHANNEL: "Channels",
    IgnoreKind.PRIVATE: "Private",
    IgnoreKind.NOTICE: "Notices",
    IgnoreKind.CTCP: "CTCP",
    IgnoreKind.INVITE: "Invitations",
}


class IgnoresDialog(ListSheet):
    """Shows and changes the rules; use it with ``open()`` and ``show_rules``.

    Signals:
        added, removed: an IgnoreRule.
    """

    added = Signal(object)
    removed = Signal(object)

    def __init__(
        self, accounts: Sequence[tuple[AccountId, str]], parent: QWidget | None = None
    ) -> None:
        words = "What they say is neither shown nor counted. Its frames are captured all the same."
        super().__init__("Ignored people", words, _TITLES, "Nobody is ignored.", parent)
        self._accounts = ((EVERYWHERE, "All accounts"), *accounts)
        self._rules: tuple[IgnoreRule, ...] = ()
        self.who = QLineEdit(self)
        self.who.setPlaceholderText("bob, *!*@host.example")
        self.kinds = {kind: Tick(words, self) for kind, words in _KIND_TITLES.items()}
        self.where = Select(self)
        self.where.addItems([isolated(name) for _, name in self._accounts])
        self.how_long = Select(self)
        self.how_long.addItems([words for words, _ in _TIMES])
        self.ignore_button = QPushButton(self.tr("Ignore"), self)
        self._lay_out()
        self._connect()
        self.refresh()
        self.settle(self.ignore_button)
        self.who.setFocus()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        kinds = QWidget(self)
        row = QHBoxLayout(kinds)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACE)
        for tick in self.kinds.values():
            tick.setChecked(True)
            row.addWidget(tick)
        row.addStretch(1)
        form = Form(parent=self)
        form.add("Who", self.who, Hint("A nick, or a mask: * stands for anything, ? for one sign."))
        form.add("What", kinds)
        form.add("Where", self.where)
        form.add("How long", self.how_long)
        self.lay_out_list(
            form,
            (22, 27, 14),
            ("Show again", "eye"),
            add_button=self.ignore_button,
            heading="Ignored now",
        )

    def _connect(self) -> None:
        self.who.textChanged.connect(self.refresh)
        for tick in self.kinds.values():
            tick.toggled.connect(self.refresh)
        self.ignore_button.clicked.connect(self._add)

    def propose(self, mask: str) -> None:
        """Begin with somebody in the field."""
        self.who.setText(mask)

    def show_rules(self, rules: Sequence[IgnoreRule]) -> None:
        """The rules that hold now."""
        now_ns = time.time_ns()
        self._rules = tuple(rule for rule in rules if not rule.is_over(now_ns))
        names = dict(self._accounts)
        self.model.removeRows(0, self.model.rowCount())
        for rule in self._rules:
            until = datetime.fromtimestamp(rule.until_ns / _NS) if rule.until_ns else None
            cells = (
                bare(rule.mask),
                kind_words(rule.kinds),
                bare(names.get(rule.account, rule.account)),
                f"{until:%Y-%m-%d %H:%M}" if until else "no end",
            )
            self.model.appendRow([QStandardItem(cell) for cell in cells])
        self.refresh()

    def _chosen_kinds(self) -> frozenset[IgnoreKind]:
        return frozenset(kind for kind, tick in self.kinds.items() if tick.isChecked())

    def refresh(self) -> None:
        super().refresh()
        self.ignore_button.setEnabled(bool(self.who.text().strip()) and bool(self._chosen_kinds()))

    def _add(self) -> None:
        if not self.ignore_button.isEnabled():
            return
        seconds = _TIMES[self.how_long.currentIndex()][1]
        rule = IgnoreRule(
            mask=full_mask(self.who.text()),
            kinds=self._chosen_kinds() or EVERYTHING,
            account=self._accounts[self.where.currentIndex()][0],
            until_ns=time.time_ns() + seconds * _NS if seconds else 0,
        )
        self.who.clear()
        self.who.setFocus(Qt.FocusReason.OtherFocusReason)
        self.added.emit(rule)

    def remove_chosen(self) -> None:
        for rule in [self._rules[row] for row in self.table.chosen_rows()]:
            self.removed.emit(rule)
