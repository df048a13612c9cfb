"""The real window, played from inside: a scene runs beside it in the same event loop.

The parent (a test, or the screenshots) starts a scene in a process of its own with ``run_scene``,
on a display of its own. The scene composes the window exactly as ``chatlab`` does, uses keyboard
and mouse through Qt's own events, asks for pictures where it wants them, and ends by printing
what it saw as one JSON object. Nothing of the program is replaced.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.helpers.xvfb import Display, Picture

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QDialog, QWidget

    from chatlab.app.backstage import WindowBackstage
    from chatlab.app.feed import CaptureFeed
    from chatlab.core.chats import Chat, ChatBook
    from chatlab.core.message import Message
    from chatlab.ui.action_wiring import ActionWiring
    from chatlab.ui.main_window import MainWindow
    from chatlab.ui.widgets.chat_pane import ChatPane

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 20.0
SCENE_TIMEOUT_S = 120.0
_LOOK_EVERY_S = 0.01
Facts = dict[str, object]
Found = TypeVar("Found")


# --- the parent's side ----------------------------------------------------------------------


def run_scene(
    display: Display,
    module: str,
    scene: str,
    home: Path,
    *,
    wrapper: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    on_picture: Callable[[str, Picture], object] = lambda name, picture: None,
) -> Facts:
    """Play ``scene`` of ``module``; returns its facts. ``wrapper`` is put before the command.

    A picture is cut to the window that the scene names; ``exit`` among the facts is the code.
    """
    command = [*wrapper, sys.executable, "-m", module, scene]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=display.environment(CHATLAB_HOME=str(home), **(environment or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    facts: Facts = {}
    watchdog = threading.Timer(SCENE_TIMEOUT_S, child.kill)
    watchdog.start()
    try:
        assert child.stdin
        assert child.stdout
        for line in child.stdout:
            words = json.loads(line)
            if "picture" in words:
                on_picture(words["picture"], display.pixels().cut(*words["area"]))
                print(file=child.stdin, flush=True)
            else:
                facts = words
        return facts | {"exit": child.wait(SCENE_TIMEOUT_S)}
    finally:
        watchdog.cancel()
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()
    with child:  # Waits for it and closes its pipes.
        pass


# --- the window's side ----------------------------------------------------------------------


class Play:
    """What a scene can do with the window and see in it."""

    def __init__(
        self,
        window: "MainWindow",
        book: "ChatBook",
        feed: "CaptureFeed",
        backstage: "WindowBackstage",
        wiring: "ActionWiring",
    ) -> None:
        self.window = window
        self.book = book
        self.feed = feed
        self.backstage = backstage
        self.wiring = wiring
        self.started = time.monotonic()
        window.activateWindow()  # As a window manager would; there is none here.

    async def until(
        self, what: str, look: Callable[[], Found], patience_s: float = PATIENCE_S
    ) -> Found:
        """Let the window live until ``look`` finds something; fails naming what was missed."""
        deadline = time.monotonic() + patience_s
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited {patience_s} s in vain for {what}"
            await asyncio.sleep(_LOOK_EVERY_S)
        return found

    async def lab(self) -> "tuple[ChatPane, ChatPane]":
        """The two panes of the offline lab, once both channels are joined: plain, TLS."""

        def ready() -> bool:
            shown = [pane.chat for pane in self.window.chats.panes]
            return len(shown) == 2 and all(chat and len(chat.members) == 2 for chat in shown)

        await self.until("both panes of the lab", ready)
        plain, sealed = self.window.chats.panes
        return plain, sealed

    def type_in(self, pane: "ChatPane", text: str) -> None:
        """Click into a composer, type, press Return."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.mouseClick(pane.composer.editor.viewport(), Qt.MouseButton.LeftButton)
        QTest.keyClicks(pane.composer.editor, text)
        QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return)

    async def press(self, key: "Qt.Key", *modifiers: "Qt.KeyboardModifier") -> None:
        """Press a key where the focus is."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        if QApplication.activeWindow() is None:
            # When a dialog goes, a window manager gives the focus back; there is none here.
            self.window.activateWindow()
            await self.until("the focus", QApplication.activeWindow)
        target = QApplication.focusWidget() or QApplication.activeWindow() or self.window
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        QTest.keyClick(target, key, held)

    def said(self, chat: "Chat | None", text: str) -> "Message | None":
        """The last message with this text in a chat."""
        from chatlab.core.message import Message

        entries = reversed(chat.entries) if chat else ()
        for entry in entries:
            if isinstance(entry, Message) and entry.text == text:
                return entry
        return None

    async def echoed(self, pane: "ChatPane", text: str) -> "Message":
        """A message of a pane, once the server has sent it back."""
        from chatlab.core.message import Delivery

        def look() -> "Message | None":
            message = self.said(pane.chat, text)
            return message if message and message.delivery is Delivery.ECHOED else None

        message = await self.until(f"the echo of “{text}”", look)
        assert message
        return message

    async def framed(self, pane: "ChatPane", text: str) -> "Message":
        """A message of a pane, once it is on the screen with its frames."""

        def look() -> "Message | None":
            message = self.said(pane.chat, text)
            return message if message and self.feed.attribution(message.id).frames else None

        message = await self.until(f"“{text}” with its frames", look)
        assert message
        return message

    def dialog(self, kind: "type[QDialog]") -> "QDialog | None":
        """The dialog of this kind that is open."""
        found = [each for each in self.window.findChildren(kind) if each.isVisible()]
        return found[0] if found else None

    async def picture(self, name: str, of: "QWidget | None" = None) -> None:
        """Have the screen photographed, cut to a window, once everything is painted."""
        from PySide6.QtWidgets import QApplication

        for _ in range(3):  # Layouts ask for one more turn than they should.
            await asyncio.sleep(0.05)
            QApplication.processEvents()
        frame = (of or self.window).frameGeometry()
        ratio = self.window.devicePixelRatioF()
        area = [round(n * ratio) for n in (frame.x(), frame.y(), frame.width(), frame.height())]
        print(json.dumps({"picture": name, "area": area}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


Scene = Callable[[Play], Awaitable[Facts]]


def play(scene: Scene, *, lab: bool = False, file: Path | None = None) -> int:
    """Open the window, play, close it; prints the scene's facts as JSON."""
    from PySide6.QtWidgets import QApplication

    from chatlab.app.loop import QtLoop
    from chatlab.app.window import _Life  # The composition itself; nothing else makes one.

    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    facts: Facts = {}

    async def perform(life: _Life) -> None:
        await life.staged.wait()
        behind = life._behind
        stage = Play(life._window, life._book, life._feed, life._backstage, behind.wiring)
        try:
            facts.update(await scene(stage))
        finally:
            life._backstage.quit()

    async def both() -> int:
        life = _Life(application, is_lab=lab, file=file)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(life.run())
            group.create_task(perform(life))
        return running.result()

    with asyncio.Runner(loop_factory=QtLoop) as runner:
        code = runner.run(both())
    print(json.dumps(facts), flush=True)
    return code
