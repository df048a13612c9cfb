"""Formatting codes: written by key, seen while one types, and counted as the bytes they are."""

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QTextCursor
from pytestqt.qtbot import QtBot

from chatlab.protocol.irc_format import PLAIN, parse_pieces, strip_formatting
from chatlab.ui import formatting
from chatlab.ui.actions import ActionId
from chatlab.ui.completion import is_hidden_command, lines_to_send
from chatlab.ui.formatting import Code
from chatlab.ui.widgets.colour_chooser import ColourChooser
from chatlab.ui.widgets.composer import Composer
from tests.helpers.stage import Stage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
EVERYTHING = (
    "\x02b\x02 \x1di\x1d \x1fu\x1f \x1es\x1e \x11m\x11 \x16r\x16 \x0304,01c\x03 \x04ff0000h\x0f"
)


@pytest.fixture
def composer(qtbot: QtBot) -> Composer:
    made = Composer(lambda line, _answered: (len(line.encode()) + 2,), list, list)
    made.set_formatting(True)
    qtbot.addWidget(made)
    made.resize(500, 120)
    made.show()
    return made


def test_the_pieces_of_a_text_are_the_text_and_its_words_the_stripped_one() -> None:
    pieces = parse_pieces(EVERYTHING)
    assert "".join(piece.text for piece in pieces) == EVERYTHING
    words = "".join(piece.text for piece in pieces if not piece.is_code)
    assert words == strip_formatting(EVERYTHING)
    assert {piece.style for piece in pieces if piece.text == " "} == {PLAIN}


def test_no_code_ends_a_line() -> None:
    """To ``str.splitlines`` the codes for italic and struck-out words are line ends."""
    assert lines_to_send(EVERYTHING) == [EVERYTHING]
    assert lines_to_send("one\r\ntwo\nthree") == ["one", "two", "three"]
    assert not is_hidden_command("\x1d/join #lab")
    assert is_hidden_command(" /join #lab")


@pytest.mark.parametrize(
    ("following", "written"),
    [("red", "\x0304"), (",5", "\x0304,99"), (", and", "\x0304"), ("5", "\x0304"), ("", "\x0304")],
)
def test_figures_behind_a_colour_do_not_become_part_of_it(following: str, written: str) -> None:
    code = formatting.colour_code(4, None, following)
    assert code == written
    assert strip_formatting(code + following) == following


def test_the_end_of_a_colour_takes_no_figure_with_it() -> None:
    text = formatting.coloured("red", 4, None, "7 dwarfs") + "7 dwarfs"
    assert strip_formatting(text) == "red7 dwarfs"
    assert parse_pieces(text)[-1].style == PLAIN


def test_every_line_of_a_choice_is_formatted_by_itself() -> None:
    assert formatting.toggled("one\n\ntwo", Code.BOLD) == "\x02one\x02\n\n\x02two\x02"
    assert formatting.toggled("\x02one\x02\n\x1dtwo", Code.RESET) == "one\ntwo"
    assert formatting.style_at_end("\x02bold\nplain") == PLAIN


@pytest.mark.parametrize(
    ("code", "label"),
    [("\x02", "B"), ("\x0304", "4"), ("\x0304,01", "4,1"), ("\x03", "C"), ("\x0300", "0"), ("\x0f", "O")],
)  # fmt: skip
def test_every_mark_has_a_label(code: str, label: str) -> None:
    assert formatting.label_of(code) == label


def test_words_between_two_presses_are_bold_and_the_codes_are_sent(
    composer: Composer, qtbot: QtBot
) -> None:
    composer.toggle_format(Code.BOLD)
    qtbot.keyClicks(composer.editor, "hi")
    composer.toggle_format(Code.BOLD)
    assert composer.text() == "\x02hi\x02"
    with qtbot.waitSignal(composer.submitted) as caught:
        composer.submit()
    assert caught.args == ["\x02hi\x02"]


def test_two_presses_without_a_word_between_leave_nothing(composer: Composer) -> None:
    composer.toggle_format(Code.ITALIC)
    composer.toggle_format(Code.ITALIC)
    assert composer.text() == ""


def test_chosen_words_are_put_between_codes_and_stay_chosen(composer: Composer) -> None:
    composer.set_text("so 🎉 good")
    cursor = composer.editor.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.StartOfWord, QTextCursor.MoveMode.KeepAnchor)
    composer.editor.setTextCursor(cursor)
    composer.toggle_format(Code.UNDERLINE)
    assert composer.text() == "so 🎉 \x1fgood\x1f"
    assert composer.editor.textCursor().selectedText() == "\x1fgood\x1f"


def test_codes_are_counted_as_the_bytes_they_are(composer: Composer) -> None:
    composer.set_text("\x02hi\x02")
    assert composer._size.text().startswith("6 B")


def test_a_code_is_deleted_whole(composer: Composer, qtbot: QtBot) -> None:
    composer.set_text("a\x0304,01")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Backspace)
    assert composer.text() == "a"
    qtbot.keyClick(composer.editor, Qt.Key.Key_Backspace)
    assert composer.text() == ""


def test_control_o_ends_formatting_and_is_the_windows_key_otherwise(
    composer: Composer, qtbot: QtBot
) -> None:
    def is_taken() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_O, CONTROL)
        event.ignore()
        QGuiApplication.sendEvent(composer.editor, event)
        return event.isAccepted()

    composer.set_text("plain")
    assert not is_taken()
    composer.set_text("\x02bold")
    assert is_taken()
    qtbot.keyClick(composer.editor, Qt.Key.Key_O, CONTROL)
    assert composer.text() == "\x02bold\x0f"
    composer.set_formatting(False)
    composer.set_text("\x02bold")
    assert not is_taken()


def test_where_there_are_no_codes_none_are_written_or_pasted(composer: Composer) -> None:
    composer.set_formatting(False)
    composer.toggle_format(Code.BOLD)
    composer.choose_colour()
    assert composer.text() == ""
    pasted = QMimeData()
    pasted.setText("\x02bold\x02\x07")
    composer.editor.insertFromMimeData(pasted)
    assert composer.text() == "bold"


def test_pasted_codes_stay_other_control_characters_do_not(composer: Composer) -> None:
    pasted = QMimeData()
    pasted.setText("\x1b[1m\x1dslanted\x1d\x07\x00")
    composer.editor.insertFromMimeData(pasted)
    assert composer.text() == "[1m\x1dslanted\x1d"


def test_the_words_look_as_they_will(composer: Composer) -> None:
    composer.set_text("\x02bold\x02 plain")
    QGuiApplication.processEvents()
    formats = composer.editor.document().firstBlock().layout().formats()
    weights = {one.start: one.format.fontWeight() for one in formats if one.length == 4}
    assert weights[1] > 600
    marked = composer.editor.viewport().grab().toImage()
    composer.set_text("bold plain")
    assert composer.editor.viewport().grab().toImage() != marked


def test_the_field_grows_with_the_room_that_marks_take(composer: Composer, qtbot: QtBot) -> None:
    composer.set_text("\x02x\x02" * 30)
    qtbot.waitUntil(lambda: composer.editor.height() > 1.8 * composer.editor.fontMetrics().height())


def test_a_colour_is_chosen_by_number_and_by_arrows(composer: Composer, qtbot: QtBot) -> None:
    composer.choose_colour()
    chooser = composer.findChild(ColourChooser)
    assert chooser is not None
    qtbot.keyClicks(chooser, "12")
    assert (chooser.current, chooser.accessibleName()) == (12, "Colour 12: blue")
    qtbot.keyClick(chooser, Qt.Key.Key_Left)
    qtbot.keyClick(chooser, Qt.Key.Key_Up)
    assert chooser.current == 3
    qtbot.keyClick(chooser, Qt.Key.Key_Return)
    assert composer.text() == "\x0303"


def test_shift_chooses_the_ground_with_words_that_can_be_read_on_it(
    composer: Composer, qtbot: QtBot
) -> None:
    composer.choose_colour()
    chooser = composer.findChild(ColourChooser)
    assert chooser is not None
    at = chooser.rect_of(8).center()
    qtbot.mouseClick(
        chooser, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(at)
    )
    assert composer.text() == "\x0301,08"


def test_the_keys_of_the_table_write_into_the_composer(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    for action in (ActionId.BOLD, ActionId.STRIKE, ActionId.MONOSPACE):
        assert stage.window.actions_table.trigger(action)
    assert stage.window.chats.active.composer.text() == "\x02\x1e\x11"
