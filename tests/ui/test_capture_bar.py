"""The capture bar: what it says in each state, and what its buttons ask for."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureRefused,
    CaptureStatus,
)
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.widgets.capture_bar import CaptureBar
from chatlab.ui.widgets.scope_switch import ScopeSwitch
from chatlab.ui.widgets.wire_states import Offer, empty_state, notice_state

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LIVE = CaptureLive(backend="packet socket", frames=412, dropped=0, position=1, flows=2)
HOLED = CaptureLive(backend="packet socket", frames=412, dropped=3, position=1, flows=2)
REFUSED = CaptureRefused(reason="No permission.", remedy="sudo chatlab-allow")
LOST = CaptureLost(reason="It ended.", since_ns=0, hint="Restart it.")
WAITING = CaptureLost(reason="Full.", since_ns=0, hint="Make room.", is_waiting=True)


@pytest.fixture
def bar(qtbot: QtBot) -> CaptureBar:
    made = CaptureBar()
    qtbot.addWidget(made)
    made.resize(700, 80)
    made.show()
    return made


def _said(bar: CaptureBar) -> str:
    return " | ".join(label.text() for label in bar.findChildren(QLabel))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (CaptureIdle(), "Stopped · 412 frames"),
        (LIVE, "Capturing · 412 frames"),
        (HOLED, "Capturing · 412 frames · 3 dropped"),
        (REFUSED, "Capturing needs a permission"),
        (LOST, "The capture stopped by itself · 412 frames"),
        (WAITING, "Waiting for the disk · 412 frames"),
    ],
)
def test_every_state_has_words(bar: CaptureBar, status: CaptureStatus, words: str) -> None:
    bar.show_status(status, 412)
    assert words in _said(bar)


def test_one_button_starts_and_stops(qtbot: QtBot, bar: CaptureBar) -> None:
    button = next(b for b in bar.findChildren(QAbstractButton) if "capture (" in b.toolTip())
    bar.show_status(CaptureIdle(), 0)
    with qtbot.waitSignal(bar.start_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    bar.show_status(LIVE, 1)
    with qtbot.waitSignal(bar.stop_requested):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_what_cannot_be_done_is_switched_off(bar: CaptureBar) -> None:
    bar.show_status(REFUSED, 0)
    disabled = {b.accessibleName() for b in bar.findChildren(QAbstractButton) if not b.isEnabled()}
    assert {"Start the capture (Ctrl+E)", "Save the session (Ctrl+S)"} <= disabled


def test_every_control_has_a_name(bar: CaptureBar) -> None:
    buttons = [b for b in bar.findChildren(QAbstractButton) if b.parent() is not bar.filter]
    assert all(part.accessibleName() for part in (*buttons, bar.filter))


@pytest.fixture
def switch(qtbot: QtBot) -> ScopeSwitch:
    made = ScopeSwitch()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_arrow_keys_choose_the_scope(qtbot: QtBot, switch: ScopeSwitch) -> None:
    segments = switch.findChildren(QAbstractButton)
    segments[3].setFocus()
    with qtbot.waitSignal(switch.scope_changed) as caught:
        qtbot.keyClick(segments[3], Qt.Key.Key_Left)
    assert caught.args == [Scope.ACCOUNT]
    with qtbot.waitSignal(switch.scope_changed) as caught:
        qtbot.mouseClick(segments[0], Qt.MouseButton.LeftButton)
    assert caught.args == [Scope.MESSAGE]


def test_showing_a_scope_tells_nobody(qtbot: QtBot, switch: ScopeSwitch) -> None:
    with qtbot.assertNotEmitted(switch.scope_changed):
        switch.show_scope(Scope.CHAT)
    assert switch.scope is Scope.CHAT


def test_words_shorten_before_they_are_cut(switch: ScopeSwitch) -> None:
    switch.set_room(1000)
    wide = switch.width()
    switch.set_room(wide - 1)
    assert switch.width() < wide
    assert next(b.text() for b in switch.findChildren(QAbstractButton)) == "Message"


# The words of the states --------------------------------------------------------------------


@pytest.mark.parametrize("status", [CaptureIdle(), LIVE, REFUSED, LOST])
def test_an_empty_pane_says_what_to_do(status: CaptureStatus) -> None:
    state = empty_state(status, 0, Scope.ALL, False, False)
    assert state.title
    assert state.words
    assert state.offers or isinstance(status, CaptureLive)


def test_a_refusal_shows_the_exact_remedy_and_what_still_works() -> None:
    state = empty_state(REFUSED, 0, Scope.ALL, False, False)
    assert state.code == REFUSED.remedy
    assert state.offers == (Offer.CHECK_AGAIN, Offer.REMEDY)
    askable = replace(REFUSED, can_enable=True)
    assert empty_state(askable, 0, Scope.ALL, False, False).offers[0] is Offer.ENABLE
    assert "Chatting works" in state.note


def test_each_scope_without_frames_explains_itself() -> None:
    titles = {empty_state(LIVE, 9, scope, True, True).title for scope in Scope}
    titles.add(empty_state(LIVE, 9, Scope.MESSAGE, False, True).title)
    assert len(titles) == 4  # “All” cannot be empty while there are frames.


def test_a_message_older_than_the_capture_is_explained() -> None:
    state = empty_state(LIVE, 9, Scope.MESSAGE, True, True)
    assert "before the capture started" in state.words
    assert state.offers == (Offer.SHOW_CHAT,)


def test_trouble_is_said_above_the_frames() -> None:
    assert notice_state(LIVE, 9) is None
    assert notice_state(CaptureIdle(), 9) is None
    holed, refused, lost = (notice_state(status, 9) for status in (HOLED, REFUSED, LOST))
    assert holed is not None
    assert "3 frames" in holed.words
    assert holed.token == "attention"
    assert refused is not None
    assert refused.offers == (Offer.REMEDY,)
    askable = notice_state(replace(REFUSED, can_enable=True), 9)
    assert askable is not None
    assert askable.offers == (Offer.ENABLE,)
    assert lost is not None
    assert "since 00:00:00" in lost.words
    assert lost.offers == (Offer.RESTART,)
