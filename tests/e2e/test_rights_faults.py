"""What may go wrong around a capture, and what must not come of it: leaks, losses, strangers."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlab.capture import opening, permission
from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.permission import Backend, Permission
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import CaptureLive, CaptureLost, CaptureRefused
from chatlab.core.flow import Endpoint, FlowKey, Transport
from chatlab.protocol.blocks import Statistics
from tests.helpers.capturing import (
    TIMEOUT_S,
    Pair,
    blocks,
    capturing,
    only,
    packets,
    pair,
    payload,
    until,
)

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]


def descriptors(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid: int | None) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(word) for word in words]


def by_dumpcap() -> Callable[[], Permission]:
    path = find_dumpcap()
    assert path is not None
    return only(Backend.DUMPCAP, path)


# --- leaks ------------------------------------------------------------------------------------


def test_a_hundred_connections_leave_no_descriptor_behind(tmp_path: Path) -> None:
    async def connect_once(source: CaptureSource) -> None:
        with pair() as mine:
            assert await source.admit(mine.ours.fileno(), mine.flow)
            with mine.connected() as peer:
                mine.ours.sendall(b"x")
                assert peer.recv(1)
            source.dismiss(mine.flow)

    async def run() -> None:
        async with capturing(tmp_path / "capture.pcapng") as source:
            await source.sync()
            helper = source.helper_pid
            assert helper is not None
            ours, its = descriptors(), descriptors(helper)
            for _ in range(100):
                await connect_once(source)
            await source.sync()
            await until(lambda: descriptors() <= ours and descriptors(helper) <= its)
            assert source.helper_pid == helper
            assert isinstance(source.status, CaptureLive)
            assert source.status.flows == 0

    before = descriptors()
    asyncio.run(run())
    assert descriptors() <= before
    file = packets(tmp_path / "capture.pcapng")
    assert sum(packet.data[-1:] == b"x" and len(packet.data) == 67 for packet in file) == 100


@pytest.mark.servers("dumpcap")
@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_no_dumpcap_outlives_its_capture(tmp_path: Path, ending: str) -> None:
    async def run() -> tuple[int, ...]:
        async with capturing(tmp_path / "capture.pcapng", check=by_dumpcap()) as source:
            with pair() as mine, pair() as other:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                assert await source.admit(other.ours.fileno(), other.flow)
                helper = source.helper_pid
                assert helper is not None
                orphans = tuple(children(helper))
                assert len(orphans) == 2
                if ending == "kill":
                    os.kill(helper, signal.SIGKILL)
                    await until(lambda: source.helper_pid not in (None, helper))
                    await until(lambda: not any(map(is_alive, orphans)))
                    await until(lambda: len(children(source.helper_pid)) == 2)
                    orphans += tuple(children(source.helper_pid))
        return orphans

    found = asyncio.run(run())
    assert not any(map(is_alive, found))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.servers("dumpcap")
def test_the_drops_of_a_dumpcap_are_known_when_it_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> None:
        async with capturing(file, check=by_dumpcap()) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected():
                    await source.sync()

    asyncio.run(run())
    (statistics,) = [each for each in blocks(file) if isinstance(each, Statistics)]
    assert (statistics.received, statistics.dropped) == (len(packets(file)), 0)


@pytest.mark.servers("dumpcap")
def test_ctrl_c_in_the_terminal_is_not_for_the_capture(tmp_path: Path) -> None:
    async def run() -> None:
        async with capturing(tmp_path / "capture.pcapng", check=by_dumpcap()) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                helper = source.helper_pid
                assert helper is not None
                for pid in (helper, *children(helper)):
                    assert os.getpgid(pid) != os.getpgid(0)

    asyncio.run(run())


# --- strangers --------------------------------------------------------------------------------


def reconnect(flow: FlowKey, listener: socket.socket, text: bytes) -> None:
    """Another program gets our port, and talks to the same server."""
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((flow.local.address, flow.local.port))
        stranger.connect(listener.getsockname())
        peer, _ = listener.accept()
        with peer:
            stranger.sendall(text)
            assert peer.recv(100) == text


def hang_up(mine: Pair) -> None:
    """Close at once, without the minute in which the system keeps the port (TIME-WAIT)."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    mine.ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    mine.ours.close()


@pytest.mark.parametrize(
    "backend", ["packet socket", pytest.param("dumpcap", marks=pytest.mark.servers("dumpcap"))]
)
def test_a_port_that_another_program_gets_is_not_watched_on(tmp_path: Path, backend: str) -> None:
    file = tmp_path / "capture.pcapng"
    check = by_dumpcap() if backend == "dumpcap" else permission.check

    async def run() -> FlowKey:
        async with capturing(file, check=check) as source:
            with pair() as mine:
                flow = mine.flow
                assert await source.admit(mine.ours.fileno(), flow)
                with mine.connected() as peer:
                    mine.ours.sendall(b"ours")
                    assert peer.recv(100) == b"ours"
                    hang_up(mine)
                reconnect(flow, mine.listener, b"a stranger's password")
                source.dismiss(flow)
                reconnect(flow, mine.listener, b"and another")
                await source.sync()
        return flow

    flow = asyncio.run(run())
    found = packets(file)
    assert payload(found, flow.local) == b"ours"
    assert not any(b"stranger" in packet.data or b"another" in packet.data for packet in found)


def test_a_name_server_is_asked_by_another_program_from_the_same_port(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    def ask(sock: socket.socket, server: socket.socket, text: bytes) -> None:
        sock.sendto(text, server.getsockname())
        assert server.recv(100) == text

    async def run() -> None:
        async with capturing(file) as source:
            with socket.socket(type=socket.SOCK_DGRAM) as server:
                server.bind(("127.0.0.1", 0))
                server.settimeout(TIMEOUT_S)
                with socket.socket(type=socket.SOCK_DGRAM) as ours:
                    ours.bind(("127.0.0.1", 0))
                    local = ours.getsockname()
                    flow = FlowKey(Endpoint(*local), Endpoint(*server.getsockname()), Transport.UDP)
                    assert await source.admit(ours.fileno(), flow)
                    ask(ours, server, b"ours")
                    source.dismiss(flow)
                with socket.socket(type=socket.SOCK_DGRAM) as stranger:
                    stranger.bind(local)
                    ask(stranger, server, b"a stranger's")
                    await source.sync()

    asyncio.run(run())
    assert [packet.data[42:] for packet in packets(file)] == [b"ours"]


# --- two at once, and one that sleeps -----------------------------------------------------------


def test_two_sessions_at_once_see_their_own_frames_only(tmp_path: Path) -> None:
    files = [tmp_path / "one.pcapng", tmp_path / "two.pcapng"]

    async def session(file: Path, text: bytes, other: asyncio.Barrier) -> FlowKey:
        async with capturing(file) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    for _ in range(20):
                        await other.wait()
                        mine.ours.sendall(text)
                        assert peer.recv(100) == text
                    await source.sync()
                    return mine.flow

    async def run() -> list[FlowKey]:
        barrier = asyncio.Barrier(2)
        texts = (b"first", b"other")
        return await asyncio.gather(
            *(session(file, text, barrier) for file, text in zip(files, texts, strict=True))
        )

    flows = asyncio.run(run())
    for file, flow, text in zip(files, flows, (b"first", b"other"), strict=True):
        assert payload(packets(file), flow.local) == text * 20


def test_a_capture_process_that_sleeps_under_load_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"
    data = os.urandom(1 << 20) * 32

    async def run() -> tuple[FlowKey, CaptureLive]:
        async with capturing(file) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    await source.sync()
                    helper = source.helper_pid
                    assert helper is not None
                    os.kill(helper, signal.SIGSTOP)
                    sender = threading.Thread(target=mine.ours.sendall, args=(data,))
                    sender.start()
                    left = len(data)
                    while left:
                        left -= len(peer.recv(1 << 18))
                    sender.join()
                    os.kill(helper, signal.SIGCONT)
                    await source.sync()
                    status = source.status
                    assert isinstance(status, CaptureLive)
                    assert source.helper_pid == helper
                    return mine.flow, status

    flow, status = asyncio.run(run())
    assert status.dropped == 0
    assert payload(packets(file), flow.local) == data


# --- what does not start, or does not answer ----------------------------------------------------


def opener(*command: str) -> Callable[[], Permission]:
    return only(Backend.INSTALLED_OPENER, *command)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("sleep", "600"), "does not answer"),
        (("true",), "without an answer"),
        (("/no/such/opener",), "cannot be run"),
        (
            ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *opening.OWN_OPENER),
            "refused",
        ),
    ],
    ids=["hangs", "silent", "missing", "powerless"],
)
def test_an_opener_that_fails_is_said_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr(opening, "PATIENCE_S", 0.3 if command[0] == "sleep" else TIMEOUT_S)

    async def run() -> None:
        async with capturing(tmp_path / "c.pcapng", check=opener(*command)) as source:
            await source.sync()
            count = descriptors()
            with pair() as mine:
                assert not await source.admit(mine.ours.fileno(), mine.flow)
                assert isinstance(source.status, CaptureRefused)
                assert words in source.status.reason
                with mine.connected() as peer:
                    mine.ours.sendall(b"chat goes on")
                    assert peer.recv(100)
            assert descriptors() == count

    asyncio.run(run())


def test_a_capture_process_that_cannot_write_its_file_is_said_with_the_reason(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "not a file"
    folder.mkdir()

    async def run() -> None:
        async with capturing(folder) as source:
            await until(lambda: isinstance(source.status, CaptureLost))
            assert isinstance(source.status, CaptureLost)
            assert "Is a directory" in source.status.reason
            with pair() as mine:
                assert not await source.admit(mine.ours.fileno(), mine.flow)

    asyncio.run(run())


@pytest.mark.servers("dumpcap")
def test_without_a_capture_process_nobody_waits_for_dumpcap(tmp_path: Path) -> None:
    async def run() -> None:
        async with capturing(tmp_path, check=by_dumpcap()) as source:
            await until(lambda: isinstance(source.status, CaptureLost))
            with pair() as mine:
                async with asyncio.timeout(1):
                    assert not await source.admit(mine.ours.fileno(), mine.flow)

    asyncio.run(run())


def test_a_way_that_is_gone_leads_to_the_next(tmp_path: Path) -> None:
    powerless = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *opening.OWN_OPENER)
    found = [opener(*powerless)(), only(Backend.PACKET_SOCKET, *opening.OWN_OPENER)()]

    async def run() -> None:
        async with capturing(tmp_path / "c.pcapng", check=lambda: found.pop(0)) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                assert isinstance(source.status, CaptureLive)
                assert source.status.backend == Backend.PACKET_SOCKET.value

    asyncio.run(run())
    assert found == []
