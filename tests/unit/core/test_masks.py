"""Masks: what they cover, and that covering costs little."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parser_tests import data as shared_tests

from chatlab.core.masks import forms_of, full_mask, matches


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("bob", "bob!*@*"),
        ("*bot*", "*bot*!*@*"),
        ("user@host", "*!user@host"),
        ("bob!user", "bob!user@*"),
        (" bob!user@host ", "bob!user@host"),
    ],
)
def test_what_is_typed_becomes_a_whole_mask(text: str, mask: str) -> None:
    assert full_mask(text) == mask


@pytest.mark.parametrize(
    ("mask", "source", "covers"),
    [
        ("bob!*@*", "BOB!~b@host", True),
        ("b?b!*@*", "bob!b@h", True),
        ("b?b!*@*", "boob!b@h", False),
        ("*!*@*.example", "bob!b@a.example", True),
        ("*!*@*.example", "bob!b@example", False),
        ("[bob]!*@*", "{BOB}!b@h", True),
        ("*", "", True),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_a_mask_covers_as_irc_does(mask: str, source: str, covers: bool) -> None:
    assert matches(mask, source) is covers


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_stars_and_question_marks_mean_what_a_pattern_would_say(mask: str, text: str) -> None:
    pattern = "".join({"*": ".*", "?": "."}.get(sign, sign) for sign in mask)
    assert matches(mask, text) is bool(re.fullmatch(pattern, text))


def test_a_hostile_mask_costs_no_time() -> None:
    begin = time.process_time()
    assert not matches("*a" * 100 + "b", "a" * 2_000)
    assert time.process_time() - begin < 5


def test_a_person_can_be_named_by_address_user_and_nick() -> None:
    masks = [form.mask for form in forms_of("bob", "~bob@a.isp.example")]
    assert masks == ["*!*@a.isp.example", "*!*bob@a.isp.example", "bob!*@*", "*!*bob@*.isp.example"]
    assert [form.mask for form in forms_of("bob", "")] == ["bob!*@*"]
    assert all(matches(mask, "bob!~bob@a.isp.example") for mask in masks)


def test_the_neighbourhood_of_an_address_is_its_network() -> None:
    assert forms_of("bob", "b@192.0.2.7")[-1].mask == "*!*b@192.0.2.*"
    assert forms_of("bob", "b@2001:db8:1:2:3::4")[-1].mask == "*!*b@2001:db8:1:2:*"
    assert forms_of("bob", "b@localhost")[-1].mask == "bob!*@*"


@pytest.mark.parametrize("case", shared_tests.mask_match["tests"], ids=lambda case: case["mask"])
def test_masks_match_as_the_shared_parser_tests_demand(case: dict) -> None:  # type: ignore[type-arg]
    assert [source for source in case["matches"] if not matches(case["mask"], source)] == []
    assert [source for source in case["fails"] if matches(case["mask"], source)] == []
