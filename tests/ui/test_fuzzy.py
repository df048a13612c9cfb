"""Finding by a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.ui.fuzzy import find


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("nuc", "Next unread chat"),
        ("chat next", "Next unread chat"),
        ("NEXT", "Next unread chat"),
        ("#lab", "#lab"),
        ("", "anything"),
        ("straße", "STRASSE"),
    ],
)
def test_letters_in_order_find_it(query: str, text: str) -> None:
    assert find(query, text) is not None


@pytest.mark.parametrize(("query", "text"), [("xyz", "Next"), ("txen", "Next"), ("a", "")])
def test_other_letters_do_not(query: str, text: str) -> None:
    assert find(query, text) is None


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("cap", "Capturing", "Split or join the chat panes"),
        ("open", "Open capture", "Stop the network"),
        ("sc", "Save capture", "Discard"),
        ("lab", "#lab", "a long able bow"),
    ],
)
def test_what_people_abbreviate_comes_first(query: str, better: str, worse: str) -> None:
    first, second = find(query, better), find(query, worse)
    assert first is not None
    assert second is None or first.score > second.score


def test_the_letters_that_were_meant_are_named() -> None:
    found = find("nuc", "Next unread chat")
    assert found is not None
    assert found.positions == (0, 5, 12)


@given(st.text(max_size=30), st.text(max_size=8))
def test_positions_always_lie_in_the_text(text: str, query: str) -> None:
    folded = text.casefold()
    found = find(query, text)
    if found is not None:
        assert all(0 <= at < len(folded) for at in found.positions)


@given(st.text(max_size=30))
def test_a_text_finds_itself(text: str) -> None:
    assert find(text, text) is not None
