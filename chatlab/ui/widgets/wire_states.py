"""The words of the wire pane where there are no frames to speak for themselves.

Pure: a status in, words and offers out. ``WirePane`` shows them and turns offers into signals.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureRefused,
    CaptureReplayed,
    CaptureStatus,
)
from chatlab.ui.models.frame_table import Scope

_NS = 1_000_000_000


class Offer(Enum):
    """What a button of the pane does; the value is its words."""

    START = "Start the capture"
    OPEN = "Open a capture…"
    ENABLE = "Allow capturing…"
    CHECK_AGAIN = "Try again"
    REMEDY = "System check…"
    OWN_ONLY = "Own connections only"
    RESTART = "Restart the capture"
    SHOW_CHAT = "Show this chat’s frames"
    SHOW_ALL = "Show all frames"
    UNFILTER = "Clear the filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A page, or a notice, in words."""

    icon: str
    title: str
    words: str
    token: str = "faint"
    code: str = ""
    note: str = ""
    offers: tuple[Offer, ...] = ()
    """The first is the one to press."""


NOT_FOUND = State(
    icon="search",
    title="No frame has all of these words",
    words="They are looked for in the addresses, the protocol and the info of what this scope shows.",
    offers=(Offer.UNFILTER,),
)


def empty_state(
    status: CaptureStatus, count: int, scope: Scope, has_message: bool, has_chat: bool
) -> State:
    """Why the scope shows no frame, and what to do about it."""
    if count == 0:
        return _nothing_captured(status)
    match scope:
        case Scope.MESSAGE if not has_message:
            return State(
                icon="frame",
                title="Choose a message",
                words="Click a message in the chat: the frames that carried it appear here.",
                offers=(Offer.SHOW_ALL,),
            )
        case Scope.MESSAGE:
            return State(
                icon="frame",
                title="No frame of this message",
                words=_why_no_frame(status),
                offers=(Offer.SHOW_CHAT if has_chat else Offer.SHOW_ALL,),
            )
        case Scope.CHAT:
            return State(
                icon="frame",
                title="No frames of this chat yet",
                words="Write something: the frames that carry it appear here at once.",
                offers=(Offer.SHOW_ALL,),
            )
        case _:
            return State(
                icon="frame",
                title="No frames of this account yet",
                words="Connect the account: its first frame, the TCP SYN, appears here.",
                offers=(Offer.SHOW_ALL,),
            )


def _why_no_frame(status: CaptureStatus) -> str:
    match status:
        case CaptureLive():
            return (
                "It crossed the wire before the capture started, or it comes from the history "
                "that is kept on disk. What you write from now on is captured."
            )
        case CaptureRefused():
            return "Frames cannot be captured here at the moment, so there is none to show."
        case CaptureReplayed():
            return "The file holds no frame that carried it."
        case _:
            return "It crossed the wire while nothing was captured. Start the capture, write again."


def _nothing_captured(status: CaptureStatus) -> State:
    match status:
        case CaptureReplayed():
            return State(
                icon="open",
                title="No frames in this file",
                words=status.problem or f"{status.file} can be read, but nothing was captured.",
                offers=(Offer.OPEN,),
            )
        case CaptureIdle():
            return State(
                icon="wire",
                title="Nothing captured yet",
                words=(
                    "Start the capture and connect: each frame of your own connections appears "
                    "here as it crosses the wire, and nobody else’s."
                ),
                offers=(Offer.START, Offer.OPEN),
            )
        case CaptureLive():
            return State(
                icon="wire",
                token="accent",
                title="Capturing: waiting for the first frame",
                words=(
                    "Connect an account or write a message. Its frames appear here within a "
                    "moment, from the TCP handshake on."
                ),
            )
        case CaptureRefused():
            return _refused(status)
        case CaptureLost():
            return _lost(status)


def _lost(status: CaptureLost) -> State:
    waits = status.is_waiting
    return State(
        icon="error",
        token="error",
        title="Frames wait for the disk" if waits else "The capture stopped by itself",
        words=f"{status.reason} {status.hint}".strip(),
        offers=() if waits else (Offer.RESTART,),
    )


def _refused(status: CaptureRefused) -> State:
    enable = (Offer.ENABLE,) if status.can_enable else ()
    return State(
        icon="lock",
        token="error",
        title="Capturing needs a permission",
        words=status.reason,
        code=status.remedy,
        note=(
            "Chatting works all the same. For a chosen message you still see, below, "
            "the bytes that ChatLab handed to the network or got from it."
        ),
        offers=(*enable, Offer.CHECK_AGAIN, Offer.REMEDY),
    )


def notice_state(status: CaptureStatus, count: int) -> State | None:
    """What must be said above the frames; None when all is well."""
    match status:
        case CaptureLive():
            return _live_notice(status)
        case CaptureReplayed() if status.problem and count:
            return State(icon="warning", token="attention", title="", words=status.problem)
        case CaptureRefused() if count:
            return State(
                icon="lock",
                token="error",
                title="",
                words=f"Nothing more is captured: {status.reason}",
                offers=(Offer.ENABLE if status.can_enable else Offer.REMEDY,),
            )
        case CaptureLost() if count:
            since = datetime.fromtimestamp(status.since_ns / _NS).strftime("%H:%M:%S")
            what = "No frame is written" if status.is_waiting else "Nothing is captured"
            return State(
                icon="error",
                token="error",
                title="",
                words=f"{what} since {since}: {status.reason} {status.hint}".strip(),
                offers=() if status.is_waiting else (Offer.RESTART,),
            )
        case _:
            return None


def _live_notice(status: CaptureLive) -> State | None:
    offers: tuple[Offer, ...] = ()
    icon, words = "warning", ""
    if status.interface:
        icon, offers = "eye", (Offer.OWN_ONLY,)
        words = (
            f"Whole interface {status.interface}: other people’s traffic may be recorded. "
            "Do it only with their consent."
        )
    elif status.trouble:
        words = f"{status.trouble} Your own connections are captured as before."
    words = f"{words} {_drops(status.dropped)}".strip()
    if not words:
        return None
    return State(icon=icon, token="attention", title="", words=words, offers=offers)


def _drops(dropped: int) -> str:
    if not dropped:
        return ""
    many = dropped != 1
    return (
        f"The system dropped {dropped:,} frame{'s' if many else ''} before "
        f"ChatLab could read {'them' if many else 'it'}: the capture has holes."
    )


def idle_words(status: CaptureStatus, count: int) -> str:
    """The line of plain language while nothing is chosen."""
    if count:
        return "Choose a message or a frame: what it means, in plain words, stands here."
    if isinstance(status, CaptureRefused):
        return "No frames can be shown without the permission; chatting works all the same."
    return "As soon as frames are captured, this line says in plain words what they mean."
