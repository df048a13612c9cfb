"""Where a stranger may send us, and where others can reach us."""

import pytest

from chatlab.protocol.dcc_address import judge_reach, judge_target

HOME, LAB, PUBLIC = "192.168.1.7", "127.0.0.1", "8.8.4.4"


@pytest.mark.parametrize(
    ("address", "port", "local"),
    [
        ("8.8.8.8", 22, HOME),
        ("8.8.8.8", 1023, HOME),
        ("0.0.0.0", 5000, HOME),
        ("255.255.255.255", 5000, HOME),
        ("224.0.0.1", 5000, HOME),
        ("240.0.0.1", 5000, HOME),
        ("ff02::1", 5000, HOME),
        ("::", 5000, HOME),
        ("127.0.0.1", 5000, HOME),
        ("127.9.9.9", 5000, HOME),
        ("::1", 5000, HOME),
        ("::ffff:127.0.0.1", 5000, HOME),
        ("no address", 5000, HOME),
    ],
)
def test_places_that_are_no_person_s_program_are_refused(
    address: str, port: int, local: str
) -> None:
    assert judge_target(address, port, local=local, peer_host="").refusal


@pytest.mark.parametrize(
    ("address", "local", "peer_host"),
    [
        ("10.0.0.5", HOME, ""),
        ("192.168.2.5", HOME, ""),
        ("169.254.1.1", HOME, ""),
        ("100.64.0.1", HOME, ""),
        ("fd00::5", HOME, ""),
        ("8.8.8.8", HOME, "9.9.9.9"),
    ],
)
def test_places_that_may_be_somebody_else_s_are_warned_of(
    address: str, local: str, peer_host: str
) -> None:
    verdict = judge_target(address, 5000, local=local, peer_host=peer_host)
    assert verdict.warning
    assert not verdict.refusal


@pytest.mark.parametrize(
    ("address", "local", "peer_host"),
    [
        ("8.8.8.8", HOME, "8.8.8.8"),
        ("8.8.8.8", HOME, "cloak/hidden"),
        ("192.168.1.9", HOME, ""),
        ("10.0.0.5", PUBLIC, "10.0.0.5"),
        ("127.0.0.1", LAB, "127.0.0.1"),
        ("::1", "::1", ""),
    ],
)
def test_where_the_other_one_is_nothing_is_said(address: str, local: str, peer_host: str) -> None:
    verdict = judge_target(address, 5000, local=local, peer_host=peer_host)
    assert not verdict.warning
    assert not verdict.refusal


def test_behind_a_router_others_cannot_connect_and_that_is_said() -> None:
    reach = judge_reach(HOME, PUBLIC, "9.9.9.9", forwards=False)
    assert not reach.is_reachable
    assert "NAT" in reach.words
    assert PUBLIC in reach.words
    hidden = judge_reach(HOME, "cloak/hidden", "", forwards=False)
    assert not hidden.is_reachable


def test_forwarded_ports_are_announced_with_the_outer_address() -> None:
    reach = judge_reach(HOME, PUBLIC, "9.9.9.9", forwards=True)
    assert reach.is_reachable
    assert reach.announce == PUBLIC


@pytest.mark.parametrize(
    ("local", "visible", "peer"),
    [
        (LAB, LAB, ""),
        (PUBLIC, "cloak", "cloak"),
        (HOME, PUBLIC, "192.168.1.30"),
        (HOME, PUBLIC, PUBLIC),
        (HOME, HOME, "10.0.0.1"),
        ("2001:db8:1::7", "2001:db8:1::7", ""),
    ],
)
def test_in_one_network_or_with_a_public_address_we_listen(
    local: str, visible: str, peer: str
) -> None:
    reach = judge_reach(local, visible, peer, forwards=False)
    assert reach.is_reachable
    assert reach.announce == local


def test_a_server_in_our_own_network_serves_neighbours() -> None:
    name = judge_reach(HOME, "pc7.school", "pc8.school", server="192.168.1.2", forwards=False)
    assert name.is_reachable
    tunnel = judge_reach(HOME, PUBLIC, "", server="10.8.0.1", forwards=False)
    assert not tunnel.is_reachable
