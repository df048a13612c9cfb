"""Foreign text becomes runs and links, and nothing that acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.irc_format import Run
from chatlab.ui import rich_text
from chatlab.ui.rich_text import FOLD_AT, bare, find_links, pieces, tooltip


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://example.org/a.", ["https://example.org/a"]),
        ("(http://example.org/b)", ["http://example.org/b"]),
        ("https://en.wikipedia.org/wiki/Frame_(networking)",
         ["https://en.wikipedia.org/wiki/Frame_(networking)"]),
        ("irc://irc.example.org/lab and xmpp:a@b.example?join",
         ["irc://irc.example.org/lab", "xmpp:a@b.example?join"]),
        ("mailto:a@example.org!", ["mailto:a@example.org"]),
        ("javascript:alert(1) file:///etc/passwd data:text/html,x", []),
        ("https://", []),
        ("no link: here", []),
    ],
)  # fmt: skip
def test_only_known_schemes_become_links_without_their_punctuation(
    text: str, addresses: list[str]
) -> None:
    links = find_links(text)
    assert [link.address for link in links] == addresses
    assert [text[link.start : link.stop] for link in links] == addresses


@given(st.text())
def test_runs_cover_the_text_and_links_lie_in_it(text: str) -> None:
    parts, hidden = pieces(text)
    (part,) = parts
    assert "".join(run.text for run in part.runs) == part.text
    assert hidden == 0
    assert all(0 <= link.start < link.stop <= len(part.text) for link in part.links)


@given(st.text(st.characters(codec="utf-8")), st.integers(0, 40))
def test_positions_survive_the_way_to_qt_and_back(text: str, index: int) -> None:
    index = min(index, len(text))
    assert rich_text.utf16_index(text, rich_text.utf16_length(text[:index])) == index


def test_a_long_text_is_folded_piece_by_piece() -> None:
    text = "x" * (2 * FOLD_AT + 10)
    first, hidden = pieces(text)
    assert [len(part.text) for part in first] == [FOLD_AT]
    assert hidden == FOLD_AT + 10
    every, hidden = pieces(text, 3)
    assert "".join(part.text for part in every) == text
    assert hidden == 0


def test_direction_overrides_and_control_characters_disappear() -> None:
    assert bare("a\u202eb\u2066c\x07d\x02e\ne") == "abcde e"


def test_formatting_codes_become_runs() -> None:
    (part,), _ = pieces("a \x02b\x02")
    assert part.text == "a b"
    assert part.runs[0] == Run("a ")
    assert part.runs[1].style.is_bold


def test_a_tooltip_takes_nothing_for_html() -> None:
    assert "<img" not in tooltip("<img src=x>\nb")
    assert "<br>" in tooltip("a\nb")


def test_signs_around_words_are_styling_where_they_are_meant_so() -> None:
    (part,), _ = pieces("a *b* https://x.org/*c*", is_styled=True)
    assert part.text == "a *b* https://x.org/*c*"
    assert [(run.text, run.style.is_bold) for run in part.runs] == [
        ("a ", False),
        ("*b*", True),
        (" https://x.org/*c*", False),
    ]
    assert [link.address for link in part.links] == ["https://x.org/*c"]
    (plain,), _ = pieces("a *b*")
    assert plain.runs == (Run("a *b*"),)


@given(st.text(st.sampled_from("ab *_~`>\n\u202e\u0301🎉"), max_size=200))
def test_styled_runs_cover_the_text_and_nothing_reorders_it(text: str) -> None:
    parts, hidden = pieces(text, 100, is_styled=True)
    assert hidden == 0
    for part in parts:
        assert "".join(run.text for run in part.runs) == part.text
    assert "".join(part.text for part in parts).replace("\u2028", "") == text.replace(
        "\n", ""
    ).replace("\u202e", "")


def test_preformatted_text_goes_on_in_the_next_piece() -> None:
    parts, hidden = pieces("```\n" + "line\n" * 100, 2, is_styled=True)
    assert hidden
    assert all(run.style.is_monospaced for part in parts for run in part.runs)
    assert parts[0].text.count("\u2028") == parts[1].text.count("\u2028") == 39
