"""Comings and goings in a row become one line, and nothing else does."""

import pytest

from chatlab.core import events as ev
from chatlab.core import notes
from chatlab.core.account import Account, AccountId
from chatlab.core.chat import Member
from chatlab.core.chats import Change, Chat, ChatBook, ChatKey, Note, NoteKind
from chatlab.core.condensing import MAX_GAP_NS, MAX_PARTS, condense_all, condensed, summary
from tests.helpers.chats import NOON, message

LAB = AccountId("lab")


def came(nick: str, at: int = NOON) -> ev.MemberJoined:
    return ev.MemberJoined(LAB, "#lab", Member(nick=nick), at)


def went(nick: str, reason: str = "", at: int = NOON) -> ev.MemberLeft:
    return ev.MemberLeft(LAB, ("#lab",), nick, ev.Departure.QUIT, at, reason)


def lab(*happenings: ev.ChatEvent) -> Chat:
    book = ChatBook()
    book.add_account(Account(id=LAB, name="Lab", host="irc.test", port=6697, nick="me"))
    for event in happenings:
        book.apply(event)
    return book.open(LAB, "#lab")


def lines(chat: Chat) -> list[str]:
    return [entry.text for entry in chat.entries]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["ann joined", "bob joined"], "ann and bob joined"),
        (["ann joined", "ann quit (bye)"], "ann looked in"),
        (["ann quit", "ann joined"], "ann came back"),
        (["ann left (bye)", "bob quit"], "ann left (bye) · bob quit"),
        (["ann quit (a.net b.net)", "bob quit (a.net b.net)"], "ann and bob quit (a.net b.net)"),
        (["ann is now bea", "bea is now cleo"], "ann is now cleo"),
        (["ann joined", "ann is now bea"], "bea joined"),
        (["ann is now bea", "bea is now ann"], "bea is now ann"),
        (["Ann joined", "ann is now Bea"], "Bea joined"),
        (["ann quit", "ann joined", "ann quit"], "ann quit"),
        (
            [f"n{number} quit (reason {number})" for number in range(4)],
            "n0, n1, n2 and n3 left",
        ),
        (
            [f"n{number} joined" for number in range(20)],
            "n0, n1, n2, n3, n4, n5, n6, n7 and 12 more joined",
        ),
    ],
)
def test_a_row_of_sentences_is_summed_up(parts: list[str], words: str) -> None:
    assert summary(parts) == words


def test_the_book_keeps_one_line_and_every_sentence() -> None:
    changes: list[Change] = []
    book = ChatBook()
    book.add_account(Account(id=LAB, name="Lab", host="irc.test", port=6697, nick="me"))
    book.apply(came("ann"))
    book.observe(lambda change, what, first, count: changes.append(change))
    book.apply(came("bob", NOON + 1))
    book.apply(went("ann", "bye", NOON + 2))
    (note,) = book.open(LAB, "#lab").entries
    assert isinstance(note, Note)
    assert (note.text, note.time_ns) == ("bob joined · ann looked in", NOON + 2)
    assert note.parts == ("ann joined", "bob joined", "ann quit (bye)")
    assert changes.count(Change.ENTRY_CHANGED) == 2
    assert Change.ENTRIES_ADDED not in changes


def test_a_message_a_long_time_or_ourselves_begin_a_new_line() -> None:
    me = ev.MemberJoined(LAB, "#lab", Member(nick="me"), NOON, is_self=True)
    said = ev.MessageAdded(message("hello"))
    chat = lab(me, came("ann"), said, came("bob"), came("eve", NOON + MAX_GAP_NS + 1))
    assert lines(chat) == ["You joined", "ann joined", "hello", "bob joined", "eve joined"]


def test_other_notes_are_left_alone() -> None:
    online = Note(NOON, NoteKind.PRESENCE, "ann is online")
    topic = Note(NOON, NoteKind.TOPIC, "ann joined")
    joined = Note(NOON, NoteKind.PRESENCE, "ann joined")
    for before, new in ((online, joined), (joined, online), (topic, joined), (joined, topic)):
        assert condensed(before, new) is None


def test_a_line_does_not_grow_for_ever() -> None:
    chat = lab(*(came(f"n{number}") for number in range(MAX_PARTS + 5)))
    assert len(chat.entries) == 2


def test_what_comes_from_disk_looks_as_it_did() -> None:
    sentences = ["ann joined", "bob joined"]
    notes = [Note(NOON + i, NoteKind.PRESENCE, text) for i, text in enumerate(sentences)]
    (whole,) = condense_all(notes)
    assert isinstance(whole, Note)
    assert (whole.text, whole.parts) == ("ann and bob joined", tuple(sentences))


def test_who_wants_every_line_gets_every_line() -> None:
    book = ChatBook()
    book.is_condensing = False
    book.add_account(Account(id=LAB, name="Lab", host="irc.test", port=6697, nick="me"))
    for event in (came("ann"), came("bob"), went("ann")):
        book.apply(event)
    chat = book.chats[ChatKey(LAB, "#lab")]
    book.prepend(chat.key, [Note(1, NoteKind.PRESENCE, text) for text in ("x joined", "y joined")])
    assert lines(chat) == ["x joined", "y joined", "ann joined", "bob joined", "ann quit"]


def test_a_reason_does_not_say_again_that_it_is_one_for_quitting() -> None:
    assert notes.left(went("ann", "Quit: bye")) == "ann quit (bye)"
    assert notes.left(went("bob", "Quit:")) == "bob quit"
    assert notes.left(went("eve", "Ping timeout: 60 s")) == "eve quit (Ping timeout: 60 s)"
    part = ev.MemberLeft(LAB, ("#lab",), "ann", ev.Departure.PART, NOON, "Quit: bye")
    assert notes.left(part) == "ann left (Quit: bye)"
