"""A label that has no room says what it can, and keeps the rest for its tooltip."""

from pytestqt.qtbot import QtBot

from chatlab.ui.widgets.elided_label import ElidedLabel


def test_a_short_form_stands_in_where_there_is_no_room(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.set_text("Return sends · / for commands", short="Return sends")
    metrics = label.fontMetrics()
    whole = metrics.horizontalAdvance("Return sends · / for commands")
    label.resize(whole + 1, 20)
    assert label.in_view == "Return sends · / for commands"
    label.resize(whole - 1, 20)
    assert label.in_view == "Return sends"
    assert "for commands" in label.toolTip()
    label.resize(metrics.horizontalAdvance("Return sends") - 1, 20)
    assert label.in_view.endswith("…")


def test_what_has_no_short_form_is_cut(qtbot: QtBot) -> None:
    label = ElidedLabel("Return sends · / for commands")
    qtbot.addWidget(label)
    label.resize(label.fontMetrics().horizontalAdvance(label.text()) - 1, 20)
    assert label.in_view.startswith("Return sends ·")
    assert label.in_view.endswith("…")
