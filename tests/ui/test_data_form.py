"""Forms of servers and rooms: every kind of field, answers as they were given."""

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.ui.dialogs.data_form import DataFormView
from chatlab.ui.dialogs.data_form_fields import title_of
from chatlab.ui.pictures import MAX_PICTURE_BYTES, MAX_PICTURE_SIDE, read_picture

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
OPTIONS = (("Anyone", "anyone"), ("Members", "members"))


def field(
    name: str, kind: FieldKind = FieldKind.TEXT_SINGLE, *values: str, **more: object
) -> FormField:
    made = FormField(name=name, kind=kind, values=values, **more)  # type: ignore[arg-type]
    return made


def shown(qtbot: QtBot, *fields: FormField) -> DataFormView:
    view = DataFormView()
    qtbot.addWidget(view)
    view.show_form(DataForm(title="A form", instructions="Fill in.", fields=fields))
    view.show()
    return view


def png(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


@pytest.mark.parametrize(
    "asked",
    [
        field("a", FieldKind.TEXT_SINGLE, "x"),
        field("a", FieldKind.TEXT_SINGLE),
        field("a", FieldKind.TEXT_PRIVATE, "s3cret"),
        field("a", FieldKind.TEXT_MULTI, "one", "", "two"),
        field("a", FieldKind.JID_SINGLE, "a@b"),
        field("a", FieldKind.JID_MULTI, "a@b", "c@d"),
        field("a", FieldKind.BOOLEAN, "1"),
        field("a", FieldKind.BOOLEAN, "0"),
        field("a", FieldKind.LIST_SINGLE, "members", options=OPTIONS),
        field("a", FieldKind.LIST_SINGLE, "not on offer", options=OPTIONS),
        field("a", FieldKind.LIST_MULTI, "members", options=OPTIONS),
        field("a", FieldKind.HIDDEN, "token", "more"),
        field("", FieldKind.FIXED, "Only words"),
    ],
)
def test_an_untouched_field_goes_back_as_it_came(qtbot: QtBot, asked: FormField) -> None:
    assert shown(qtbot, asked).answers().fields == (asked,)


def test_answers_are_what_was_filled_in(qtbot: QtBot) -> None:
    view = shown(
        qtbot,
        field("username"),
        field("public", FieldKind.BOOLEAN, "0"),
        field("who", FieldKind.LIST_SINGLE, "anyone", options=OPTIONS),
        field("admins", FieldKind.JID_MULTI),
    )
    view.row("username").editor.focus_widget.setText("  first.last ")  # type: ignore[union-attr]
    view.row("public").editor.focus_widget.toggle()  # type: ignore[union-attr]
    view.row("who").editor.focus_widget.setCurrentIndex(1)  # type: ignore[union-attr]
    view.row("admins").editor.focus_widget.setPlainText("a@b\n\n c@d ")  # type: ignore[union-attr]
    assert [f.values for f in view.answers().fields] == [
        ("first.last",),
        ("1",),
        ("members",),
        ("a@b", "c@d"),
    ]


def test_a_needed_answer_that_is_missing_is_asked_for(qtbot: QtBot) -> None:
    view = shown(qtbot, field("nick"), field("username", is_required=True))
    assert not view.check()
    row = view.row("username")
    assert row is not None
    assert "needs" in row.hint.text()
    edit = row.editor.focus_widget
    assert isinstance(edit, QLineEdit)
    assert view.focusWidget() is edit
    edit.setText("me")
    assert view.check()


def test_fields_without_a_label_are_called_by_what_they_mean() -> None:
    assert title_of(field("email")) == "E-mail address"
    assert title_of(field("x-odd")) == "x-odd"
    assert title_of(field("email", label="Your mail")) == "Your mail"


def test_a_servers_words_are_never_html(qtbot: QtBot) -> None:
    view = shown(qtbot, field("a", label="<b>bold</b>", description="<img src=x>"))
    formats = {label.textFormat() for label in view.findChildren(QLabel)}
    assert formats == {Qt.TextFormat.PlainText}


def test_a_picture_is_shown_with_its_question(qtbot: QtBot) -> None:
    view = shown(qtbot, field("ocr", label="Type the letters", media=(png(120, 40),)))
    pictures = [label for label in view.findChildren(QLabel) if not label.pixmap().isNull()]
    assert len(pictures) == 1
    assert "Type the letters" in pictures[0].accessibleName()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"\x89PNG\r\n\x1a\n" + bytes(MAX_PICTURE_BYTES),
        png(MAX_PICTURE_SIDE + 1, 1),
        png(50, 50)[:60],
    ],
    ids=["empty", "text", "svg", "too many bytes", "too wide", "cut off"],
)
@pytest.mark.qt_log_ignore("PNG", "libpng")
def test_what_is_no_small_picture_is_not_shown(data: bytes) -> None:
    assert read_picture(data) is None


def test_another_form_replaces_the_first(qtbot: QtBot) -> None:
    view = shown(qtbot, field("a"))
    view.show_form(DataForm(fields=(field("b"),)))
    assert view.row("a") is None
    assert [f.name for f in view.answers().fields] == ["b"]
