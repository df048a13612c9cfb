"""The nick field: says why, offers a legal one, and does not scold too early."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from chatlab.ui.widgets.nick_field import NickField, ProblemLine

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def field(qtbot: QtBot) -> NickField:
    field = NickField()
    qtbot.addWidget(field)
    field.show()
    return field


def problem_line(field: NickField) -> ProblemLine:
    (line,) = field.findChildren(ProblemLine)
    return line


def use_button(field: NickField) -> QPushButton:
    (button,) = field.findChildren(QPushButton)
    return button


def test_an_untouched_field_is_not_wrong_yet(field: NickField) -> None:
    assert not problem_line(field).isVisible()


def test_a_dot_is_explained_while_it_is_typed(field: NickField, qtbot: QtBot) -> None:
    qtbot.keyClicks(field.edit, "first.")
    assert problem_line(field).isVisible()
    assert "server name" in problem_line(field).reason
    assert field.edit.property("invalid") is True
    assert "server name" in field.edit.accessibleDescription()


def test_one_click_makes_it_legal(field: NickField, qtbot: QtBot) -> None:
    qtbot.keyClicks(field.edit, "first.last")
    button = use_button(field)
    assert button.text() == "Use “first_last”"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert field.text() == "first_last"
    assert not problem_line(field).isVisible()
    assert field.problem is None


def test_an_emptied_field_asks_for_a_nick_and_offers_none(field: NickField, qtbot: QtBot) -> None:
    qtbot.keyClicks(field.edit, "a")
    field.edit.clear()
    assert "needed" in problem_line(field).reason
    assert not use_button(field).isVisible()


def test_blanks_around_a_pasted_nick_are_no_fault(field: NickField) -> None:
    field.set_text("  alice ")
    assert field.problem is None


def test_saving_shows_the_problem_of_an_untouched_field(field: NickField) -> None:
    assert field.show_problem()
    assert problem_line(field).isVisible()


def test_a_nick_that_looks_like_markup_stays_text(field: NickField) -> None:
    field.set_text("<b>x")
    assert "“<”" in problem_line(field).reason
    labels = problem_line(field).findChildren(QLabel)
    assert {label.textFormat() for label in labels if label.text()} == {Qt.TextFormat.PlainText}
