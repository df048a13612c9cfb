"""Channels and people in the real window, with the real lab behind it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.window_play import Facts, run_scene
from tests.helpers.xvfb import Display, Picture, display

pytestmark = [pytest.mark.window, pytest.mark.only_on("linux")]
PICTURES_VARIABLE = "CHATLAB_TEST_PICTURES"
"""A folder for what the scenes photograph, for whoever wants to look."""


@pytest.fixture(scope="module")
def screen() -> Iterator[Display]:
    with display(1280, 800) as found:
        yield found


def run(screen: Display, scene: str, folder: Path) -> Facts:
    def keep(name: str, picture: Picture) -> None:
        if place := os.environ.get(PICTURES_VARIABLE):
            Path(place, f"{name}.png").write_bytes(picture.png())

    facts = run_scene(screen, "tests.e2e.drive_people", scene, folder / "home", on_picture=keep)
    assert facts["exit"] == 0, f"the scene {scene} failed, see its traceback"
    return facts


def test_a_channel_is_found_and_changed_through_dialogs(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "lists", tmp_path)
    assert facts["channel"] == "#lab"
    assert facts["topic"] == "Lab 6: who can read this?"
    assert facts["ban"] == "mallory!*@*"


def test_what_is_ignored_is_captured_and_not_shown(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "ignoring", tmp_path)
    assert facts["shown"] == ["and now you can"]
    assert facts["frames"]
    assert facts["heard"] == "bob"


def test_being_away_is_told_and_a_muted_chat_counts_nothing(
    screen: Display, tmp_path: Path
) -> None:
    facts = run(screen, "away", tmp_path)
    assert (facts["unread"], facts["is_muted"]) == (0, True)
