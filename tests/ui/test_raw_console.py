"""The raw console: every line as it crossed the wire, its frames, and a field to send one."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import LocalProtocolError
from chatlab.core.flow import ByteRange, ConnectionId, Direction, WireRange
from chatlab.core.message import Delivery
from chatlab.core.raw_lines import MAX_LINES, RawLineLog
from chatlab.ui.actions import ActionId
from chatlab.ui.models.raw_lines import RawColumn, RawLineModel, command_of, visible
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.raw_console import RawConsole
from chatlab.ui.widgets.raw_lines import RawLineView
from chatlab.ui.widgets.raw_pieces import parts_of
from tests.helpers.chats import NOON, account, message
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def seen(
    text: str,
    direction: Direction = SENT,
    at: int = 0,
    *,
    of: AccountId = LAB,
    is_malformed: bool = False,
) -> ev.LineSeen:
    wire = WireRange(ConnectionId("c1"), direction, ByteRange(at, at + len(text) + 2))
    return ev.LineSeen(of, direction, text, NOON, wire, is_malformed)


def model_of(*texts: str) -> tuple[RawLineLog, RawLineModel]:
    log = RawLineLog()
    for text in texts:
        log.take(seen(text))
    model = RawLineModel(log)
    model.show_account(LAB)
    return log, model


def shown(model: RawLineModel) -> list[str]:
    return [model.line(row).line for row in range(model.rowCount())]


def test_the_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    _, model = model_of("NICK a", "JOIN #lab")
    qtmodeltester.check(model)


def test_new_lines_come_in_one_insertion_per_pull(qtbot: QtBot) -> None:
    log, model = model_of("NICK a")
    insertions: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: insertions.append((first, last)))
    for number in range(500):
        log.take(seen(str(number)))
    model.pull()
    model.pull()
    assert insertions == [(1, 500)]


def test_a_flood_leaves_the_newest_lines_and_no_more(qtbot: QtBot) -> None:
    log, model = model_of()
    for start in range(0, 3 * MAX_LINES, MAX_LINES // 2):
        for number in range(start, start + MAX_LINES // 2):
            log.take(seen(str(number)))
        model.pull()
    assert model.rowCount() == MAX_LINES
    assert shown(model)[-1] == str(3 * MAX_LINES - 1)


def test_the_filter_finds_any_part_in_any_case_and_hides_keep_alives() -> None:
    log, model = model_of("PING :x", "privmsg #lab :ping pong", ":srv PONG a :b", "NICK a")
    model.set_filter("", hides_keep_alive=True)
    assert shown(model) == ["privmsg #lab :ping pong", "NICK a"]
    model.set_filter("PRIV", hides_keep_alive=True)
    assert shown(model) == ["privmsg #lab :ping pong"]
    log.take(seen("PRIVMSG bob :x"))
    log.take(seen("PING :y"))
    model.pull()
    assert shown(model) == ["privmsg #lab :ping pong", "PRIVMSG bob :x"]
    model.set_filter("", hides_keep_alive=False)
    assert model.rowCount() == 6


def test_control_characters_are_seen_not_obeyed() -> None:
    assert visible("a\x01VERSION\x01\x02") == "a‹01›VERSION‹01›‹02›"
    assert visible("left \u202eright") == "left ‹202E›right"


@pytest.mark.parametrize(
    ("line", "command"),
    [("@a=b :src privmsg #x :y", "PRIVMSG"), (":s 001 me :hi", "001"), ("", ""), (":only", "")],
)
def test_the_command_is_found_behind_tags_and_source(line: str, command: str) -> None:
    assert command_of(line) == command


def test_the_pieces_of_a_line_are_the_line() -> None:
    line = "@time=1;x :alice!a@b PRIVMSG #lab :hello there"
    parts = parts_of(line)
    assert "".join(words for words, *_ in parts) == line
    assert [words for words, _, is_bold in parts if is_bold] == ["PRIVMSG "]
    for odd in ("", "@", ":", "PING", "PING :", ": :", "@a :b"):
        assert "".join(words for words, *_ in parts_of(odd)) == odd


def test_tags_are_only_hinted_at_until_they_are_wanted(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    view, tagged = desk.console.lines, "@time=1;msgid=x :a!b@c PRIVMSG #lab :hi @you"
    assert view.shown(tagged) == "@… :a!b@c PRIVMSG #lab :hi @you"
    assert view.shown("@only") == "@only"
    desk.console._tags.click()
    assert view.shown(tagged) == tagged


def test_what_is_malformed_says_so_in_words_and_to_the_ear() -> None:
    log, model = model_of()
    log.take(seen("@@", RECEIVED, is_malformed=True))
    model.pull()
    index = model.index(0, RawColumn.WAY)
    assert "Malformed" in model.data(index, Qt.ItemDataRole.AccessibleTextRole)  # type: ignore[operator]
    assert "Malformed" in model.data(index, Qt.ItemDataRole.ToolTipRole)  # type: ignore[operator]


class Desk:
    """The whole window with its console open and three lines in it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.stage = Stage(qtbot)
        self.stage.join()
        self.raw = self.stage.wiring._raw
        self.lines = (
            seen("NICK me", SENT, 0),
            seen("PRIVMSG #lab :hello", SENT, 10),
            seen(":srv PONG x", RECEIVED, 0),
        )
        for line in self.lines:
            self.raw._log.take(line)
        self.stage.window.actions_table.trigger(ActionId.RAW_CONSOLE)
        assert self.raw.console is not None
        self.console: RawConsole = self.raw.console
        qtbot.waitUntil(lambda: self.console.lines.model().rowCount() == 3)


def test_the_console_opens_with_all_lines_so_far_and_closes_again(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    assert desk.console.isVisible()
    assert desk.console.account == LAB
    desk.stage.window.actions_table.trigger(ActionId.RAW_CONSOLE)
    assert not desk.console.isVisible()


def test_a_chosen_line_chooses_its_frames(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    wire = desk.lines[0].wire
    assert wire is not None
    desk.stage.feed.lines[wire] = (2, 3)
    desk.console.lines.selectRow(0)
    assert desk.stage.window.wire.frames.current_frame == 2


def test_a_line_that_carries_a_message_chooses_the_message(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    said = message("hello", "me", delivery=Delivery.QUEUED)
    desk.stage.book.apply(ev.MessageAdded(said))
    desk.stage.book.apply(
        ev.MessageChanged(LAB, said.id, Delivery.WRITTEN, wire=desk.lines[1].wire)
    )
    desk.console.lines.selectRow(1)
    assert desk.stage.presenter.selected == said.id
    desk.console.lines.selectRow(0)
    assert desk.stage.presenter.selected != said.id
    desk.stage.presenter.select_message(said.id)
    assert [line.line for line in desk.console.lines.selected_lines()] == ["PRIVMSG #lab :hello"]


def test_a_line_is_sent_as_typed_and_the_field_is_free_again(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    qtbot.keyClicks(desk.console._field, "WHOIS  alice")
    qtbot.keyClick(desk.console._field, Qt.Key.Key_Return)
    connection = desk.stage.backstage.connections[LAB]
    assert connection.executed[-1] == (Command(Verb.RAW, ("WHOIS  alice",)), "")
    assert desk.console._field.text() == ""
    qtbot.keyClick(desk.console._field, Qt.Key.Key_Up)
    assert desk.console._field.text() == "WHOIS  alice"


def test_a_refused_line_stays_with_the_reason(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.stage.backstage.connections[LAB].failure = LocalProtocolError("Too long.", "Shorten it.")
    qtbot.keyClicks(desk.console._field, "WHOIS alice")
    qtbot.mouseClick(desk.console._send, Qt.MouseButton.LeftButton)
    assert desk.console._field.text() == "WHOIS alice"
    assert "Too long." in desk.console._words.text()


def test_tab_goes_from_the_lines_to_the_field(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.console.lines.setFocus()
    qtbot.keyClick(desk.console.lines, Qt.Key.Key_Tab)
    assert desk.stage.window.focusWidget() is desk.console._field


def test_the_keyboard_begins_at_the_newest_line_and_chooses_none(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    chosen: list[object] = []
    desk.console.line_selected.connect(chosen.append)
    desk.stage.window.activateWindow()
    desk.console.window().activateWindow()
    desk.console.lines.setFocus()
    qtbot.waitUntil(desk.console.lines.hasFocus)
    qtbot.waitUntil(desk.console.lines.hasFocus)
    assert chosen == []
    qtbot.keyClick(desk.console.lines, Qt.Key.Key_Up)
    assert chosen == [desk.lines[1]]


def test_escape_gives_the_keyboard_back_to_the_chat(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    qtbot.keyClick(desk.console._field, Qt.Key.Key_Escape)
    assert not desk.console.isVisible()
    assert desk.stage.window.focusWidget() is desk.stage.window.chats.active.composer.editor


def test_the_console_follows_the_account_of_the_chat_one_goes_to(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    other = account("other")
    desk.stage.join("#other", other)
    assert desk.console.account == other.id
    assert desk.console._account.count() == 2


def test_lines_are_copied_with_time_and_way(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.console.lines.selectRow(0)
    desk.console.lines.copy_selection()
    assert QGuiApplication.clipboard().text() == "12:03:00.000 → NICK me"


def test_a_sent_line_can_be_changed_and_sent_again(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.console.lines.selectRow(0)
    at = desk.console.lines.visualRect(desk.console.lines.model().index(0, 0)).center()
    menu = desk.console.lines.make_menu(at)
    menu.actions()[-1].trigger()
    menu.close()
    assert desk.console._field.text() == "NICK me"


def test_its_signs_grow_with_the_text(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    _log, model = model_of("PRIVMSG #lab :hello")
    view = RawLineView(model)
    qtbot.addWidget(view)
    usual = view.columnWidth(RawColumn.WAY), view._delegate.fold
    try:
        Theme.load("light").apply(application, 2.0)
        assert view.columnWidth(RawColumn.WAY) > 1.5 * usual[0]
        assert view._delegate.fold == 2 * usual[1]
    finally:
        Theme.load("light").apply(application)
