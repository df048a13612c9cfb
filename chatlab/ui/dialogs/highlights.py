"""What the reader wants to be told of: words and patterns, and exceptions from them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.core.account import AccountId
from chatlab.core.highlighting import MAX_RULES, HighlightRule, check_rule
from chatlab.core.ignoring import EVERYWHERE
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated, plain_label, set_icon
from chatlab.ui.widgets.controls import Select, Tick, scaled

WIDTH, HEIGHT = 88 * SPACE, 84 * SPACE
_TITLES = ("Text", "Kind", "Where")
_KINDS = ("Words", "Regular expression", "Except for words", "Except for a regular expression")


class HighlightsDialog(Sheet):
    """Shows and changes the rules; use it with ``open()`` and ``show_rules``.

    Signals:
        changed: the rules as they are now, a tuple of HighlightRule.
    """

    changed = Signal(object)

    def __init__(
        self, accounts: Sequence[tuple[AccountId, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__("Highlights", parent)
        words = "A message with your nick is always for you. These are, too."
        self.head.addWidget(header(self.windowTitle(), words, self))
        self._accounts = ((EVERYWHERE, "All accounts"), *accounts)
        self._rules: tuple[HighlightRule, ...] = ()
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("deploy*, lab 6")
        self.kind = Select(self)
        self.kind.addItems(list(_KINDS))
        self.where = Select(self)
        self.where.addItems([isolated(name) for _, name in self._accounts])
        self.chat = QLineEdit(self)
        self.chat.setPlaceholderText(self.tr("All chats"))
        self.case = Tick(self.tr("Tell CAPITALS from small letters"), self)
        self._hint = Hint("", self)
        self.new_button = QPushButton(self.tr("Add"), self)
        self.model = QStandardItemModel(0, len(_TITLES), self)
        self.model.setHorizontalHeaderLabels(list(_TITLES))
        empty = "Only your nick. Add a word above, and messages with it count as yours."
        self.table = Table(self.tr("Highlights"), self.tr(empty), self)
        self.table.setModel(self.model)
        self._lay_out()
        self._connect()
        self._update()
        self.settle(self.new_button)
        self.text.setFocus()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        form = Form(parent=self)
        form.add("Text", self.text, self._hint)
        form.add("Kind", self.kind)
        form.add("Account", self.where)
        form.add("Only in", self.chat)
        form.add_wide(self.case)
        self.body.addWidget(form)
        add = QHBoxLayout()
        add.addStretch(1)
        add.addWidget(self.new_button)
        self.body.addLayout(add)
        self.body.addWidget(plain_label("Besides your nick", "heading", self))
        self.table.setColumnWidth(0, scaled(34 * SPACE))
        self.table.setColumnWidth(1, scaled(22 * SPACE))
        self.table.setSelectionMode(Table.SelectionMode.ExtendedSelection)
        self.body.addWidget(self.table, 1)
        self.remove_button = self.add_button(self.tr("Remove"))
        set_icon(self.remove_button, "trash")
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))

    def _connect(self) -> None:
        self.text.textChanged.connect(self._update)
        self.kind.currentIndexChanged.connect(self._update)
        self.new_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        self.table.remove_wanted.connect(self._remove)
        self.table.rows_chosen.connect(self._update)
        self.close_button.clicked.connect(self.reject)

    def show_rules(self, rules: Sequence[HighlightRule]) -> None:
        self._rules = tuple(rules)
        names = dict(self._accounts)
        self.model.removeRows(0, self.model.rowCount())
        for rule in self._rules:
            kind = _KINDS[2 * rule.is_exception + rule.is_pattern]
            account = names.get(rule.account, rule.account) if rule.account else ""
            where = ", ".join(filter(None, (rule.chat, account))) or "everywhere"
            cells = (rule.text, kind, where)
            self.model.appendRow([QStandardItem(bare(cell)) for cell in cells])
        self._update()

    def read(self) -> HighlightRule:
        """The rule as it stands in the form."""
        kind = self.kind.currentIndex()
        return HighlightRule(
            text=self.text.text().strip(),
            is_pattern=kind in (1, 3),
            is_exception=kind >= 2,
            is_case_sensitive=self.case.isChecked(),
            account=self._accounts[self.where.currentIndex()][0],
            chat=self.chat.text().strip().lower(),
        )

    def _update(self) -> None:
        rule = self.read()
        usual = "Whole words; * stands for more letters."
        if rule.is_pattern:
            usual = r"Characters, “.”, [a-z], \w \d \s \b, ( | ), * + ? {2,3}, ^ $."
        self._hint.say(usual)
        fault = check_rule(rule) if rule.text else ""
        if len(self._rules) >= MAX_RULES:
            fault = f"There are {MAX_RULES} already: remove one first."
        self._hint.tell(fault)
        self.new_button.setEnabled(bool(rule.text) and not fault)
        self.remove_button.setEnabled(bool(self.table.chosen_rows()))

    def _add(self) -> None:
        if not self.new_button.isEnabled():
            return
        rule = self.read()
        self.text.clear()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        if rule not in self._rules:
            self.changed.emit((*self._rules, rule))

    def _remove(self) -> None:
        gone = set(self.table.chosen_rows())
        if gone:
            self.changed.emit(tuple(r for i, r in enumerate(self._rules) if i not in gone))
