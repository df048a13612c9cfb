"""Help: everything that can be done, nothing that cannot, found by a word."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from chatlab import resources
from chatlab.core.commands import COMMANDS
from chatlab.ui.actions import ACTIONS, ActionId, shortcut_texts, spec_of
from chatlab.ui.dialogs.help import HelpDialog, KeyCap
from chatlab.ui.topics import topics

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def page(qtbot: QtBot) -> HelpDialog:
    dialog = HelpDialog(ACTIONS)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def shown(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def shown_keys(page: QWidget) -> list[str]:
    return [cap.accessibleName() for cap in page.findChildren(KeyCap) if cap.isVisible()]


def test_every_shortcut_and_every_command_is_on_the_page(page: HelpDialog) -> None:
    keys = set(shown_keys(page))
    for spec in ACTIONS:
        assert set(shortcut_texts(spec)) <= keys
    words = set(shown(page))
    for command in COMMANDS:
        assert command.usage in words


def test_it_lists_only_what_the_window_obeys(qtbot: QtBot) -> None:
    dialog = HelpDialog((spec_of(ActionId.HELP),))
    qtbot.addWidget(dialog)
    dialog.show()
    assert "F1" in shown_keys(dialog)
    assert "F12" not in shown_keys(dialog)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unknown packet", "“UNKNOWN PACKET” in Wireshark"),
        ("join", "/join <#channel> [key]"),
        ("screenshot", "Save the window as a PNG image for your report."),
        ("amber", "Needs attention"),
        ("red anyone", "Readable by anyone on the path"),
        ("leave channel", "/part [reason…]"),
    ],
)
def test_a_word_finds_it_and_hides_the_rest(page: HelpDialog, query: str, found: str) -> None:
    everything = len(shown(page))
    page.search(query)
    assert found in shown(page)
    assert len(shown(page)) < everything


def test_a_search_without_result_says_so(page: HelpDialog) -> None:
    page.search("xyzzy<b>")
    assert any("Nothing about" in text for text in shown(page))
    page.search("")
    assert not any("Nothing about" in text for text in shown(page))


def test_escape_closes_it(page: HelpDialog, qtbot: QtBot) -> None:
    qtbot.keyClick(page.search_edit, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_topics_name_keys_that_exist_and_leave_no_hole() -> None:
    source = resources.text("help/topics.toml")
    named = set(re.findall(r"\{shortcut:([^}]+)\}", source.partition("[[topics]]")[2]))
    assert named <= {spec.id.value for spec in ACTIONS if spec.shortcuts}
    for topic in topics():
        assert "{" not in topic.text
        assert "\n" not in topic.text
    assert len({topic.id for topic in topics()}) == len(topics())
