"""The reader's choices, between the dialog that asks for them and the file that keeps them."""

from dataclasses import fields, replace

from chatlab.core.preferences import Preferences
from chatlab.store.settings import Settings, ThemeChoice

_SAME = tuple(field.name for field in fields(Preferences) if field.name != "theme")
"""Choices that have one name and one type on both sides."""


def preferences_of(settings: Settings) -> Preferences:
    same = {name: getattr(settings, name) for name in _SAME}
    return Preferences(theme=settings.theme.value, **same)


def with_preferences(settings: Settings, chosen: Preferences) -> Settings:
    same = {name: getattr(chosen, name) for name in _SAME}
    return replace(settings, theme=ThemeChoice(chosen.theme), **same)
