"""Renders the wire pane in each of its states, light and dark: look at the pictures.

``python -m tests.helpers.gallery_a DIRECTORY``
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureRefused
from chatlab.core.message import MessageId
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.wire_pane import WirePane
from tests.helpers.wire_feed import LAB, PLAIN, FakeFeed, FakeFrame, lab_feed

NARROW = (520, 700)
WIDE = (1000, 900)
_REMEDY = (
    "sudo apt-get install wireshark-common\n"
    "sudo dpkg-reconfigure wireshark-common\n"
    'sudo usermod -aG wireshark "$USER"\n'
    "# then log out and in again"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: a feed, and what the reader has done."""

    name: str
    feed: Callable[[], FakeFeed]
    act: Callable[[WirePane], None]
    size: tuple[int, int] = NARROW


def run_now(coroutine: Coroutine[object, object, None]) -> None:
    """The fake feed answers at once, so no loop has to run beside Qt."""
    asyncio.run(coroutine)


def _nothing(_pane: WirePane) -> None:
    """Nobody has clicked anything yet."""


def _hello(pane: WirePane) -> None:
    pane.set_context(LAB, PLAIN)
    pane.show_message(MessageId("hello"))


def _secret(pane: WirePane) -> None:
    pane.set_context(LAB, PLAIN)
    pane.show_message(MessageId("secret"))


def _only_hello(pane: WirePane) -> None:
    _hello(pane)
    pane.set_scope(Scope.MESSAGE, LAB, PLAIN)


def _byte(pane: WirePane) -> None:
    _hello(pane)
    pane.detail.hex.byte_clicked.emit(75)


def _unknown(pane: WirePane) -> None:
    pane.set_context(LAB, PLAIN)
    pane.show_message(MessageId("early"))
    pane.set_scope(Scope.MESSAGE, LAB, PLAIN)


def _refused() -> FakeFeed:
    feed = FakeFeed(status=CaptureRefused(reason=_REASON, remedy=_REMEDY))
    feed.tapped = lab_feed().tapped
    return feed


_REASON = (
    "Linux lets only privileged programs open packet sockets, and ChatLab’s capture helper has "
    "not been given that permission yet."
)


def _lost() -> FakeFeed:
    feed = lab_feed()
    feed.status = CaptureLost(
        reason="The capture process ended (signal 9).",
        since_ns=1_760_000_000_000_000_000,
        hint="Restart it; chatting goes on.",
    )
    return feed


def _dropped() -> FakeFeed:
    feed = lab_feed()
    feed.status = CaptureLive(backend="packet socket", frames=14, dropped=3, position=9000, flows=2)
    return feed


def _waiting() -> FakeFeed:
    return FakeFeed(
        status=CaptureLive(backend="packet socket", frames=0, dropped=0, position=0, flows=0)
    )


def _many() -> FakeFeed:
    feed = lab_feed()
    feed.frames = feed.frames * 3000
    first: FakeFrame = feed.frames[1]
    first.source, first.destination = "2001:db8:2:1::4711", "2001:db8:1f0:a::6667"
    return feed


SCENES = (
    Scene("idle", lambda: FakeFeed(status=CaptureIdle()), _nothing),
    Scene("waiting", _waiting, _nothing),
    Scene("live", lab_feed, _nothing),
    Scene("plain", lab_feed, _hello),
    Scene("sealed", lab_feed, _secret),
    Scene("message", lab_feed, _only_hello),
    Scene("byte", lab_feed, _byte),
    Scene("unknown", lab_feed, _unknown),
    Scene("refused", _refused, _nothing),
    Scene("refused-tap", _refused, _hello, (520, 860)),
    Scene("lost", _lost, _hello),
    Scene("dropped", _dropped, _hello),
    Scene("wide", lab_feed, _hello, WIDE),
    Scene("many", _many, _nothing, WIDE),
    Scene("small", lab_feed, _hello, (400, 560)),
)


def main() -> None:
    """Write one PNG for each scene and theme."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[2:])
    app = QApplication([])
    for name in ("light", "dark"):
        Theme.load(name).apply(app)
        for scene in SCENES:
            if wanted and scene.name not in wanted:
                continue
            pane = WirePane(scene.feed(), run_now)
            pane.resize(*scene.size)
            pane.show()
            app.processEvents()
            scene.act(pane)
            app.processEvents()
            pane.grab().save(str(folder / f"wire-{scene.name}-{name}.png"))
            pane.close()
            pane.deleteLater()
            app.processEvents()


if __name__ == "__main__":
    main()
