"""The message bar, the status strip and the security badge say what is the case."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from chatlab.core.account import Security
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureRefused
from chatlab.core.chats import AccountState
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity
from chatlab.core.frame import Exposure
from chatlab.ui.text_color import hue_angle, legible_color, nick_color
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.message_bar import MAX_MESSAGES, BarMessage, MessageBar
from chatlab.ui.widgets.security_badge import security_facts
from chatlab.ui.widgets.status_strip import StatusStrip
from tests.helpers.chats import account, connection

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

INFO, ERROR = Severity.INFO, Severity.ERROR


def test_messages_wait_until_the_one_before_is_read(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.post(BarMessage(INFO, "first"))
    bar.post(BarMessage(INFO, "second"))
    assert bar._text.text() == "first"
    assert bar._more.text() == "1 more"
    bar.dismiss()
    assert bar._text.text() == "second"
    with qtbot.waitSignal(bar.emptied):
        bar.dismiss()
    assert bar.isHidden()


def test_an_error_goes_before_information(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.post(BarMessage(INFO, "saved"))
    bar.post(BarMessage(ERROR, "The disk is full.", "Free some space, then save again."))
    assert bar._text.text() == "The disk is full."
    bar.grab()


def test_the_same_topic_is_told_once_and_can_be_taken_back(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.post(BarMessage(INFO, "old", topic="capture"))
    bar.post(BarMessage(INFO, "new", topic="capture"))
    assert [message.text for message in bar.messages()] == ["new"]
    bar.withdraw("capture")
    assert bar.isHidden()


def test_the_action_is_done_once(qtbot: QtBot) -> None:
    bar, done = MessageBar(), []
    qtbot.addWidget(bar)
    bar.post(BarMessage(INFO, "Stopped.", action="Restart", on_action=lambda: done.append(1)))
    bar._action.click()
    assert done == [1]
    assert bar.messages() == ()


def test_the_queue_is_bounded_and_keeps_errors(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.post(BarMessage(ERROR, "error"))
    for number in range(3 * MAX_MESSAGES):
        bar.post(BarMessage(INFO, f"{number}"))
    assert len(bar.messages()) == MAX_MESSAGES
    assert bar.messages()[0].text == "error"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (CaptureIdle(), "Not capturing"),
        (CaptureLive(backend="packet socket", frames=1, dropped=0, position=0, flows=1),
         "Capturing 1 connection, 1 frame"),
        (CaptureRefused(reason="r", remedy="x"), "Capturing needs a permission"),
        (CaptureLost(reason="r", since_ns=0, hint="h"), "Capture stopped by itself"),
        (CaptureLost(reason="r", since_ns=0, hint="h", is_waiting=True),
         "Frames wait for the disk"),
    ],
)  # fmt: skip
def test_the_strip_names_the_state_of_the_capture(
    qtbot: QtBot, status: CaptureIdle, words: str
) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.show_capture(status)
    assert strip._capture.text() == words
    assert strip._drops.isHidden()


def test_lost_frames_are_counted_in_view(qtbot: QtBot) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.show_capture(
        CaptureLive(backend="packet socket", frames=9, dropped=1_200, position=0, flows=2)
    )
    assert strip._drops.text() == "1,200 dropped"
    assert not strip._drops.isHidden()


def test_lag_and_tls_of_the_account_in_front(qtbot: QtBot) -> None:
    owner = account("Lab", Security.DIRECT_TLS)
    state = AccountState(owner, LinkState.ONLINE, connection=connection(owner, "TLSv1.2"))
    state.lag_s = 0.0341
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.show_account(state)
    assert strip._lag.text() == "34 ms"
    assert strip._security.text() == "TLS 1.2"


@pytest.mark.parametrize(
    ("security", "version", "trust", "exposure"),
    [
        (Security.PLAIN, "", "verified", Exposure.READABLE),
        (Security.DIRECT_TLS, "", "verified", Exposure.PLUMBING),
        (Security.DIRECT_TLS, "TLSv1.3", "verified", Exposure.SEALED),
        (Security.DIRECT_TLS, "TLSv1.3", "pinned", Exposure.SEALED),
        (Security.DIRECT_TLS, "TLSv1.3", "unverified", Exposure.ATTENTION),
        (Security.DIRECT_TLS, "TLSv1.1", "verified", Exposure.ATTENTION),
    ],
)
def test_only_a_verified_modern_tls_is_green(
    security: Security, version: str, trust: str, exposure: Exposure
) -> None:
    owner = account("lab", security)
    state = AccountState(owner, LinkState.ONLINE, connection=connection(owner, version, trust))
    assert security_facts(state).exposure is exposure
    offline = replace(state, state=LinkState.OFFLINE, connection=None)
    assert security_facts(offline).exposure in (Exposure.READABLE, Exposure.PLUMBING)


def test_hues_are_those_of_the_standard() -> None:
    # Test vectors of XEP-0392, section 13.2.
    assert hue_angle("Romeo") == pytest.approx(327.255249)
    assert hue_angle("juliet@capulet.lit") == pytest.approx(209.410400)
    assert hue_angle("😺") == pytest.approx(331.199341)
    assert hue_angle("council") == pytest.approx(359.994507)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_foreign_colours_stay_legible(name: str) -> None:
    theme = Theme.load(name)
    ground = luminance(theme.color("surface"))
    colors = [nick_color(f"nick{number}", theme) for number in range(200)]
    colors += [legible_color(number, theme) for number in range(99)]
    for color in colors:
        ink = luminance(color)
        contrast = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        assert contrast >= 4.0, color.name()


def luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
