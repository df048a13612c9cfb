"""Ignoring, highlights, mentions, buddies, preferences: each says what was chosen."""

import time

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.highlighting import HighlightRule
from chatlab.core.ignoring import IgnoreKind, IgnoreRule
from chatlab.core.preferences import Preferences
from chatlab.core.rules import Buddy
from chatlab.ui.dialogs.buddies import BuddiesDialog
from chatlab.ui.dialogs.highlights import HighlightsDialog
from chatlab.ui.dialogs.ignores import IgnoresDialog
from chatlab.ui.dialogs.mentions import MentionsDialog
from chatlab.ui.dialogs.preferences import PreferencesDialog
from chatlab.ui.models.mentions import MAX_ROWS, Column, MentionsModel
from tests.helpers.chats import MINUTE, NOON, book_with, message

LAB, NET = AccountId("lab"), AccountId("net")
NAMES = ((LAB, "Lab"), (NET, "Net"))


# --- ignoring


def test_somebody_is_ignored_with_what_was_ticked(qtbot: QtBot) -> None:
    dialog = IgnoresDialog(NAMES)
    qtbot.addWidget(dialog)
    rules: list[IgnoreRule] = []
    dialog.added.connect(rules.append)
    dialog.propose("bob")
    dialog.kinds[IgnoreKind.CTCP].setChecked(False)
    dialog.where.setCurrentIndex(2)
    dialog.how_long.setCurrentIndex(1)
    dialog.show()
    qtbot.keyClick(dialog.who, Qt.Key.Key_Return)
    (rule,) = rules
    assert (rule.mask, rule.account) == ("bob!*@*", NET)
    assert rule.kinds == frozenset(IgnoreKind) - {IgnoreKind.CTCP}
    assert 3_500 < (rule.until_ns - time.time_ns()) / 1e9 <= 3_600


def test_nothing_ticked_ignores_nothing(qtbot: QtBot) -> None:
    dialog = IgnoresDialog(NAMES)
    qtbot.addWidget(dialog)
    dialog.propose("bob")
    for tick in dialog.kinds.values():
        tick.setChecked(False)
    assert not dialog.ignore_button.isEnabled()


def test_rules_that_ended_are_not_listed_and_chosen_ones_go(qtbot: QtBot) -> None:
    dialog = IgnoresDialog(NAMES)
    qtbot.addWidget(dialog)
    bob = IgnoreRule(mask="bob!*@*", account=LAB)
    dialog.show_rules((bob, IgnoreRule(mask="old!*@*", until_ns=1)))
    assert dialog.model.rowCount() == 1
    gone: list[IgnoreRule] = []
    dialog.removed.connect(gone.append)
    dialog.table.selectAll()
    dialog.remove_button.click()
    assert gone == [bob]


# --- highlights


def test_a_rule_is_added_and_removed(qtbot: QtBot) -> None:
    dialog = HighlightsDialog(NAMES)
    qtbot.addWidget(dialog)
    changes: list[tuple[HighlightRule, ...]] = []
    dialog.changed.connect(changes.append)
    dialog.changed.connect(dialog.show_rules)
    dialog.text.setText("lab*")
    dialog.chat.setText("#Lab")
    dialog.new_button.click()
    assert changes[-1] == (HighlightRule(text="lab*", chat="#lab"),)
    dialog.table.selectAll()
    dialog.remove_button.click()
    assert len(changes[-1]) == 0


def test_a_bad_pattern_is_explained_while_it_is_typed(qtbot: QtBot) -> None:
    dialog = HighlightsDialog(NAMES)
    qtbot.addWidget(dialog)
    dialog.kind.setCurrentIndex(1)
    dialog.text.setText("(lab")
    assert not dialog.new_button.isEnabled()
    assert "missing" in dialog._hint.text()
    dialog.text.setText("(lab)")
    assert dialog.new_button.isEnabled()
    assert dialog.read() == HighlightRule(text="(lab)", is_pattern=True)


# --- mentions


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    book, _ = book_with()
    book.apply(ev.MessageAdded(message("me!", is_highlight=True)))
    qtmodeltester.check(MentionsModel(book))


def test_mentions_are_listed_newest_first_and_followed(qtbot: QtBot) -> None:
    book, _ = book_with()
    book.apply(ev.MessageAdded(message("me: one", is_highlight=True)))
    book.apply(ev.MessageAdded(message("nobody")))
    model = MentionsModel(book)
    book.apply(ev.MessageAdded(message("me: two", at=NOON + MINUTE, is_highlight=True)))
    texts = [model.index(row, Column.TEXT).data() for row in range(model.rowCount())]
    assert texts == ["me: two", "me: one"]
    model.close()
    book.apply(ev.MessageAdded(message("me: three", is_highlight=True)))
    assert model.rowCount() == 2


def test_mentions_stay_bounded() -> None:
    book, _ = book_with()
    model = MentionsModel(book)
    for number in range(MAX_ROWS + 5):
        book.apply(ev.MessageAdded(message("me", at=NOON + number, is_highlight=True)))
    assert model.rowCount() == MAX_ROWS
    newest = model.mention(0)
    assert newest is not None
    assert newest.message.time_ns == NOON + MAX_ROWS + 4
    model.close()


def test_return_goes_to_the_message(qtbot: QtBot) -> None:
    book, chat = book_with()
    said = message("me: one", is_highlight=True)
    book.apply(ev.MessageAdded(said))
    dialog = MentionsDialog(book)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.go_to) as caught:
        qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert caught.args == [chat.key, said.id]


# --- buddies


def test_who_is_online_stands_first(qtbot: QtBot) -> None:
    dialog = BuddiesDialog(NAMES)
    qtbot.addWidget(dialog)
    known = [Buddy(LAB, "alice"), Buddy(LAB, "bob"), Buddy(NET, "carol")]
    dialog.show_buddies(known, {known[1]: True, known[0]: False})
    rows = [
        (dialog.model.item(row, 0).text(), dialog.model.item(row, 1).text()) for row in range(3)
    ]
    assert rows == [("bob", "Online"), ("alice", "Offline"), ("carol", "Not known")]


def test_a_server_that_watches_nobody_is_named(qtbot: QtBot) -> None:
    dialog = BuddiesDialog(NAMES, frozenset({NET}))
    qtbot.addWidget(dialog)
    assert dialog._hint.text() == ""
    dialog.where.setCurrentIndex(1)
    assert "MONITOR" in dialog._hint.text()


def test_a_nick_is_added_to_the_account_that_was_chosen(qtbot: QtBot) -> None:
    dialog = BuddiesDialog(NAMES)
    qtbot.addWidget(dialog)
    dialog.where.setCurrentIndex(1)
    dialog.nick.setText("bad nick")
    assert not dialog.new_button.isEnabled()
    dialog.nick.setText("carol")
    dialog.show()
    with qtbot.waitSignal(dialog.added) as caught:
        qtbot.keyClick(dialog.nick, Qt.Key.Key_Return)
    assert caught.args == [NET, "carol"]


# --- preferences


def test_what_was_not_touched_comes_back_as_it_was(qtbot: QtBot) -> None:
    before = Preferences(
        theme="dark", font_scale=115, keep_history=False, history_lines=17, capture_on_start=False,
        notifies=True, auto_away_minutes=7,
    )  # fmt: skip
    dialog = PreferencesDialog(before, can_notify=True)
    qtbot.addWidget(dialog)
    assert dialog.read() == before


def test_away_is_off_until_it_is_ticked(qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences(), can_notify=False)
    qtbot.addWidget(dialog)
    assert not dialog.notifies.isEnabled()
    assert dialog.read().auto_away_minutes == 0
    dialog.away.setChecked(True)
    dialog.minutes.setText("5")
    with qtbot.waitSignal(dialog.submitted) as caught:
        dialog.save_button.click()
    assert caught.args == [Preferences(auto_away_minutes=5)]
