"""Capturing for real: the kernel’s filter, the capture process and its death, on loopback."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatlab.capture.child import environment
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureStatus,
)
from chatlab.core.flow import Direction, Endpoint, FlowKey, Transport
from chatlab.core.ports import CaptureGate
from chatlab.protocol.blocks import Interface, Packet, Secrets, SectionHeader
from chatlab.protocol.packet import parse
from tests.helpers import tshark
from tests.helpers.capturing import (
    ACK,
    SYN,
    TIMEOUT_S,
    blocks,
    capturing,
    direction,
    packets,
    pair,
    payload,
    until,
)

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]


# --- the filter, by the kernel --------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection_is_seen_from_its_syn_to_its_fin_once_both_ways_and_nothing_else(
    tmp_path: Path, address: str
) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> tuple[FlowKey, int, int]:
        async with capturing(file) as source:
            with pair(address) as mine, pair(address) as noisy, noisy.connected() as noise:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                before = time.time_ns()
                with mine.connected() as peer:
                    for _ in range(20):
                        noisy.ours.sendall(b"not for you")
                        noise.sendall(b"nor this")
                        mine.ours.sendall(b"PRIVMSG #lab :hi\r\n")
                        assert peer.recv(100)
                    peer.sendall(b":server PONG\r\n")
                    assert mine.ours.recv(100)
                    flow = mine.flow
                    mine.ours.shutdown(socket.SHUT_RDWR)
                    assert peer.recv(100) == b""
            await source.sync()
            return flow, before, time.time_ns()

    flow, before, after = asyncio.run(run())
    found = packets(file)
    assert all(before <= packet.time_ns <= after for packet in found)
    _check_whole_exchange(found, flow)


def _check_whole_exchange(found: Sequence[Packet], flow: FlowKey) -> None:
    assert payload(found, flow.local) == b"PRIVMSG #lab :hi\r\n" * 20
    assert payload(found, flow.remote) == b":server PONG\r\n"
    headers = [parse(packet.data, 1) for packet in found]
    assert all(
        each is not None
        and {each.source_port, each.destination_port} == {flow.local.port, flow.remote.port}
        for each in headers
    )
    assert [each.flags & (SYN | ACK) for each in headers[:3] if each] == [SYN, SYN | ACK, ACK]
    assert len({packet.time_ns for packet in found}) == len(found), "a frame came twice"
    for packet, each in zip(found, headers, strict=True):
        assert each is not None
        is_ours = each.source_port == flow.local.port
        assert direction(packet) is (Direction.SENT if is_ours else Direction.RECEIVED)
    assert [packet.time_ns for packet in found] == sorted(packet.time_ns for packet in found)
    assert any(packet.time_ns % 1000 for packet in found), "the nanoseconds are lost"


def test_udp_is_captured_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> None:
        async with capturing(file) as source:
            with (
                socket.socket(type=socket.SOCK_DGRAM) as ours,
                socket.socket(type=socket.SOCK_DGRAM) as server,
            ):
                for each in (ours, server):
                    each.bind(("127.0.0.1", 0))
                    each.settimeout(TIMEOUT_S)
                flow = FlowKey(
                    Endpoint(*ours.getsockname()), Endpoint(*server.getsockname()), Transport.UDP
                )
                assert await source.admit(ours.fileno(), flow)
                ours.sendto(b"question", server.getsockname())
                assert server.recv(100) == b"question"
                server.sendto(b"answer", ours.getsockname())
                assert ours.recv(100) == b"answer"
            await source.sync()

    asyncio.run(run())
    assert [(direction(each), each.data[42:]) for each in packets(file)] == [
        (Direction.SENT, b"question"),
        (Direction.RECEIVED, b"answer"),
    ]


def test_frames_of_sixty_four_kilobytes_are_whole(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"
    data = os.urandom(8 * 1024 * 1024)

    async def run() -> tuple[FlowKey, CaptureStatus]:
        async with capturing(file) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    sender = threading.Thread(target=peer.sendall, args=(data,))
                    sender.start()
                    left = len(data)
                    while left:
                        left -= len(mine.ours.recv(1 << 20))
                    sender.join()
                    await source.sync()
                    return mine.flow, source.status

    flow, status = asyncio.run(run())
    assert isinstance(status, CaptureLive)
    assert status.dropped == 0
    assert payload(packets(file), flow.remote) == data
    assert all(len(packet.data) == packet.wire_length for packet in packets(file))


# --- what is promised about the process -----------------------------------------------------


def test_after_a_sync_the_file_holds_every_frame_that_has_passed(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> None:
        async with capturing(file) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    for count in range(1, 20):
                        mine.ours.sendall(b"x")
                        assert peer.recv(1)
                        position = await source.sync()
                        assert position == file.stat().st_size
                        assert payload(packets(file), mine.flow.local) == b"x" * count

    asyncio.run(run())


def test_the_status_goes_from_idle_to_live_and_back(tmp_path: Path) -> None:
    notices: list[CaptureStatus] = []

    async def run() -> None:
        async with capturing(tmp_path / "capture.pcapng", notices) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected():
                    await source.sync()
                gate: CaptureGate = source
                gate.dismiss(mine.flow)
                status = source.status
                assert isinstance(status, CaptureLive)
                assert status.backend == "packet socket"
                assert status.frames >= 3

    asyncio.run(run())
    assert isinstance(notices[0], CaptureLive)
    assert notices[-1] == CaptureIdle()
    counts = [each.frames for each in notices if isinstance(each, CaptureLive)]
    assert counts == sorted(counts)


def test_a_dismissed_connection_is_watched_to_its_end_and_then_let_go(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"
    notices: list[CaptureStatus] = []

    async def run() -> FlowKey:
        async with capturing(file, notices) as source:
            descriptors = len(os.listdir("/proc/self/fd"))
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    source.dismiss(mine.flow)
                    mine.ours.sendall(b"last words")
                    assert peer.recv(100)
                flow = mine.flow
            await source.sync()
            await until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors)
            return flow

    flow = asyncio.run(run())
    assert payload(packets(file), flow.local) == b"last words"


@pytest.mark.parametrize("is_automatic", [True, False])
def test_a_killed_capture_process_loses_nothing(tmp_path: Path, is_automatic: bool) -> None:
    file = tmp_path / "capture.pcapng"
    rounds = 300

    async def run() -> FlowKey:
        async with capturing(file) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    await source.sync()
                    for number in range(rounds):
                        mine.ours.sendall(b"%06d" % number)
                        assert peer.recv(6)
                        if number == rounds // 3:
                            # In the middle of what it does: nothing waits for it here.
                            assert source.helper_pid is not None
                            os.kill(source.helper_pid, signal.SIGKILL)
                            if not is_automatic:
                                await source.restart()
                    await source.sync()
                    return mine.flow

    flow = asyncio.run(run())
    assert payload(packets(file), flow.local) == b"".join(b"%06d" % n for n in range(rounds))
    assert sum(isinstance(block, SectionHeader) for block in blocks(file)) == 2


def test_a_capture_process_that_dies_again_and_again_is_reported_as_lost(tmp_path: Path) -> None:
    notices: list[CaptureStatus] = []

    async def run() -> None:
        async with capturing(tmp_path / "capture.pcapng", notices) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                for _ in range(2):
                    await source.sync()
                    pid = source.helper_pid
                    assert pid is not None
                    os.kill(pid, signal.SIGKILL)
                    await until(lambda pid=pid: source.helper_pid != pid)  # type: ignore[misc]
                await until(lambda: isinstance(source.status, CaptureLost))
                await source.restart()
                assert isinstance(source.status, CaptureLive)
                with mine.connected():
                    await source.sync()
                assert source.status.frames >= 3

    asyncio.run(run())


def test_a_full_disk_is_said_and_forgotten_when_there_is_room_again(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"
    notices: list[CaptureStatus] = []

    async def run() -> FlowKey:
        async with capturing(file, notices) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    position = await source.sync()
                    _limit_file_size(source, position + 100)
                    mine.ours.sendall(b"kept in memory")
                    assert peer.recv(100)
                    await until(lambda: isinstance(source.status, CaptureLost))
                    assert file.stat().st_size == source.position == position
                    _limit_file_size(source, None)
                    await until(lambda: isinstance(source.status, CaptureLive))
                    return mine.flow

    flow = asyncio.run(run())
    assert payload(packets(file), flow.local) == b"kept in memory"
    lost = next(each for each in notices if isinstance(each, CaptureLost))
    assert "cannot be written" in lost.reason


def _limit_file_size(source: CaptureSource, size: int | None) -> None:
    limit = "unlimited" if size is None else str(size)
    subprocess.run(["prlimit", f"--pid={source.helper_pid}", f"--fsize={limit}:"], check=True)


def test_the_capture_process_ends_with_its_parent(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"
    script = (
        "import asyncio, sys, pathlib\n"
        "from chatlab.capture.source import CaptureSource\n"
        "async def main():\n"
        "    source = CaptureSource(pathlib.Path(sys.argv[1]), lambda status: None)\n"
        "    await source.start()\n"
        "    await source.sync()\n"
        "    print(source.helper_pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, env=environment()
    ) as parent:
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    asyncio.run(until(lambda: not _is_alive(helper)))
    assert isinstance(blocks(file)[0], SectionHeader)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.servers("tshark")
def test_tshark_reads_the_file_and_finds_the_direction_and_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> None:
        async with capturing(file) as source:
            source.secret("CLIENT_RANDOM " + "00" * 32 + " " + "11" * 48)
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    mine.ours.sendall(b"hello")
                    assert peer.recv(5)

    asyncio.run(run())
    assert tshark.complaints(file) == ""
    rows = tshark.fields(file, ("frame.interface_name", "frame.packet_flags_direction"))
    assert rows[0] == ("lo", "0x00000002")
    assert rows[1] == ("lo", "0x00000001")
    assert len(rows) == len(packets(file))
    assert [type(block) for block in blocks(file)[1:3]] == [Secrets, Interface]
