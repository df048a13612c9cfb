"""Files and direct chats in the real window, between the two accounts of the real lab."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.window_play import Facts, run_scene
from tests.helpers.xvfb import Display, Picture, display

pytestmark = [pytest.mark.window, pytest.mark.only_on("linux")]
PICTURES_VARIABLE = "CHATLAB_TEST_PICTURES"


@pytest.fixture(scope="module")
def screen() -> Iterator[Display]:
    with display(1280, 800) as found:
        yield found


def run(screen: Display, scene: str, folder: Path) -> Facts:
    def keep(name: str, picture: Picture) -> None:
        if place := os.environ.get(PICTURES_VARIABLE):
            Path(place, f"{name}.png").write_bytes(picture.png())

    facts = run_scene(screen, "tests.e2e.drive_files", scene, folder / "home", on_picture=keep)
    assert facts["exit"] == 0, f"the scene {scene} failed, see its traceback"
    return facts


def test_a_file_arrives_unchanged_and_its_frames_are_shown(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "sending", tmp_path)
    assert facts["sent"] == facts["received"] == facts["shown"]
    assert facts["name"] == "lab notes.bin"
    assert facts["scope"] is True
    assert "lab notes.bin" in str(facts["info"])
    assert int(str(facts["rows"])) > 4
    assert facts["twice"] == 0  # Both ends are ours; each frame is shown once all the same.
    assert "of a TCP connection of its own" in str(facts["words"])


def test_a_direct_chat_has_its_own_frames(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "talking", tmp_path)
    assert facts["is_chat"] is True
    assert facts["frames"]
