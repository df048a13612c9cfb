"""Answers and reactions in the real window, with the real lab behind it."""

import os
from pathlib import Path

import pytest

from tests.helpers.window_play import run_scene
from tests.helpers.xvfb import Picture, display

pytestmark = [pytest.mark.window, pytest.mark.only_on("linux")]


def test_an_answer_and_a_reaction_cross_the_lab(tmp_path: Path) -> None:
    def keep(name: str, picture: Picture) -> None:
        if place := os.environ.get("CHATLAB_TEST_PICTURES"):
            Path(place, f"{name}.png").write_bytes(picture.png())

    with display(1280, 800) as screen:
        facts = run_scene(
            screen, "tests.e2e.drive_tags", "answering", tmp_path / "home", on_picture=keep
        )
    assert facts["exit"] == 0, "the scene failed, see its traceback"
    assert facts["question"]
    assert facts["reply_to"] == facts["question"]
    assert facts["reactions"] == ["bob"]
    assert facts["frames"]
