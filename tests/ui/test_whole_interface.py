"""Capturing a whole interface: asked on purpose, and marked for as long as it lasts."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core.capture import CaptureInterface, CaptureLive
from chatlab.core.errors import CaptureError
from chatlab.ui.action_ids import ActionId
from chatlab.ui.dialogs.whole_interface import WholeInterfaceDialog
from chatlab.ui.widgets.capture_bar import CaptureBar
from chatlab.ui.widgets.status_strip import StatusStrip
from chatlab.ui.widgets.wire_states import Offer, notice_state
from tests.helpers.stage import Stage

LIVE = CaptureLive(
    backend="packet socket", frames=412, dropped=0, position=1, flows=2, interface="eth0"
)
INTERFACES = (
    CaptureInterface(name="eth0", addresses=("192.0.2.1", "2001:db8::1"), description="Ethernet"),
    CaptureInterface(name="lo", addresses=("127.0.0.1",), description="Loopback"),
    CaptureInterface(name="eth1", description="Ethernet", is_up=False),
)


@pytest.fixture
def dialog(qtbot: QtBot) -> Callable[[str], WholeInterfaceDialog]:
    def make(current: str) -> WholeInterfaceDialog:
        made = WholeInterfaceDialog(current)
        qtbot.addWidget(made)
        made.show_interfaces(INTERFACES)
        made.open()
        return made

    return make


def rows(dialog: WholeInterfaceDialog) -> list[list[str]]:
    model = dialog.model
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_each_interface_has_its_name_its_addresses_and_what_it_is(
    dialog: Callable[[str], WholeInterfaceDialog],
) -> None:
    assert rows(dialog("")) == [
        ["eth0", "192.0.2.1, 2001:db8::1", "Ethernet"],
        ["lo", "127.0.0.1", "Loopback"],
        ["eth1", "–", "Ethernet (down)"],
    ]


def test_one_in_use_is_chosen_and_none_is_said(qtbot: QtBot) -> None:
    made = WholeInterfaceDialog("")
    qtbot.addWidget(made)
    made.show_interfaces(INTERFACES[::-1])
    assert made.table.currentIndex().row() == 1
    assert made.capture_button.isEnabled()
    made.show_interfaces(())
    assert not made.capture_button.isEnabled()


def test_what_it_means_is_said_before_anything_is_captured(
    dialog: Callable[[str], WholeInterfaceDialog],
) -> None:
    shown = dialog("")
    assert "offence unless they agree" in shown.notice.text()
    assert not shown.end_button.isVisible()


@pytest.mark.parametrize("is_promiscuous", [False, True])
def test_the_chosen_interface_is_told(
    qtbot: QtBot, dialog: Callable[[str], WholeInterfaceDialog], is_promiscuous: bool
) -> None:
    shown = dialog("")
    shown.table.setCurrentIndex(shown.model.index(1, 0))
    shown.promiscuous.setChecked(is_promiscuous)
    with qtbot.waitSignal(shown.chosen) as caught:
        shown.capture_button.click()
    assert caught.args == ["lo", is_promiscuous]


def test_an_interface_that_is_down_cannot_be_chosen(
    dialog: Callable[[str], WholeInterfaceDialog],
) -> None:
    shown = dialog("")
    shown.table.setCurrentIndex(shown.model.index(2, 0))
    shown.table.selectionModel().setCurrentIndex(
        shown.model.index(2, 0), shown.table.selectionModel().SelectionFlag.NoUpdate
    )
    shown.table.rows_chosen.emit()
    assert not shown.capture_button.isEnabled()


def test_what_runs_can_be_ended_where_it_was_begun(
    qtbot: QtBot, dialog: Callable[[str], WholeInterfaceDialog]
) -> None:
    shown = dialog("lo")
    assert shown.table.currentIndex().row() == 1
    with qtbot.waitSignal(shown.ended):
        shown.end_button.click()


def test_without_the_right_the_reason_and_the_remedy_stand_there(qtbot: QtBot) -> None:
    shown = WholeInterfaceDialog("")
    qtbot.addWidget(shown)
    shown.show_error(CaptureError("The opener refuses that.", "sudo usermod …"))
    assert shown.notice.text() == "The opener refuses that."
    assert shown.remedy.text() == "sudo usermod …"
    assert shown.capture_button.isHidden()


# --- the mark


def test_the_mark_stands_above_the_frames_with_its_end(qtbot: QtBot) -> None:
    for status in (LIVE, replace(LIVE, dropped=3)):
        notice = notice_state(status, 0)
        assert notice is not None
        assert notice.token == "attention"
        assert "Whole interface eth0" in notice.words
        assert ("3 frames" in notice.words) is bool(status.dropped)
        assert notice.offers == (Offer.OWN_ONLY,)


def test_an_interface_that_went_away_is_told_and_the_rest_goes_on() -> None:
    notice = notice_state(replace(LIVE, interface="", trouble="eth0 is gone."), 9)
    assert notice is not None
    assert notice.words == "eth0 is gone. Your own connections are captured as before."
    assert notice.offers == ()


def test_bar_and_strip_name_the_interface(qtbot: QtBot) -> None:
    bar, strip = CaptureBar(), StatusStrip()
    qtbot.addWidget(bar)
    qtbot.addWidget(strip)
    bar.show_status(LIVE, 412)
    strip.show_capture(LIVE, 412)
    assert bar._state.text() == "All of eth0 · 412 frames"
    assert strip._capture.text() == "Capturing 2 connections and all of eth0, 412 frames"


# --- the window


def test_the_menu_asks_and_the_mark_ends_it(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.actions_table.action(ActionId.INTERFACE).trigger()
    dialog = stage.window.findChild(WholeInterfaceDialog)
    assert dialog is not None
    dialog.capture_button.click()
    stage.window.wire.own_only_requested.emit()
    assert stage.backstage.asked[-2:] == ["interface eth0", "interface "]
