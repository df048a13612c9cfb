"""Who may open packets: the opener and whom it refuses; libpcap and dumpcap in its place."""

import asyncio
import shlex
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.opening import OWN_OPENER, OpenerRefused, open_packet_socket
from chatlab.capture.permission import Backend, BackendState, Permission
from chatlab.core.capture import (
    CaptureLive,
    CaptureRefused,
    CaptureStatus,
)
from chatlab.core.flow import Direction, Endpoint, FlowKey
from tests.helpers.capturing import (
    capturing,
    direction,
    only,
    packets,
    pair,
    payload,
)

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]


_WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Root without capabilities may do no more than anyone: the kernel asks for CAP_NET_RAW."""


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


def test_a_listening_socket_proves_one_peer_and_not_everybody() -> None:
    local = Endpoint("127.0.0.1", 1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        everybody = FlowKey(local, Endpoint("0.0.0.0", 0))
        assert refused(listening, everybody).code == "wildcard"
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        anything = FlowKey(local, Endpoint("127.0.0.1", 0))
        assert refused(datagrams, anything).code == "wildcard"
    with pair() as mine, mine.connected():
        assert refused(mine.ours, anything).code == "request"


def test_without_the_right_the_reason_is_clear() -> None:
    with pair() as mine:
        refusal = refused(mine.ours, mine.flow, *_WITHOUT_RIGHTS)
    assert refusal.is_permission
    assert "Operation not permitted" in refusal.message


def pkexec(folder: Path, script: str) -> str:
    """A pkexec of the test's."""
    program = folder / "pkexec"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("code", [126, 127])
def test_what_polkit_does_not_allow_is_a_missing_permission(tmp_path: Path, code: int) -> None:
    command = pkexec(tmp_path, f"exit {code}"), "--disable-internal-agent", "start.py"
    with pair() as mine, pytest.raises(OpenerRefused) as caught:
        asyncio.run(open_packet_socket(mine.ours.fileno(), mine.flow, command))
    assert caught.value.is_permission
    assert "polkit did not allow it" in caught.value.message


def test_what_polkit_starts_captures(tmp_path: Path) -> None:
    script = f"shift; exec {shlex.join(OWN_OPENER)}"
    check = only(Backend.POLKIT, pkexec(tmp_path, script), "--disable-internal-agent")
    _other_way(tmp_path / "capture.pcapng", check, polling=False)


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
