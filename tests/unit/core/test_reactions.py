"""Reactions: counted once each, taken back by name, kept until their message comes."""

from dataclasses import replace

from chatlab.core import events as ev
from chatlab.core.chats import Change, Chat, ChatBook
from chatlab.core.message import Message, MessageId
from chatlab.core.message_index import MAX_WAITING
from chatlab.core.reactions import MAX_KINDS, MAX_PEOPLE, Reaction, reacted
from tests.helpers.chats import NOON, book_with, message


def reaction(
    sign: str, nick: str, *, msgid: str = "m", is_removed: bool = False
) -> ev.ReactionSeen:
    return ev.ReactionSeen(message().account, "#LAB", nick, msgid, sign, NOON, is_removed)


def shown(chat: Chat) -> tuple[Reaction, ...]:
    entry = chat.entries[-1]
    assert isinstance(entry, Message)
    return entry.reactions


def named(book: ChatBook, msgid: str = "m", text: str = "hello") -> Message:
    said = replace(message(text), msgid=msgid)
    book.apply(ev.MessageAdded(said))
    return said


def test_each_person_counts_once_for_each_sign_in_the_order_of_arrival() -> None:
    reactions = reacted((), "👍", "bob")
    for sign, nick in (("🎉", "carol"), ("👍", "Alice"), ("👍", "BOB")):
        reactions = reacted(reactions, sign, nick)
    assert reactions == (Reaction("👍", ("bob", "Alice")), Reaction("🎉", ("carol",)))
    assert reactions[0].is_from("ALICE")


def test_what_is_taken_back_is_gone_with_its_last_person() -> None:
    reactions = reacted(reacted((), "👍", "bob"), "👍", "alice")
    assert reacted(reactions, "👍", "Bob", is_removed=True) == (Reaction("👍", ("alice",)),)
    assert reacted(reactions[:1], "🎉", "bob", is_removed=True) == reactions[:1]
    only = reacted((), "👍", "bob")
    assert reacted(only, "👍", "bob", is_removed=True) == ()


def test_no_flood_of_signs_or_people_fills_the_memory() -> None:
    reactions: tuple[Reaction, ...] = ()
    for number in range(MAX_KINDS + 5):
        reactions = reacted(reactions, f"sign {number}", "bob")
    for number in range(MAX_PEOPLE + 5):
        reactions = reacted(reactions, "sign 0", f"bob{number}")
    assert (len(reactions), len(reactions[0].people)) == (MAX_KINDS, MAX_PEOPLE)


def test_a_reaction_is_folded_into_its_message_and_told_as_its_change() -> None:
    book, chat = book_with()
    said = named(book)
    told: list[Change] = []
    book.observe(lambda change, *_: told.append(change))
    book.apply(reaction("👍", "bob"))
    book.apply(reaction("👍", "bob"))
    assert shown(chat) == (Reaction("👍", ("bob",)),)
    assert told == [Change.ENTRY_CHANGED]
    book.apply(ev.MessageRewritten(said.account, "#lab", said.id, "", NOON, is_retracted=True))
    assert shown(chat) == ()


def test_a_reaction_waits_for_its_message() -> None:
    book, chat = book_with()
    book.apply(reaction("👍", "bob"))
    book.apply(reaction("👍", "carol"))
    book.apply(reaction("👍", "carol", is_removed=True))
    named(book)
    assert shown(chat) == (Reaction("👍", ("bob",)),)


def test_a_flood_of_reactions_to_nothing_is_bounded() -> None:
    book, chat = book_with()
    book.apply(reaction("👍", "bob"))
    for number in range(MAX_WAITING):
        book.apply(reaction("👍", "bob", msgid=f"nothing {number}"))
    named(book)
    assert shown(chat) == ()  # The oldest of those waited for was given up.
    for number in range(MAX_WAITING + 50):
        book.apply(reaction(str(number % 7), f"bob{number}", msgid="n"))
    named(book, "n")
    assert sum(len(one.people) for one in shown(chat)) == MAX_WAITING


def test_a_message_is_found_taken_back_and_forgotten_by_the_servers_name_for_it() -> None:
    book, chat = book_with()
    said = named(book)
    found = book.named(chat.key, "m")
    assert found is not None
    assert (found.id, book.named(chat.key, ""), book.named(chat.key, "n")) == (said.id, None, None)
    book.apply(
        ev.MessageRewritten(
            said.account, "#LAB", MessageId(""), "", NOON, is_retracted=True, msgid="m"
        )
    )
    entry = chat.entries[-1]
    assert isinstance(entry, Message)
    assert (entry.text, entry.is_retracted) == ("", True)
    book.clear(chat.key)
    assert book.named(chat.key, "m") is None


def test_a_replay_with_a_known_name_is_not_shown_twice_whatever_its_time() -> None:
    book, chat = book_with()
    named(book)
    again = replace(message("hello, edited on the way", at=NOON - 5), msgid="m", is_history=True)
    book.apply(ev.MessageAdded(again))
    assert len([entry for entry in chat.entries if isinstance(entry, Message)]) == 1
    book.close(chat.key)
    book.apply(ev.MessageAdded(again))
    assert len(book.chats[chat.key].entries) == 1


def test_what_another_client_has_read_is_not_unread_here() -> None:
    book, chat = book_with()
    for number in range(4):
        said = message(f"line {number}", at=NOON + number, is_highlight=number == 3)
        book.apply(ev.MessageAdded(said))
    assert (chat.unread, chat.highlights) == (4, 1)
    book.apply(ev.ReadMarkerMoved(message().account, "#Lab", NOON + 1))
    assert (chat.unread, chat.highlights, chat.read_ns) == (2, 1, NOON + 1)
    book.apply(ev.ReadMarkerMoved(message().account, "#lab", NOON))
    assert (chat.unread, chat.read_ns) == (2, NOON + 1)
    book.apply(ev.ReadMarkerMoved(message().account, "#lab", NOON + 3))
    assert (chat.unread, chat.highlights) == (0, 0)
