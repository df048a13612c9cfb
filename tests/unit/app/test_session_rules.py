"""The reader's rules in a session: ignored speech is not shown, its frames stay; rules are kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.app.exporting import export_chat, export_lines
from chatlab.app.rule_keeper import RuleKeeper
from chatlab.app.session import Session
from chatlab.core import events as ev
from chatlab.core.chats import ChatBook, ChatKey, Note, NoteKind
from chatlab.core.errors import FileError
from chatlab.core.highlighting import HighlightRule
from chatlab.core.ignoring import EVERYWHERE, IgnoreRule
from chatlab.core.message import Message, MessageKind
from chatlab.core.rules import RuleBook, Rules
from chatlab.store.rules import RulesStore
from tests.helpers.chats import NOON
from tests.helpers.chats import message as said
from tests.helpers.irc_play import MemorySecrets
from tests.unit.app.feeding import LAB, live_feed, messages, talk

BOB = IgnoreRule(mask="bob!*@*")


def session(tmp_path: Path, rules: RuleBook) -> Session:
    feed, book = live_feed(talk().write(tmp_path / "live.pcapng"))
    made = Session(book, feed, MemorySecrets(), rules=rules)
    feed.pull()
    return made


def _from_bob() -> Message:
    return replace(messages()[1], sender="bob", user_host="b@h")


def test_what_is_ignored_is_not_shown_and_its_frame_still_says_whose_it_is(tmp_path: Path) -> None:
    rules = RuleBook(Rules(ignores=(BOB,)))
    live, seen = session(tmp_path, rules), list[ev.ChatEvent]()
    live.observe(seen.append)
    heard = _from_bob()
    live.handle(ev.MessageAdded(heard))
    assert seen == []
    assert not any(chat.entries for chat in live.book.chats.values())
    assert live.feed.attribution(heard.id).frames
    rules.unignore("bob", EVERYWHERE)
    live.handle(ev.MessageAdded(heard))
    assert len(seen) == 1


def test_ignored_people_get_no_automatic_answer(tmp_path: Path) -> None:
    live = session(tmp_path, RuleBook(Rules(ignores=(BOB,))))
    assert not live._may_answer(LAB.id, "bob!b@h")
    assert live._may_answer(LAB.id, "eve!e@h")


def test_a_highlight_is_marked_before_the_book_counts_it(tmp_path: Path) -> None:
    rules = RuleBook(Rules(highlights=(HighlightRule(text="ho"),)))
    live = session(tmp_path, rules)
    live.handle(ev.MessageAdded(_from_bob()))
    (chat,) = [chat for chat in live.book.chats.values() if chat.entries]
    assert chat.highlights == 1


def test_rules_are_kept_and_a_labs_rules_are_not(tmp_path: Path) -> None:
    book, rules, store = ChatBook(), RuleBook(), RulesStore(tmp_path / "rules.toml")
    failures: list[FileError] = []
    RuleKeeper(rules, book, store, failures.append)
    book.add_account(LAB)
    key = ChatKey(LAB.id, "#lab")
    rules.mute(key, True)
    assert book.open(LAB.id, "#lab").is_muted
    assert store.load().value.muted == {key}
    (tmp_path / "rules.toml").unlink()
    (tmp_path / "rules.toml").mkdir()
    rules.ignore(BOB, NOON)
    assert len(failures) == 1


def test_a_muted_chat_shows_and_does_not_count(tmp_path: Path) -> None:
    book = ChatBook()
    book.add_account(LAB)
    book.set_muted(frozenset({ChatKey(LAB.id, "#lab")}))
    book.apply(ev.MessageAdded(said("hi", is_highlight=True)))
    chat = book.chats[ChatKey(LAB.id, "#lab")]
    assert (len(chat.entries), chat.unread, chat.highlights) == (1, 0, 0)
    book.set_muted(frozenset())
    book.apply(ev.MessageAdded(said("hi")))
    assert chat.unread == 1


def test_a_chat_is_saved_as_lines_that_anyone_can_read(tmp_path: Path) -> None:
    book = ChatBook()
    book.add_account(LAB)
    book.apply(ev.MessageAdded(said("\x02hello\x02\nthere")))
    book.apply(ev.MessageAdded(said("waves", kind=MessageKind.ACTION)))
    chat = book.chats[ChatKey(LAB.id, "#lab")]
    file = tmp_path / "lab.txt"
    assert export_chat(chat, file) == 2
    first, second = file.read_text(encoding="utf-8").splitlines()
    assert first.endswith(" <alice> hello there")
    assert second.endswith(" * alice waves")
    assert export_lines([Note(NOON, NoteKind.INFO, "news")])[0].endswith(" -- news")


def test_a_chat_that_cannot_be_saved_says_so(tmp_path: Path) -> None:
    book = ChatBook()
    book.add_account(LAB)
    with pytest.raises(FileError, match="nowhere"):
        export_chat(book.open(LAB.id, "#lab"), tmp_path / "nowhere" / "lab.txt")
