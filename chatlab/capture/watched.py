"""One connection that is captured, as the window's side keeps it in mind."""

import asyncio
import os
import socket
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from chatlab.capture.control import (
    VIA_DESCRIPTOR,
    VIA_DUMPCAP,
    VIA_PCAP,
    Value,
    Words,
    flow_words,
)
from chatlab.capture.permission import Backend, BackendState
from chatlab.core.capture import CaptureLive, CaptureLost, CaptureStatus
from chatlab.core.errors import CaptureError
from chatlab.core.flow import FlowKey


@dataclass(slots=True)
class Progress:
    """What the capture process said last."""

    position: int = 0
    frames: int = 0
    dropped: int = 0
    fault: str = ""
    hint: str = ""

    def with_words(self, words: Mapping[str, object]) -> "Progress | None":
        """What a notice says, on top of what earlier processes have counted; None for others."""
        match words:
            case {"position": int(position), "frames": int(frames), "dropped": int(dropped)}:
                return Progress(
                    position,
                    self.frames + frames,
                    self.dropped + dropped,
                    str(words.get("fault", "")),
                    str(words.get("hint", "")),
                )
            case _:
                return None

    def lost(self, file: Path, before: CaptureStatus) -> CaptureLost:
        """The status while ``file`` cannot be written; ``before`` is the one until now."""
        since_ns = before.since_ns if isinstance(before, CaptureLost) else time.time_ns()
        reason = f"{file} cannot be written: {self.fault}."
        return CaptureLost(reason=reason, since_ns=since_ns, hint=self.hint, is_waiting=True)

    def live(self, backend: str, watched: "Collection[Watched]", trouble: str) -> CaptureLive:
        """The status while all is well."""
        whole = whole_of(watched)
        return CaptureLive(
            backend=backend,
            frames=self.frames,
            dropped=self.dropped,
            position=self.position,
            flows=sum(not (each.is_dismissed or each.interface) for each in watched),
            interface=whole.interface if whole is not None else "",
            trouble=trouble,
        )


@dataclass(slots=True)
class Watched:
    """Captured now, or until a moment ago."""

    number: int
    flow: FlowKey
    state: BackendState
    is_late: bool = False
    """The connection was open before its capture began."""
    interface: str = ""
    """Not a connection but all that crosses this interface; ``flow`` is ``EVERYTHING`` then."""
    is_promiscuous: bool = False
    refusal: str = ""
    """Why the capture process could not open it, or had to let go of it."""
    descriptor: int = -1
    """A duplicate of its packet socket, for the successor of a capture process that died."""
    dismissed_ns: int | None = None
    """When its socket was closed."""
    answer: "asyncio.Future[bool] | None" = None
    """Whether the capture process could open it, where that is the process's business."""

    @property
    def is_dismissed(self) -> bool:
        return self.dismissed_ns is not None

    @property
    def via(self) -> str:
        """The backend in the words of ``control``."""
        if passes_descriptors(self.state):
            return VIA_DESCRIPTOR
        return VIA_DUMPCAP if self.state.backend is Backend.DUMPCAP else VIA_PCAP

    def end(self, reason: str) -> str:
        """Note that it is captured no more; returns what is to be told of one that had begun."""
        self.refusal = reason
        if self.answer is None or self.answer.done():
            return f"{self.interface} is captured whole no more: {reason}"
        self.answer.set_result(False)
        return ""

    @property
    def error(self) -> CaptureError:
        """Why it could not begin."""
        reason = self.refusal or "the capture process does not answer."
        return CaptureError(f"The interface {self.interface} cannot be captured: {reason}")

    @property
    def words(self) -> Words:
        """The command that adds it, see ``control``."""
        words: dict[str, Value] = {"add": self.number, "via": self.via}
        if self.interface:
            words |= {"interface": self.interface, "promiscuous": self.is_promiscuous}
        else:
            words |= {"flow": flow_words(self.flow), "late": self.is_late}
        if self.state.backend is Backend.DUMPCAP:
            words["dumpcap"] = self.state.command[0]
        return words

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def whole_of(watched: Collection[Watched]) -> Watched | None:
    """The interface that is captured whole, if one is."""
    return next((each for each in watched if each.interface and not each.is_dismissed), None)


def passes_descriptors(state: BackendState) -> bool:
    """Whether packets are opened here and handed over, not by the capture process itself."""
    return state.backend in (Backend.PACKET_SOCKET, Backend.INSTALLED_OPENER, Backend.POLKIT)


def is_connected(fileno: int) -> bool:
    """Whether a socket has a peer already."""
    with socket.socket(fileno=os.dup(fileno)) as sock:
        try:
            sock.getpeername()
        except OSError:
            return False
    return True
