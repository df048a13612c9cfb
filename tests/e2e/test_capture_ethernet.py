"""Capturing between two machines: real Ethernet frames, bridges, other people’s namespaces."""

import asyncio
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.capture.child import environment
from chatlab.capture.opening import OpenerRefused, open_packet_socket
from chatlab.core.flow import Direction, Endpoint, FlowKey
from chatlab.protocol.blocks import Interface, Packet
from chatlab.protocol.packet import parse
from tests.helpers.capturing import (
    TIMEOUT_S,
    blocks,
    direction,
    packets,
    payload,
)
from tests.helpers.netns import INTERFACE, Network, joined_namespaces

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]


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


@dataclass(frozen=True, slots=True)
class Exchange:
    """Twenty thousand bytes to a server in another namespace and back."""

    found: list[Packet]
    local: Endpoint
    remote: Endpoint


def exchange(file: Path, network: Network, version: int = 4) -> Exchange:
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
    return Exchange(packets(file), Endpoint(address, local_port), Endpoint(remote, int(port)))


@pytest.mark.network
@pytest.mark.parametrize("version", [4, 6])
def test_between_two_machines_the_frames_are_those_of_the_wire(
    tmp_path: Path, version: int
) -> None:
    file = tmp_path / "capture.pcapng"
    with joined_namespaces() as network:
        seen = exchange(file, network, version)
    assert payload(seen.found, seen.local) == b"x" * 20000
    assert payload(seen.found, seen.remote) == b"x" * 20000
    (interface,) = [block for block in blocks(file) if isinstance(block, Interface)]
    assert (interface.name, interface.link_type) == (INTERFACE, 1)
    for packet in seen.found:
        headers = parse(packet.data, 1)
        assert headers is not None
        is_ours = headers.source_port == seen.local.port
        assert direction(packet) is (Direction.SENT if is_ours else Direction.RECEIVED)


@pytest.mark.network
def test_a_bridge_and_its_port_do_not_double_the_frames(tmp_path: Path) -> None:
    with joined_namespaces() as network:
        client = network.client
        client.run("ip", "link", "add", "br0", "type", "bridge")
        client.run("ip", "address", "flush", "dev", INTERFACE)
        client.run("ip", "link", "set", INTERFACE, "master", "br0")
        client.run("ip", "address", "add", f"{client.address}/24", "dev", "br0")
        client.run("ip", "link", "set", "br0", "up")
        seen = exchange(tmp_path / "capture.pcapng", network)
    assert payload(seen.found, seen.local) == b"x" * 20000
    # Without the Ethernet header, which a bridge may change, every packet is there once.
    assert len({packet.data[14:] for packet in seen.found}) == len(seen.found)


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
            with pytest.raises(OpenerRefused, match="another network namespace"):
                asyncio.run(open_packet_socket(foreign.fileno(), flow))
