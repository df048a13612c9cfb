"""The table of what we comply with names modules and tests that exist."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_TEXT = (_ROOT / "docs" / "xmpp-compliance.md").read_text(encoding="utf-8")


def test_every_test_of_the_table_exists() -> None:
    named = set(re.findall(r"`((?:unit|e2e)/[\w/]+\.py)::(test_\w+)`", _TEXT))
    assert len(named) > 30
    for file, test in sorted(named):
        source = (_ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {test}(" in source, f"{file}::{test}"


def test_every_module_of_the_table_exists() -> None:
    engine = _ROOT / "chatlab" / "chat" / "xmpp"
    for module in set(re.findall(r"`(\w+\.py)`", _TEXT)):
        assert (engine / module).exists(), module


def test_every_row_that_is_there_is_shown_by_a_test() -> None:
    rows = [line for line in _TEXT.splitlines() if "XEP-" in line or "RFC " in line]
    for row in rows:
        if row.startswith("|") and "**not there**" not in row:
            assert "::test_" in row, row
