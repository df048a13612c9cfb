"""The real window is killed; the next start offers what it showed, and that opens as it was."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlab.app.feed import CaptureFeed
from chatlab.app.replay import fill_from_file
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.chats import ChatBook
from tests.e2e.drive_crash import LINE, transcripts
from tests.helpers.window_play import run_scene
from tests.helpers.xvfb import Display, display

pytestmark = [pytest.mark.window, pytest.mark.capture, pytest.mark.only_on("linux")]


@pytest.fixture(scope="module")
def screen() -> Iterator[Display]:
    with display(1280, 800) as found:
        yield found


def test_a_killed_window_is_offered_and_opens_as_it_was(screen: Display, tmp_path: Path) -> None:
    home = tmp_path / "home"
    module = "tests.e2e.drive_crash"
    assert run_scene(screen, module, "killed", home)["exit"] == -9
    shown = json.loads((home / "shown.json").read_text(encoding="utf-8"))

    facts = run_scene(screen, module, "offered", home)
    assert facts["exit"] == 0
    assert facts["action"] == "Open"
    assert "before it could close" in str(facts["text"])
    assert "2 messages are kept" in str(facts["text"])

    (file,) = (home / "data" / "sessions").glob("*/capture.pcapng")
    book = ChatBook()
    feed = CaptureFeed(file, book, ScapyDissector(), is_live=False)
    fill_from_file(feed, book)
    said = [each.id for each in feed.messages.values() if each.text == LINE]
    assert [list(feed.attribution(each).frames) for each in said] == shown["frames"]
    assert transcripts(book) == shown["transcripts"]
    assert feed.count >= shown["count"]
    feed.close()
