"""What the reader wants to be told of: words and patterns, and exceptions from them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from chatlab.core.account import AccountId
from chatlab.core.highlighting import MAX_RULES, HighlightRule, check_rule
from chatlab.core.ignoring import EVERYWHERE
from chatlab.ui.dialogs.list_sheet import ListSheet
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated
from chatlab.ui.widgets.controls import Select, Tick, scaled

WIDTH, HEIGHT = 88 * SPACE, 84 * SPACE
_TITLES = ("Text", "Kind", "Where")
_KINDS = ("Words", "Regular expression", "Except for words", "Except for a regular expression")


class HighlightsDialog(ListSheet):
    """Shows and changes the rules; use it with ``open()`` and ``show_rules``.

    Signals:
        changed: the rules as they are now, a tuple of HighlightRule.
    """

    changed = Signal(object)

    def __init__(
        self, accounts: Sequence[tuple[AccountId, str]], parent: QWidget | None = None
    ) -> None:
        words = "A message with your nick is always for you. These are, too."
        empty = "Only your nick. Add a word above, and messages with it count as yours."
        super().__init__("Highlights", words, _TITLES, empty, parent)
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
        self._lay_out()
        self._connect()
        self.refresh()
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
        self.lay_out_list(
            form,
            (34, 22),
            ("Remove", "trash"),
            add_button=self.new_button,
            heading="Besides your nick",
        )

    def _connect(self) -> None:
        self.text.textChanged.connect(self.refresh)
        self.kind.currentIndexChanged.connect(self.refresh)
        self.new_button.clicked.connect(self._add)

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
        self.refresh()

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

    def refresh(self) -> None:
        super().refresh()
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

    def _add(self) -> None:
        if not self.new_button.isEnabled():
            return
        rule = self.read()
        self.text.clear()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        if rule not in self._rules:
            self.changed.emit((*self._rules, rule))

    def remove_chosen(self) -> None:
        gone = set(self.table.chosen_rows())
        if gone:
            self.changed.emit(tuple(r for i, r in enumerate(self._rules) if i not in gone))
