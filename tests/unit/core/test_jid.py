"""XMPP addresses: what is legal, and the reason where something is not."""

import pytest

from chatlab.core.errors import UsageError
from chatlab.core.jid import (
    Jid,
    bare_of,
    check_jid,
    check_resource,
    check_room,
    legal_local,
    parse_jid,
)


@pytest.mark.parametrize(
    "text",
    [
        "alice@localhost",
        "anna.maria-o_k@example.org",
        "bob@127.0.0.1",
        "bob@[::1]",
        "größe@bücher.example",
        "a+b=c!#$%*@example.org",
    ],
)
def test_legal_addresses_pass(text: str) -> None:
    assert check_jid(text) is None


@pytest.mark.parametrize(
    ("text", "words", "suggestion"),
    [
        ("", "needed", ""),
        ("alice", "server is missing", ""),
        ("@example.org", "before the “@” is missing", ""),
        ("alice@", "server is missing", ""),
        ("Anna Maria@example.org", "blank", "anna_maria@example.org"),
        ("a:b@example.org", "“:” cannot", "a_b@example.org"),
        ("a'b@example.org", "“'” cannot", "a_b@example.org"),
        ("a@b@example.org", "more than one", ""),
        ("alice@ex ample.org", "no blank", ""),
        ("alice@example..org", "nothing", ""),
        ("alice@-example.org", "dash", ""),
        ("alice@999.1.1.1", "no address", ""),
        ("alice@example.org/phone", "field of its own", "alice@example.org"),
        ("al\u200bice@example.org", "nobody could see", "alice@example.org"),
        ("alice@example.org,", "“,” cannot", "alice@example.org"),
        ("x" * 1024 + "@example.org", "1023", ""),
    ],
)
def test_a_refusal_has_a_reason_and_where_possible_a_way_out(
    text: str, words: str, suggestion: str
) -> None:
    problem = check_jid(text)
    assert problem is not None
    assert words in problem.reason
    assert problem.suggestion == suggestion
    assert not suggestion or check_jid(suggestion) is None


def test_case_and_form_are_made_equal() -> None:
    assert parse_jid("ALICE@Example.ORG./Desk") == Jid("alice", "example.org", "Desk")
    assert str(parse_jid("Alice@Example.org/a b")) == "alice@example.org/a b"
    assert parse_jid("example.org").bare == "example.org"


def test_what_is_no_address_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="blank"):
        parse_jid("anna maria@example.org")


def test_resources_and_room_nicknames_are_opaque_texts() -> None:
    assert check_resource("b.o b ☺") is None
    problem = check_resource("bob\x07")
    assert problem is not None
    assert problem.suggestion == "bob"
    assert check_resource("  ") is not None


def test_a_room_needs_its_service() -> None:
    problem = check_room("lab")
    assert problem is not None
    assert "service" in problem.reason
    assert check_room("lab@conference.example.org") is None


def test_parts() -> None:
    assert bare_of("a@b/c/d") == "a@b"
    assert legal_local("Anna Maria") == "anna_maria"
