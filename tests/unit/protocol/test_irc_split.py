"""A formatted text, cut into lines, looks to every reader as if it had not been cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.irc_format import (
    PLAIN,
    Style,
    codes_of,
    parse_runs,
    strip_formatting,
    style_after,
)
from chatlab.protocol.irc_split import split_formatted

CODES = ["\x02", "\x1d", "\x1f", "\x16", "\x0f", "\x0304", "\x034,12", "\x03", "\x0399,5"]
CODES += ["\x04ff8800", "\x04ff8800,001122", "\x04", ",", "5", "5,6"]
WORDS = ["word ", "größe ", "👩‍👩‍👧", "x", "long-unbroken-text", " "]


def styled(text: str) -> list[tuple[str, Style]]:
    return [(char, run.style) for run in parse_runs(text) for char in run.text]


@given(
    st.lists(st.sampled_from(CODES + WORDS), max_size=60).map("".join),
    st.integers(min_value=60, max_value=120),
)
def test_every_sign_keeps_its_style(text: str, budget: int) -> None:
    pieces = split_formatted(text, budget)
    assert all(len(piece.encode()) <= budget for piece in pieces)
    assert "".join(map(strip_formatting, pieces)) == strip_formatting(text)
    assert [sign for piece in pieces for sign in styled(piece)] == styled(text)


@pytest.mark.parametrize(
    "style",
    [
        PLAIN,
        Style(is_bold=True, is_italic=True, is_reversed=True),
        Style(foreground=4),
        Style(foreground=4, background=12),
        Style(background=3),
        Style(foreground="#ff8800"),
        Style(foreground="#ff8800", background="#001122"),
        Style(background="#001122"),
        Style(foreground=7, background="#001122", is_struck=True),
        Style(foreground="#ff8800", background=1, is_monospaced=True),
    ],
)
def test_codes_lead_to_the_style_that_they_were_made_from(style: Style) -> None:
    assert style_after(codes_of(style)) == style


def test_a_bold_text_of_two_lines_is_bold_in_both() -> None:
    first, second = split_formatted("\x02" + "bold words " * 6, 50)
    assert first.startswith("\x02")
    assert second.startswith("\x02 ")


def test_a_plain_text_is_cut_as_ever() -> None:
    assert split_formatted("a few words", 100) == ("a few words",)
    assert "".join(split_formatted("plain words " * 20, 50)) == "plain words " * 20
