"""The channel list: 30,000 rows filtered while one types, sorted, entered by Return, stopped."""

import time

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.account import AccountId
from chatlab.core.features import ServerFeatures
from chatlab.core.listings import ChannelsListed, ListedChannel
from chatlab.ui.dialogs.channel_list import ChannelListDialog
from chatlab.ui.models.channel_list import ChannelListModel, Column
from tests.helpers.chats import NOON

pytestmark = pytest.mark.usefixtures("qapp")  # Models have timers.
LAB = AccountId("lab")
SAFE = ServerFeatures(is_known=True, has_safe_list=True)
ROWS = (
    ListedChannel("#lab", 12, "\x02Notes\x02 are online"),
    ListedChannel("#Python", 300, "Ask here"),
    ListedChannel("#empty", 1),
)


def block(*rows: ListedChannel, is_complete: bool = False, problem: str = "") -> ChannelsListed:
    return ChannelsListed(LAB, rows, NOON, is_complete, problem)


def names(model: ChannelListModel) -> list[str]:
    return [model.index(row, Column.NAME).data() for row in range(model.rowCount())]


def dialog_with(qtbot: QtBot, *rows: ListedChannel) -> ChannelListDialog:
    dialog = ChannelListDialog("Lab", SAFE)
    qtbot.addWidget(dialog)
    dialog.begin()
    dialog.show_block(block(*rows, is_complete=True))
    dialog.show()
    return dialog


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    model = ChannelListModel()
    model.add(ROWS)
    model.flush()
    qtmodeltester.check(model)


def test_the_busiest_channel_stands_first_until_one_sorts_otherwise() -> None:
    model = ChannelListModel()
    model.add(ROWS)
    model.flush()
    assert names(model) == ["#Python", "#lab", "#empty"]
    model.sort(Column.NAME, Qt.SortOrder.AscendingOrder)
    assert names(model) == ["#empty", "#lab", "#Python"]


def test_the_filter_looks_into_names_and_topics_without_their_formatting() -> None:
    model = ChannelListModel()
    model.add(ROWS)
    model.set_filter("notes are")
    assert names(model) == ["#lab"]
    model.set_filter("PYTH")
    assert names(model) == ["#Python"]
    model.set_filter("lab python")
    assert names(model) == []


def test_thirty_thousand_channels_are_filtered_while_one_types() -> None:
    model = ChannelListModel()
    model.add(
        tuple(ListedChannel(f"#c{n}", n % 900, "A topic of usual length") for n in range(30_000))
    )
    model.flush()
    begin = time.perf_counter()
    model.set_filter("c29")
    assert time.perf_counter() - begin < 0.25
    assert 1_000 < model.rowCount() < 1_300


def test_return_in_the_filter_enters_the_first_that_fits(qtbot: QtBot) -> None:
    dialog = dialog_with(qtbot, *ROWS)
    dialog.filter.setText("lab")
    with qtbot.waitSignal(dialog.join_requested) as caught:
        qtbot.keyClick(dialog.filter, Qt.Key.Key_Return)
    assert caught.args == ["#lab"]


def test_the_chosen_channel_stays_chosen_while_more_arrive(qtbot: QtBot) -> None:
    dialog = dialog_with(qtbot, *ROWS)
    with qtbot.waitExposed(dialog):
        dialog.activateWindow()
    dialog.table.setFocus()
    qtbot.waitUntil(dialog.table.hasFocus)
    dialog.table.setCurrentIndex(dialog.model.index(1, 0))
    dialog.model.add((ListedChannel("#huge", 9_000),))
    dialog.model.flush()
    chosen = dialog.model.channel(dialog.table.currentIndex().row())
    assert chosen is not None
    assert chosen.name == "#lab"


def test_a_careless_server_is_asked_only_after_a_warning(qtbot: QtBot) -> None:
    dialog = ChannelListDialog("Net", ServerFeatures(channel_count=30_000, list_filters="U"))
    qtbot.addWidget(dialog)
    asked: list[str] = []
    dialog.list_requested.connect(asked.append)
    dialog.begin()
    assert asked == []
    dialog.busy_button.click()
    assert asked == [">50"]


def test_stop_and_closing_both_end_the_list(qtbot: QtBot) -> None:
    for press in ("again_button", "close_button"):
        dialog = ChannelListDialog("Lab", SAFE)
        qtbot.addWidget(dialog)
        asked: list[str] = []
        dialog.list_requested.connect(asked.append)
        dialog.begin()
        getattr(dialog, press).click()
        assert asked == ["", "stop"]


def test_what_the_server_refused_stands_in_the_dialog(qtbot: QtBot) -> None:
    dialog = dialog_with(qtbot)
    dialog.show_block(block(is_complete=True, problem="Please wait."))
    assert "Please wait." in dialog._notice.text()
    assert dialog._notice.isVisible()
