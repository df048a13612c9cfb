"""The rule book: changed as one value, told to those who asked, only when something changed."""

from dataclasses import replace

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.ignoring import IgnoreRule
from chatlab.core.rules import Buddy, RuleBook, Rules
from tests.helpers.chats import NOON

LAB, OTHER = AccountId("lab"), AccountId("other")


def test_observers_hear_of_changes_and_of_nothing_else() -> None:
    book, heard = RuleBook(), list[Rules]()
    end = book.observe(heard.append)
    book.mute(ChatKey(LAB, "#lab"), True)
    book.mute(ChatKey(LAB, "#lab"), True)
    assert len(heard) == 1
    end()
    book.mute(ChatKey(LAB, "#lab"), False)
    assert len(heard) == 1
    assert book.rules == Rules()


def test_a_new_rule_for_the_same_mask_replaces_the_old() -> None:
    book = RuleBook()
    book.ignore(IgnoreRule(mask="bob!*@*"), NOON)
    book.ignore(IgnoreRule(mask="BOB!*@*", until_ns=NOON + 5), NOON)
    assert book.rules.ignores == (IgnoreRule(mask="BOB!*@*", until_ns=NOON + 5),)


def test_rules_that_ended_go_with_the_next_change() -> None:
    book = RuleBook(Rules(ignores=(IgnoreRule(mask="a!*@*", until_ns=NOON),)))
    book.ignore(IgnoreRule(mask="b!*@*"), NOON)
    assert [rule.mask for rule in book.rules.ignores] == ["b!*@*"]


def test_somebody_is_shown_again_by_nick_or_mask() -> None:
    book = RuleBook()
    book.ignore(IgnoreRule(mask="bob!*@*"), NOON)
    assert not book.unignore("alice", LAB)
    assert book.unignore("Bob", LAB)
    assert book.rules.ignores == ()


def test_what_another_account_ignores_stays() -> None:
    book = RuleBook()
    book.ignore(IgnoreRule(mask="bob!*@*", account=OTHER), NOON)
    assert not book.unignore("bob", LAB)


def test_buddies_are_kept_once_whatever_their_case() -> None:
    book = RuleBook()
    book.add_buddies(LAB, ("bob", "Bob", "alice"))
    book.add_buddies(LAB, ("BOB",))
    assert sorted({nick.lower() for nick in book.buddies_of(LAB)}) == ["alice", "bob"]
    book.remove_buddies(LAB, ("BOB",))
    assert book.buddies_of(LAB) == ("alice",)


def test_a_removed_account_takes_its_rules_along() -> None:
    rules = Rules(
        ignores=(IgnoreRule(mask="a!*@*"), IgnoreRule(mask="b!*@*", account=LAB)),
        muted=frozenset({ChatKey(LAB, "#lab"), ChatKey(OTHER, "#lab")}),
        buddies=(Buddy(LAB, "bob"), Buddy(OTHER, "bob")),
    )
    book = RuleBook(rules)
    book.forget_account(LAB)
    assert book.rules == replace(
        rules,
        ignores=(IgnoreRule(mask="a!*@*"),),
        muted=frozenset({ChatKey(OTHER, "#lab")}),
        buddies=(Buddy(OTHER, "bob"),),
    )
