"""What dumpcap says about interfaces, and which one carries a connection."""

import pytest

from chatlab.capture.dumpcap import interface_for, parse_interfaces
from chatlab.core.flow import Endpoint, FlowKey

LISTING = (
    "1. eth0\t\t\t0\t192.0.2.2,2001:db8::2,fe80::2\tnetwork\t\n"
    "2. any\t\t\t0\t\tnetwork\t\n"
    "3. lo\t\tLoopback\t0\t127.0.0.1,::1\tloopback\t\n"
    "nonsense\n"
)


@pytest.mark.parametrize(
    ("local", "remote", "interface"),
    [
        ("192.0.2.2", "198.51.100.1", "eth0"),
        ("2001:db8::2", "2001:db8:1::1", "eth0"),
        ("127.0.0.1", "127.0.0.1", "lo"),
        ("127.0.0.1", "127.0.0.53", "lo"),
        ("192.0.2.2", "192.0.2.2", "lo"),
        ("203.0.113.9", "198.51.100.1", "any"),
    ],
)
def test_the_interface_follows_from_the_addresses(local: str, remote: str, interface: str) -> None:
    flow = FlowKey(Endpoint(local, 40000), Endpoint(remote, 6667))
    assert interface_for(flow, parse_interfaces(LISTING)) == interface
