"""Join, system check, about, accounts: each asks in place and answers by signals."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

import chatlab
from chatlab.core.account import AccountId
from chatlab.ui.dialogs.about import AboutDialog
from chatlab.ui.dialogs.accounts import AccountsDialog
from chatlab.ui.dialogs.join import JoinDialog
from chatlab.ui.dialogs.system_check import CheckRow, CheckState, SystemCheckDialog
from tests.helpers.accounts import PLAIN_ACCOUNT

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
A, B = AccountId("a"), AccountId("b")
ROWS = (
    CheckRow("Python", CheckState.OK, "3.11.7"),
    CheckRow("Capture", CheckState.FAILED, "No permission.", "sudo setcap …\nchatlab doctor"),
)


def words(widget: QWidget) -> str:
    labels = widget.findChildren(QLabel)
    return " ".join(label.text() for label in labels if label.isVisible())


# --- join


def joiner(qtbot: QtBot) -> tuple[JoinDialog, list[tuple[str, str, str]]]:
    dialog = JoinDialog(((A, "Libera.Chat"), (B, "Lab")))
    qtbot.addWidget(dialog)
    heard: list[tuple[str, str, str]] = []
    dialog.submitted.connect(lambda who, channel, key: heard.append((who, channel, key)))
    dialog.open()
    return dialog, heard


def test_a_channel_is_typed_and_joined(qtbot: QtBot) -> None:
    dialog, heard = joiner(qtbot)
    qtbot.keyClicks(dialog.channel.edit, "lab")
    dialog.key.setText("k3y")
    dialog.account.setCurrentIndex(1)
    qtbot.keyClick(dialog.channel.edit, Qt.Key.Key_Return)
    assert heard == [(B, "#lab", "k3y")]
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needed"), ("#a b", "No space"), ("#", "missing")]
)
def test_an_illegal_channel_is_explained(qtbot: QtBot, name: str, reason: str) -> None:
    dialog, heard = joiner(qtbot)
    dialog.channel.set_text(name)
    dialog.join_button.click()
    assert heard == []
    assert dialog.isVisible()
    assert name == "#" or reason in words(dialog)


# --- system check


@pytest.fixture
def check(qtbot: QtBot) -> SystemCheckDialog:
    dialog = SystemCheckDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_each_check_has_words_beside_its_icon(check: SystemCheckDialog, qtbot: QtBot) -> None:
    check.show_rows(ROWS)
    wanted = ("1 of 2 need a look.", "works", "does not work", "sudo setcap …")
    qtbot.waitUntil(lambda: all(part in words(check) for part in wanted))


def test_the_check_can_be_copied(check: SystemCheckDialog) -> None:
    check.show_rows(ROWS)
    check.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines() == [
        "Python: works. 3.11.7",
        "Capture: does not work. No permission.",
        "    sudo setcap …",
        "    chatlab doctor",
    ]


def test_checking_again_replaces_the_rows(check: SystemCheckDialog, qtbot: QtBot) -> None:
    check.show_rows(ROWS)
    with qtbot.waitSignal(check.check_again_requested):
        check.again_button.click()
    assert not check.again_button.isEnabled()
    check.show_rows(ROWS[:1])
    assert "No permission." not in words(check)
    assert "All 1 checks passed." in words(check)
    assert check.again_button.isEnabled()


def test_what_is_only_good_to_know_counts_as_no_check(
    check: SystemCheckDialog, qtbot: QtBot
) -> None:
    check.show_rows((ROWS[0], CheckRow("Npcap’s licence", CheckState.INFO, "Five computers.")))
    wanted = ("All 1 checks passed.", "good to know")
    qtbot.waitUntil(lambda: all(part in words(check) for part in wanted))


# --- about


def test_about_names_what_is_running(qtbot: QtBot) -> None:
    dialog = AboutDialog({"scapy": "2.8.0"})
    qtbot.addWidget(dialog)
    text = dialog.as_text()
    assert f"Version: {chatlab.__version__}" in text
    assert "scapy: 2.8.0" in text


# --- accounts


@pytest.fixture
def accounts(qtbot: QtBot) -> AccountsDialog:
    dialog = AccountsDialog()
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def test_without_accounts_it_says_how_to_get_one(accounts: AccountsDialog) -> None:
    assert "No account yet" in words(accounts)
    assert accounts.new_button.isEnabled()
    assert not accounts.edit_button.isEnabled()


def test_the_chosen_account_is_told(accounts: AccountsDialog, qtbot: QtBot) -> None:
    accounts.show_accounts([PLAIN_ACCOUNT])
    with qtbot.waitSignal(accounts.edit_requested) as edited:
        accounts.edit_button.click()
    with qtbot.waitSignal(accounts.connect_requested) as connected:
        accounts.connect_button.click()
    assert edited.args == connected.args == [PLAIN_ACCOUNT.id]
    assert "plain text" in accounts.list.item(0).text()


def test_an_account_is_removed_only_after_a_second_yes(
    accounts: AccountsDialog, qtbot: QtBot
) -> None:
    accounts.show_accounts([PLAIN_ACCOUNT])
    with qtbot.assertNotEmitted(accounts.remove_requested):
        accounts.remove_button.click()
        accounts._keep.click()
    accounts.remove_button.click()
    assert "Lab plain" in words(accounts)
    with qtbot.waitSignal(accounts.remove_requested) as removed:
        accounts._confirm.click()
    assert removed.args == [PLAIN_ACCOUNT.id]
