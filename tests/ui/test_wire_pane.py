"""The wire pane: each state, shared selection, stale answers."""

import asyncio
from collections.abc import Coroutine, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from chatlab.core.attribution import Attribution
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureRefused
from chatlab.core.errors import CaptureError, FileError
from chatlab.core.flow import ByteRange
from chatlab.core.message import MessageId
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.models.frame_tree import VALUE_ROLE
from chatlab.ui.widgets.frame_detail import Caption
from chatlab.ui.widgets.hex_view import HexView
from chatlab.ui.widgets.wire_pages import StatePage
from chatlab.ui.widgets.wire_pane import WirePane
from tests.helpers.wire_feed import (
    HEADER_BYTES,
    LAB,
    PLAIN,
    FakeFeed,
    FakeFrame,
    lab_feed,
    said,
)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
HELLO, SECRET = MessageId("hello"), MessageId("secret")


class Bench:
    """A pane over a feed; what it wants to run is kept until ``answer``."""

    def __init__(self, qtbot: QtBot, feed: FakeFeed) -> None:
        self.feed = feed
        self.waiting: list[Coroutine[object, object, None]] = []
        self.pane = WirePane(feed, self.waiting.append)
        qtbot.addWidget(self.pane)
        self.pane.resize(700, 700)
        self.pane.show()
        self.pane.set_context(LAB, PLAIN)

    def answer(self) -> None:
        """Let the dissector answer everything that was asked, in order."""
        while self.waiting:
            asyncio.run(self.waiting.pop(0))

    def close(self) -> None:
        """Give up what was asked and never answered."""
        while self.waiting:
            self.waiting.pop().close()

    @property
    def layers(self) -> list[str]:
        model = self.pane.detail.tree.layers
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    @property
    def words(self) -> str:
        shown = (label for label in self.pane.findChildren(QLabel) if label.isVisible())
        return " | ".join(label.text() for label in shown)

    def press(self, qtbot: QtBot, words: str) -> None:
        def found() -> list[QPushButton]:
            buttons = self.pane.findChildren(QPushButton)
            return [b for b in buttons if b.text() == words and b.isVisible()]

        qtbot.waitUntil(lambda: bool(found()))
        qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(qtbot, lab_feed())
    yield made
    made.close()


# Shared selection ---------------------------------------------------------------------------


def test_a_message_opens_its_first_frame_and_marks_its_bytes(bench: Bench) -> None:
    bench.pane.show_message(HELLO)
    assert bench.pane.frames.current_frame == 8
    assert bench.pane.detail.hex.data == bench.feed.raw(8)
    assert "49 readable by anyone" in bench.words
    assert bench.pane.words.words == bench.feed.explain_message(HELLO)


def test_bytes_are_there_at_once_and_layers_when_they_arrive(bench: Bench) -> None:
    bench.pane.show_message(HELLO)
    assert bench.layers == ["Frame 8"]
    bench.answer()
    assert bench.layers[-1] == "Internet Relay Chat"


def test_a_late_answer_for_another_frame_is_ignored(bench: Bench) -> None:
    bench.pane.show_frame(8)
    bench.pane.show_frame(2)
    bench.waiting.reverse()
    bench.answer()
    assert bench.layers[0] == "Frame 2"
    assert "Internet Relay Chat" not in bench.layers


def test_a_dissector_that_fails_says_so_in_words(bench: Bench) -> None:
    bench.feed.failure = CaptureError("The dissector took too long.", "Choose the frame again.")
    bench.pane.show_frame(8)
    bench.answer()
    assert bench.layers == ["Frame 8"]
    assert "took too long" in bench.pane.detail.tree.placeholder


def test_a_capture_file_that_is_gone_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    def fail(_feed: FakeFeed, _number: int) -> bytes:
        raise FileError("The capture file cannot be read.", "Check the disk.")

    monkeypatch.setattr(FakeFeed, "raw", fail)
    bench.pane.show_frame(8)
    assert "Check the disk" in bench.pane.detail.tree.placeholder
    assert bench.pane.detail.hex.data == b""


def test_picking_a_frame_asks_for_its_message_and_keeps_the_frame(bench: Bench) -> None:
    picked: list[object] = []
    bench.pane.frame_selected.connect(picked.append)
    bench.pane.message_requested.connect(picked.append)
    bench.pane.frames.setCurrentIndex(bench.pane.frames.model().index(10, 0))
    assert picked == [11, SECRET]
    bench.pane.show_message(SECRET)
    assert bench.pane.frames.current_frame == 11
    assert bench.pane.words.words == bench.feed.explain_frame(11)


def test_a_frame_without_words_asks_for_no_message(qtbot: QtBot, bench: Bench) -> None:
    with qtbot.assertNotEmitted(bench.pane.message_requested):
        bench.pane.frames.setCurrentIndex(bench.pane.frames.model().index(1, 0))
    assert bench.pane.words.words == bench.feed.explain_frame(2)


def test_a_field_chooses_its_bytes_and_a_byte_its_field(qtbot: QtBot, bench: Bench) -> None:
    bench.pane.show_message(HELLO)
    bench.answer()
    detail = bench.pane.detail
    port = detail.tree.layers.index_at(36)
    detail.tree.setCurrentIndex(port)
    assert detail.hex.chosen == ByteRange(36, 38)

    detail.hex.byte_clicked.emit(HEADER_BYTES + 2)
    assert detail.tree.currentIndex().data() == "Command"
    assert detail.tree.currentIndex().data(VALUE_ROLE) == "PRIVMSG"
    assert detail.hex.chosen == ByteRange(HEADER_BYTES, HEADER_BYTES + 7)


def test_clicking_bytes_of_a_message_asks_for_it(qtbot: QtBot, bench: Bench) -> None:
    bench.pane.show_frame(8)
    with qtbot.waitSignal(bench.pane.message_requested) as caught:
        bench.pane.detail.hex.byte_clicked.emit(HEADER_BYTES + 20)
    assert caught.args == [HELLO]


def test_the_reader_finds_the_tree_as_it_was_left(bench: Bench) -> None:
    bench.pane.show_frame(8)
    bench.answer()
    tree = bench.pane.detail.tree
    tcp = tree.layers.index(3, 0)
    tree.expand(tcp)
    bench.pane.show_frame(11)
    bench.answer()
    assert tree.isExpanded(tree.layers.index(3, 0))


def test_the_innermost_layer_is_open_down_to_its_words(bench: Bench) -> None:
    bench.pane.show_frame(8)
    bench.answer()
    tree = bench.pane.detail.tree
    words = tree.layers.index_at(HEADER_BYTES + 20)
    assert words.data() == "Text"
    assert tree.isExpanded(words.parent())
    assert tree.isExpanded(words.parent().parent())
    assert not tree.isExpanded(tree.layers.index(2, 0))


def test_a_retransmission_still_says_who_can_read_it(bench: Bench) -> None:
    bench.feed.frames[12].messages = bench.feed.frames[7].messages
    bench.pane.show_frame(13)
    assert "49 readable by anyone" in bench.words


# Scopes -------------------------------------------------------------------------------------


def test_a_message_outside_the_scope_brings_its_own(qtbot: QtBot, bench: Bench) -> None:
    bench.pane.set_scope(Scope.CHAT, LAB, PLAIN)
    with qtbot.waitSignal(bench.pane.scope_changed) as caught:
        bench.pane.show_message(SECRET)
    assert caught.args == [Scope.MESSAGE]
    assert bench.pane.frames.current_frame == 11
    assert "2 of 14" in bench.words


def test_a_frame_outside_the_scope_widens_it(bench: Bench) -> None:
    bench.pane.set_scope(Scope.CHAT, LAB, PLAIN)
    bench.pane.show_frame(1)
    assert bench.pane.scope is Scope.ALL
    assert bench.pane.frames.current_frame == 1


def test_frames_that_come_later_are_opened_for_the_waiting_message(bench: Bench) -> None:
    late = MessageId("late")
    bench.pane.show_message(late)
    assert bench.pane.frames.current_frame is None
    bench.feed.frames.append(said("late", "here I am"))
    bench.feed.attributions[late] = Attribution(message=late, stream=0, frames=(15,))
    bench.feed.tell()
    bench.pane.refresh()
    assert bench.pane.frames.current_frame == 15


def test_the_pane_looks_at_the_feed_soon_after_it_was_told(qtbot: QtBot, bench: Bench) -> None:
    bench.feed.frames += [FakeFrame("TCP", "ACK")] * 3
    bench.feed.tell()
    qtbot.waitUntil(lambda: "17 frames" in bench.words)


# States -------------------------------------------------------------------------------------


def test_idle_offers_to_start_and_to_open(qtbot: QtBot) -> None:
    bench = Bench(qtbot, FakeFeed(status=CaptureIdle()))
    assert "Nothing captured yet" in bench.words
    with qtbot.waitSignal(bench.pane.start_requested):
        bench.press(qtbot, "Start the capture")
    with qtbot.waitSignal(bench.pane.open_requested):
        bench.press(qtbot, "Open a capture…")


def test_a_refusal_shows_the_bytes_of_the_tap_as_what_they_are(qtbot: QtBot) -> None:
    feed = FakeFeed(status=CaptureRefused(reason="No permission.", remedy="sudo allow"))
    feed.tapped[HELLO] = b"PRIVMSG #lab :hi\r\n"
    bench = Bench(qtbot, feed)
    assert "not captured frames" not in bench.words
    bench.pane.show_message(HELLO)
    assert "not captured frames" in bench.words
    assert any(view.data == feed.tapped[HELLO] for view in bench.pane.findChildren(HexView))
    with qtbot.waitSignal(bench.pane.check_again_requested):
        bench.press(qtbot, "Try again")
    with qtbot.waitSignal(bench.pane.remedy_requested):
        bench.press(qtbot, "System check…")


def test_a_lost_capture_offers_to_restart_above_the_frames(qtbot: QtBot, bench: Bench) -> None:
    bench.feed.status = CaptureLost(reason="It ended.", since_ns=0, hint="")
    bench.pane.refresh()
    assert "Nothing is captured since 00:00:00" in bench.words
    with qtbot.waitSignal(bench.pane.restart_requested):
        bench.press(qtbot, "Restart the capture")


def test_frames_that_wait_for_the_disk_are_not_thrown_away_by_a_button(bench: Bench) -> None:
    bench.feed.status = CaptureLost(reason="It is full.", since_ns=0, hint="", is_waiting=True)
    bench.pane.refresh()
    assert "No frame is written since 00:00:00: It is full." in bench.words
    assert "Restart the capture" not in bench.words


def test_dropped_frames_are_said_until_they_are_past(bench: Bench) -> None:
    calm = bench.feed.status
    bench.feed.status = CaptureLive(backend="x", frames=14, dropped=1, position=0, flows=1)
    bench.pane.refresh()
    assert "dropped 1 frame" in bench.words
    bench.feed.status = calm
    bench.pane.refresh()
    assert "holes" not in bench.words


def test_a_message_from_before_the_capture_is_explained(qtbot: QtBot, bench: Bench) -> None:
    bench.pane.set_scope(Scope.MESSAGE, LAB, PLAIN)
    bench.pane.show_message(MessageId("early"))
    assert "No frame of this message" in bench.words
    bench.press(qtbot, "Show this chat’s frames")
    assert bench.pane.scope is Scope.CHAT


def test_the_line_of_plain_language_is_never_empty(qtbot: QtBot, bench: Bench) -> None:
    assert bench.pane.words.words
    assert Bench(qtbot, FakeFeed()).pane.words.words
    bench.pane.show_message(None)
    assert bench.pane.words.words


def test_another_capture_leaves_nothing_of_the_last(bench: Bench) -> None:
    bench.pane.show_message(HELLO)
    del bench.feed.frames[2:]
    bench.feed.attributions.clear()
    bench.pane.reset()
    assert bench.pane.frames.current_frame is None
    assert bench.pane.detail.hex.data == b""
    assert bench.pane.frames.model().rowCount() == 2


def test_captions_name_what_is_shown(bench: Bench) -> None:
    bench.pane.show_frame(8)
    titles = {caption.title for caption in bench.pane.detail.findChildren(Caption)}
    assert titles == {"Layers of frame 8", "115 bytes"}


def test_commands_take_the_same_room_however_often_they_are_shown(qtbot: QtBot) -> None:
    for length in range(40, 120, 3):
        page = StatePage()
        qtbot.addWidget(page)
        page.resize(500, 500)
        command = f"sudo setcap cap_net_raw+ep {'x' * length}"
        heights = set()
        for time in range(3):
            page.show_state("wire", "Not allowed", "Say this:", code=command)
            if not time:
                page.show()
            QApplication.processEvents()
            heights.add(page._code._text.height())
        page.hide()
        assert len(heights) == 1, f"{length}: {heights}"
