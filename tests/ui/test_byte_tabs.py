"""The tabs above the bytes: what they offer, and how fields and bytes choose each other across them."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtWidgets import QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from chatlab.app.feed import CaptureFeed
from chatlab.app.key_files import read_key_file, show_key_file
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Layer
from chatlab.ui.models.frame_tree import VALUE_ROLE
from chatlab.ui.secrets_desk import SecretsDesk
from chatlab.ui.widgets.frame_detail import FrameDetail
from chatlab.ui.widgets.message_bar import MessageBar
from tests.helpers.tcp_talk import RECEIVED, SENT
from tests.helpers.tls_talk import TlsTalk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LINE = b"PRIVMSG #lab :a sealed greeting\r\n"


class NoLowerLayers:
    """A dissector that leaves everything below TLS out."""

    async def dissect(self, raw: bytes, link_type: int) -> tuple[Layer, ...]:
        return ()


class Bench:
    """One frame of a TLS session, opened; ``answer`` lets the tree be filled."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        tls = TlsTalk(folder, ssl.TLSVersion.TLSv1_3)
        self.number = len(tls.talk.frames) + 1
        tls.write(SENT, LINE)
        tls.write(RECEIVED, b":bob!b@h PRIVMSG #lab :hi\r\n")
        file = tls.talk.write(folder / "a.pcapng")
        self.keys = folder / "keys.txt"
        self.feed = CaptureFeed(file, ChatBook(), NoLowerLayers(), is_live=False)
        self.feed.pull()
        self.waiting: list[Coroutine[object, object, None]] = []
        self.detail = FrameDetail(self.feed, self.waiting.append)
        qtbot.addWidget(self.detail)
        self.detail.resize(900, 400)
        self.detail.show()

    def open(self, number: int) -> None:
        self.detail.show_frame(number, None)
        self.answer()

    def answer(self) -> None:
        while self.waiting:
            asyncio.run(self.waiting.pop(0))

    @property
    def tabs(self) -> list[str]:
        tabs = self.detail.tabs
        return [tabs.tabText(at) for at in range(tabs.count())] if tabs.isVisible() else []

    def choose(self, *names: str) -> None:
        """Make the field current that has these names, from the layer down."""
        model = self.detail.tree.layers
        at = next(
            index for index in all_indexes(self.detail) if model.path(index)[-len(names) :] == names
        )
        self.detail.tree.setCurrentIndex(at)

    @property
    def marked(self) -> bytes:
        span = self.detail.hex.chosen
        return self.detail.hex.data[span.start : span.stop]


def all_indexes(detail: FrameDetail) -> Iterator[QModelIndex]:
    model = detail.tree.layers
    waiting = [model.index(row, 0) for row in range(model.rowCount())]
    while waiting:
        index = waiting.pop(0)
        yield index
        waiting += [model.index(row, 0, index) for row in range(model.rowCount(index))]


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(qtbot, tmp_path)
    yield made
    made.feed.close()


def test_there_are_tabs_only_where_there_is_a_choice(bench: Bench) -> None:
    bench.open(bench.number)
    assert bench.tabs == []
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.detail.refresh_marks()
    bench.answer()
    size = len(bench.feed.raw(bench.number))
    assert bench.tabs == [f"Frame ({size} bytes)", f"Decrypted TLS ({len(LINE)} bytes)"]
    bench.open(1)
    assert bench.tabs == []


def test_a_sealed_field_turns_to_the_decrypted_bytes(bench: Bench) -> None:
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.choose("PRIVMSG", "Parameter 2")
    assert bench.detail.hex.data == LINE
    assert bench.marked == b"a sealed greeting"
    assert bench.detail.tabs.currentIndex() == 1


def test_the_frame_shows_where_the_sealed_bytes_were(bench: Bench) -> None:
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.choose("PRIVMSG", "Parameter 2")
    bench.detail.tabs.setCurrentIndex(0)
    text = LINE.index(b"a sealed")
    start = 54 + 5 + text
    assert bench.detail.hex.chosen == ByteRange(start, start + len(b"a sealed greeting"))
    bench.detail.tabs.setCurrentIndex(1)
    assert bench.marked == b"a sealed greeting"


def test_a_byte_of_the_frame_finds_the_sealed_field(bench: Bench) -> None:
    """AES-GCM keeps each letter at its place: the tree knows what a byte of noise means."""
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.detail.hex.byte_clicked.emit(54 + 5 + 2)
    current = bench.detail.tree.currentIndex()
    assert (current.data(), current.data(VALUE_ROLE)) == ("Command", "PRIVMSG")
    assert bench.detail.hex.chosen == ByteRange(54 + 5, 54 + 5 + len("PRIVMSG"))
    bench.detail.hex.byte_clicked.emit(54 + 1)
    assert bench.detail.tree.currentIndex().data() == "Version"


def test_the_kind_of_bytes_that_was_picked_stays_for_other_frames(
    qtbot: QtBot, bench: Bench
) -> None:
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.detail.tabs.setFocus()
    qtbot.keyClick(bench.detail.tabs, Qt.Key.Key_Right)
    assert bench.detail.hex.data == LINE
    bench.open(1)
    assert bench.detail.hex.data == bench.feed.raw(1)
    bench.open(bench.number + 2)
    assert bench.detail.hex.data == b":bob!b@h PRIVMSG #lab :hi\r\n"


def test_without_the_secrets_the_observers_bytes_are_left(bench: Bench) -> None:
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.detail.tabs.setCurrentIndex(1)
    bench.feed.set_uses_secrets(False)
    bench.detail.refresh_marks()
    bench.answer()
    assert bench.tabs == []
    assert bench.detail.hex.data == bench.feed.raw(bench.number)
    model = bench.detail.tree.layers
    names = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    assert names == [f"Frame {bench.number}", "Transport Layer Security"]


def test_narrow_tabs_leave_the_sizes_out(bench: Bench) -> None:
    bench.feed.use_key_log(read_key_file(bench.keys))
    bench.open(bench.number)
    bench.detail.tabs.resize(bench.detail.tabs.tabSizeHint(1).width() + 60, 30)
    assert bench.detail.tabs.tabText(1) in ("Decrypted TLS", "Decrypted")
    assert f"{len(LINE)} bytes" in bench.detail.tabs.tabToolTip(1)


class Reader:
    """As much of a backstage as the desk asks."""

    def __init__(self, feed: CaptureFeed) -> None:
        self._feed = feed

    def use_key_file(self, file: Path, show: Callable[[int | FileError], None]) -> None:
        asyncio.run(show_key_file(self._feed, file, show))


def test_the_desk_says_what_it_did(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = MessageBar(window)
    desk = SecretsDesk(bench.feed, Reader(bench.feed), bar, window)  # type: ignore[arg-type]
    desk.read(str(tmp_path / "nothing.keys"))
    assert "cannot be read" in " ".join(_texts(bar))
    desk.read(str(bench.keys))
    assert bench.feed.has_secrets
    assert "4 TLS secrets were read" in " ".join(_texts(bar))
    one = tmp_path / "one.keys"
    one.write_text(bench.keys.read_text().splitlines()[-1])
    desk.read(str(one))
    assert "1 TLS secret was read; it is used" in " ".join(_texts(bar))
    desk.set_used(False)
    assert not bench.feed.uses_secrets
    words = " ".join(_texts(bar))
    assert "an observer of the wire" in words


def _texts(parent: QObject) -> list[str]:
    return [label.text() for label in parent.findChildren(QLabel)]
