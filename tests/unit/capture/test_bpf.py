"""The kernel filter, run by a small interpreter of classic BPF (the kernel's own runs it in e2e)."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.capture.bpf import SNAPLEN, TCP, UDP, connection_filter, interface_filter

LOCAL, REMOTE = ("192.0.2.1", 40000), ("198.51.100.7", 6697)
LOCAL6, REMOTE6 = ("2001:db8::1", 40000), ("2001:db8::2", 6697)
ETHERNET, LOOPBACK = 1, 772
HOST, OUTGOING = 0, 4


def packed(end: tuple[str, int]) -> tuple[bytes, int]:
    return ipaddress.ip_address(end[0]).packed, end[1]


def ip_packet(
    source: tuple[str, int],
    target: tuple[str, int],
    *,
    transport: int = TCP,
    fragment: int = 0,
    options: bytes = b"",
) -> bytes:
    (source_ip, source_port), (target_ip, target_port) = packed(source), packed(target)
    ports = struct.pack(">HH", source_port, target_port) + bytes(16)
    if len(source_ip) == 4:
        head = struct.pack(
            ">BBHHHBBH", 0x45 + len(options) // 4, 0, 40, 1, fragment, 64, transport, 0
        )
        return head + source_ip + target_ip + options + ports
    if fragment:
        head = struct.pack(">IHBB", 6 << 28, 28, 44, 64)
        extension = struct.pack(">BBHI", transport, 0, (fragment & 0x1FFF) << 3 | 1, 7)
        return head + source_ip + target_ip + extension + ports
    return struct.pack(">IHBB", 6 << 28, 20, transport, 64) + source_ip + target_ip + ports


def run(program: bytes, packet: bytes, *, hardware: int = ETHERNET, kind: int = HOST) -> int:
    """What the kernel would return: bytes to keep."""
    ancillary = {-0x1000: 0x0800 if packet[0] >> 4 == 4 else 0x86DD}
    ancillary |= {-0x1000 + 4: kind, -0x1000 + 28: hardware}
    code = list(struct.iter_unpack("=HBBi", program))
    at = value = index = 0
    while True:
        instruction, yes, no, k = code[at]
        at += 1
        match instruction:
            case 0x20 | 0x28 | 0x30 | 0x48:
                if k in ancillary:
                    value = ancillary[k]
                    continue
                size = {0x20: 4, 0x28: 2, 0x30: 1, 0x48: 2}[instruction]
                start = k + 0x100000 + (index if instruction == 0x48 else 0)
                if start + size > len(packet):
                    return 0
                value = int.from_bytes(packet[start : start + size], "big")
            case 0x54:
                value &= k
            case 0x64:
                value <<= k
            case 0x07:
                index = value
            case 0x15:
                at += yes if value == k & 0xFFFFFFFF else no
            case 0x45:
                at += yes if value & k else no
            case 0x06:
                return int(k)
            case _:
                raise AssertionError(f"unknown instruction {instruction:#x}")


@pytest.mark.parametrize(("local", "remote"), [(LOCAL, REMOTE), (LOCAL6, REMOTE6)])
@pytest.mark.parametrize("transport", [TCP, UDP])
def test_both_directions_of_the_connection_pass_whole(
    local: tuple[str, int], remote: tuple[str, int], transport: int
) -> None:
    program = connection_filter(packed(local), packed(remote), transport)
    assert run(program, ip_packet(local, remote, transport=transport)) == SNAPLEN
    assert run(program, ip_packet(remote, local, transport=transport)) == SNAPLEN


@pytest.mark.parametrize(("local", "remote"), [(LOCAL, REMOTE), (LOCAL6, REMOTE6)])
def test_a_connection_that_differs_in_one_thing_does_not_pass(
    local: tuple[str, int], remote: tuple[str, int]
) -> None:
    program = connection_filter(packed(local), packed(remote), TCP)
    other = str(ipaddress.ip_address(remote[0]) + 1)
    assert not run(program, ip_packet(local, remote, transport=UDP))
    assert not run(program, ip_packet(local, (remote[0], remote[1] + 1)))
    assert not run(program, ip_packet((local[0], local[1] + 1), remote))
    assert not run(program, ip_packet(local, (other, remote[1])))
    assert not run(program, ip_packet((local[0], remote[1]), (remote[0], local[1])))


def test_the_other_ip_version_does_not_pass() -> None:
    assert not run(
        connection_filter(packed(LOCAL), packed(REMOTE), TCP), ip_packet(LOCAL6, REMOTE6)
    )


def test_ip_options_do_not_hide_the_ports() -> None:
    program = connection_filter(packed(LOCAL), packed(REMOTE), TCP)
    assert run(program, ip_packet(LOCAL, REMOTE, options=bytes([1, 1, 1, 0])))


@pytest.mark.parametrize(("local", "remote"), [(LOCAL, REMOTE), (LOCAL6, REMOTE6)])
def test_later_fragments_pass_by_their_addresses_alone(
    local: tuple[str, int], remote: tuple[str, int]
) -> None:
    program = connection_filter(packed(local), packed(remote), UDP)
    assert run(program, ip_packet((remote[0], 1), (local[0], 2), transport=UDP, fragment=185))
    assert not run(program, ip_packet((remote[0], 1), (local[0], 2), transport=TCP, fragment=185))
    stranger = (str(ipaddress.ip_address(remote[0]) + 1), 1)
    assert not run(program, ip_packet(stranger, local, transport=UDP, fragment=185))


def test_of_the_two_copies_on_loopback_one_passes() -> None:
    local, remote = ("127.0.0.1", 40000), ("127.0.0.1", 6667)
    program = connection_filter(packed(local), packed(remote), TCP)
    for packet in (ip_packet(local, remote), ip_packet(remote, local)):
        assert not run(program, packet, hardware=LOOPBACK, kind=OUTGOING)
        assert run(program, packet, hardware=LOOPBACK, kind=HOST)
        assert run(program, packet, hardware=ETHERNET, kind=OUTGOING)


@given(st.binary(min_size=1, max_size=80))
def test_no_packet_whatever_upsets_the_program(junk: bytes) -> None:
    for ends in ((LOCAL, REMOTE), (LOCAL6, REMOTE6)):
        program = connection_filter(packed(ends[0]), packed(ends[1]), TCP)
        assert run(program, junk) in (0, SNAPLEN)


def test_addresses_of_two_families_are_refused() -> None:
    with pytest.raises(ValueError, match="one family"):
        connection_filter(packed(LOCAL), packed(REMOTE6), TCP)
    with pytest.raises(ValueError, match="no ports"):
        connection_filter(packed(LOCAL), packed(REMOTE), 1)


@pytest.mark.parametrize(("local", "remote"), [(LOCAL, REMOTE), (LOCAL6, REMOTE6)])
def test_a_socket_that_listens_for_one_peer_sees_every_port_of_that_peer_and_of_nobody_else(
    local: tuple[str, int], remote: tuple[str, int]
) -> None:
    program = connection_filter(packed(local), packed((remote[0], 0)), TCP)
    other = str(ipaddress.ip_address(remote[0]) + 1)
    for port in (1, remote[1], 65535):
        assert run(program, ip_packet(local, (remote[0], port))) == SNAPLEN
        assert run(program, ip_packet((remote[0], port), local)) == SNAPLEN
    assert not run(program, ip_packet((other, remote[1]), local))
    assert not run(program, ip_packet(remote, (local[0], local[1] + 1)))
    assert not run(program, ip_packet(remote, local, transport=UDP))


@pytest.mark.parametrize(
    ("local", "remote"),
    [((LOCAL[0], 0), REMOTE), (LOCAL, ("0.0.0.0", 0)), (("0.0.0.0", 4000), (REMOTE[0], 0))],
)
def test_only_the_remote_port_may_be_any(local: tuple[str, int], remote: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match="only the remote port"):
        connection_filter(packed(local), packed(remote), TCP)


def test_an_interface_gives_everything_and_loopback_only_once() -> None:
    program, packet = interface_filter(), ip_packet(LOCAL, REMOTE)
    assert run(program, packet) == SNAPLEN
    assert run(program, packet, kind=OUTGOING) == SNAPLEN
    assert run(program, packet, hardware=LOOPBACK) == SNAPLEN
    assert run(program, packet, hardware=LOOPBACK, kind=OUTGOING) == 0
