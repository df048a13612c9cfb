"""The hex view: geometry, marks, keyboard, selection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure
from chatlab.ui.widgets.hex_layout import NARROW, WIDE, HexColumn, HexLayout
from chatlab.ui.widgets.hex_view import HexView, Mark

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
DATA = bytes(range(0x30, 0x30 + 60))


@pytest.fixture
def view(qtbot: QtBot) -> HexView:
    made = HexView()
    qtbot.addWidget(made)
    made.resize(made.width_for(WIDE) + 20, 300)
    made.show_bytes(DATA, name="Bytes of frame 1")
    made.show()
    return made


def _point(view: HexView, offset: int) -> QPoint:
    lay = view.dump_layout
    row, column = divmod(offset, lay.per_row)
    return QPoint(round(lay.hex_x(column) + lay.cell), row * lay.line + lay.line // 2 + 4)


@given(st.integers(1, 5000), st.sampled_from([NARROW, WIDE]), st.data())
def test_every_byte_is_found_where_it_stands(size: int, per_row: int, data: st.DataObject) -> None:
    lay = HexLayout(size=size, cell=7.3, line=18, per_row=per_row, pad=8)
    offset = data.draw(st.integers(0, size - 1))
    row, column = divmod(offset, per_row)
    y = row * lay.line + 3
    assert lay.byte_at(lay.hex_x(column) + lay.cell, y) == (offset, HexColumn.HEX)
    assert lay.byte_at(lay.ascii_x(column) + 1, y) == (offset, HexColumn.ASCII)
    assert lay.nearest(lay.hex_x(column) + lay.cell, y) == offset
    assert lay.nearest(lay.ascii_x(column) + 1, y) == offset


def test_sixteen_bytes_a_row_where_they_fit_else_eight() -> None:
    wide = HexLayout.fit(100, 7.0, 18, 8, 2000)
    assert (wide.per_row, wide.rows) == (16, 7)
    assert HexLayout.fit(100, 7.0, 18, 8, wide.width - 1).per_row == 8
    assert HexLayout.fit(0, 7.0, 18, 8, 300).rows == 0


def test_a_click_tells_which_byte(qtbot: QtBot, view: HexView) -> None:
    with qtbot.waitSignal(view.byte_clicked) as caught:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=_point(view, 21))
    assert caught.args == [21]


def test_dragging_tells_the_range(qtbot: QtBot, view: HexView) -> None:
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=_point(view, 5))
    with qtbot.waitSignal(view.range_selected) as caught:
        qtbot.mouseMove(view.viewport(), _point(view, 18))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=_point(view, 18))
    assert caught.args == [ByteRange(5, 19)]
    assert view.chosen == ByteRange(5, 19)


def test_the_keyboard_goes_everywhere_the_mouse_goes(qtbot: QtBot, view: HexView) -> None:
    reached: list[int] = []
    view.byte_clicked.connect(reached.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
    assert reached == [1, 17, 31, 16, 0]
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen == ByteRange(0, 2)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "30 31"


def test_without_bytes_keys_do_nothing(qtbot: QtBot) -> None:
    view = HexView()
    qtbot.addWidget(view)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.chosen == ByteRange(0, 0)


def test_copies_hex_text_and_dump(view: HexView) -> None:
    clipboard = QGuiApplication.clipboard()
    view.show_bytes(b"hi \xff\0")
    view.copy_hex()
    assert clipboard.text() == "68 69 20 ff 00"
    view.copy_text()
    assert clipboard.text() == "hi ��"
    view.copy_dump()
    assert clipboard.text().startswith("0000  68 69 20 ff 00")
    assert clipboard.text().endswith("hi ··")


def test_a_screen_reader_hears_where_the_cursor_is_and_who_reads_it(
    qtbot: QtBot, view: HexView
) -> None:
    view.set_marks((Mark(ByteRange(0, 10), Exposure.READABLE, True),))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.accessibleDescription() == (
        "Byte 1 of 60, hex 31, character 1, Readable by anyone on the path"
    )


def test_marks_are_painted_in_the_colour_of_their_meaning(view: HexView) -> None:
    plain = view.grab().toImage()
    view.set_marks((Mark(ByteRange(0, 10), Exposure.SEALED, True),))
    assert view.grab().toImage() != plain


def test_a_range_far_below_is_brought_into_sight(view: HexView) -> None:
    view.show_bytes(bytes(10_000))
    view.choose(ByteRange(9000, 9010))
    first = view.verticalScrollBar().value() * view.dump_layout.per_row
    assert first <= 9000 < first + view.verticalScrollBar().pageStep() * view.dump_layout.per_row
