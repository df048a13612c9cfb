"""Which frames of a whole interface are left to the captures of our own connections."""

import pytest

from chatlab.capture.bpf import UDP
from chatlab.capture.own_flows import MAX_KEPT, OwnFlows
from chatlab.core.flow import Endpoint, FlowKey, Transport
from tests.unit.capture.test_bpf import (
    LOCAL,
    LOCAL6,
    REMOTE,
    REMOTE6,
    ip_packet,
)

ETHERNET = bytes(14)
NOW = 1_000


def flow(
    local: tuple[str, int], remote: tuple[str, int], transport: Transport = Transport.TCP
) -> FlowKey:
    return FlowKey(Endpoint(*local), Endpoint(*remote), transport)


def covers(own: OwnFlows, packet: bytes, time_ns: int = NOW) -> bool:
    return own.covers(ETHERNET + packet, len(ETHERNET), time_ns)


@pytest.mark.parametrize(("local", "remote"), [(LOCAL, REMOTE), (LOCAL6, REMOTE6)])
def test_both_directions_and_their_fragments_are_ours(
    local: tuple[str, int], remote: tuple[str, int]
) -> None:
    own = OwnFlows()
    own.add(1, flow(local, remote))
    for packet in (
        ip_packet(local, remote),
        ip_packet(remote, local),
        ip_packet(local, remote, fragment=5),
    ):
        assert covers(own, packet)
    for packet in (
        ip_packet((local[0], 40001), remote),
        ip_packet(local, (remote[0], 80)),
        ip_packet(local, remote, transport=UDP),
    ):
        assert not covers(own, packet)


def test_who_listens_for_one_peer_has_all_its_ports() -> None:
    own = OwnFlows()
    own.add(1, flow(LOCAL, (REMOTE[0], 0)))
    assert covers(own, ip_packet((REMOTE[0], 1), LOCAL))
    assert covers(own, ip_packet(LOCAL, (REMOTE[0], 65535)))
    assert not covers(own, ip_packet((REMOTE[0], 1), (LOCAL[0], 2)))
    assert not covers(own, ip_packet(("203.0.113.9", 1), LOCAL))


def test_after_its_end_only_older_frames_are_ours() -> None:
    own = OwnFlows()
    own.add(1, flow(LOCAL, REMOTE))
    own.end(1, NOW)
    assert covers(own, ip_packet(LOCAL, REMOTE), NOW)
    assert not covers(own, ip_packet(LOCAL, REMOTE), NOW + 1)


def test_both_ends_ours_are_ours_until_the_last_of_them_ends() -> None:
    own = OwnFlows()
    own.add(1, flow(LOCAL, REMOTE))
    own.add(2, flow(REMOTE, LOCAL))
    own.end(2, NOW)
    assert covers(own, ip_packet(LOCAL, REMOTE), NOW + 1)
    own.end(1, NOW + 1)
    assert not covers(own, ip_packet(LOCAL, REMOTE), NOW + 2)


def test_what_is_no_ip_packet_is_nobodys() -> None:
    own = OwnFlows()
    own.add(1, flow(LOCAL, REMOTE))
    arp = bytes.fromhex("0001080006040001") + bytes(20)
    for frame in (arp, b"", bytes(19), ip_packet(LOCAL6, REMOTE6)[:30]):
        assert not covers(own, frame)


def test_old_flows_are_forgotten() -> None:
    own = OwnFlows()
    for number in range(MAX_KEPT + 1):
        own.add(number, flow((LOCAL[0], 1 + number), REMOTE))
    assert not covers(own, ip_packet((LOCAL[0], 1), REMOTE))
    assert covers(own, ip_packet((LOCAL[0], 2), REMOTE))


def test_a_flow_that_lasts_outlives_those_that_are_gone() -> None:
    own = OwnFlows()
    for number in range(MAX_KEPT + 1):
        own.add(number, flow((LOCAL[0], 1 + number), REMOTE))
        if number:
            own.end(number, NOW)
    assert covers(own, ip_packet((LOCAL[0], 1), REMOTE), NOW + 1)
    assert not covers(own, ip_packet((LOCAL[0], 2), REMOTE), NOW)
