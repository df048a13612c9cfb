"""Wireshark's dumpcap in place of our own opener: one per connection, on the capture process's leash.

Used where this user may run dumpcap and nothing else. Its frames arrive up to a quarter of a
second late, which libpcap needs to deliver several at once; their time stamps are exact.
"""

import logging
import os
import select
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from chatlab.capture.bpf import SNAPLEN
from chatlab.capture.capture_file import CapturedFrame, CaptureFile
from chatlab.capture.layout import Compass, filter_expression, network_offset
from chatlab.capture.lease import Lease
from chatlab.core.errors import CaptureError
from chatlab.core.flow import FlowKey
from chatlab.protocol.blocks import DamagedFile, Packet, Statistics
from chatlab.protocol.pcapng_reader import BlockReader

START_S = 3.0
"""Patience for the first bytes; dumpcap sends them when its filter is in place."""
STOP_S = 2.0
LIST_S = 3.0
BUFFER_MIB = 16
_READ_SIZE = 256 * 1024
_READS_AT_ONCE = 32
"""One batch’s worth, where nothing that is read fills a batch."""
_PLACES = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/Applications/Wireshark.app/Contents/MacOS")

_log = logging.getLogger(__name__)


class DumpcapInterface(NamedTuple):
    """One line of ``dumpcap -D -M``."""

    name: str
    addresses: frozenset[str]
    is_loopback: bool


def find_dumpcap() -> str | None:
    """Where dumpcap is, whether or not this user may run it."""
    search = os.pathsep.join((os.environ.get("PATH", ""), *_PLACES))
    if found := shutil.which("dumpcap", path=search):
        return found
    for place in search.split(os.pathsep):
        if place and (path := Path(place, "dumpcap")).exists():
            return str(path)
    return None


def parse_interfaces(listing: str) -> tuple[DumpcapInterface, ...]:
    """Read the tab-separated lines of ``dumpcap -D -M``: ``NUMBER. NAME …``."""
    found = []
    for line in listing.splitlines():
        columns = line.split("\t")
        if len(columns) < 6:
            continue
        name = columns[0].partition(". ")[2]
        addresses = frozenset(filter(None, columns[4].split(",")))
        found.append(DumpcapInterface(name, addresses, columns[5] == "loopback"))
    return tuple(found)


def check_dumpcap(dumpcap: str) -> None:
    """Raises CaptureError, with dumpcap's own words, when this user may not capture with it.

    Asking for the link types opens the interface; the plain list of interfaces does not.
    """
    _ask(dumpcap, "-L", "-M", "-i", "lo0" if sys.platform == "darwin" else "lo")


def list_interfaces(dumpcap: str) -> tuple[DumpcapInterface, ...]:
    """The interfaces that dumpcap knows. Raises CaptureError."""
    return parse_interfaces(_ask(dumpcap, "-D", "-M"))


def _ask(dumpcap: str, *arguments: str) -> str:
    try:
        run = subprocess.run(
            [dumpcap, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CaptureError("dumpcap does not answer.") from None
    except OSError as error:
        raise CaptureError(f"dumpcap cannot be run: {error.strerror}.") from None
    if run.returncode or not run.stdout:
        raise CaptureError(_last_words(run.stderr))
    return run.stdout.decode("utf-8", "replace")


def _last_words(errors: bytes) -> str:
    """dumpcap's reason, without the general advice that it adds."""
    for line in errors.decode("utf-8", "replace").splitlines():
        if line.startswith("dumpcap: "):
            return line
    return "dumpcap gave no reason."


def interface_for(flow: FlowKey, interfaces: tuple[DumpcapInterface, ...]) -> str:
    """The interface that the connection's packets cross; Linux's ``any`` when none fits."""
    own = {address for each in interfaces for address in each.addresses}
    is_local = flow.remote.address in own or flow.remote.address.startswith("127.")
    for each in interfaces:
        if each.is_loopback and is_local:
            return each.name
    for each in interfaces:
        if flow.local.address in each.addresses:
            return each.name
    return "any"


class DumpcapSource:
    """The frames of one connection, read from the pcapng stream of its own dumpcap."""

    settle_s = 0.4

    def __init__(self, flow: FlowKey, dumpcap: str) -> None:
        """Returns when the filter is in place. Raises CaptureError."""
        self.prepare(flow, filter_expression(flow))
        self.interface = interface_for(flow, list_interfaces(dumpcap))
        command = [dumpcap, "-q", "-i", self.interface, "-f", self.filter_text]
        self.start([*command, "-s", str(SNAPLEN), "-B", str(BUFFER_MIB), "-w", "-"])

    def prepare(self, flow: FlowKey, filter_text: str) -> None:
        """Everything but dumpcap itself."""
        self.flow = flow
        self.filter_text = filter_text
        self.lease = Lease(flow)
        self._compass = Compass(flow)
        self._reader = BlockReader()
        self._waiting: deque[Packet] = deque()
        self._dropped = 0
        self._is_over = False

    def start(self, command: list[str]) -> None:
        """Run dumpcap and wait for its first words. Raises CaptureError."""
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise CaptureError(f"dumpcap cannot be run: {error.strerror}") from None
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        self._await_start()
        os.set_blocking(self._pipe, False)

    def _await_start(self) -> None:
        ready, _, _ = select.select([self._pipe], [], [], START_S)
        if ready and (data := os.read(self._pipe, _READ_SIZE)):
            self._feed(data)
            return
        self._process.kill()
        _, errors = self._process.communicate()
        raise CaptureError(_last_words(errors))

    def fileno(self) -> int:
        return self._pipe

    def drain(self, file: CaptureFile) -> bool:
        """Move what waits into the batch; True when there may be more for the next one."""
        for _ in range(_READS_AT_ONCE):
            if not self._hand_over(file):
                return True
            try:
                data = b"" if self._is_over else os.read(self._pipe, _READ_SIZE)
            except BlockingIOError:
                return False
            if not data:
                self._is_over = True
                return False
            self._feed(data)
        return True

    def _hand_over(self, file: CaptureFile) -> bool:
        """Put what was read into the batch; False when that is full before."""
        while self._waiting:
            if file.is_full:
                return False
            if frame := self._frame(self._waiting.popleft()):
                file.add(frame, self.filter_text)
        return True

    @property
    def is_over(self) -> bool:
        """dumpcap has ended; nothing more will come."""
        return self._is_over

    @property
    def last_words(self) -> str:
        """Why it has ended, as it says itself; to be asked once that ``is_over``."""
        assert self._process.stderr is not None
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return _last_words(self._process.stderr.read())

    def _feed(self, data: bytes) -> None:
        try:
            for block in self._reader.feed(data):
                match block:
                    case Packet():
                        self._waiting.append(block)
                    case Statistics(dropped=int(dropped)):
                        self._dropped = dropped
        except DamagedFile as damage:
            _log.error("dumpcap's stream: %s", damage)
            self._is_over = True

    def _frame(self, packet: Packet) -> CapturedFrame | None:
        """None for a frame that is not ours any more."""
        interface = self._reader.interfaces[packet.interface]
        network = network_offset(packet.data, interface.link_type)
        if network is not None and not self.lease.covers(packet.data, network, packet.time_ns):
            return None
        return CapturedFrame(
            interface.name or self.interface,
            interface.link_type,
            packet.time_ns,
            packet.data,
            packet.wire_length,
            None if network is None else self._compass.direction(packet.data, network),
        )

    def dropped(self) -> int:
        """Known when dumpcap ends; until then 0."""
        return self._dropped

    def finish(self, file: CaptureFile) -> None:
        """End dumpcap and take the last it has to say."""
        self._process.terminate()
        deadline = time.monotonic() + STOP_S
        while not self._is_over and (left := deadline - time.monotonic()) > 0:
            select.select([self._pipe], [], [], left)
            while self.drain(file):
                file.flush()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
