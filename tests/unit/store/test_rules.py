"""Rules on disk: what is written comes back; what cannot be used is named, never widened."""

import os
import stat
from pathlib import Path

import pytest

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.highlighting import HighlightRule
from chatlab.core.ignoring import IgnoreKind, IgnoreRule
from chatlab.core.rules import Buddy, Rules
from chatlab.store.rules import RulesStore

LAB = AccountId("a1")
RULES = Rules(
    ignores=(
        IgnoreRule(mask="bob!*@*"),
        IgnoreRule(
            mask="*!*@spam.example",
            kinds=frozenset({IgnoreKind.PRIVATE, IgnoreKind.CTCP}),
            account=LAB,
            until_ns=1_900_000_000_000_000_000,
        ),
    ),
    highlights=(
        HighlightRule(text="lab*"),
        HighlightRule(
            text=r"\bdue\b", is_pattern=True, is_exception=True, is_case_sensitive=True,
            account=LAB, chat="#lab",
        ),
    ),
    muted=frozenset({ChatKey(LAB, "#noisy")}),
    told=frozenset({ChatKey(LAB, "#important")}),
    buddies=(Buddy(LAB, "alice"),),
)  # fmt: skip


def test_every_rule_comes_back(tmp_path: Path) -> None:
    store = RulesStore(tmp_path / "rules.toml")
    store.save(RULES)
    loaded = store.load()
    assert loaded.value == RULES
    assert loaded.notes == ()


def test_the_first_start_needs_no_file_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "config" / "rules.toml"
    assert RulesStore(path).load().value == Rules()
    assert not path.parent.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    store = RulesStore(tmp_path / "rules.toml")
    store.save(RULES)
    assert stat.S_IMODE((tmp_path / "rules.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        'ignores = [{kinds = ["private"]}]',
        'ignores = [{mask = "bob!*@*", kinds = ["whispers"]}]',
        'highlights = [{text = "(lab", is_pattern = true}]',
        'highlights = [{text = ""}]',
        'buddies = [{nick = "bob"}]',
        'ignores = "bob"',
        "colour = 1",
    ],
)
def test_a_rule_that_cannot_be_used_is_named_and_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(line, encoding="utf-8")
    loaded = RulesStore(path).load()
    assert loaded.value == Rules()
    assert loaded.notes
