"""A whole interface beside one's own connections: everything once, one's own complete."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.permission import Backend, Permission
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import WHOLE_INTERFACE, CaptureLive
from chatlab.core.errors import CaptureError
from chatlab.core.flow import Direction, Endpoint, FlowKey
from chatlab.protocol.blocks import Interface, Packet
from chatlab.protocol.packet import parse
from tests.helpers.capturing import (
    TIMEOUT_S,
    Pair,
    blocks,
    capturing,
    direction,
    only,
    packets,
    pair,
    until,
)
from tests.helpers.netns import INTERFACE, entered, joined_namespaces

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]

_DUMMY = f"s{os.getpid()}"
Seen = list[tuple[bool, bytes]]
"""Of each segment with data: whether it comes from the whole interface, and its data."""


def by_own_right() -> Callable[[], Permission]:
    return only(Backend.PACKET_SOCKET, *_own_opener())


def _own_opener() -> tuple[str, ...]:
    from chatlab.capture.opening import OWN_OPENER

    return OWN_OPENER


def by_dumpcap() -> Callable[[], Permission]:
    path = find_dumpcap()
    assert path is not None
    return only(Backend.DUMPCAP, path)


def by_libpcap() -> Callable[[], Permission]:
    pytest.importorskip("scapy.libs.winpcapy", reason="libpcap is not installed")
    return only(Backend.BPF_DEVICE)


def exchange(ours: Pair, peer: socket.socket, text: bytes) -> None:
    ours.ours.sendall(text)
    assert peer.recv(len(text), socket.MSG_WAITALL) == text


def interface_of(source: CaptureSource) -> str:
    assert isinstance(source.status, CaptureLive)
    return source.status.interface


def segments(file: Path, flow: FlowKey) -> Seen:
    """The data that one connection's client has sent, as the file has it."""
    interfaces: list[bool] = []
    found: Seen = []
    for block in blocks(file):
        match block:
            case Interface():
                interfaces.append(block.description == WHOLE_INTERFACE)
            case Packet():
                headers = parse(block.data, 1)
                if headers is None:
                    continue  # ARP, for one.
                ports = headers.source_port, headers.destination_port
                if ports == (flow.local.port, flow.remote.port) and headers.payload_length:
                    data = block.data[headers.payload :]
                    found.append((interfaces[block.interface], data))
    return found


@pytest.mark.parametrize(
    "check",
    [by_own_right, pytest.param(by_dumpcap, marks=pytest.mark.servers("dumpcap")), by_libpcap],
    ids=["own right", "dumpcap", "libpcap"],
)
def test_everything_is_captured_once_and_only_while_it_is_wanted(
    tmp_path: Path, check: Callable[[], Callable[[], Permission]]
) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> tuple[FlowKey, FlowKey]:
        async with capturing(file, check=check()) as source:
            await source.watch_interface("lo")
            assert interface_of(source) == "lo"
            with pair() as mine, pair() as other:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer, other.connected() as stranger:
                    exchange(mine, peer, b"mine")
                    exchange(other, stranger, b"somebody else")
                    await source.sync()
                    await source.watch_interface("")
                    assert interface_of(source) == ""
                    exchange(mine, peer, b"more of mine")
                    exchange(other, stranger, b"not any more")
                    await source.sync()
                    source.dismiss(mine.flow)
                return mine.flow, other.flow

    mine, other = asyncio.run(run())
    assert segments(file, mine) == [(False, b"mine"), (False, b"more of mine")]
    assert segments(file, other) == [(True, b"somebody else")]


def test_the_capture_of_an_interface_survives_its_process(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> tuple[FlowKey, FlowKey]:
        async with capturing(file, check=by_own_right()) as source:
            await source.watch_interface("lo")
            with pair() as mine, pair() as other:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer, other.connected() as stranger:
                    await source.sync()
                    helper = source.helper_pid
                    assert helper is not None
                    os.kill(helper, signal.SIGKILL)
                    exchange(mine, peer, b"mine")
                    exchange(other, stranger, b"somebody else")
                    await until(lambda: source.helper_pid not in (None, helper))
                    await source.sync()
                    assert interface_of(source) == "lo"
                return mine.flow, other.flow

    mine, other = asyncio.run(run())
    assert segments(file, mine) == [(False, b"mine")]
    assert segments(file, other) == [(True, b"somebody else")]


def test_the_opener_gives_no_interface_and_the_reason_is_told(tmp_path: Path) -> None:
    async def run() -> None:
        check = only(Backend.INSTALLED_OPENER, *_own_opener())
        async with capturing(tmp_path / "capture.pcapng", check=check) as source:
            with pytest.raises(CaptureError) as caught:
                await source.watch_interface("lo")
            assert "it serves your own connections only" in caught.value.message
            assert caught.value.hint

    asyncio.run(run())


@pytest.mark.parametrize(
    "check",
    [by_own_right, pytest.param(by_dumpcap, marks=pytest.mark.servers("dumpcap")), by_libpcap],
    ids=["own right", "dumpcap", "libpcap"],
)
def test_an_interface_that_is_not_there_leaves_the_capture_as_it_was(
    tmp_path: Path, check: Callable[[], Callable[[], Permission]]
) -> None:
    async def run() -> None:
        async with capturing(tmp_path / "capture.pcapng", check=check()) as source:
            with pytest.raises(CaptureError) as caught:
                await source.watch_interface("nothere0")
            assert caught.value.message.startswith("The interface nothere0 cannot be captured")
            assert interface_of(source) == ""

    asyncio.run(run())


@pytest.mark.network
def test_an_interface_that_goes_away_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    def ip(*arguments: str) -> None:
        subprocess.run(["ip", "link", *arguments], check=True, timeout=TIMEOUT_S)

    async def run() -> FlowKey:
        async with capturing(file, check=by_own_right()) as source:
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                ip("add", _DUMMY, "type", "veth", "peer", "name", f"{_DUMMY}b")
                try:
                    ip("set", _DUMMY, "up")
                    await source.watch_interface(_DUMMY, is_promiscuous=True)
                    await source.sync()
                    assert interface_of(source) == _DUMMY
                finally:
                    ip("del", _DUMMY)
                await until(lambda: interface_of(source) == "")
                assert isinstance(source.status, CaptureLive)
                assert source.status.trouble.startswith(f"{_DUMMY} is captured whole no more: ")
                with mine.connected() as peer:
                    exchange(mine, peer, b"mine")
                    await source.sync()
                return mine.flow

    mine = asyncio.run(run())
    assert segments(file, mine) == [(False, b"mine")]


@pytest.mark.network
def test_on_ethernet_every_frame_is_there_once_with_its_direction(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcapng"

    async def run(server: socket.socket, address: str) -> tuple[FlowKey, FlowKey]:
        async with capturing(file, check=by_own_right()) as source:
            await source.watch_interface(INTERFACE)
            with socket.socket() as mine, socket.socket() as other:
                flows = []
                for each in (mine, other):
                    each.settimeout(TIMEOUT_S)
                    each.bind((address, 0))
                    local, remote = each.getsockname(), server.getsockname()
                    flows.append(FlowKey(Endpoint(*local), Endpoint(*remote)))
                assert await source.admit(mine.fileno(), flows[0])
                for each in (mine, other):
                    each.connect(server.getsockname())
                    peer, _ = server.accept()
                    with peer:
                        each.sendall(b"there")
                        assert peer.recv(5, socket.MSG_WAITALL) == b"there"
                        peer.sendall(b"back")
                        assert each.recv(4, socket.MSG_WAITALL) == b"back"
                        await source.sync()
            return flows[0], flows[1]

    with joined_namespaces() as network:
        with entered(network.server):
            server = socket.create_server((network.server.address, 0))
        with server, entered(network.client):
            flows = asyncio.run(run(server, network.client.address))
    for flow, is_whole in zip(flows, (False, True), strict=True):
        assert segments(file, flow) == [(is_whole, b"there")]
        assert segments(file, FlowKey(flow.remote, flow.local)) == [(is_whole, b"back")]
    # What the two systems tell their neighbours (ARP, MLD) may be said twice in the same words.
    found = [packet for packet in packets(file) if source_port(packet)]
    assert len({packet.data for packet in found}) == len(found)
    ours = {flow.local.port for flow in flows}
    for packet in found:
        is_sent = source_port(packet) in ours
        assert direction(packet) is (Direction.SENT if is_sent else Direction.RECEIVED)


def source_port(packet: Packet) -> int:
    headers = parse(packet.data, 1)
    return headers.source_port if headers is not None else 0


_FLOOD = """
import socket
with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
    there.bind(("127.0.0.1", 0))
    here.connect(there.getsockname())
    print("flooding", flush=True)
    while True:
        here.send(bytes(4000))
"""


def test_a_flood_of_others_keeps_nobody_from_being_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "capture.pcapng"

    async def run() -> FlowKey:
        async with capturing(file, check=by_own_right()) as source:
            await source.watch_interface("lo")
            with pair() as mine:
                assert await source.admit(mine.ours.fileno(), mine.flow)
                await source.sync()
                with mine.connected() as peer, flooded():
                    exchange(mine, peer, b"mine")
                    await source.sync()
                    assert isinstance(source.status, CaptureLive)
                    assert source.status.frames > 4
                    await source.watch_interface("")
                    await source.sync()
                return mine.flow

    flow = asyncio.run(run())
    assert segments(file, flow) == [(False, b"mine")]
    assert not [record for record in caplog.records if "does not answer" in record.message]


@contextmanager
def flooded() -> Iterator[None]:
    """The loopback, by a program that does nothing else."""
    command = [sys.executable, "-I", "-S", "-c", _FLOOD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as flood:
        assert flood.stdout is not None
        assert flood.stdout.readline()
        try:
            yield
        finally:
            flood.kill()
