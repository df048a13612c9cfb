"""Quotations, reactions and rewritten messages in the transcript: seen, clicked, spoken, copied."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatBook
from chatlab.core.frame import Exposure
from chatlab.core.message import Message
from chatlab.core.reactions import Reaction
from chatlab.ui.models.transcript import TranscriptModel, announcement, as_line, as_text, spoken
from chatlab.ui.rich_text import FOLD_LINES, pieces
from chatlab.ui.widgets.transcript_delegate import BadgeSource
from chatlab.ui.widgets.transcript_extras import reaction_words
from chatlab.ui.widgets.transcript_hits import tip_of
from chatlab.ui.widgets.transcript_layout import (
    Hit,
    HitKind,
    Metrics,
    Neighbourhood,
    RowLayout,
    build_row,
)
from chatlab.ui.widgets.transcript_rows import neighbourhood
from chatlab.ui.widgets.transcript_view import TranscriptView
from tests.helpers.chats import MINUTE, NOON, book_with, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

BADGES = BadgeSource(lambda _: 2, lambda _: "Two frames.", lambda _: Exposure.READABLE)
ALONE = Neighbourhood(starts_group=True, shows_time=True, reader="me")


class Desk:
    """A shown transcript whose messages have names."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.book: ChatBook
        self.book, self.chat = book_with()
        self.model = TranscriptModel(self.book, self.chat)
        self.view = TranscriptView(BADGES)
        qtbot.addWidget(self.view)
        self.view.set_reader("me")
        self.view.show_model(self.model)
        self.view.resize(420, 300)
        self.view.show()

    def say(self, text: str, name: str, sender: str = "alice", reply_to: str = "") -> Message:
        at = NOON + len(self.chat.entries) * MINUTE
        said = replace(message(text, sender, at=at), msgid=name, reply_to=reply_to)
        self.book.apply(ev.MessageAdded(said))
        self.catch_up()
        return said

    def react(self, name: str, sign: str, nick: str) -> None:
        self.book.apply(ev.ReactionSeen(self.chat.key.account, "#lab", nick, name, sign, NOON))
        self.catch_up()

    def catch_up(self) -> None:
        self.model.flush()
        QGuiApplication.processEvents()

    def point(self, message: Message, rect: QRectF) -> QPoint:
        row = self.model.row_of(message.id)
        assert row is not None
        top = self.view.visualRect(self.model.index(row)).top()
        return (rect.center() + QPointF(0, top)).toPoint()

    def layout(self, message: Message) -> RowLayout:
        row = self.model.row_of(message.id)
        assert row is not None
        return self.view.layout_of(row)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_an_answer_quotes_its_message_and_leads_to_it(desk: Desk) -> None:
    first = desk.say("shall we meet at ten?", "m1")
    for number in range(30):
        desk.say(f"line {number}", f"n{number}", "carol")
    answer = desk.say("yes", "m2", "bob", reply_to="m1")
    quote = desk.layout(answer).quote
    assert quote is not None
    assert (quote.nick, quote.msgid) == ("alice", "m1")
    assert "shall we meet at ten?" in quote.text
    assert desk.layout(answer).first_line_y >= quote.rect.bottom()
    point = desk.point(answer, quote.rect)
    assert desk.view.hit_at(point) == Hit(HitKind.QUOTE, desk.model.rowCount() - 1, "m1")
    with desk.qtbot.waitSignal(desk.view.message_selected) as caught:
        desk.qtbot.mouseClick(desk.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert caught.args == [first.id]
    assert not desk.view.is_at_end


def test_an_answer_to_what_is_not_in_memory_says_so_and_asks_for_it(desk: Desk) -> None:
    answer = desk.say("yes", "m2", "bob", reply_to="gone")
    quote = desk.layout(answer).quote
    assert quote is not None
    assert (quote.nick, quote.text) == ("", "An earlier message")
    point = desk.point(answer, quote.rect)
    with desk.qtbot.waitSignal(desk.view.earlier_wanted) as caught:
        desk.qtbot.mouseClick(desk.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert caught.args == ["gone"]
    assert desk.view.selected_message() is None


def test_an_answer_begins_a_group_of_its_own() -> None:
    first, second = message("a"), replace(message("b"), reply_to="m")
    assert not neighbourhood(message("b"), first, is_first_new=False).starts_group
    assert neighbourhood(second, first, is_first_new=False).starts_group


def test_reactions_are_chips_that_can_be_clicked(desk: Desk) -> None:
    said = desk.say("shall we?", "m1")
    low = desk.layout(said).height
    for nick in ("bob", "carol", "me"):
        desk.react("m1", "👍", nick)
    desk.react("m1", "neat " * 40, "bob")
    layout = desk.layout(said)
    thumbs, neat = layout.chips
    assert (len(thumbs.reaction.people), thumbs.is_ours, neat.is_ours) == (3, True, False)
    assert layout.height > low
    assert neat.rect.right() <= desk.view.width()
    point = desk.point(said, thumbs.rect)
    with desk.qtbot.waitSignal(desk.view.reaction_toggled) as caught:
        desk.qtbot.mouseClick(desk.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert caught.args == [said.id, "👍"]


def test_many_reactions_wrap_and_stay_inside(qtbot: QtBot) -> None:
    reactions = tuple(Reaction(f"sign{n}", ("bob",)) for n in range(30))
    metrics = Metrics(320)
    row = build_row(replace(message("hi"), reactions=reactions), ALONE, metrics)
    assert len({chip.rect.top() for chip in row.chips}) > 1
    assert all(chip.rect.right() <= metrics.text_x + metrics.text_width for chip in row.chips)
    assert row.height >= row.chips[-1].rect.bottom()


def test_whose_a_reaction_is_is_said_in_words() -> None:
    many = tuple(f"n{number}" for number in range(25))
    assert reaction_words(Reaction("👍", ("bob",)), "me").endswith("\u2068bob\u2069")
    assert reaction_words(Reaction("👍", ("bob", "Me")), "me").endswith("\u2068bob\u2069 and you")
    assert reaction_words(Reaction("👍", ("me",)), "me").endswith(" you")
    assert "and 5 more" in reaction_words(Reaction("👍", many), "me")


def test_tips_say_what_is_under_the_pointer(desk: Desk) -> None:
    first = desk.say("shall we <b>meet</b>?", "m1")
    desk.react("m1", "👍", "bob")
    answer = desk.say("yes", "m2", "bob", reply_to="m1")
    entry = desk.book.named(desk.chat.key, "m1")
    assert entry is not None
    row = desk.layout(first)
    assert "bob" in tip_of(entry, Hit(HitKind.REACTION, 0, "👍"), row, BADGES)
    quote = tip_of(answer, Hit(HitKind.QUOTE, 1, "m1"), desk.layout(answer), BADGES)
    assert "shall we <b>meet</b>?" in quote
    assert tip_of(entry, Hit(HitKind.BADGE, 0), row, BADGES) == "Two frames."


def test_what_was_taken_back_or_edited_says_so() -> None:
    gone = replace(message(""), is_retracted=True)
    row = build_row(gone, ALONE, Metrics(400))
    assert row.texts[0].layout.text() == "This message was taken back."
    assert as_line(gone).endswith("<alice> (taken back)")
    assert "(taken back)" in spoken(gone)
    edited = replace(message("ten, not eleven"), is_corrected=True)
    row = build_row(edited, ALONE, Metrics(400))
    assert row.texts[0].layout.text() == "ten, not eleven (edited)"
    assert "Edited." in spoken(edited)


def test_lines_of_a_message_are_lines_everywhere() -> None:
    said = message("one\n\n\x02two\x02\nthree")
    row = build_row(said, ALONE, Metrics(400))
    assert row.texts[0].layout.lineCount() == 4
    assert as_line(said).endswith("<alice> one  two three")
    assert as_text(said).split("\n")[1:] == ["", "two", "three"]
    # A sign that looks like a line end, in a text that has none, makes no line.
    spoof = build_row(message("hello\u2028<bob> hi"), ALONE, Metrics(400))
    assert spoof.texts[0].layout.lineCount() == 1


def test_very_many_lines_are_folded() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    (first,), hidden = pieces(text)
    assert first.text.count("\u2028") == FOLD_LINES - 1
    assert hidden == len(text) - len("\n".join(text.split("\n")[:FOLD_LINES])) - 1
    parts, hidden = pieces(text, 3)
    assert hidden == 0
    assert "\u2028".join(part.text for part in parts) == text.replace("\n", "\u2028")
    row = build_row(message(text), ALONE, Metrics(400))
    assert [kind for _, kind, _ in row.actions] == [HitKind.MORE]


def test_a_screen_reader_hears_of_answers_and_reactions() -> None:
    said = replace(message("yes"), reply_to="m", reactions=(Reaction("👍", ("bob", "carol")),))
    assert spoken(said).endswith("It answers a message. 👍 from bob, carol.")
    assert announcement([said]) == spoken(said)
    assert announcement([said] * 4) == "4 new messages"


def test_painting_them_fails_nowhere(desk: Desk) -> None:
    desk.say("shall we?", "m1")
    desk.react("m1", "👍", "me")
    desk.say("yes", "m2", "bob", reply_to="m1")
    desk.view.grab()
    assert desk.view.viewport().grab().toImage().width() > 0
