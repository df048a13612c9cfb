"""A whole connection can be chosen like a message; a file has no other name among the frames."""

from pathlib import Path

from chatlab.core.flow import ConnectionId
from chatlab.core.frame import Exposure
from tests.helpers.tcp_talk import SENT, connection
from tests.unit.app.feeding import full_feed, live_feed, talk

WORDS = "The file notes.pdf from you to bob"


def test_every_frame_of_it_belongs_to_it_from_the_syn_on(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    ours = connection()
    chosen = feed.choose_connection(ours.flow, ours.id, WORDS)
    found = feed.attribution(chosen)
    assert found.frames == (4, 6)
    assert found.acks == (1, 2, 3, 5)
    assert feed.exposure_of(chosen) is Exposure.READABLE
    assert feed.explain_message(chosen).startswith(f"{WORDS}: 6 frames of a TCP connection")


def test_what_the_capture_gains_is_taken_in(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    ours = connection()
    chosen = feed.choose_connection(ours.flow, ours.id, WORDS)
    assert feed.attribution(chosen).frames == ()
    assert feed.explain_message(chosen).startswith("No frame of it was captured")
    more = talk()
    more.write(feed.file)
    feed.pull()
    assert feed.attribution(chosen).frames == (4, 6)
    more.send(SENT, b"x")
    more.write(feed.file)
    feed.pull()
    assert feed.attribution(chosen).frames == (4, 6, 7)


def test_another_connection_between_the_same_ends_is_not_it(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    chosen = feed.choose_connection(connection().flow, ConnectionId("another"), WORDS)
    assert feed.attribution(chosen).frames == ()
