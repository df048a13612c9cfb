"""The capture process: ``python -m chatlab.capture.helper``. It needs no privilege.

Reads the packet sockets that its parent passes, writes one growing pcapng file, and says after
each batch how far the file is whole and how many frames the kernel had to drop. The language is
that of ``control``. It ends when told to, or when its parent is gone.
"""

import argparse
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from chatlab.capture.arena import Arena
from chatlab.capture.capture_file import CaptureFile
from chatlab.capture.control import (
    VIA_DESCRIPTOR,
    VIA_DUMPCAP,
    VIA_PCAP,
    Waiter,
    Words,
    make_waiter,
    read_flow,
)
from chatlab.capture.copies import TwinCopies
from chatlab.capture.dumpcap import DumpcapSource
from chatlab.capture.lease import Lease
from chatlab.capture.own_flows import EVERYTHING, OwnFlows
from chatlab.core.errors import CaptureError, ChatlabError
from chatlab.core.flow import FlowKey

LINGER_S = 2.0
"""A closed connection is watched on for its last acknowledgements."""
NOTICE_S = 0.01
"""At most this often the window is told of new frames."""
RETRY_S = 1.0
"""A file that cannot be written is tried again this often."""

_ENDED_HINT = "Connect again: each new connection gets a dumpcap of its own."
_log = logging.getLogger(__name__)


class Source(Protocol):
    """What delivers the frames of one connection."""

    flow: FlowKey
    interface: str
    settle_s: float
    """How late frames may still arrive after they have passed."""
    lease: Lease

    @property
    def is_over(self) -> bool:
        """It has ended by itself; nothing more will come."""
        ...

    @property
    def last_words(self) -> str:
        """Why it is over."""
        ...

    def fileno(self) -> int: ...
    def drain(self, file: CaptureFile) -> bool: ...
    def dropped(self) -> int: ...
    def close(self) -> None: ...


class Capture:
    """The state of the process: its sources, its file, and what it still owes."""

    def __init__(
        self, file: CaptureFile, waiter: Waiter, descriptors: socket.socket | None
    ) -> None:
        self._file = file
        self._waiter = waiter
        self._descriptors = descriptors
        self._sources: dict[int, Source] = {}
        self._twins = TwinCopies()
        self._own = OwnFlows()
        self._dropped: dict[int, int] = {}
        """Per flow, its drops so far; flows that are gone are added up under -1."""
        self._removals: dict[int, float] = {}
        self._syncs: list[tuple[float, int]] = []
        self._told: Words = {}
        self._tell_at = 0.0
        self._mend_at = 0.0
        self._is_behind = False
        """A whole interface has more for the next batch, perhaps where no selector sees it."""
        self._is_stopping = False

    def run(self) -> None:
        self._waiter.say({"ready": True, **self._progress()})
        while not self._is_stopping:
            for words in self._waiter.wait(self._patience()):
                self._obey(words)
            self._drain_all()
            self._look_after_file(time.monotonic())
            self._settle_debts(time.monotonic())
            self._is_stopping |= self._waiter.is_closed
        self._finish()

    def _patience(self) -> float | None:
        if self._is_behind:
            return 0.0
        due = [*self._removals.values(), *(when for when, _ in self._syncs)]
        if self._tell_at:
            due.append(self._tell_at)
        if self._file.fault:
            due.append(time.monotonic() + RETRY_S)
        return max(0.0, min(due) - time.monotonic()) if due else None

    # --- commands ---------------------------------------------------------------------------

    def _obey(self, words: dict[str, object]) -> None:
        match words:
            case {"add": int(number), "flow": dict(flow), "via": str(via), "late": bool(late)}:
                known, dumpcap = read_flow(flow), str(words.get("dumpcap", ""))
                if self._add(number, lambda: self._open(number, known, via, dumpcap)):
                    self._own.add(number, known)
                if late and (added := self._sources.get(number)):
                    added.lease.begin_late()
            case {"add": int(number), "interface": str(name), "via": str(via)}:
                dumpcap, is_promiscuous = str(words.get("dumpcap", "")), bool(words["promiscuous"])
                self._add(
                    number, lambda: self._open_whole(number, name, via, dumpcap, is_promiscuous)
                )
            case {"remove": int(number), "closed_ns": int(closed_ns)}:
                source = self._sources.get(number)
                is_whole = source is not None and source.flow is EVERYTHING
                self._removals[number] = time.monotonic() + (0.0 if is_whole else LINGER_S)
                # Npcap has a clock of its own, which may run away from the system's.
                if sys.platform != "win32" and source is not None:
                    source.lease.end(closed_ns)
            case {"secret": str(line)}:
                self._file.add_secret(line)
            case {"sync": int(number)}:
                settle = max((each.settle_s for each in self._sources.values()), default=0.0)
                self._syncs.append((time.monotonic() + settle, number))
            case {"stop": True}:
                self._is_stopping = True
            case _:
                _log.error("unknown command: %s", sorted(words))

    def _add(self, number: int, open_source: Callable[[], Source]) -> bool:
        try:
            source = open_source()
        except ChatlabError as error:
            self._waiter.say({"refused": number, "reason": error.message, "hint": error.hint})
            return False
        self._sources[number] = source
        self._removals.pop(number, None)
        self._waiter.watch(source)
        self._waiter.say({"added": number})
        return True

    def _open(self, number: int, flow: FlowKey, via: str, dumpcap: str) -> Source:
        if via == VIA_DUMPCAP:
            return DumpcapSource(flow, dumpcap)
        if via == VIA_PCAP:
            try:
                from chatlab.capture.pcap_source import PcapSource
            except (ImportError, OSError) as error:
                raise CaptureError(f"libpcap cannot be loaded: {error}") from error
            return PcapSource(flow)
        descriptor = self._take_descriptor(via)
        # Imported here, for it exists on Linux only.
        from chatlab.capture.packet_socket import PacketSocket

        return PacketSocket(descriptor, flow, number, self._twins)

    def _open_whole(
        self, number: int, name: str, via: str, dumpcap: str, is_promiscuous: bool
    ) -> Source:
        if via == VIA_DUMPCAP:
            from chatlab.capture.interface_dumpcap import InterfaceDumpcap

            return InterfaceDumpcap(name, dumpcap, self._own, is_promiscuous=is_promiscuous)
        if via == VIA_PCAP:
            try:
                from chatlab.capture.interface_pcap import InterfacePcap
            except (ImportError, OSError) as error:
                raise CaptureError(f"libpcap cannot be loaded: {error}") from error
            return InterfacePcap(name, self._own, is_promiscuous=is_promiscuous)
        descriptor = self._take_descriptor(via)
        from chatlab.capture.interface_socket import InterfaceSocket

        return InterfaceSocket(descriptor, name, number, self._own)

    def _take_descriptor(self, via: str) -> int:
        if via != VIA_DESCRIPTOR or self._descriptors is None:
            raise CaptureError(f"Capturing by “{via}” is not possible here.")
        _, descriptors, _, _ = socket.recv_fds(self._descriptors, 64, 1)
        if not descriptors:
            raise CaptureError("The packet socket did not arrive.")
        return descriptors[0]

    # --- frames -----------------------------------------------------------------------------

    def _drain_all(self) -> None:
        """Bring everything of our own that waits to the disk, and a batch of a whole interface:
        that may never rest, and others are to be heard meanwhile."""
        more = True
        while more:
            more = self._is_behind = False
            for source in self._sources.values():
                has_more = source.drain(self._file)
                more |= has_more and source.flow is not EVERYTHING
                self._is_behind |= has_more
                if self._file.is_full:
                    self._file.flush()  # The next source finds room, too.
            self._file.flush()
            if more:
                self._tell(time.monotonic())

    def _look_after_file(self, now: float) -> None:
        """A fault stands for a while before it is mended, so that it is told."""
        if now >= self._mend_at:
            self._file.look_after()
        if not self._file.fault:
            self._mend_at = 0.0
        elif now >= self._mend_at:
            self._mend_at = now + RETRY_S
            self._file.flush()

    def _progress(self) -> dict[str, str | int]:
        return {
            "position": self._file.position,
            "frames": self._file.frames,
            "dropped": sum(self._dropped.values()) + self._file.unwritten,
            "fault": self._file.fault,
            "hint": self._file.hint,
        }

    def _count_drops(self) -> None:
        for number, source in self._sources.items():
            total = source.dropped()
            if lost := total - self._dropped.get(number, 0):
                self._dropped[number] = total
                self._file.note_drops(source.interface, lost)

    def _tell(self, now: float) -> None:
        """Say how far the file is, unless that was said just now or the window cannot hear."""
        file, told = self._file, self._told
        now_and_then = (file.position, file.fault, file.hint)
        if now_and_then == (told.get("position"), told.get("fault"), told.get("hint")):
            self._tell_at = 0.0
            return
        if now < self._tell_at:
            return
        self._tell_at = now + NOTICE_S
        if self._waiter.is_congested:
            return
        self._count_drops()
        self._told = self._progress()
        self._waiter.say(self._told)

    def _settle_debts(self, now: float) -> None:
        self._tell(now)
        for number in [number for number, when in self._removals.items() if when <= now]:
            del self._removals[number]
            self._close(number)
            self._waiter.say({"removed": number})
        for entry in [entry for entry in self._syncs if entry[0] <= now]:
            self._syncs.remove(entry)
            self._drain_all()
            self._count_drops()
            self._waiter.say({"synced": entry[1], **self._progress()})
        for number, source in list(self._sources.items()):
            if source.is_over:
                reason = source.last_words
                if source.flow is not EVERYTHING:
                    reason = f"dumpcap has stopped capturing {source.flow.remote}: {reason}"
                self._waiter.say({"refused": number, "reason": reason, "hint": _ENDED_HINT})
                self._close(number)

    def _close(self, number: int) -> None:
        """Take a source's last frames and let go of it."""
        source = self._sources.get(number)
        if source is None:
            return
        self._waiter.unwatch(source)
        if isinstance(source, DumpcapSource):
            source.finish(self._file)
        while source.drain(self._file):
            self._file.flush()
        self._file.flush()
        self._count_drops()
        del self._sources[number]
        self._own.end(number, time.time_ns())
        self._dropped[-1] = self._dropped.get(-1, 0) + self._dropped.pop(number, 0)
        source.close()

    def _finish(self) -> None:
        for source in self._sources.values():
            if source.flow is EVERYTHING:
                source.lease.end(time.time_ns())
        self._drain_all()
        for number in list(self._sources):
            self._close(number)
        self._file.close(time.time_ns())
        self._waiter.say({"stopped": True, **self._progress()})


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="ChatLab’s capture process", allow_abbrev=False)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--whole-until", type=int, default=0)
    parser.add_argument("--descriptors", type=int, help="Unix socket that passes packet sockets")
    parser.add_argument("--arena", type=int, default=-1, help="shared memory for the batch")
    parser.add_argument("--polling", action="store_true", default=sys.platform == "win32")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    # The window ends this process; a Ctrl+C in the terminal is meant for the window.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptors = None
    if options.descriptors is not None:
        descriptors = socket.socket(fileno=options.descriptors)
        descriptors.settimeout(1.0)
    try:
        file = CaptureFile(options.file, Arena(options.arena), options.whole_until)
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 1
    if descriptors is not None:
        # The slow import, done before the first frames wait instead of after.
        import chatlab.capture.packet_socket  # noqa: F401
    Capture(file, make_waiter(polling=options.polling), descriptors).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
