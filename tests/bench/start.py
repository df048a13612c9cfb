"""Bench: from the start of the program to its painted window, beside Wireshark and Konversation."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import peers
from tests.bench.eyes import Eyes
from tests.bench.processes import BenchError, child_environment, running, telling
from tests.bench.table import Table, Verdict, median, ratio, span
from tests.conftest import find_program
from tests.helpers.xvfb import Display, display

PAINT_AIM = 2.0
READY_AIM_S = 2.0
_BUS = """<busconfig>
<type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>
"""
"""A bus without services: what it would start would outlive it."""
_TIMEOUT_S = 30.0
_OURS = "ChatLab"

Prepare = Callable[[Path], list[str]]


def measure(repetitions: int) -> Table:
    """Start each program in turn, again and again; the first round only warms the caches."""
    programs: dict[str, Prepare] = {_OURS: lambda home: _chatlab()}
    skipped = []
    known: dict[peers.Peer, Prepare] = {
        peers.WIRESHARK: peers.prepare_wireshark,
        peers.KONVERSATION: peers.prepare_konversation,
    }
    for peer, prepare in known.items():
        if peer.program:
            programs[peer.name] = prepare
        else:
            skipped.append(peer.absence)
    painted: dict[str, list[float]] = {name: [] for name in programs}
    ready: list[float] = []
    with _bus() as bus:
        for turn in range(repetitions + 1):
            for name, prepare in programs.items():
                seconds = _time_to_paint(name, prepare, bus)
                if turn:
                    painted[name].append(seconds)
            if turn:
                ready.append(_time_to_lab())
    return _table(painted, ready, tuple(skipped))


def _chatlab() -> list[str]:
    return [sys.executable, "-m", "chatlab", "--lab"]


def _time_to_paint(name: str, prepare: Prepare, bus: str) -> float:
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, display() as screen:
        home = Path(folder)
        command = prepare(home)
        environment = _environment(home, screen) | {"DBUS_SESSION_BUS_ADDRESS": bus}
        with Eyes(screen.frame_buffer) as eyes:
            started = time.monotonic()
            with running(command, environment, home / "log") as process:
                while not eyes.see_window():
                    if process.poll() is not None or time.monotonic() - started > _TIMEOUT_S:
                        said = (home / "log").read_text(errors="replace")[-2000:]
                        raise BenchError(f"{name} showed no window; it said:\n{said}")
                    time.sleep(eyes.PAUSE_S)
                return time.monotonic() - started


def _environment(home: Path, screen: Display) -> dict[str, str]:
    return screen.environment() | child_environment(home) | {"QT_QPA_PLATFORM": "xcb"}


def _time_to_lab() -> float:
    """Seconds from the first paint until both accounts of the lab can be typed to."""
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, display() as screen:
        home = Path(folder)
        with telling("watched", ["--lab"], _environment(home, screen), home / "log") as teller:
            return teller.number("ready") - teller.number("painted")


@contextmanager
def _bus() -> Iterator[str]:
    """A session bus, as every desktop has one; KDE's programs do not start without."""
    program = find_program("dbus-daemon")
    if program is None:
        yield ""
        return
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(_BUS)
        config.flush()
        process = subprocess.Popen(
            [program, "--config-file", config.name, "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        yield from _addressed(process)


def _addressed(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _table(painted: dict[str, list[float]], ready: list[float], skipped: tuple[str, ...]) -> Table:
    ours = painted[_OURS]
    rows = [
        (name, span(seconds, 3), ratio(ours, seconds) if name != _OURS else "–")
        for name, seconds in painted.items()
    ]
    rows.append((f"{_OURS}: lab ready after paint", span(ready, 3), "–"))
    verdicts = [
        Verdict(
            f"the offline lab is ready within {READY_AIM_S:.0f} s of the paint",
            f"{max(ready):.2f} s at worst",
            max(ready) <= READY_AIM_S,
        )
    ]
    if theirs := painted.get(peers.WIRESHARK.name):
        times = median(ours) / median(theirs)
        verdicts.insert(
            0,
            Verdict(
                f"painted within {PAINT_AIM:.0f} × Wireshark’s time",
                f"{times:.2f} ×",
                times <= PAINT_AIM,
            ),
        )
    return Table(
        title="Start to painted window, warm",
        how="From the moment before the program is executed until text is seen in a window that"
        " covers at least a twentieth of the screen, read from Xvfb’s own frame buffer every 3 ms,"
        " for all programs alike; each in a fresh display and home, after one round that is not"
        " counted. “Lab ready”: both accounts have joined and are shown side by side. Seconds:"
        " median (smallest–largest).",
        header=("program", "seconds", "ChatLab takes"),
        rows=tuple(rows),
        verdicts=tuple(verdicts),
        skipped=skipped,
    )
