"""Directions and offsets in captured frames; the filter in libpcap's words."""

import struct

import pytest

from chatlab.capture.layout import Compass, filter_expression, network_offset
from chatlab.core.flow import Direction, Endpoint, FlowKey, Transport
from tests.unit.capture.test_bpf import ip_packet

FLOW = FlowKey(Endpoint("127.0.0.1", 40000), Endpoint("127.0.0.1", 6667))
FAR = FlowKey(Endpoint("2001:db8::1", 40000), Endpoint("2001:db8::2", 53), Transport.UDP)


@pytest.mark.parametrize("flow", [FLOW, FAR])
def test_the_source_tells_the_direction(flow: FlowKey) -> None:
    local = flow.local.address, flow.local.port
    remote = flow.remote.address, flow.remote.port
    compass = Compass(flow)
    frame = bytes(14) + ip_packet(local, remote, transport=flow.transport.value)
    assert compass.direction(frame, 14) is Direction.SENT
    frame = bytes(14) + ip_packet(remote, local, transport=flow.transport.value)
    assert compass.direction(memoryview(frame), 14) is Direction.RECEIVED


def test_a_later_fragment_goes_by_its_address() -> None:
    frame = ip_packet(("2001:db8::2", 9), ("2001:db8::1", 9), transport=17, fragment=185)
    assert Compass(FAR).direction(frame, 0) is Direction.RECEIVED


def test_what_does_not_say_has_no_direction() -> None:
    fragment = ip_packet(("127.0.0.1", 9), ("127.0.0.1", 9), fragment=185)
    assert Compass(FLOW).direction(fragment, 0) is None
    assert Compass(FLOW).direction(b"\x45", 0) is None
    assert Compass(FLOW).direction(b"", 14) is None


def test_the_network_header_lies_behind_the_link_header() -> None:
    assert network_offset(bytes(60), 1) == 14
    tagged = bytes(12) + struct.pack(">HHH", 0x8100, 5, 0x0800) + bytes(40)
    assert network_offset(tagged, 1) == 18
    assert network_offset(bytes(60), 101) == 0
    assert network_offset(bytes(60), 0) == 4
    assert network_offset(bytes(60), 9999) is None
    assert network_offset(b"", 1) == 14


def test_the_expression_names_both_ways() -> None:
    assert filter_expression(FAR) == (
        "udp and ("
        "(src host 2001:db8::1 and src port 40000 and dst host 2001:db8::2 and dst port 53) or "
        "(src host 2001:db8::2 and src port 53 and dst host 2001:db8::1 and dst port 40000))"
    )


def test_a_listening_socket_knows_its_peer_by_the_address() -> None:
    flow = FlowKey(Endpoint("127.0.0.1", 40000), Endpoint("127.0.0.1", 0))
    sent = ip_packet(("127.0.0.1", 40000), ("127.0.0.1", 9))
    received = ip_packet(("127.0.0.1", 9), ("127.0.0.1", 40000))
    assert Compass(flow).direction(sent, 0) is Direction.SENT
    assert Compass(flow).direction(received, 0) is Direction.RECEIVED
    assert filter_expression(flow) == (
        "tcp and ("
        "(src host 127.0.0.1 and src port 40000 and dst host 127.0.0.1) or "
        "(src host 127.0.0.1 and dst host 127.0.0.1 and dst port 40000))"
    )
