"""The state of capturing: a sum type that the window shows as it is, failures included."""

from dataclasses import dataclass

WHOLE_INTERFACE = "Whole interface, traffic of others included"
"""Describes in a capture file what was captured beside ChatLab’s own connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureInterface:
    """A network interface that can be captured whole."""

    name: str
    addresses: tuple[str, ...] = ()
    description: str = ""
    is_loopback: bool = False
    is_up: bool = True


@dataclass(frozen=True, slots=True)
class CaptureIdle:
    """Nothing is captured: not started yet, or stopped on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLive:
    """Frames are written to the capture file as they cross the wire."""

    backend: str
    """Who opens the packets: ``packet socket``, ``dumpcap``, ``Npcap``, ``BPF device``."""
    frames: int
    dropped: int
    """Frames that the kernel had to drop; anything but 0 means the capture has holes."""
    position: int
    """Bytes of the capture file that are complete."""
    flows: int
    """Connections watched at the moment."""
    interface: str = ""
    """A whole interface that is captured beside them: what others send and get there, too."""
    trouble: str = ""
    """Why that interface is captured no more although nobody has ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRefused:
    """This user may not capture on this system; chatting works all the same."""

    reason: str
    remedy: str
    """The exact commands or steps for this system."""
    can_enable: bool = False
    """An administrator’s password, asked for by a dialog, is all it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLost:
    """The capture stopped by itself: its process died, or the disk is full."""

    reason: str
    since_ns: int
    hint: str
    is_waiting: bool = False
    """Frames are still read; they wait in memory until the file can be written again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReplayed:
    """Frames are read from a finished file; nothing is captured into it."""

    file: str
    """Its name, without the folder."""
    problem: str = ""
    """What is wrong with the file, e.g. that it is cut off; its frames so far can be read."""


CaptureStatus = CaptureIdle | CaptureLive | CaptureRefused | CaptureLost | CaptureReplayed
