"""XMPP in the real window, with the lab's real server: accounts are made, people meet."""

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

    facts = run_scene(screen, "tests.e2e.drive_xmpp", scene, folder / "home", on_picture=keep)
    assert facts["exit"] == 0, f"the scene {scene} failed, see its traceback"
    return facts


def test_accounts_are_made_and_meet_in_a_room_of_their_own(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "rooms", tmp_path)
    assert facts["jid"] == "first.last@localhost"
    assert facts["is_sealed"]
    assert facts["fields"]
    assert facts["own"] == "owner"
    assert facts["nicks"] == ["first.last", "second"]
    assert facts["is_listed"]
    assert facts["owner"] == "first.last@localhost"


def test_a_password_is_changed_and_an_account_deleted_on_the_server(
    screen: Display, tmp_path: Path
) -> None:
    facts = run(screen, "keeping", tmp_path)
    assert isinstance(facts["words"], list)
    assert facts["is_pinned"]
    assert any("is deleted on its server" in words for words in facts["words"])


def test_who_is_added_is_asked_and_then_seen(screen: Display, tmp_path: Path) -> None:
    facts = run(screen, "contacts", tmp_path)
    assert facts["contact"] == facts["heading"] == "The second"
    assert facts["delivery"] in ("echoed", "delivered", "displayed")
