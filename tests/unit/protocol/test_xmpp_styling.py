"""Message styling: what counts as styling, and what is only a text with signs in it."""

import random
import time

import pytest

from chatlab.protocol.irc_format import Style
from chatlab.protocol.xmpp_styling import QUOTE_COLOUR, parse_styling

BOLD, ITALIC = Style(is_bold=True), Style(is_italic=True)
STRUCK, MONO = Style(is_struck=True), Style(is_monospaced=True)
QUOTE = Style(foreground=QUOTE_COLOUR)


def styled(text: str) -> list[tuple[str, Style]]:
    """Runs that are not plain."""
    return [(run.text, run.style) for run in parse_styling(text) if run.style != Style()]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("*strong*", [("*strong*", BOLD)]),
        ("plain _soft_ plain", [("_soft_", ITALIC)]),
        ("~gone~", [("~gone~", STRUCK)]),
        ("`x = *y*`", [("`x = *y*`", MONO)]),
        ("*one* and *two*", [("*one*", BOLD), ("*two*", BOLD)]),
        ("*strong*plain*", [("*strong*", BOLD)]),
        ("*a b* c", [("*a b*", BOLD)]),
    ],
)
def test_words_between_signs_stand_out(text: str, runs: list[tuple[str, Style]]) -> None:
    assert styled(text) == runs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "not strong*",
        "*not strong",
        "*not \n strong*",
        "*not *strong",
        "* not strong*",
        "*not strong *",
        "**",
        "****",
        "2*3*4",
        "snake_case_name",
        "https://example.org/a_b_c",
    ],
)
def test_signs_that_close_nothing_style_nothing(text: str) -> None:
    assert styled(text) == []


def test_spans_may_lie_within_others_but_not_overlap() -> None:
    both = Style(is_bold=True, is_italic=True)
    assert styled("*a _b_ c*") == [("*a ", BOLD), ("_b_", both), (" c*", BOLD)]
    assert styled("*_both_*") == [("*", BOLD), ("_both_", both), ("*", BOLD)]
    assert styled("*a _b* c_") == [("*a _b*", BOLD)]


def test_preformatted_text_is_left_as_it_is_until_its_fence() -> None:
    text = "```python\n*x* = 1\n> y\n```\n*z*"
    assert styled(text) == [("```python\n*x* = 1\n> y\n```\n", MONO), ("*z*", BOLD)]
    assert styled("```\nopen") == [("```\nopen", MONO)]


def test_quotations_are_grey_and_styled_within() -> None:
    strong = Style(is_bold=True, foreground=QUOTE_COLOUR)
    fixed = Style(is_monospaced=True, foreground=QUOTE_COLOUR)
    assert styled("> a *b*\n>\nc") == [("> a ", QUOTE), ("*b*", strong), ("\n>\n", QUOTE)]
    assert styled("> ```\n> *x*\n") == [
        ("> ", QUOTE),
        ("```\n", fixed),
        ("> ", QUOTE),
        ("*x*\n", fixed),
    ]
    assert styled(">> twice") == [(">> twice", QUOTE)]


def test_nothing_that_was_said_is_lost() -> None:
    signs = random.Random(393)
    for _ in range(500):
        text = "".join(signs.choices("*_~`> \n\r\u2028ab\u202e", k=signs.randrange(60)))
        assert "".join(run.text for run in parse_styling(text)) == text


@pytest.mark.parametrize("unit", ["*a ", "*a_b ", "*_~`a", ">", "> ", "```\n", "*a* _b_ ", "_*"])
def test_long_texts_take_no_longer_than_their_length(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    began = time.process_time()
    parse_styling(text)
    # What grows with the square of the length takes minutes.
    assert time.process_time() - began < 5
