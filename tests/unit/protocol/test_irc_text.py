"""Long texts, formatting codes and CTCP: nothing lost, nothing smuggled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.errors import LocalProtocolError
from chatlab.protocol.ctcp import Ctcp, decode_ctcp, encode_ctcp
from chatlab.protocol.irc_format import EXTENDED_PALETTE, Run, Style, parse_runs, strip_formatting
from chatlab.protocol.irc_text import graphemes, split_text, text_budget

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇩🇪"
SIGNS = st.sampled_from(
    ["a", " ", "ä", "a\u0308", FAMILY, FLAG, "👍🏽", "❤️", "1️⃣", "한", "\u1112\u1161\u11ab"]
)


@given(st.lists(SIGNS).map("".join), st.integers(40, 80))
def test_pieces_join_to_the_text_and_fit(text: str, budget: int) -> None:
    pieces = split_text(text, budget)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= budget for piece in pieces)


@given(st.text(st.characters(codec="utf-8")), st.integers(16, 40))
def test_any_unicode_text_splits_without_breaking_a_character(text: str, budget: int) -> None:
    pieces = split_text(text, budget)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= budget for piece in pieces)
    assert text == "" or all(pieces)


@pytest.mark.parametrize("sign", [FAMILY, FLAG, "👍🏽", "❤️", "1️⃣", "a\u0308", "\u1112\u1161\u11ab"])
def test_what_looks_like_one_sign_is_never_cut(sign: str) -> None:
    assert list(graphemes(sign * 3)) in ([sign] * 3, [sign * 3])
    assert list(graphemes("x" + sign + "y")) == ["x", sign, "y"]
    for piece in split_text(("x" + sign) * 40, 40):
        assert piece.replace("x", "").replace(sign, "") == ""


def test_a_text_is_cut_between_words_where_there_are_any() -> None:
    assert split_text("the quick brown fox jumps", 16) == ("the quick brown", " fox jumps")
    assert split_text("x" * 20, 16) == ("x" * 16, "x" * 4)
    assert split_text("ten  words  and  more", 16) == ("ten  words  and", "  more")


def test_a_pile_of_marks_longer_than_a_line_still_gets_through() -> None:
    pile = "a" + "\u0301" * 50
    assert "".join(split_text(pile, 16)) == pile


def test_the_budget_leaves_room_for_our_own_prefix() -> None:
    prefix = "ann!ann@host.example"
    budget = text_budget("PRIVMSG", "#lab", prefix)
    assert len(f":{prefix} PRIVMSG #lab :{'x' * budget}\r\n") == 512
    with pytest.raises(LocalProtocolError):
        text_budget("PRIVMSG", "#" * 480, prefix)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x01ACTION waves\x01", Ctcp("ACTION", "waves")),
        ("\x01ACTION waves", Ctcp("ACTION", "waves")),
        ("\x01version\x01", Ctcp("VERSION")),
        ("\x01PING 1 2\x01\x01VERSION\x01", Ctcp("PING", "1 2")),
        ("\x01ACTION a\x10nb\x10\x10c\x10rd\x100\x01", Ctcp("ACTION", "abcd")),
        ("\x01\x01", None),
        ("\x01", None),
        ("plain \x01ACTION\x01", None),
    ],
)
def test_ctcp_is_read_tolerantly(text: str, expected: Ctcp | None) -> None:
    assert decode_ctcp(text) == expected


def test_ctcp_is_written_strictly() -> None:
    assert encode_ctcp("version") == "\x01VERSION\x01"
    assert encode_ctcp("PING", "1 2") == "\x01PING 1 2\x01"
    for command, parameter in [("", ""), ("A B", ""), ("PING", "a\x01b"), ("PING", "a\rb")]:
        with pytest.raises(LocalProtocolError):
            encode_ctcp(command, parameter)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x02bold\x02 not", "bold not"),
        ("\x0304,12red\x03 plain", "red plain"),
        ("\x03", ""),
        ("\x03,5", ",5"),
        ("\x0399,99x", "x"),
        ("\x031234", "34"),
        ("\x04ff0000,00ff00x\x04", "x"),
        ("\x04ff00", "ff00"),
        ("a\x07\x1b[31m\0\tb", "a[31m\tb"),
        ("\x02" * 500, ""),
    ],
)
def test_codes_vanish_from_the_bare_text(text: str, plain: str) -> None:
    assert strip_formatting(text) == plain


@given(st.text(st.sampled_from("ab1,\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f\t\x07 é")))
def test_runs_joined_are_the_bare_text(text: str) -> None:
    runs = parse_runs(text)
    assert "".join(run.text for run in runs) == strip_formatting(text)
    assert all(run.text for run in runs)


def test_runs_carry_their_style() -> None:
    assert parse_runs("a\x02b\x1dc\x0fd\x034,2e\x03f\x04ABCDEFg\x0399h") == (
        Run("a"),
        Run("b", Style(is_bold=True)),
        Run("c", Style(is_bold=True, is_italic=True)),
        Run("d"),
        Run("e", Style(foreground=4, background=2)),
        Run("f"),
        Run("g", Style(foreground="#abcdef")),
        Run("h"),
    )


def test_the_extended_palette_has_the_83_colours_from_16_to_98() -> None:
    assert len(EXTENDED_PALETTE) == 83


def test_a_blank_after_a_joiner_begins_the_next_line() -> None:
    """At the end of a line some servers would drop it."""
    first, second = split_text("a" * 20 + "\u200d " + "b" * 20, 26)
    assert (first, second) == ("a" * 20 + "\u200d", " " + "b" * 20)
