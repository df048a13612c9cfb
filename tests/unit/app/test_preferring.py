"""Every choice of the Preferences dialog is kept, and found again."""

from dataclasses import fields, replace
from typing import Any

import pytest

from chatlab.app.preferring import preferences_of, with_preferences
from chatlab.core.preferences import Preferences
from chatlab.store.settings import Settings

OTHER = {
    "theme": "dark",
    "font_scale": 125,
    "history_lines": 7,
    "auto_away_minutes": 3,
    "shortcuts": {"find": ("F4",)},
}


@pytest.mark.parametrize("name", [field.name for field in fields(Preferences)])
def test_a_choice_goes_there_and_back(name: str) -> None:
    usual = preferences_of(Settings())
    assert usual == Preferences()
    change: dict[str, Any] = {name: OTHER.get(name, not getattr(usual, name))}
    chosen = replace(usual, **change)
    assert chosen != usual
    kept = with_preferences(Settings(last_folder="here"), chosen)
    assert preferences_of(kept) == chosen
    assert kept.last_folder == "here"
