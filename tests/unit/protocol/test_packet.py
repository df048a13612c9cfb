"""Headers of frames on every link layer, cut, padded and hostile."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.flow import Endpoint
from chatlab.protocol.packet import ACK, PSH, SYN, TCP, UDP, parse, tcp_options
from tests.helpers.tcp_talk import ETHERNET, LOCAL, REMOTE, ipv4, tcp_packet, udp_packet

PACKET = tcp_packet(LOCAL, REMOTE, 1000, 2000, PSH | ACK, b"PING :lab\r\n", b"\1\1\1\0")
LINK_TYPES = [0, 1, 12, 14, 101, 108, 113, 228, 229, 276]


def ipv6(next_header: int, body: bytes) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(body), next_header, 64)
    return head + bytes(15) + b"\1" + bytes(15) + b"\2" + body


@pytest.mark.parametrize(
    ("link_type", "header"),
    [
        (1, ETHERNET),
        (1, ETHERNET[:12] + b"\x81\x00\x00\x05\x08\x00"),
        (1, ETHERNET[:12] + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"),
        (101, b""),
        (12, b""),
        (228, b""),
        (0, b"\2\0\0\0"),
        (0, b"\0\0\0\2"),
        (108, b"\0\0\0\2"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
    ],
)
def test_every_link_layer_leads_to_the_same_segment(link_type: int, header: bytes) -> None:
    raw = header + PACKET
    found = parse(raw, link_type, len(raw))
    assert found is not None
    assert (found.source, found.destination) == (ipv4(LOCAL), ipv4(REMOTE))
    assert (found.source_port, found.destination_port) == (40_000, 6_667)
    assert (found.sequence, found.acknowledgement, found.flags) == (1000, 2000, PSH | ACK)
    assert raw[found.payload :] == b"PING :lab\r\n"
    assert found.payload_length == 11


@pytest.mark.parametrize("family", [10, 23, 24, 28, 30])
def test_ipv6_is_found_behind_every_systems_loopback_header(family: int) -> None:
    segment = PACKET[20:]
    found = parse(bytes([family, 0, 0, 0]) + ipv6(TCP, segment), 0)
    assert found is not None
    assert (found.version, found.payload_length) == (6, 11)


def test_payload_length_is_ips_own_not_that_of_the_padding() -> None:
    raw = ETHERNET + tcp_packet(LOCAL, REMOTE, 1, 1, ACK) + bytes(6)
    found = parse(raw, 1, len(raw))
    assert found is not None
    assert found.payload_length == 0


def test_payload_length_is_ips_own_not_that_of_the_snapshot() -> None:
    raw = (ETHERNET + PACKET)[:60]
    found = parse(raw, 1, len(ETHERNET + PACKET))
    assert found is not None
    assert found.payload_length == 11


def test_a_total_length_of_zero_means_the_rest_of_the_frame() -> None:
    raw = bytearray(ETHERNET + PACKET)
    raw[16:18] = b"\0\0"
    found = parse(bytes(raw), 1, len(raw))
    assert found is not None
    assert found.payload_length == 11


def test_ipv6_extension_headers_are_walked() -> None:
    segment = PACKET[20:]
    hop_by_hop = b"\x2b\0" + bytes(6)
    routing = b"\x2c\0" + bytes(6)
    fragment = b"\x06\0\0\0" + bytes(4)
    raw = ETHERNET[:12] + b"\x86\xdd" + ipv6(0, hop_by_hop + routing + fragment + segment)
    found = parse(raw, 1, len(raw))
    assert found is not None
    assert (found.protocol, found.payload_length) == (TCP, 11)


def test_a_later_fragment_has_no_ports() -> None:
    raw = bytearray(ETHERNET + PACKET)
    raw[20:22] = b"\x00\x10"
    found = parse(bytes(raw), 1, len(raw))
    assert found is not None
    assert (found.transport, found.payload) == (-1, -1)


def test_udp_is_placed_by_its_own_length() -> None:
    raw = ETHERNET + udp_packet(LOCAL, Endpoint("10.0.0.3", 53), b"query") + bytes(9)
    found = parse(raw, 1, len(raw))
    assert found is not None
    assert (found.protocol, found.destination_port) == (UDP, 53)
    assert raw[found.payload : found.payload + found.payload_length] == b"query"


def test_options_of_a_syn_are_named() -> None:
    options = b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + struct.pack(">II", 7, 8) + b"\x01\x03\x03\x09"
    raw = ETHERNET + tcp_packet(LOCAL, REMOTE, 1, 0, SYN, options=options)
    headers = parse(raw, 1)
    assert headers is not None
    found = tcp_options(raw, headers)
    assert (found.mss, found.window_shift, found.sack_permitted) == (1460, 9, True)
    assert (found.timestamp, found.timestamp_echo) == (7, 8)


def test_the_edges_of_sack_blocks_are_read() -> None:
    options = b"\x01\x01\x05\x12" + struct.pack(">IIII", 1, 2, 5, 9)
    raw = ETHERNET + tcp_packet(LOCAL, REMOTE, 1, 0, ACK, options=options)
    headers = parse(raw, 1)
    assert headers is not None
    assert tcp_options(raw, headers).sack_blocks == ((1, 2), (5, 9))


@pytest.mark.parametrize("raw", [b"", ETHERNET, ETHERNET[:12] + b"\x08\x06" + bytes(28)])
def test_what_holds_no_ip_is_none(raw: bytes) -> None:
    assert parse(raw, 1) is None


@given(st.binary(max_size=120), st.sampled_from([*LINK_TYPES, 147]))
def test_no_bytes_whatever_raise(raw: bytes, link_type: int) -> None:
    found = parse(raw, link_type, len(raw))
    if found is not None and found.payload >= 0 and found.protocol == TCP:
        tcp_options(raw, found)


@given(st.integers(0, 64), st.integers(0, 255), st.integers(0, 64))
def test_a_cut_frame_with_a_wrong_byte_never_raises(place: int, value: int, cut: int) -> None:
    raw = bytearray(ETHERNET + PACKET)
    raw[place] = value
    found = parse(bytes(raw[:cut]), 1, len(raw))
    if found is not None and found.payload >= 0 and found.protocol == TCP:
        tcp_options(bytes(raw[:cut]), found)
