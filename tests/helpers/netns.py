"""A network of a test's own: two network namespaces and a bad line between them.

Each namespace has one Ethernet interface, ``lab0`` (a TAP device: MTU 1500, no offloading, so
every frame is a real one, captured as it crosses). The line between them is a thread here that
carries frames from one TAP to the other, and on order loses, doubles, delays and reorders them:
what ``tc netem`` would do where the kernel has it. Chance comes from a seed, so a run repeats. It
may change segments on the way, too (``rewriting``).

Nothing can leave such a network: the namespaces have no other interface than ``lo``.
"""

import ctypes
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.helpers.rewriting import Rewriter

if sys.platform == "linux":  # Elsewhere this module can be imported, and its tests are skipped.
    import fcntl

_TUNSETIFF = 0x400454CA
_CLONE_NEWNET = 0x4000_0000
_IFF_TAP_WITHOUT_HEADER = 0x0002 | 0x1000
_MAX_FRAME = 65_536
_ARP, _IPV6 = b"\x08\x06", b"\x86\xdd"
_ICMPV6 = 58
_COMMAND_TIMEOUT_S = 30
_THREAD_TIMEOUT_S = 10
_serial = itertools.count()

INTERFACE = "lab0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What the line does to frames, each way. Probabilities from 0 to 1.

    Who looks for neighbours (ARP, ICMPv6) is left alone.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    """Chance of a frame to be held back for ``hold_s``, so that later ones overtake it."""
    hold_s: float = 0.02
    delay_s: float = 0.0
    """For every frame: half of what is added to the round trip."""


@dataclass(slots=True)
class Carried:
    """What has happened on the line so far."""

    passed: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0


@dataclass(frozen=True, slots=True)
class Namespace:
    """One of the two machines."""

    name: str
    address: str
    address6: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Put before a command, runs it here."""
        return ("ip", "netns", "exec", self.name)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; its error output is in the failure."""
        result = subprocess.run(
            [*self.prefix, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_TIMEOUT_S,
        )
        assert not check or result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result


@dataclass(slots=True)
class Network:
    """The two machines and the line between them."""

    client: Namespace
    server: Namespace
    impairment: Impairment
    """May be changed at any time; ``Impairment(loss=1.0)`` pulls the cable."""
    carried: Carried = field(default_factory=Carried)
    rewriter: Rewriter = field(default_factory=Rewriter)
    """May be replaced before connections are made."""


@contextmanager
def joined_namespaces(impairment: Impairment | None = None, seed: int = 1) -> Iterator[Network]:
    """Two namespaces, 192.0.2.1 (client) and 192.0.2.2 (server), joined until the block ends.

    Needs root on Linux: mark the test with ``pytest.mark.network``.
    """
    serial = f"{os.getpid()}-{next(_serial)}"
    with ExitStack() as stack:
        ends = [
            stack.enter_context(_machine(f"chatlab-{role}-{serial}", host))
            for role, host in (("client", 1), ("server", 2))
        ]
        (client, client_tap), (server, server_tap) = ends
        network = Network(client, server, impairment or Impairment())
        stack.enter_context(_line(_Line(network, (client_tap, server_tap), seed)))
        yield network


@contextmanager
def entered(namespace: Namespace) -> Iterator[None]:
    """Sockets that this thread makes within the block belong to ``namespace``, and stay there."""
    library = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor: int) -> None:
        assert library.setns(descriptor, _CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        there = os.open(f"/run/netns/{namespace.name}", os.O_RDONLY)
        try:
            enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(home)


# --- the machines ---------------------------------------------------------------------------


def _ip(*words: str) -> None:
    result = subprocess.run(
        ["ip", *words], capture_output=True, text=True, check=False, timeout=_COMMAND_TIMEOUT_S
    )
    assert result.returncode == 0, f"ip {' '.join(words)}: {result.stderr}"


@contextmanager
def _machine(name: str, host: int) -> Iterator[tuple[Namespace, int]]:
    """A namespace with ``lab0`` up, and the descriptor of that interface's other end."""
    namespace = Namespace(name, f"192.0.2.{host}", f"2001:db8::{host}")
    _ip("netns", "add", name)
    try:
        tap_name = f"cl{os.getpid() % 100_000}x{next(_serial)}"
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        try:
            request = struct.pack("16sH22x", tap_name.encode(), _IFF_TAP_WITHOUT_HEADER)
            fcntl.ioctl(tap, _TUNSETIFF, request)
            _ip("link", "set", tap_name, "netns", name, "name", INTERFACE)
            inside = ("-netns", name)
            _ip(*inside, "address", "add", f"{namespace.address}/24", "dev", INTERFACE)
            _ip(*inside, "address", "add", f"{namespace.address6}/64", "dev", INTERFACE, "nodad")
            _ip(*inside, "link", "set", INTERFACE, "mtu", "1500", "up")
            _ip(*inside, "link", "set", "lo", "up")
            yield namespace, tap
        finally:
            os.close(tap)
    finally:
        _ip("netns", "delete", name)


# --- the line -------------------------------------------------------------------------------


@contextmanager
def _line(line: "_Line") -> Iterator[None]:
    thread = threading.Thread(target=line.carry, name="network line")
    thread.start()
    try:
        yield
    finally:
        line.stop()
        thread.join(_THREAD_TIMEOUT_S)
        line.close()


class _Line:
    """Carries frames between two TAP devices until it is stopped."""

    def __init__(self, network: Network, taps: Sequence[int], seed: int) -> None:
        self._network = network
        self._other_end = {taps[0]: taps[1], taps[1]: taps[0]}
        self._server_tap = taps[1]
        self._chance = random.Random(seed)
        self._held: list[tuple[float, int, int, bytes]] = []
        """(when due, order of arrival, where to, frame), a heap."""
        self._arrivals = itertools.count()
        self._stop_in, self._stop_out = os.pipe()

    def stop(self) -> None:
        os.write(self._stop_out, b"x")

    def close(self) -> None:
        os.close(self._stop_in)
        os.close(self._stop_out)

    def carry(self) -> None:
        """The thread's work."""
        poll = select.poll()
        for descriptor in (*self._other_end, self._stop_in):
            poll.register(descriptor, select.POLLIN)
        while True:
            wait_ms = None
            if self._held:
                wait_ms = max(0.0, (self._held[0][0] - time.monotonic()) * 1000)
            for descriptor, _ in poll.poll(wait_ms):
                if descriptor == self._stop_in:
                    return
                self._take(descriptor)
            self._release()

    def _take(self, tap: int) -> None:
        try:
            frame = os.read(tap, _MAX_FRAME)
        except BlockingIOError:
            return
        impairment, carried = self._network.impairment, self._network.carried
        chance = self._chance.random
        target = self._other_end[tap]
        if frame[12:14] == _ARP or (frame[12:14] == _IPV6 and frame[20] == _ICMPV6):
            self._write(target, frame)
            return
        is_from_server = tap == self._server_tap
        frame = self._network.rewriter.rewrite(frame, is_from_server=is_from_server)
        if chance() < impairment.loss:
            carried.lost += 1
            return
        delay = impairment.delay_s
        if chance() < impairment.reorder:
            carried.reordered += 1
            delay += impairment.hold_s
        copies = 1
        if chance() < impairment.duplicate:
            carried.duplicated += 1
            copies = 2
        carried.passed += 1
        for _ in range(copies):
            if delay:
                due = time.monotonic() + delay
                heapq.heappush(self._held, (due, next(self._arrivals), target, frame))
            else:
                self._write(target, frame)

    def _release(self) -> None:
        now = time.monotonic()
        while self._held and self._held[0][0] <= now:
            _, _, target, frame = heapq.heappop(self._held)
            self._write(target, frame)

    def _write(self, tap: int, frame: bytes) -> None:
        try:
            os.write(tap, frame)
        except OSError:
            # The interface is down or its queue full: to the sender, that is a lost frame.
            self._network.carried.lost += 1
