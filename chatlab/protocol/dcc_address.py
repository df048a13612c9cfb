"""Which addresses a stranger may have us connect to, and what an address says about reachability."""

import ipaddress
from dataclasses import dataclass

_FIRST_FREE_PORT = 1024
"""Below are the services of a machine; no client listens there for a file."""
_SHARED = ipaddress.ip_network("100.64.0.0/10")
"""Between a provider's customers and its own translation (RFC 6598)."""
_SAME_NETWORK = {4: 24, 6: 64}
"""Bits that two addresses of one home or classroom have in common, as a rule."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to connect; exactly one of the two is set, or neither."""

    refusal: str = ""
    warning: str = ""


def read_address(text: str) -> _Address | None:
    """An IP address out of a host name as servers show it; None for names and cloaks."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else parsed


def is_private(address: _Address) -> bool:
    """Not reachable from the internet: RFC 1918, RFC 4193, RFC 6598, link-local, loopback."""
    return address.is_private or address.is_link_local or address in _SHARED


def in_one_network(one: _Address, other: _Address) -> bool:
    """Whether two addresses are, most likely, of the same local network."""
    if one.version != other.version:
        return False
    if one.is_loopback or other.is_loopback:
        return one.is_loopback and other.is_loopback
    bits = _SAME_NETWORK[one.version]
    return other in ipaddress.ip_network(f"{one}/{bits}", strict=False)


def judge_target(address: str, port: int, *, local: str, peer_host: str) -> Verdict:
    """May we connect to where an offer says?

    ``local``: our own address on the connection to the server; ``peer_host``: what the server
    shows as the other party's host, empty where unknown.
    """
    target, own = read_address(address), read_address(local)
    where = f"{address} port {port}"
    if target is None:
        return Verdict(f"“{address}” is no IP address.")
    if port < _FIRST_FREE_PORT:
        return Verdict(f"{where} belongs to a service of that machine, not to a chat program.")
    if target.is_unspecified or target.is_multicast or (target.version == 4 and target.is_reserved):
        return Verdict(f"{address} is not the address of one machine.")
    shown = read_address(peer_host)
    if target.is_loopback:
        # In a lab, server and clients share one machine: there it is the right address.
        if own is not None and own.is_loopback:
            return Verdict()
        return Verdict(f"{address} means your own machine, not theirs.")
    if shown is not None and target == shown:
        return Verdict()
    if is_private(target):
        if own is not None and in_one_network(own, target):
            return Verdict()
        return Verdict(
            warning=f"{address} is an address of a private network. It leads to them only if they "
            "sit in the same network as you; else to some device of yours."
        )
    if shown is not None:
        return Verdict(
            warning=f"The server shows another address for them ({shown}) than the offer ({address})."
        )
    return Verdict()


@dataclass(frozen=True, slots=True)
class Reach:
    """Where others can reach us, as far as addresses tell."""

    announce: str
    """What to write into an active offer."""
    is_reachable: bool
    """A connection to it will most likely arrive."""
    words: str
    """Why not, or on what condition; empty when there is nothing to say."""


def judge_reach(
    local: str, visible_host: str, peer_host: str, *, server: str = "", forwards: bool
) -> Reach:
    """``local``: our end of the connection to the server; ``visible_host``: what the server sees.

    ``server``: the server's own address; one in a private network serves those who are there, too.
    ``forwards``: the user has named ports that a router forwards.
    """
    own, visible, peer = (read_address(text) for text in (local, visible_host, peer_host))
    if own is None:
        return Reach(local, False, "")
    if own.is_loopback:
        return Reach(local, True, "")
    if peer is not None and (
        in_one_network(own, peer) or (visible is not None and peer == visible)
    ):
        return Reach(local, True, "")
    if (visible is not None and visible == own) or not is_private(own):
        return Reach(local, True, "")
    host = read_address(server)
    if host is not None and is_private(host) and (visible is None or is_private(visible)):
        return Reach(local, True, "")
    seen = f"the server sees {visible}" if visible is not None else "the internet sees another one"
    behind = (
        f"Your machine has the address {own} and {seen}: a router translates in between (NAT), "
        "and others cannot connect to you"
    )
    if forwards:
        announced = str(visible) if visible is not None else local
        return Reach(announced, True, f"{behind} except on the ports that it forwards.")
    return Reach(local, False, f"{behind}. So they are asked to listen instead (passive DCC).")
