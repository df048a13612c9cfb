"""The grammar of nicks and channels, its reasons, and the way out that it offers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.nick import DEFAULT_NICK_LENGTH, check_channel, check_nick, legal_nick

LEGAL = [
    "ana",
    "Ana",
    "a",
    "[x]",
    "{x}",
    "a|b",
    "_ana_",
    "^",
    "`bob`",
    "a-b",
    "_",
    "a__b",
    "r2d2",
    "\\o\\",
]
ILLEGAL = [
    ("first.last", "dot"),
    ("1ana", "begin with “1”"),
    ("-ana", "begin with “-”"),
    ("ana maria", "space"),
    ("ana\tm", "space"),
    ("ana!x", "“!”"),
    ("ana@home", "“@”"),
    ("ana*", "“*”"),
    ("ana?", "“?”"),
    ("ana,bob", "“,”"),
    ("$ana", "“$”"),
    (":ana", "“:”"),
    ("#ana", "“#”"),
    ("+ana", "“+”"),
    ("~ana", "“~”"),
    ("ana/m", "“/”"),
    ("ana'm", "“'”"),
    ("aña", "ASCII"),
    ("アナ", "ASCII"),
    ("a" * 31, "31 characters, the server takes 30"),
    ("", "needed"),
]


@pytest.mark.parametrize("nick", LEGAL)
def test_what_the_grammar_allows_is_accepted_and_kept(nick: str) -> None:
    assert check_nick(nick) is None
    assert legal_nick(nick) == nick


@pytest.mark.parametrize(("nick", "reason"), ILLEGAL)
def test_what_it_refuses_is_refused_with_the_reason(nick: str, reason: str) -> None:
    problem = check_nick(nick)
    assert problem is not None
    assert reason in problem.reason
    assert check_nick(problem.suggestion) is None


def test_a_dot_becomes_an_underscore() -> None:
    problem = check_nick("first.last")
    assert problem is not None
    assert problem.suggestion == "first_last"
    assert "XMPP" in problem.reason


def test_accents_go_and_the_letters_stay() -> None:
    assert legal_nick("José.Núñez") == "Jose_Nunez"


def test_the_servers_own_length_counts() -> None:
    assert check_nick("abcdefghi", 9) is None
    problem = check_nick("abcdefghij", 9)
    assert problem is not None
    assert problem.suggestion == "abcdefghi"


@given(st.text(max_size=60), st.integers(5, 40))
def test_every_suggestion_is_legal(text: str, length: int) -> None:
    assert check_nick(legal_nick(text, length), length) is None


@given(st.text(max_size=DEFAULT_NICK_LENGTH))
def test_a_nick_is_either_legal_or_comes_with_a_reason(nick: str) -> None:
    problem = check_nick(nick)
    if problem is None:
        assert legal_nick(nick) == nick
    else:
        assert problem.reason
        assert problem.suggestion != nick


@pytest.mark.parametrize("name", ["#lab", "##c++", "&local", "#a.b", "#ñandú", "#-lab-"])
def test_ordinary_channel_names_are_accepted(name: str) -> None:
    assert check_channel(name) is None


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("lab", "#lab"),
        ("#my lab", "#my-lab"),
        ("#a,b", "#a-b"),
        ("#a\x07b", "#a-b"),
        ("#", "#lab"),
        ("", "#lab"),
        ("#" + "x" * 300, "#" + "x" * 199),
    ],
)
def test_a_faulty_channel_name_comes_with_one_that_works(name: str, suggestion: str) -> None:
    problem = check_channel(name)
    assert problem is not None
    assert problem.reason
    assert problem.suggestion == suggestion
    assert check_channel(problem.suggestion) is None


@given(st.text(max_size=250))
def test_every_suggested_channel_is_legal(name: str) -> None:
    problem = check_channel(name)
    assert problem is None or check_channel(problem.suggestion) is None
