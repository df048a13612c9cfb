"""The composer sends what was meant, and asks where that is doubtful."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, Qt
from pytestqt.qtbot import QtBot

from chatlab.ui.widgets.composer import Composer
from chatlab.ui.widgets.composer_editor import MAX_PASTED
from tests.helpers.chats import message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

KEY = Qt.Key


class Desk:
    """A shown composer and what it sent."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.sent: list[str] = []
        self.composer = Composer(
            lambda line, _answered: (len(line),) if len(line) < 100 else (100, len(line) - 100),
            lambda: ["carol", "alice", "albert"],
            lambda: ["#lab", "#lobby"],
        )
        qtbot.addWidget(self.composer)
        self.composer.submitted.connect(self.sent.append)
        self.composer.resize(400, 200)
        self.composer.show()
        self.editor = self.composer.editor

    def type(self, text: str) -> None:
        self.qtbot.keyClicks(self.editor, text)

    def press(
        self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        self.qtbot.keyClick(self.editor, key, modifier)

    def paste(self, text: str) -> None:
        data = QMimeData()
        data.setText(text)
        self.editor.insertFromMimeData(data)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_return_sends_and_empties(desk: Desk) -> None:
    desk.type("hello")
    desk.press(KEY.Key_Return)
    assert desk.sent == ["hello"]
    assert desk.composer.text() == ""


def test_shift_return_makes_a_line_and_the_field_grows_to_six(desk: Desk) -> None:
    low = desk.editor.height()
    for number in range(8):
        desk.type(str(number))
        desk.press(KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert desk.sent == []
    pitch = desk.editor.fontMetrics().lineSpacing()
    assert desk.editor.height() == pytest.approx(low + 5 * pitch, abs=3)


def test_up_and_down_walk_through_what_was_sent_and_back_to_the_draft(desk: Desk) -> None:
    for text in ("one", "two"):
        desk.type(text)
        desk.press(KEY.Key_Return)
    desk.type("draft")
    seen = []
    for key in (KEY.Key_Up, KEY.Key_Up, KEY.Key_Up, KEY.Key_Down, KEY.Key_Down):
        desk.press(key)
        seen.append(desk.composer.text())
    assert seen == ["two", "one", "one", "two", "draft"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("al", ["alice: ", "albert: ", "alice: "]),
        ("hi c", ["hi carol "]),
        ("see #l", ["see #lab ", "see #lobby "]),
        ("/jo", ["/join "]),
        ("🎉 ca", ["🎉 carol "]),
        ("@al", ["@alice: "]),
    ],
)
def test_tab_completes_nicks_channels_and_commands(
    desk: Desk, typed: str, completed: list[str]
) -> None:
    desk.composer.insert(typed)
    for text in completed:
        desk.press(KEY.Key_Tab)
        assert desk.composer.text() == text


def test_typing_the_first_letter_of_a_command_names_what_fits(desk: Desk) -> None:
    desk.type("/jo")
    assert "/join <#channel> [key]" in desk.composer._hint.text()
    desk.type("xx")
    assert "no command" in desk.composer._hint.text()


def test_the_size_and_the_split_are_foretold(desk: Desk) -> None:
    desk.composer.set_text("x" * 50)
    assert desk.composer._size.text() == "50 B · 1 message"
    desk.composer.set_text("x" * 150)
    assert desk.composer._size.text() == "150 B · 2 messages"
    assert desk.composer._hint.text() == "Too long for one line"


def test_a_long_paste_is_sent_only_after_a_yes(desk: Desk) -> None:
    desk.paste("a\nb\n\nc\n/etc/passwd\ne")
    assert desk.composer._bar.is_question
    assert "5 messages" in desk.composer._bar._words.text()
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    desk.composer._on_chosen("send")
    assert desk.sent == ["a", "b", "c", "//etc/passwd", "e"]
    assert not desk.composer._bar.is_question


def test_three_pasted_lines_need_no_question(desk: Desk) -> None:
    desk.paste("a\nb\nc")
    desk.press(KEY.Key_Return)
    assert desk.sent == ["a", "b", "c"]


def test_a_blank_before_a_command_is_questioned(desk: Desk) -> None:
    desk.type(" /msg NickServ IDENTIFY secret")
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    desk.composer._on_chosen("command")
    assert desk.sent == ["/msg NickServ IDENTIFY secret"]


def test_a_question_goes_when_its_reason_goes(desk: Desk) -> None:
    desk.type(" /msg a b")
    desk.press(KEY.Key_Return)
    desk.composer.set_text("plain")
    assert not desk.composer._bar.is_question


def test_a_huge_paste_is_cut_and_says_so(desk: Desk) -> None:
    desk.paste("x" * (MAX_PASTED + 1))
    assert len(desk.composer.text()) == MAX_PASTED
    assert "too long" in desk.composer._bar._words.text()


def test_a_notice_comes_back_after_a_question(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.set_situation("Message #lab", "Not connected.", "Connect")
    assert desk.composer._bar.is_about_notice
    desk.paste("a\nb\nc\nd")
    assert desk.composer._bar.is_question
    desk.composer._on_chosen("edit")
    assert desk.composer._bar.is_about_notice
    with qtbot.waitSignal(desk.composer.notice_action):
        desk.composer._bar._buttons[0].click()
    desk.composer.set_situation("Message #lab")
    assert desk.composer._bar.isHidden()


def test_nothing_is_sent_where_nothing_can_be_written(desk: Desk) -> None:
    desk.composer.set_text("hello")
    desk.composer.set_situation("This account was removed.", is_enabled=False)
    desk.composer.submit()
    assert desk.sent == []
    assert desk.composer.text() == "hello"


def test_several_lines_leave_as_one_where_they_are_one_message(desk: Desk) -> None:
    desk.composer.set_multiline(True)
    desk.paste("\none\n\ntwo\nthree\nfour\n")
    assert not desk.composer._bar.is_question
    desk.press(KEY.Key_Return)
    assert desk.sent == ["one\n\ntwo\nthree\nfour"]
    desk.composer.set_text("//path\nsecond")
    desk.press(KEY.Key_Return)
    desk.composer.set_text("/me waves\nsecond")
    desk.press(KEY.Key_Return)
    assert desk.sent[1:] == ["/path\nsecond", "/me waves", "second"]


def test_the_forecast_counts_the_answer_in_the_first_line_alone(qtbot: QtBot) -> None:
    asked: list[tuple[str, str]] = []

    def predict(line: str, answered: str) -> tuple[int, ...]:
        asked.append((line, answered))
        return (len(line) + len(answered),)

    composer = Composer(predict, list, list)
    qtbot.addWidget(composer)
    composer.begin_answer(replace(message(), msgid="1234567890"))
    composer.set_text("a\nb")
    assert asked[-2:] == [("a", "1234567890"), ("b", "")]
    assert composer._size.text().startswith("12 B")
    assert composer.take_answered("/whois alice") == ""
    assert composer.take_answered("/me nods") == "1234567890"
    assert composer.answered is None


def test_writing_is_told_for_messages_and_not_for_drafts_or_commands(desk: Desk) -> None:
    told: list[bool] = []
    desk.composer.writing_changed.connect(told.append)
    desk.composer.set_text("a draft that comes back")
    assert told == []
    desk.type("!")
    desk.press(KEY.Key_Return)
    assert told == [True]
    desk.type("/me")
    assert told[1:] == [False, False, False]


def test_a_password_cannot_be_called_back(desk: Desk) -> None:
    for text in ("/msg NickServ IDENTIFY sesame", "/identify sesame", "/oper me sesame", "hello"):
        desk.type(text)
        desk.press(KEY.Key_Return)
    assert desk.editor.history() == ["hello"]
    desk.editor.chat = "NickServ"
    desk.type("IDENTIFY sesame")
    desk.press(KEY.Key_Return)
    assert desk.editor.history() == ["hello"]
    assert len(desk.sent) == 5
