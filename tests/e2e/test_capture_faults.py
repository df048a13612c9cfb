"""Disk full, folder deleted, interface gone: said in words, and the capture goes on by itself."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.capture import permission
from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.permission import Backend, Permission
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import CaptureLive, CaptureLost, CaptureRefused, CaptureStatus
from chatlab.core.flow import Endpoint, FlowKey
from tests.helpers import tshark
from tests.helpers.capturing import TIMEOUT_S, capturing, only, packets, pair, payload, until
from tests.helpers.netns import Namespace, entered, joined_namespaces

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]


Meanwhile = Callable[[CaptureSource, socket.socket], Awaitable[None]]


def is_lost(source: CaptureSource) -> bool:
    return isinstance(source.status, CaptureLost)


# --- the disk -----------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.network
@pytest.mark.servers("tshark")
def test_a_full_disk_leaves_a_file_that_can_be_read_and_costs_no_frame(tmp_path: Path) -> None:
    notices: list[CaptureStatus] = []

    async def run(disk: Path) -> None:
        file, ballast = disk / "capture.pcapng", disk / "ballast"
        async with capturing(file, notices) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    mine.ours.sendall(b"before")
                    assert peer.recv(100)
                    await source.sync()
                    ballast.write_bytes(bytes(64 * 1024 - 2 * 4096))
                    for _ in range(30):
                        mine.ours.sendall(b"x" * 1000)
                        assert peer.recv(1000)
                    await until(lambda: is_lost(source))
                    _check_cut(file, source)
                    ballast.unlink()
                    await until(lambda: isinstance(source.status, CaptureLive))
                    flow = mine.flow
        assert payload(packets(file), flow.local) == b"before" + b"x" * 30_000

    def _check_cut(file: Path, source: CaptureSource) -> None:
        with FrameLog(file) as log:
            count = len(log.pull())
            assert log.problem is None
        assert file.stat().st_size == source.position
        assert tshark.complaints(file) == ""
        assert len(tshark.fields(file, ["frame.number"])) == count > 0

    with small_disk(tmp_path / "disk") as disk:
        asyncio.run(run(disk))
    lost = next(each for each in notices if isinstance(each, CaptureLost))
    assert "No space left on device" in lost.reason
    assert "Free some space" in lost.hint
    assert lost.is_waiting
    assert [each.dropped for each in notices if isinstance(each, CaptureLive)][-1] == 0


def test_a_restart_on_a_full_disk_throws_nothing_away(tmp_path: Path) -> None:
    async def run() -> None:
        file = tmp_path / "capture.pcapng"
        async with capturing(file) as source:
            with pair() as mine:
                await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    limit = await source.sync() + 100
                    _limit(source, str(limit))
                    mine.ours.sendall(b"waits in memory")
                    assert peer.recv(100)
                    await until(lambda: is_lost(source))
                    helper = source.helper_pid
                    await source.restart()
                    assert source.helper_pid == helper
                    _limit(source, "unlimited")
                    await until(lambda: not is_lost(source))
                    flow = mine.flow
        assert payload(packets(file), flow.local) == b"waits in memory"

    asyncio.run(run())


def _limit(source: CaptureSource, size: str) -> None:
    subprocess.run(["prlimit", f"--pid={source.helper_pid}", f"--fsize={size}:"], check=True)


def test_a_deleted_folder_is_said_and_put_back_with_every_frame(tmp_path: Path) -> None:
    file = tmp_path / "session" / "capture.pcapng"
    file.parent.mkdir(mode=0o700)
    notices: list[CaptureStatus] = []

    async def run() -> FlowKey:
        async with capturing(file, notices) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    for text in (b"one, ", b"two, ", b"three"):
                        mine.ours.sendall(text)
                        assert peer.recv(100)
                        await source.sync()
                        if text == b"one, ":
                            shutil.rmtree(file.parent)
                    await until(file.exists)
                    await until(lambda: not is_lost(source))
                    return mine.flow

    flow = asyncio.run(run())
    assert payload(packets(file), flow.local) == b"one, two, three"
    (reason,) = {each.reason for each in notices if isinstance(each, CaptureLost)}
    assert reason == f"{file} cannot be written: it was deleted."


# --- the interface --------------------------------------------------------------------------------


def join(client: Namespace, server: Namespace) -> None:
    """A cable of its own between the two."""
    peer = ("type", "veth", "peer", "name", "v1", "netns", server.name)
    client.run("ip", "link", "add", "v0", *peer)
    for machine, name, address in ((client, "v0", "198.51.100.1"), (server, "v1", "198.51.100.2")):
        machine.run("ip", "address", "add", f"{address}/24", "dev", name)
        machine.run("ip", "link", "set", name, "up")


async def say(
    source: CaptureSource, listener: socket.socket, text: bytes, meanwhile: Meanwhile
) -> FlowKey:
    """One connection that says ``text``, and then goes through ``meanwhile``."""
    with socket.socket() as ours:
        ours.settimeout(TIMEOUT_S)
        ours.bind(("198.51.100.1", 0))
        flow = FlowKey(Endpoint(*ours.getsockname()), Endpoint(*listener.getsockname()))
        assert await source.admit(ours.fileno(), flow)
        ours.connect(listener.getsockname())
        with listener.accept()[0] as peer:
            ours.sendall(text)
            assert peer.recv(100) == text
            await source.sync()
            await meanwhile(source, ours)
    source.dismiss(flow)
    return flow


async def nothing(source: CaptureSource, ours: socket.socket) -> None:
    assert isinstance(source.status, CaptureLive)


def check_of(backend: str) -> Callable[[], Permission]:
    if backend != "dumpcap":
        return permission.check
    program = find_dumpcap()
    assert program is not None
    return only(Backend.DUMPCAP, program)


@pytest.mark.network
@pytest.mark.parametrize(
    "backend", ["packet socket", pytest.param("dumpcap", marks=pytest.mark.servers("dumpcap"))]
)
def test_an_interface_that_goes_and_comes_costs_only_what_did_not_pass(
    tmp_path: Path, backend: str
) -> None:
    file = tmp_path / "capture.pcapng"

    async def unplug(source: CaptureSource, ours: socket.socket) -> None:
        """dumpcap holds on to one interface; our own sockets hear whichever there is."""
        client.run("ip", "link", "delete", "v0")
        ours.sendall(b"nobody hears this")
        if backend == "dumpcap":
            await until(lambda: isinstance(source.status, CaptureRefused))
            assert isinstance(source.status, CaptureRefused)
            assert 'The network adapter "v0" is no longer attached' in source.status.reason
            assert "Connect again" in source.status.remedy
        else:
            await source.sync()
            assert isinstance(source.status, CaptureLive)

    async def run() -> tuple[FlowKey, FlowKey]:
        async with capturing(file, check=check_of(backend)) as source:
            join(client, server)
            with entered(server):
                listener = socket.create_server(("198.51.100.2", 0))
            with listener:
                before = await say(source, listener, b"before", unplug)
                join(client, server)
                return before, await say(source, listener, b"after", nothing)

    with joined_namespaces() as network:
        client, server = network.client, network.server
        with entered(client):
            before, after = asyncio.run(run())
    found = packets(file)
    # Some kernels show the segment that found no interface, others do not.
    assert payload(found, before.local) in (b"before", b"beforenobody hears this")
    assert payload(found, after.local) == b"after"
