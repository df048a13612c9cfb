"""Bench: from a frame on the wire to its row in the window, beside tshark's line."""

import subprocess
import tempfile
import threading
import time
from pathlib import Path

from tests.bench import peers
from tests.bench.processes import Teller, child_environment, telling
from tests.bench.table import Table, Verdict, percentile
from tests.helpers.xvfb import display

AIM_MS = 50.0
_OURS = "ChatLab"
_TALK_TIMEOUT_S = 120.0


def measure(repetitions: int) -> Table:
    """Chat in the lab; once alone, once with tshark listening, again and again."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(repetitions):
        ours += _talk(None)
        if peers.TSHARK.program:
            _talk(theirs)
    rows = [_row(f"{_OURS}: row in the table", ours)]
    if theirs:
        rows.append(_row("tshark: line on stdout", theirs))
    at_95 = percentile(ours, 95)
    return Table(
        title="Wire to row",
        how="The window runs under Xvfb on the offline lab; as soon as all its accounts are there,"
        " those of IRC take turns to send 80 messages at irregular moments. From the kernel’s"
        " timestamp of each frame to the insertion of its row into the table that the wire pane"
        " shows. tshark prints a line for each frame of the same connections, in rounds of its own"
        " (-l, written to a pipe). Milliseconds.",
        header=("program", "frames", "median", "95 %", "longest"),
        rows=tuple(rows),
        verdicts=(
            Verdict(f"95 % of the rows within {AIM_MS:.0f} ms", f"{at_95:.1f} ms", at_95 < AIM_MS),
        ),
        skipped=() if peers.TSHARK.program else (peers.TSHARK.absence,),
    )


def _row(name: str, delays: list[float]) -> tuple[str, ...]:
    figures = (percentile(delays, 50), percentile(delays, 95), max(delays))
    return name, f"{len(delays):,}", *(f"{figure:.1f}" for figure in figures)


def _talk(tshark: list[float] | None) -> list[float]:
    """Delays of ChatLab's rows; with ``tshark``, adds those of its lines there."""
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, display() as screen:
        home = Path(folder)
        environment = screen.environment() | child_environment(home) | {"QT_QPA_PLATFORM": "xcb"}
        with telling("watched", ["--lab"], environment, home / "log") as teller:
            teller.wait_for("ready")
            if tshark is None:
                return _delays(teller)
            with _listening(teller, tshark):
                return _delays(teller)


def _delays(teller: Teller) -> list[float]:
    teller.say("talk")
    found = teller.wait_for("delays", _TALK_TIMEOUT_S)
    assert isinstance(found, list)
    return [float(delay) for delay in found]


class _listening:
    """tshark on the lab's connections, each of its lines timed as it comes."""

    def __init__(self, teller: Teller, delays: list[float]) -> None:
        teller.say("ports")
        ports = teller.wait_for("ports")
        assert isinstance(ports, list)
        wanted = " or ".join(f"tcp port {port}" for port in ports)
        command = [peers.TSHARK.program, "-i", "lo", "-f", wanted, "-l", "-n"]
        self._delays = delays
        self._process = subprocess.Popen(
            [*command, "-T", "fields", "-e", "frame.time_epoch"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if b"Capturing on" in line:
                break
        time.sleep(1.0)  # Said before dumpcap, which it starts, has its filter in place.
        self._reader.start()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()
        self._reader.join(5.0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._delays.append((time.time() - float(line)) * 1000)
