"""Ignoring: by mask, by kind, for a time, on one account; and nothing else."""

from dataclasses import replace

import pytest

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.errors import UsageError
from chatlab.core.ignoring import EVERYTHING, IgnoreKind, IgnoreRule, hides, kind_words, parse_rule
from chatlab.core.message import Delivery, MessageKind
from tests.helpers.chats import NOON, message

LAB = AccountId("lab")
BOB = IgnoreRule(mask="bob!*@*")


def said(text: str = "hi", **changes: object) -> ev.MessageAdded:
    wanted: dict[str, object] = {"user_host": "b@h", **changes}
    return ev.MessageAdded(replace(message(text, "bob"), **wanted))  # type: ignore[arg-type]


def asked(code: str, source: str = "bob!b@h") -> ev.Informed:
    return ev.Informed(LAB, "bob asks", NOON, code=code, source=source)


KINDS = [
    (said(), IgnoreKind.CHANNEL),
    (said(target="bob"), IgnoreKind.PRIVATE),
    (said(kind=MessageKind.NOTICE), IgnoreKind.NOTICE),
    (said(kind=MessageKind.ACTION), IgnoreKind.CHANNEL),
    (asked("CTCP"), IgnoreKind.CTCP),
    (asked("INVITE"), IgnoreKind.INVITE),
    (ev.TypingSeen(LAB, "#lab", "bob", ev.Typing.ACTIVE, NOON, "b@h"), IgnoreKind.CHANNEL),
    (ev.TypingSeen(LAB, "bob", "bob", ev.Typing.ACTIVE, NOON, "b@h"), IgnoreKind.PRIVATE),
    (ev.ReactionSeen(LAB, "#lab", "bob", "m", "👍", NOON), IgnoreKind.CHANNEL),
]


@pytest.mark.parametrize(("event", "kind"), KINDS)
def test_each_kind_of_speech_is_ignored_by_its_own_name_only(
    event: ev.ChatEvent, kind: IgnoreKind
) -> None:
    assert hides([BOB], event, NOON)
    assert hides([replace(BOB, kinds=frozenset({kind}))], event, NOON)
    assert not hides([replace(BOB, kinds=EVERYTHING - {kind})], event, NOON)


@pytest.mark.parametrize(
    "event",
    [
        said(direction=message(delivery=Delivery.ECHOED).direction),
        asked("432"),
        asked("CTCP", source=""),
        ev.MemberLeft(LAB, ("#lab",), "bob", ev.Departure.QUIT, NOON),
        ev.LagMeasured(LAB, 0.1),
    ],
)
def test_what_is_nobodys_speech_is_always_shown(event: ev.ChatEvent) -> None:
    assert not hides([IgnoreRule(mask="*!*@*")], event, NOON)


def test_others_are_shown() -> None:
    assert not hides([BOB], ev.MessageAdded(message("hi", "alice")), NOON)
    assert not hides([], said(), NOON)


def test_a_host_decides_where_the_mask_says_so() -> None:
    rule = IgnoreRule(mask="*!*@h")
    assert hides([rule], said(), NOON)
    assert not hides([rule], said(user_host=""), NOON)


def test_a_rule_ends_with_its_time() -> None:
    rule = replace(BOB, until_ns=NOON + 1)
    assert hides([rule], said(), NOON)
    assert not hides([rule], said(), NOON + 1)


def test_a_rule_of_one_account_leaves_the_others_alone() -> None:
    assert hides([replace(BOB, account=LAB)], said(), NOON)
    assert not hides([replace(BOB, account=AccountId("other"))], said(), NOON)


def test_what_is_typed_says_whom_what_and_how_long() -> None:
    rule = parse_rule("bob", "private, notice 2h", LAB, NOON)
    assert rule == IgnoreRule(
        mask="bob!*@*",
        kinds=frozenset({IgnoreKind.PRIVATE, IgnoreKind.NOTICE}),
        account=LAB,
        until_ns=NOON + 7_200_000_000_000,
    )
    assert parse_rule("bob", "", LAB, NOON).kinds == EVERYTHING
    assert parse_rule("bob", "all 30m", LAB, NOON).until_ns == NOON + 1_800_000_000_000


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(UsageError, match="sometimes"):
        parse_rule("bob", "sometimes", LAB, NOON)


def test_kinds_have_words() -> None:
    assert kind_words(EVERYTHING) == "everything"
    assert kind_words(frozenset({IgnoreKind.CTCP})) == "CTCP requests"
