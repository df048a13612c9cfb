"""The reader's choices, between the dialog that asks for them and the file that keeps them."""

from dataclasses import replace

from chatlab.core.preferences import Preferences
from chatlab.store.settings import Settings, ThemeChoice


def preferences_of(settings: Settings) -> Preferences:
    return Preferences(
        theme=settings.theme.value,
        font_scale=settings.font_scale,
        keep_history=settings.keep_history,
        history_lines=settings.history_lines,
        capture_on_start=settings.capture_on_start,
        notifies=settings.notifies,
        closes_to_tray=settings.closes_to_tray,
        auto_away_minutes=settings.auto_away_minutes,
    )


def with_preferences(settings: Settings, chosen: Preferences) -> Settings:
    return replace(
        settings,
        theme=ThemeChoice(chosen.theme),
        font_scale=chosen.font_scale,
        keep_history=chosen.keep_history,
        history_lines=chosen.history_lines,
        capture_on_start=chosen.capture_on_start,
        notifies=chosen.notifies,
        closes_to_tray=chosen.closes_to_tray,
        auto_away_minutes=chosen.auto_away_minutes,
    )
