"""Patterns: found what a regular expression finds, in time that nobody can stretch."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.errors import UsageError
from chatlab.core.patterns import MAX_LENGTH, Pattern

_PIECES = st.sampled_from(["a", "b", "c", ".", r"\w", r"\D", r"\s", "[ab]", "[^a-b]", "(?:ab|c)"])
_PLACES = st.sampled_from(["^", "$", r"\b", r"\B"])
_COUNTS = st.sampled_from(["", "", "*", "+", "?", "{1,2}", "*?"])
_REPEATED = st.one_of(_PLACES, st.tuples(_PIECES, _COUNTS).map("".join))
_SEQUENCES = st.lists(_REPEATED, min_size=1, max_size=5).map("".join)
_PATTERNS = st.lists(_SEQUENCES, min_size=1, max_size=2).map("|".join)


# Nothing but “\\B” in an empty text: there Python itself has changed its mind (3.14).
@given(_PATTERNS, st.text("abcA_ 1", min_size=1, max_size=8))
def test_it_finds_what_a_regular_expression_finds(pattern: str, text: str) -> None:
    expected = re.search(pattern, text, re.IGNORECASE) is not None
    assert Pattern(pattern).search(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        (r"lab ?[0-9]+", "Lab 6 is due", True),
        (r"\bfail(ed|s)?\b", "it failed.", True),
        (r"\bfail(ed|s)?\b", "failure", False),
        (r"a{2,3}b", "xaab", True),
        (r"a{3}b", "xaab", False),
        (r"a\.b", "a.b", True),
        (r"a\.b", "axb", False),
        ("é", "É", True),
        ("[]]", "]", True),
        ("(a|)b", "b", True),
    ],
)
def test_examples(pattern: str, text: str, is_found: bool) -> None:
    assert Pattern(pattern).search(text) is is_found


def test_capitals_count_when_they_are_to() -> None:
    assert not Pattern("Lab", is_case_sensitive=True).search("lab")
    assert Pattern("Lab", is_case_sensitive=True).search("Lab")


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("", "empty"),
        ("(a", "missing"),
        ("a)", "closes nothing"),
        ("[a", "missing"),
        ("*a", "nothing before it"),
        ("a**", "repeats a repetition"),
        ("a{9,1}", "go up"),
        ("a{1,999}", "50"),
        ("a{x}", "numbers"),
        ("(?=a)", "not supported"),
        (r"(a)\1", "not supported"),
        ("[z-a]", "goes down"),
        ("a" * (MAX_LENGTH + 1), "Shorten"),
        ("((a{50}){50}){50}", "repeats too much"),
    ],
)
def test_what_is_not_understood_is_said(pattern: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        Pattern(pattern)
    assert word in str(caught.value)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a*)*b", ".*.*.*.*x"])
def test_hostile_patterns_cost_no_time(pattern: str) -> None:
    begin = time.process_time()
    Pattern(pattern).search("a" * 2_000 + "!")
    assert time.process_time() - begin < 5
