"""Highlights: the own nick always; words, patterns and exceptions by choice."""

import pytest

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.highlighting import Highlighter, HighlightRule, check_rule
from chatlab.core.message import Delivery, MessageKind
from chatlab.core.rules import RuleBook, Rules
from tests.helpers.chats import message

WORD = HighlightRule(text="lab")


def wants(text: str, *rules: HighlightRule) -> bool:
    return Highlighter(rules).wants(message(text))


@pytest.mark.parametrize(
    ("word", "text", "is_wanted"),
    [
        ("lab", "The LAB, please", True),
        ("lab", "labs", False),
        ("lab*", "labs", True),
        ("lab 6", "when is lab 6 due?", True),
        ("c++", "I like C++!", True),
        ("lab", "the \x02la\x02b", True),
    ],
)
def test_words_are_whole_words(word: str, text: str, is_wanted: bool) -> None:
    assert wants(text, HighlightRule(text=word)) is is_wanted


def test_the_own_nick_counts_whatever_the_rules_say() -> None:
    rules = (HighlightRule(text="me", is_exception=True),)
    assert Highlighter(rules).wants(message("me: hi", is_highlight=True))


def test_an_exception_takes_back_what_a_word_found() -> None:
    except_bot = HighlightRule(text="build bot", is_exception=True)
    assert wants("lab is open", except_bot, WORD)
    assert not wants("build bot: lab is open", except_bot, WORD)
    assert not wants("lab is open, says the build bot", WORD, except_bot)


def test_a_rule_holds_where_it_is_meant_to() -> None:
    elsewhere = HighlightRule(text="lab", chat="#other")
    other = HighlightRule(text="lab", account=AccountId("other"))
    here = HighlightRule(text="lab", chat="#lab", account=AccountId("lab"))
    assert not wants("lab", elsewhere, other)
    assert wants("lab", elsewhere, other, here)


def test_notices_and_own_words_never_count() -> None:
    highlighter = Highlighter((WORD,))
    assert not highlighter.wants(message("lab", kind=MessageKind.NOTICE))
    assert not highlighter.wants(message("lab", delivery=Delivery.ECHOED))


def test_a_bad_pattern_is_explained_and_costs_no_other_rule() -> None:
    bad = HighlightRule(text="(lab", is_pattern=True)
    assert "missing" in check_rule(bad)
    assert check_rule(WORD) == ""
    assert wants("lab", bad, WORD)


def test_the_rule_book_marks_messages_and_leaves_the_rest_alone() -> None:
    book = RuleBook(Rules(highlights=(WORD,)))
    marked = book.marked(ev.MessageAdded(message("the lab")))
    assert isinstance(marked, ev.MessageAdded)
    assert marked.message.is_highlight
    plain = ev.MessageAdded(message("nothing"))
    assert book.marked(plain) is plain
