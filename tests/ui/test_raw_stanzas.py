"""The raw console of an XMPP account: stanzas an element a row, folded, checked before they leave."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Application
from chatlab.core.commands import Command, Verb
from chatlab.core.flow import ByteRange, ConnectionId, Direction, WireRange
from chatlab.core.message import Delivery
from chatlab.core.raw_lines import RawLineLog
from chatlab.ui.actions import ActionId
from chatlab.ui.models.raw_lines import RawColumn, RawLineModel
from chatlab.ui.models.stanza_rows import MAX_PIECES
from chatlab.ui.widgets.raw_console import RawConsole
from chatlab.ui.widgets.raw_pieces import xml_parts
from tests.helpers.chats import NOON, account, message
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SENT = Direction.SENT


def seen(text: str, at: int = 0, of: AccountId = LAB) -> ev.LineSeen:
    wire = WireRange(ConnectionId("c1"), SENT, ByteRange(at, at + len(text)))
    return ev.LineSeen(of, SENT, text, NOON, wire)


STANZA = "<message to='bob@lab.test'><body>a &lt; b</body><x xmlns='y'><z/></x></message>"


def stanza_model(*stanzas: str) -> tuple[RawLineLog, RawLineModel]:
    log = RawLineLog()
    for stanza in stanzas:
        log.take(seen(stanza))
    model = RawLineModel(log)
    model.show_account(LAB, is_xmpp=True)
    return log, model


def texts(model: RawLineModel) -> list[str]:
    return [model.row(row).text for row in range(model.rowCount())]


def test_a_stanza_is_shown_one_element_a_row_and_folds(qtmodeltester: ModelTester) -> None:
    _, model = stanza_model("<presence/>", STANZA, " ")
    qtmodeltester.check(model)
    unfolded = [
        "<presence/>",
        "<message to='bob@lab.test'>",
        "  <body>a &lt; b</body>",
        "  <x xmlns='y'>",
        "    <z/>",
        "  </x>",
        "</message>",
        "(blank: keeps the connection alive)",
    ]
    assert texts(model) == unfolded
    assert model.lines_shown() == 3
    model.set_folded(4, True)
    assert texts(model) == ["<presence/>", STANZA, unfolded[-1]]
    model.set_folded(1, False)
    assert texts(model) == unfolded
    wire = model.line(3).wire
    assert wire is not None
    assert model.row_of(wire) == 1
    qtmodeltester.check(model)


def test_all_stanzas_fold_at_once_and_new_ones_follow() -> None:
    log, model = stanza_model(STANZA)
    model.fold_all(True)
    log.take(seen(STANZA))
    model.pull()
    assert texts(model) == [STANZA, STANZA]
    model.fold_all(False)
    assert model.rowCount() == 12


def test_an_endless_stanza_does_not_fill_the_console() -> None:
    _, model = stanza_model(f"<a>{'<b/>' * 5_000}</a>")
    assert model.rowCount() == MAX_PIECES + 1
    assert texts(model)[-1].startswith("… 4,802 more lines")


def test_the_filter_finds_stanzas_and_hides_what_keeps_alive() -> None:
    ping = "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
    chatter = (" ", "<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", ping)
    _, model = stanza_model(*chatter, STANZA, "<presence/>")
    model.set_filter("", hides_keep_alive=True)
    assert model.lines_shown() == 2
    model.set_filter("BOB@", hides_keep_alive=True)
    assert (model.lines_shown(), model.rowCount()) == (1, 6)


def test_the_pieces_of_a_stanza_are_the_stanza() -> None:
    for text in (
        STANZA,
        "  <a b=\"c>d\" e='f'/>",
        "</message>",
        "<?xml version='1.0'?>",
        "< <",
        "",
    ):
        assert "".join(words for words, *_ in xml_parts(text)) == text
    bold = [words for words, _, is_bold in xml_parts(STANZA) if is_bold]
    assert bold == ["message", "body", "body", "x", "z", "x", "message"]


class XmppDesk:
    """The console at an XMPP account with two stanzas."""

    def __init__(self, qtbot: QtBot) -> None:
        self.stage = Stage(qtbot)
        owner = replace(
            account("alice"), application=Application.XMPP, jid="alice@lab.test", nick="alice"
        )
        self.stage.join("bob@lab.test", owner)
        self.id = owner.id
        self.raw = self.stage.wiring._raw
        self.lines = (seen(STANZA, of=owner.id), seen("<presence/>", 90, owner.id))
        for line in self.lines:
            self.raw._log.take(line)
        self.stage.window.actions_table.trigger(ActionId.RAW_CONSOLE)
        assert self.raw.console is not None
        self.console: RawConsole = self.raw.console
        qtbot.waitUntil(lambda: self.console.lines.model().rowCount() == 7)


def test_the_console_of_an_xmpp_account_speaks_of_stanzas(qtbot: QtBot) -> None:
    desk = XmppDesk(qtbot)
    assert "<presence/>" in desk.console._field.placeholderText()
    assert desk.console._fold.isVisible()
    assert not desk.console._tags.isVisible()
    desk.console._fold.click()
    assert desk.console.lines.model().rowCount() == 2


def test_the_sign_and_the_arrow_keys_fold_a_stanza(qtbot: QtBot) -> None:
    desk = XmppDesk(qtbot)
    lines = desk.console.lines
    lines.selectRow(3)
    qtbot.keyClick(lines, Qt.Key.Key_Left)
    assert lines.model().rowCount() == 2
    assert lines.currentIndex().row() == 0
    qtbot.keyClick(lines, Qt.Key.Key_Right)
    assert lines.model().rowCount() == 7
    at = lines.visualRect(lines.model().index(0, RawColumn.LINE)).topLeft() + QPoint(9, 6)
    qtbot.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert lines.model().rowCount() == 2


def test_any_row_of_a_stanza_chooses_its_message_and_is_copied_once(qtbot: QtBot) -> None:
    desk = XmppDesk(qtbot)
    said = replace(
        message("a < b", "alice", delivery=Delivery.QUEUED),
        account=desk.id,
        target="bob@lab.test",
    )
    desk.stage.book.apply(ev.MessageAdded(said))
    desk.stage.book.apply(
        ev.MessageChanged(desk.id, said.id, Delivery.WRITTEN, wire=desk.lines[0].wire)
    )
    desk.console.lines.selectRow(2)
    assert desk.stage.presenter.selected == said.id
    desk.console.lines.selectAll()
    desk.console.lines.copy_selection()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied == [f"12:03:00.000 → {STANZA}", "12:03:00.000 → <presence/>"]


def test_a_stanza_is_checked_before_it_is_sent(qtbot: QtBot) -> None:
    desk = XmppDesk(qtbot)
    connection = desk.stage.backstage.connections[desk.id]
    qtbot.keyClicks(desk.console._field, "<presence>")
    qtbot.keyClick(desk.console._field, Qt.Key.Key_Return)
    assert connection.executed == []
    assert "no end: <presence> is open" in desk.console._words.text()
    qtbot.keyClicks(desk.console._field, "</presence>")
    qtbot.keyClick(desk.console._field, Qt.Key.Key_Return)
    assert connection.executed == [(Command(Verb.RAW, ("<presence></presence>",)), "")]


def test_a_long_stanza_is_folded_until_it_is_asked_for() -> None:
    long = f"<a>{'<b>some words</b>' * 3_000}</a>"
    _, model = stanza_model(long, "<presence/>")
    assert model.rowCount() == 2
    assert model.row(0).is_folded
    model.set_folded(0, False)
    assert model.rowCount() == MAX_PIECES + 2
    model.set_folded(0, True)
    assert model.rowCount() == 2
