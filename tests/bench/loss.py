"""Bench: frames lost while a gigabyte crosses a captured connection, beside dumpcap."""

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Streams
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import CaptureLive, CaptureStatus
from chatlab.core.flow import ByteRange, Endpoint, FlowKey
from tests.bench import peers
from tests.bench.processes import ROOT, BenchError, child_environment, usage, wait_for
from tests.bench.table import Table, Verdict, median, span
from tests.conftest import find_program

TOTAL = 1_000_000_000
RATE = 100_000_000
"""Bytes a second."""
_OURS = "ChatLab"
_SMALL = "frames of 1,500 bytes: "
_TIMEOUT_S = 120.0
_STATISTICS_AT = 136
"""Of tcpi_segs_out in struct tcp_info (linux/tcp.h); tcpi_segs_in follows."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sending end of the connection knows."""

    segments: int
    """Sent and received, as the kernel's TCP counts them: the frames that there were."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """One gigabyte."""

    frames: int
    kept: int
    admitted: int
    """Drops that the capturing program itself owns up to."""
    missing: int
    """Bytes of the stream that no captured frame carries."""
    rate: float
    cpu_s: float


def measure(repetitions: int) -> Table:
    """Send the same amount with one program capturing, then with the other, again and again."""
    names, skipped = [_OURS], []
    if peers.DUMPCAP.program:
        names.append(peers.DUMPCAP.name)
    else:
        skipped.append(peers.DUMPCAP.absence)
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(repetitions):
        for name in names:
            runs[name].append(run(name))
    unshare = find_program("unshare")
    if os.geteuid() == 0 and unshare:
        for name in names:
            runs[_SMALL + name] = [_in_small_frames(unshare, name)]
    else:
        skipped.append("frames of 1,500 bytes: a loopback of our own needs root")
    return _table(runs, tuple(skipped))


def run(name: str) -> Run:
    """One gigabyte, captured by the program of that name."""
    return asyncio.run(_with_chatlab()) if name == _OURS else _with_dumpcap()


def _in_small_frames(unshare: str, name: str) -> Run:
    """The same in a network namespace whose loopback is like an Ethernet without offloads."""
    script = (
        f"ip link set lo mtu 1500 gso_max_segs 1 up && exec {sys.executable} -m {__spec__.name}"
    )
    done = subprocess.run(
        [unshare, "--net", "sh", "-c", f"{script} {name}"],
        stdout=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise BenchError("the measurement in a network namespace failed (see above)")
    return Run(**json.loads(done.stdout))


# --- the gigabyte ---------------------------------------------------------------------------


@contextmanager
def _receiver() -> Iterator[tuple[str, int]]:
    """A process that reads and forgets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = _child("receive", listener)
        try:
            address: tuple[str, int] = listener.getsockname()
            yield address
        finally:
            process.terminate()
            process.wait()


def _child(task: str, given: socket.socket, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.bench.stream", task, str(given.fileno()), *more]
    return subprocess.Popen(command, pass_fds=[given.fileno()], stdout=subprocess.PIPE, cwd=ROOT)


def _send(ours: socket.socket, address: tuple[str, int]) -> Sent:
    """Connect and send all of it, in a process of its own; returns when it was received."""
    process = _child("send", ours, str(address[1]), str(TOTAL), str(RATE))
    try:
        said, _ = process.communicate(timeout=_TIMEOUT_S)
    finally:
        process.kill()
    if process.returncode != 0:
        raise BenchError("the sender failed")
    segments, seconds = said.decode().split()
    return Sent(int(segments), float(seconds))


def _bound() -> socket.socket:
    ours = socket.socket()
    ours.bind(("127.0.0.1", 0))
    return ours


def segments(connection: socket.socket) -> int:
    """Segments sent and received, by TCP_INFO."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    sent, received = struct.unpack_from("=II", info, _STATISTICS_AT)
    return int(sent + received)


# --- the two programs -----------------------------------------------------------------------


async def _with_chatlab() -> Run:
    statuses: list[CaptureStatus] = []
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, _receiver() as address:
        file = Path(folder, "capture.pcapng")
        source = CaptureSource(file, statuses.append)
        await source.start()
        try:
            with _bound() as ours:
                flow = FlowKey(Endpoint(*ours.getsockname()), Endpoint(*address))
                if not await source.admit(ours.fileno(), flow):
                    raise BenchError(f"capturing is not possible here: {source.status}")
                await source.sync()
                helper = source.helper_pid
                assert helper is not None
                before = usage(helper).cpu_s
                sent = await asyncio.to_thread(_send, ours, address)
            await source.sync()
            cpu_s = usage(helper).cpu_s - before
        finally:
            await source.stop()
        live = [status for status in statuses if isinstance(status, CaptureLive)]
        return _compare(file, sent, live[-1].dropped, cpu_s)


def _with_dumpcap() -> Run:
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, _receiver() as address:
        # dumpcap gives up root's rights, and then may not write where only root may.
        Path(folder).chmod(0o777)
        file = Path(folder, "capture.pcapng")
        with _bound() as ours:
            port = ours.getsockname()[1]
            command = [peers.DUMPCAP.program, "-i", "lo", "-f", f"tcp port {port}"]
            process = subprocess.Popen(
                [*command, "-w", str(file)],
                stderr=subprocess.PIPE,
                env=child_environment(Path(folder)),
            )
            try:
                wait_for(lambda: _is_capturing(file), "dumpcap’s file")
                before = usage(process.pid).cpu_s
                sent = _send(ours, address)
                cpu_s = usage(process.pid).cpu_s - before
            finally:
                process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=_TIMEOUT_S)
        found = re.search(rb"dropped on interface .*: \d+/(\d+)", said)
        return _compare(file, sent, int(found[1]) if found else 0, cpu_s)


def _is_capturing(file: Path) -> bool:
    """dumpcap writes the file's head when its filter is in place."""
    return file.exists() and file.stat().st_size > 0


def _compare(file: Path, sent: Sent, admitted: int, cpu_s: float) -> Run:
    with FrameLog(file) as log:
        streams = Streams(log)
        streams.update()
        missing = TOTAL
        if streams.tcp and (stream := streams.tcp[0].tcp) is not None:
            seen, whole = stream.sides[0].seen, ByteRange(0, TOTAL)
            parts = map(ByteRange, seen.starts, seen.stops)
            missing -= sum(len(part.intersection(whole)) for part in parts)
        return Run(sent.segments, len(log), admitted, missing, TOTAL / sent.seconds / 1e6, cpu_s)


def _table(runs: dict[str, list[Run]], skipped: tuple[str, ...]) -> Table:
    rows = tuple(
        (
            name,
            f"{median([run.rate for run in those]):.0f}",
            f"{median([run.frames for run in those]):,.0f}",
            f"{sum(run.frames - run.kept for run in those):,}",
            f"{sum(run.admitted for run in those):,}",
            f"{sum(run.missing for run in those):,}",
            span([run.cpu_s for run in those]),
        )
        for name, those in runs.items()
    )
    ours = runs[_OURS]
    lost = sum(run.frames - run.kept for run in ours)
    missing = sum(run.missing for run in ours)
    return Table(
        title="Frames lost while 1 GB crosses a captured loopback connection",
        how=f"{TOTAL / 1e9:.0f} GB at {RATE / 1e6:.0f} MB/s from one process to another, captured"
        " by ChatLab’s capture process and then by dumpcap with its default buffer. How many frames"
        " there were is counted by neither: the connection’s TCP_INFO says how many segments it"
        " sent and received. “Lost” and “bytes missing” are sums over all repetitions. Frames of"
        " 1,500 bytes are forty times as many: the sender then gets as much of the two processors"
        " as it can, and one round is measured, as a look beyond the aim.",
        header=(
            "program",
            "MB/s",
            "frames",
            "lost",
            "drops it reports",
            "bytes missing",
            "CPU s",
        ),
        rows=rows,
        verdicts=(
            Verdict(
                "no frame lost, every byte in the file",
                f"{lost:,} frames lost, {missing:,} bytes missing in {len(ours)} GB",
                lost <= 0 and missing == 0,
            ),
        ),
        skipped=skipped,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(run(sys.argv[1]))))
