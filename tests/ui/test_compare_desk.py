"""The comparison view in the window: opened, kept up, exported, left."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.errors import FileError
from chatlab.core.message import Delivery
from chatlab.ui.actions import ActionId
from chatlab.ui.compare.page import ComparePage, Part
from chatlab.ui.models.frame_table import Scope
from tests.helpers.chats import account, connection, message
from tests.helpers.comparisons import PLAIN, SEALED, comparison, row
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

TLS = account("sealed", Security.DIRECT_TLS)


def stage_of(qtbot: QtBot) -> Stage:
    """Two chats side by side, and one pair of twins."""
    stage = Stage(qtbot)
    sealed = stage.join(of=TLS)
    stage.book.apply(ev.ConnectionOpened(TLS.id, connection(TLS, "TLSv1.3")))
    plain = stage.join()
    stage.window.chats.compare(plain, sealed)
    stage.backstage.comparer.table = comparison()
    return stage


def opened(stage: Stage) -> ComparePage:
    assert stage.window.actions_table.trigger(ActionId.COMPARISON)
    page = stage.wiring.comparison.page
    assert page is not None
    return page


def bar_words(stage: Stage) -> list[str]:
    return [each.text for each in stage.window.bar.messages()]


def test_the_key_opens_it_and_leads_back(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    assert page.isVisible()
    assert not stage.window.splitter.isVisible()
    stage.window.actions_table.trigger(ActionId.COMPARISON)
    assert stage.window.splitter.isVisible()


def submit(page: ComparePage, text: str) -> None:
    page.field.setText(text)
    page.send_button.click()


def test_a_command_is_never_said_to_everybody(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    for text in ("/msg NickServ identify secret", "/topic New", "/nosuch thing"):
        submit(page, text)
        assert page.field.text() == text
        assert bar_words(stage)
    for each in stage.backstage.connections.values():
        assert each.said == []
        assert not each.executed
    for text in ("//home", "/me waves"):
        submit(page, text)
        assert page.field.text() == ""
    assert [words for _, words, _ in stage.connection.said] == ["/home", "waves"]


def test_what_has_no_two_chats_to_go_to_stays_in_the_field(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.backstage.comparer.table = comparison()
    page = opened(stage)
    submit(page, "hello")
    assert page.field.text() == "hello"
    assert "only one chat" in " ".join(bar_words(stage))


def test_f6_goes_through_its_parts_and_round_again(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    stage.window.activateWindow()
    qtbot.waitUntil(stage.window.isActiveWindow)
    visited = []
    for _ in range(5):
        stage.window.actions_table.trigger(ActionId.NEXT_PANE)
        focus = stage.window.focusWidget()
        assert focus is not None
        visited.append(focus)
    bytes_views = [column.view for column in page.messages.bytes.columns]
    assert visited[:2] == bytes_views
    assert visited[2] is page.field
    assert visited[3] is page.switch.segment(0)
    assert visited[4] is page.messages.view


def test_a_chat_that_is_chosen_elsewhere_comes_to_the_front(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    chat = stage.window.chats.active.chat
    assert chat is not None
    stage.presenter.show_chat(chat.key)
    assert not page.isVisible()


def test_a_change_of_an_account_does_not_close_it(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    stage.take(ev.LagMeasured(LAB, 0.05))
    assert page.isVisible()


def test_it_follows_while_messages_arrive(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    stage.backstage.comparer.table = comparison(row("hello"), row("again", "t2"))
    stage.feed.tell()
    qtbot.waitUntil(lambda: page.messages.sheet.chosen == "t2")


def test_what_arrives_while_the_table_is_worked_out_follows_behind(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    comparer = stage.backstage.comparer
    comparer.is_working = True
    stage.wiring.comparison.refresh()
    stage.feed.tell()
    comparer.is_working = False
    comparer.on_done()
    comparer.table = comparison(row("hello"), row("again", "t2"))
    qtbot.waitUntil(lambda: page.messages.sheet.chosen == "t2")


def test_a_message_opens_its_own_row(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    entry = message("hello", delivery=Delivery.WRITTEN)
    stage.take(ev.MessageAdded(entry))
    stage.take(ev.MessageChanged(LAB, entry.id, twin="t1"))
    stage.backstage.comparer.table = comparison(row("hello", "t1"), row("again", "t2"))
    stage.window.chats.active.transcript.compare_requested.emit(entry.id)
    page = stage.wiring.comparison.page
    assert page is not None
    assert page.messages.sheet.chosen == "t1"


def test_what_is_typed_there_leaves_on_all_twins(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    page.submitted.emit("hello")
    said = [stage.backstage.connections[who].said for who in (LAB, TLS.id)]
    assert [[text for _, text, _ in each] for each in said] == [["hello"], ["hello"]]
    assert "sealed" in page.twin_words.text()


def test_a_frame_leads_to_the_wire_pane(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    page.frame_requested.emit(PLAIN, 3)
    assert not page.isVisible()
    assert stage.window.wire.scope is Scope.ALL
    assert stage.window.wire.frames.current_frame == 3


def test_a_frame_of_the_second_capture_is_not_looked_for_in_the_first(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    stage.backstage.comparer.open_second(Path("other.pcapng"), lambda error: None)
    page.frame_requested.emit(type(PLAIN)(1, SEALED.connection), 3)
    assert page.isVisible()
    assert "other.pcapng" in bar_words(stage)[-1]


def test_a_second_capture_that_cannot_be_read_is_said(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    opened(stage)
    stage.wiring.comparison._on_second(FileError("It is cut off.", "Choose another one."))
    assert bar_words(stage)[-1] == "It is cut off."


def test_the_button_lets_the_second_capture_go_again(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    page = opened(stage)
    comparer = stage.backstage.comparer
    comparer.open_second(Path("other.pcapng"), stage.wiring.comparison._on_second)
    assert "other.pcapng" in page.second_button.text()
    page.second_button.click()
    assert not comparer.second_file
    assert page.second_button.text() == "Second capture…"


@pytest.mark.parametrize("part", list(Part))
def test_each_page_becomes_a_picture_of_twice_the_size(
    qtbot: QtBot, tmp_path: Path, part: Part
) -> None:
    stage = stage_of(qtbot)
    opened(stage).show_part(part)
    stage.wiring.comparison.save_picture(tmp_path / "page.png")
    image = QImage(str(tmp_path / "page.png"))
    assert image.width() == 2560
    assert image.height() > 400
    stage.wiring.comparison.save_picture(tmp_path / "page.svg")
    drawing = (tmp_path / "page.svg").read_text(encoding="utf-8")
    assert drawing.count("<path") + drawing.count("<text") + drawing.count("<rect") > 20
    assert "hunter2" not in drawing


def test_a_picture_that_cannot_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    stage = stage_of(qtbot)
    opened(stage)
    stage.wiring.comparison.save_picture(tmp_path / "nowhere" / "page.png")
    assert "cannot be written" in bar_words(stage)[-1]


def presents(stage: Stage) -> tuple[bool, bool, bool]:
    """Whether text is bigger, the screen is full, and the sidebar has been put away."""
    is_full = bool(stage.window.windowState() & Qt.WindowState.WindowFullScreen)
    return stage.backstage.presents, is_full, stage.window.sidebar.isHidden()


def test_presentation_makes_everything_bigger_and_gives_it_back(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    stage.window.actions_table.trigger(ActionId.PRESENTATION)
    assert presents(stage) == (True, True, True)
    stage.window.actions_table.trigger(ActionId.PRESENTATION)
    assert presents(stage) == (False, False, False)


def test_a_presentation_gives_a_maximised_window_back(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    stage.window.showMaximized()
    for _ in range(2):
        stage.window.actions_table.trigger(ActionId.PRESENTATION)
    assert stage.window.isMaximized()
    assert not stage.window.isFullScreen()


def test_a_presentation_leaves_no_trace_in_what_is_kept(qtbot: QtBot) -> None:
    stage = stage_of(qtbot)
    stage.window.actions_table.trigger(ActionId.PRESENTATION)
    assert stage.window.read_layout().is_sidebar_shown
    assert presents(stage) == (False, False, False)
