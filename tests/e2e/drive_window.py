"""Scenes for ``test_window``: what a student does with the window, and what is then to be seen.

``python -m tests.e2e.drive_window SCENE``; each returns facts, and the tests judge them.
"""

import asyncio
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e import drive_accounts
from tests.helpers.window_play import Facts, Play, Scene, play

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

    from chatlab.core.message import Message
    from chatlab.ui.widgets.chat_pane import ChatPane

FILE_VARIABLE = "CHATLAB_TEST_FILE"
_FILE = Path(os.environ.get(FILE_VARIABLE, "none.chatlab"))


# --- what is seen ---------------------------------------------------------------------------


def _marked(stage: Play) -> dict[str, object]:
    """The bytes that the hex view marks as the chosen message's, and who can read them."""
    detail = stage.window.wire.detail
    chosen = [mark for mark in detail.hex._marks if mark.is_chosen]
    data = b"".join(detail.hex.data[m.span.start : m.span.stop] for m in chosen)
    return {"bytes": data.hex(), "exposure": [mark.exposure.value for mark in chosen]}


def _badge_point(pane: "ChatPane", message: "Message") -> "QPoint | None":
    """Where the badge of a message can be clicked."""
    from PySide6.QtCore import QPoint

    from chatlab.ui.widgets.transcript_layout import HitKind

    view = pane.transcript
    row = view._transcript.row_of(message.id) if view._transcript else None
    if row is None:
        return None
    rect = view.visualRect(view.model().index(row, 0))
    for y in range(rect.top(), rect.bottom(), 2):
        for x in range(view.viewport().width() - 1, 0, -4):
            hit = view.hit_at(QPoint(x, y))
            if hit is not None and hit.kind is HitKind.BADGE:
                return QPoint(x, y)
    return None


def _click_badge(pane: "ChatPane", message: "Message") -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    point = _badge_point(pane, message)
    assert point is not None, f"“{message.text}” has no badge to click"
    QTest.mouseClick(
        pane.transcript.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        point,
    )


def _click_frame(stage: Play, number: int) -> None:
    """Choose the scope of all frames, then one of them, with the mouse."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from chatlab.ui.models.frame_table import Scope

    wire = stage.window.wire
    QTest.mouseClick(wire.bar.scopes._segments[Scope.ALL], Qt.MouseButton.LeftButton)
    row = wire.frames.model().index(wire._model.row_of(number) or 0, 1)
    wire.frames.scrollTo(row)
    QTest.mouseClick(
        wire.frames.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        wire.frames.visualRect(row).center(),
    )


# --- the main job ---------------------------------------------------------------------------


async def first_message(stage: Play) -> Facts:
    """Type, Return; both panes; badge with frames; click; bytes. Then the other way round."""
    plain, sealed = await stage.lab()
    ready_s = time.monotonic() - stage.started
    text = "Hello from the plain side"
    stage.type_in(plain, text)
    sent = await stage.framed(plain, text)
    framed_s = time.monotonic() - stage.started
    await stage.echoed(plain, text)
    received = await stage.framed(sealed, text)
    _click_badge(plain, sent)
    layers = stage.window.wire.detail.tree.layers
    await stage.until("the layers", lambda: layers.rowCount() > 3)
    plain_marks = _marked(stage)
    words = stage.window.wire.words.words
    _click_badge(sealed, received)
    sealed_marks = _marked(stage)
    number = stage.feed.attribution(sent.id).frames[0]
    _click_frame(stage, number)
    return {
        "ready_s": ready_s,
        "framed_s": framed_s,
        "frames": len(stage.feed.attribution(sent.id).frames),
        "plain": plain_marks,
        "sealed": sealed_marks,
        "words": words,
        "lit_up": plain.transcript.selected_message() == sent.id,
        "current_frame_is_its": stage.window.wire.frames.current_frame == number,
    }


# --- capture --------------------------------------------------------------------------------


async def refused(stage: Play) -> Facts:
    """Where nothing may be captured: chat works, the pane says why, the tap's bytes stand in."""
    plain, sealed = await stage.lab()
    text = "Anybody there?"
    stage.type_in(plain, text)
    await stage.echoed(plain, text)
    await stage.until("the other side", lambda: stage.said(sealed.chat, text))
    page = stage.window.wire.page
    await stage.until("the bytes of the tap", lambda: stage.window.wire._tap.data)
    return {
        "status": type(stage.feed.status).__name__,
        "count": stage.feed.count,
        "title": page._title.text(),
        "reason": page._words.text(),
        "remedy": page._code._text.toPlainText(),
        "tap": stage.window.wire._tap.data.decode(),
        "caption": stage.window.wire._tap_caption.title,
        "words": stage.window.wire.words.words,
    }


def _watches_both(stage: Play) -> bool:
    from chatlab.core.capture import CaptureLive

    status = stage.feed.status
    return isinstance(status, CaptureLive) and status.flows == 2


async def pause(stage: Play) -> Facts:
    """Ctrl+E stops the capture, Ctrl+E starts it again; the chat never notices."""
    from PySide6.QtCore import Qt

    from chatlab.core.capture import CaptureIdle

    plain, _ = await stage.lab()
    stage.type_in(plain, "captured")
    before = await stage.framed(plain, "captured")
    await stage.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    await stage.until("the stop", lambda: isinstance(stage.feed.status, CaptureIdle))
    stage.type_in(plain, "unseen")
    unseen = await stage.echoed(plain, "unseen")
    words = stage.window.wire.words.words
    await stage.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    await stage.until("the start", partial(_watches_both, stage))
    stage.type_in(plain, "captured again")
    after = await stage.framed(plain, "captured again")
    evidence = stage.feed.attribution(after.id).evidence
    return {
        "before": len(stage.feed.attribution(before.id).frames),
        "unseen": len(stage.feed.attribution(unseen.id).frames),
        "unseen_words": words,
        "after": len(stage.feed.attribution(after.id).frames),
        "evidence": evidence.value if evidence else "",
    }


async def save(stage: Play) -> Facts:
    """Talk, press Ctrl+S, choose a file."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QFileDialog

    plain, sealed = await stage.lab()
    said = {}
    for pane, text in ((plain, "in clear"), (sealed, "under TLS")):
        stage.type_in(pane, text)
        await stage.echoed(pane, text)
        message = await stage.framed(pane, text)
        said[text] = list(stage.feed.attribution(message.id).frames)
    await stage.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = await stage.until("the dialog", lambda: stage.dialog(QFileDialog))
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(_FILE))  # The system's dialog may be none of Qt's.
    dialog.reject()
    await stage.until("the file", _FILE.exists)
    await stage.until("the words", lambda: stage.window.bar.isVisible())
    return {"frames": said}


async def look(stage: Play) -> Facts:
    """A saved session in a window of its own: read-only."""
    from chatlab.core.message import Message

    await stage.until("the chats", lambda: len(stage.window.chats.panes) == 2)
    found = {
        entry.text: list(stage.feed.attribution(entry.id).frames)
        for chat in stage.book.chats.values()
        for entry in chat.entries
        if isinstance(entry, Message) and entry.delivery is not None
    }
    pane = stage.window.chats.active
    message = next(e for e in pane.chat.entries if isinstance(e, Message)) if pane.chat else None
    assert message
    await stage.until("the badge", partial(_badge_point, pane, message))
    _click_badge(pane, message)
    return {
        "frames": found,
        "can_type": pane.composer.editor.isEnabled(),
        "placeholder": pane.composer.editor.placeholderText(),
        "title": stage.window.windowTitle(),
        "marks": _marked(stage),
    }


# --- the end --------------------------------------------------------------------------------


async def close_button(stage: Play) -> Facts:
    """The window's own button, while both accounts are connected."""
    await stage.lab()
    stage.window.close()
    await stage.backstage.leave.wait()
    return {"asked": True}


async def keyboard(stage: Play) -> Facts:
    """Tab through everything: the focus goes round, and each stop is seen and named."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    plain, _ = await stage.lab()
    stage.type_in(plain, "a line to stop at")
    await stage.framed(plain, "a line to stop at")
    stops: dict[str, bool] = {}
    nameless = []
    for _ in range(60):
        await stage.press(Qt.Key.Key_Tab)
        await asyncio.sleep(0)
        widget = QApplication.focusWidget()
        assert widget
        stops[f"{type(widget).__name__} {widget.accessibleName()}"] = widget.isVisible()
        if not widget.accessibleName() and not getattr(widget, "text", lambda: "")():
            nameless.append(type(widget).__name__)
    return {"stops": stops, "nameless": nameless}


SCENES: dict[str, tuple[Scene, bool]] = {
    "first-message": (first_message, True),
    "refused": (refused, True),
    "pause": (pause, True),
    "save": (save, True),
    "look": (look, False),
    "close-button": (close_button, True),
    "keyboard": (keyboard, True),
}
"""Each with whether it opens on the lab."""


def main(arguments: list[str]) -> int:
    name = arguments[0]
    scene, opens_lab = (SCENES | drive_accounts.SCENES)[name]
    return play(scene, lab=opens_lab, file=_FILE if name == "look" else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
