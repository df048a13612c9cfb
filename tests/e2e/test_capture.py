"""Capturing for real: the kernel's filter, the capture process and its death, on loopback."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.capture.child import environment
from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.opening import OWN_OPENER, OpenerRefused, open_packet_socket
from chatlab.capture.permission import Backend, BackendState, Permission
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureRefused,
    CaptureStatus,
)
from chatlab.core.flow import Direction, Endpoint, FlowKey, Transport
from chatlab.protocol.blocks import Block, Interface, Packet, Secrets, SectionHeader
from chatlab.protocol.packet import parse
from chatlab.protocol.pcapng_reader import BlockReader
from tests.helpers import tshark
from tests.helpers.netns import INTERFACE, joined_namespaces

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]

TIMEOUT_S = 10.0
SYN, ACK = 0x02, 0x10
_FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
_WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Root without capabilities may do no more than anyone: the kernel asks for CAP_NET_RAW."""


# --- what the tests stand on ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A connection on loopback: our end, bound but not yet connected, and a listening peer."""

    ours: socket.socket
    listener: socket.socket

    @property
    def flow(self) -> FlowKey:
        local, remote = self.ours.getsockname(), self.listener.getsockname()
        return FlowKey(Endpoint(*local[:2]), Endpoint(*remote[:2]))

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Connect; gives the peer's end."""
        self.ours.connect(self.listener.getsockname())
        theirs, _ = self.listener.accept()
        with theirs:
            theirs.settimeout(TIMEOUT_S)
            yield theirs


@contextmanager
def pair(address: str = "127.0.0.1") -> Iterator[Pair]:
    family = _FAMILIES[address]
    with (
        socket.socket(family) as ours,
        socket.create_server((address, 0), family=family) as listener,
    ):
        ours.settimeout(TIMEOUT_S)
        ours.bind((address, 0))
        yield Pair(ours, listener)


@asynccontextmanager
async def capturing(
    file: Path, notices: list[CaptureStatus] | None = None, **options: object
) -> AsyncIterator[CaptureSource]:
    notice = (notices if notices is not None else []).append
    source = CaptureSource(file, notice, **options)  # type: ignore[arg-type]
    await source.start()
    try:
        yield source
    finally:
        await source.stop()


def only(backend: Backend, *command: str) -> Callable[[], Permission]:
    state = BackendState(backend=backend, is_possible=True, detail="for the test", command=command)
    return lambda: Permission((state,))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process will bring about."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.005)


def blocks(file: Path) -> list[Block]:
    reader = BlockReader()
    found = list(reader.feed(file.read_bytes()))
    assert not reader.pending, "the file ends within a block"
    return found


def packets(file: Path) -> list[Packet]:
    return [block for block in blocks(file) if isinstance(block, Packet)]


def direction(packet: Packet) -> Direction | None:
    return {1: Direction.RECEIVED, 2: Direction.SENT}.get(packet.flags & 3)


def payload(found: Sequence[Packet], sender: Endpoint, link_type: int = 1) -> bytes:
    """The bytes that one end has sent, laid out by sequence number; a hole is an error."""
    stream, first = bytearray(), None
    for packet in found:
        headers = parse(packet.data, link_type)
        assert headers is not None
        if headers.source_port != sender.port:
            continue
        if headers.flags & SYN:
            first = headers.sequence + 1
            continue
        assert first is not None, "data before the SYN"
        data = packet.data[headers.payload : headers.payload + headers.payload_length]
        offset = (headers.sequence - first) % (1 << 32)
        if not data:
            continue
        assert offset <= len(stream), f"bytes {len(stream)} to {offset} are missing"
        stream[offset : offset + len(data)] = data
    return bytes(stream)


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
        assert before <= packet.time_ns <= after
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
                source.dismiss(mine.flow)
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


# --- the opener -----------------------------------------------------------------------------


def opened(sock: socket.socket, flow: FlowKey, *before: str) -> int:
    return asyncio.run(open_packet_socket(sock.fileno(), flow, (*before, *OWN_OPENER)))


def refused(sock: socket.socket, flow: FlowKey, *before: str) -> OpenerRefused:
    with pytest.raises(OpenerRefused) as caught:
        opened(sock, flow, *before)
    return caught.value


def test_the_filter_is_locked_for_good() -> None:
    attach_filter, detach_filter, lock_filter = 26, 27, 44
    with pair() as mine:
        descriptor = opened(mine.ours, mine.flow)
    with socket.socket(fileno=descriptor) as packet_socket:
        assert packet_socket.family == socket.AF_PACKET
        for option, value in ((detach_filter, 0), (lock_filter, 0), (attach_filter, bytes(16))):
            with pytest.raises(OSError):  # noqa: PT011 - EPERM or EINVAL, by the option
                packet_socket.setsockopt(socket.SOL_SOCKET, option, value)
        assert packet_socket.getsockopt(socket.SOL_SOCKET, lock_filter) == 1


def test_a_socket_that_proves_nothing_is_refused() -> None:
    flow = FlowKey(Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 6667))
    with socket.socket() as unbound:
        assert refused(unbound, flow).code == "unbound"
    with socket.socket() as wildcard:
        wildcard.bind(("0.0.0.0", 0))
        assert refused(wildcard, flow).code == "wildcard"
    with socket.socket(socket.AF_UNIX) as local:
        assert refused(local, flow).code == "socket"
    with socket.socket() as foreign:
        foreign.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND, which anyone may set
        foreign.bind(("192.0.2.77", 0))
        assert refused(foreign, flow).code == "foreign"
    with pair() as mine, mine.connected():
        assert refused(mine.ours, flow).code == "request"


def test_without_the_right_the_reason_is_clear() -> None:
    with pair() as mine:
        refusal = refused(mine.ours, mine.flow, *_WITHOUT_RIGHTS)
    assert refusal.is_permission
    assert "Operation not permitted" in refusal.message


def test_without_permission_nobody_waits_and_the_remedy_is_told(tmp_path: Path) -> None:
    state = BackendState(
        backend=Backend.DUMPCAP, is_possible=False, detail="It is not there.", remedy="Install it."
    )

    async def run() -> None:
        async with capturing(tmp_path / "c.pcapng", check=lambda: Permission((state,))) as source:
            with pair() as mine:
                assert not await source.admit(mine.ours.fileno(), mine.flow)
                assert source.status == CaptureRefused(
                    reason="It is not there.", remedy="Install it."
                )
                source.dismiss(mine.flow)
                assert await source.sync() == 0
                assert source.helper_pid is None

    asyncio.run(run())


def test_a_right_that_was_taken_away_is_noticed_at_the_next_connection(tmp_path: Path) -> None:
    rights = [
        Permission(
            (
                BackendState(
                    backend=Backend.PACKET_SOCKET,
                    is_possible=True,
                    detail="Yes.",
                    command=(*_WITHOUT_RIGHTS, *OWN_OPENER),
                ),
            )
        ),
        Permission(
            (
                BackendState(
                    backend=Backend.PACKET_SOCKET, is_possible=False, detail="No.", remedy="Ask."
                ),
            )
        ),
    ]

    async def run() -> CaptureStatus:
        async with capturing(tmp_path / "c.pcapng", check=lambda: rights.pop(0)) as source:
            with pair() as mine:
                assert not await source.admit(mine.ours.fileno(), mine.flow)
            return source.status

    assert asyncio.run(run()) == CaptureRefused(reason="No.", remedy="Ask.")


# --- other ways than the packet socket ------------------------------------------------------


@pytest.mark.parametrize("polling", [False, True])
def test_libpcap_gives_the_same_picture(tmp_path: Path, polling: bool) -> None:
    pytest.importorskip("scapy.libs.winpcapy", reason="libpcap is not installed")
    _other_way(tmp_path / "capture.pcapng", only(Backend.BPF_DEVICE), polling=polling)


@pytest.mark.servers("dumpcap")
def test_dumpcap_gives_the_same_picture(tmp_path: Path) -> None:
    path = find_dumpcap()
    assert path is not None
    _other_way(tmp_path / "capture.pcapng", only(Backend.DUMPCAP, path), polling=False)


def _other_way(file: Path, check: Callable[[], Permission], *, polling: bool) -> None:
    async def run() -> FlowKey:
        async with capturing(file, check=check, polling=polling) as source:
            with pair() as mine, pair() as noisy, noisy.connected():
                assert await source.admit(mine.ours.fileno(), mine.flow)
                with mine.connected() as peer:
                    noisy.ours.sendall(b"not for you")
                    mine.ours.sendall(b"hello")
                    assert peer.recv(5)
                    peer.sendall(b"world")
                    assert mine.ours.recv(5)
                    await source.sync()
                    assert isinstance(source.status, CaptureLive)
                    assert source.status.frames >= 7
                    source.dismiss(mine.flow)
                    return mine.flow

    flow = asyncio.run(run())
    found = packets(file)
    assert payload(found, flow.local) == b"hello"
    assert payload(found, flow.remote) == b"world"
    assert [direction(each) for each in found[:3]] == [
        Direction.SENT,
        Direction.RECEIVED,
        Direction.SENT,
    ]


# --- real Ethernet --------------------------------------------------------------------------

_IN_NAMESPACE = """
import asyncio, json, socket, sys
from pathlib import Path
from chatlab.capture.source import CaptureSource
from chatlab.core.flow import Endpoint, FlowKey

async def main(file, local, remote, port):
    source = CaptureSource(Path(file), lambda status: None)
    await source.start()
    with socket.socket(socket.AF_INET6 if ":" in local else socket.AF_INET) as ours:
        ours.settimeout(10)
        ours.bind((local, 0))
        flow = FlowKey(Endpoint(*ours.getsockname()[:2]), Endpoint(remote, int(port)))
        is_captured = await source.admit(ours.fileno(), flow)
        ours.connect((remote, int(port)))
        ours.sendall(b"x" * 20000)
        ours.shutdown(socket.SHUT_WR)
        while ours.recv(65536):
            pass
    await source.sync()
    await source.stop()
    print(json.dumps([is_captured, *ours_name(flow)]))

def ours_name(flow):
    return flow.local.address, flow.local.port

asyncio.run(main(*sys.argv[1:]))
"""
_SERVER = """
import socket, sys
with socket.create_server((sys.argv[1], 0),
                          family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET) as server:
    print(server.getsockname()[1], flush=True)
    peer, _ = server.accept()
    with peer:
        while data := peer.recv(65536):
            peer.sendall(data)
"""


@pytest.mark.network
@pytest.mark.parametrize("version", [4, 6])
def test_between_two_machines_the_frames_are_those_of_the_wire(
    tmp_path: Path, version: int
) -> None:
    file = tmp_path / "capture.pcapng"
    with joined_namespaces() as network:
        local, remote = network.client.address, network.server.address
        if version == 6:
            local, remote = network.client.address6, network.server.address6
        with subprocess.Popen(
            [*network.server.prefix, sys.executable, "-c", _SERVER, remote], stdout=subprocess.PIPE
        ) as server:
            assert server.stdout is not None
            port = server.stdout.readline().decode().strip()
            arguments = (_IN_NAMESPACE, str(file), local, remote, port)
            client = subprocess.run(
                [*network.client.prefix, sys.executable, "-c", *arguments],
                capture_output=True,
                env=environment(),
                check=False,
                timeout=30,
            )
            server.wait(TIMEOUT_S)
    assert client.returncode == 0, client.stderr.decode()
    is_captured, address, local_port = json.loads(client.stdout)
    assert is_captured
    found = packets(file)
    assert payload(found, Endpoint(address, local_port)) == b"x" * 20000
    assert payload(found, Endpoint(remote, int(port))) == b"x" * 20000
    (interface,) = [block for block in blocks(file) if isinstance(block, Interface)]
    assert (interface.name, interface.link_type) == (INTERFACE, 1)
    for packet in found:
        headers = parse(packet.data, 1)
        assert headers is not None
        is_ours = headers.source_port == local_port
        assert direction(packet) is (Direction.SENT if is_ours else Direction.RECEIVED)


@pytest.mark.network
def test_a_socket_of_another_network_namespace_proves_nothing() -> None:
    script = (
        "import socket, sys\n"
        "ours = socket.socket(); ours.bind(('127.0.0.1', 0))\n"
        "channel = socket.socket(fileno=0)\n"
        "socket.send_fds(channel, [b'x'], [ours.fileno()])\n"
    )
    with joined_namespaces() as network:
        here, there = socket.socketpair()
        with here, there:
            subprocess.run(
                [*network.client.prefix, sys.executable, "-c", script],
                stdin=there.fileno(),
                check=True,
            )
            _, descriptors, _, _ = socket.recv_fds(here, 16, 1)
        with socket.socket(fileno=descriptors[0]) as foreign:
            flow = FlowKey(Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 6667))
            assert refused(foreign, flow).code == "foreign"
