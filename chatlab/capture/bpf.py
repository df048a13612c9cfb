"""The kernel's capture filter for one connection, as classic BPF, made by hand.

Standard library only, and little of it: the privileged opener imports this in its milliseconds.
Addresses come as packed bytes, so that nothing has to be parsed here.

Loads are relative to the network header (``SKF_NET_OFF``) and the protocol comes from the
kernel's own note (``SKF_AD_PROTOCOL``); one program therefore serves Ethernet, loopback and
tunnels without a link-layer header. Only the first fragment of a datagram has ports: later
fragments pass by their addresses and transport. On loopback every frame shows up twice, once
leaving and once arriving; the leaving copy stops here.

A remote port of 0 stands for any, for a socket that listens for one known peer; the local port and
both addresses are always compared.
"""

import struct

SNAPLEN = 256 * 1024
"""Bytes kept of a frame: more than any that loopback or segmentation offload produces."""

TCP, UDP = 6, 17

# linux/filter.h
_NET = -0x100000
_AD_PROTOCOL, _AD_PKTTYPE, _AD_HATYPE = -0x1000, -0x1000 + 4, -0x1000 + 28
_LD_W, _LD_H, _LD_B = 0x20, 0x28, 0x30
_LD_H_IND = 0x48
_AND, _LSH, _TAX = 0x54, 0x64, 0x07
_JEQ, _JSET, _RET = 0x15, 0x45, 0x06

_ARPHRD_LOOPBACK = 772
_PACKET_OUTGOING = 4
_ETH_P_IP, _ETH_P_IPV6 = 0x0800, 0x86DD
_IPV6_FRAGMENT = 44
_FRAGMENT_OFFSET = 0x1FFF
_IPV6_FRAGMENT_OFFSET = 0xFFF8
_IPV6_HEADER = 40
_FRAGMENT_HEADER = 8

End = tuple[bytes, int]
"""A packed address and a port."""


class _Program:
    """Instructions with named jump targets; a classic jump reaches 255 instructions forward."""

    def __init__(self) -> None:
        self._code: list[tuple[int, str, str, int]] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        self._labels[name] = len(self._code)

    def do(self, code: int, k: int = 0) -> None:
        self._code.append((code, "", "", k))

    def when(self, code: int, k: int, yes: str = "", no: str = "") -> None:
        """Jump to ``yes`` or ``no``; an empty name goes on with the next instruction."""
        self._code.append((code, yes, no, k))

    def assemble(self) -> bytes:
        """``struct sock_filter`` after ``struct sock_filter``."""
        return b"".join(
            struct.pack("=HBBI", code, self._hop(at, yes), self._hop(at, no), k & 0xFFFFFFFF)
            for at, (code, yes, no, k) in enumerate(self._code)
        )

    def _hop(self, at: int, name: str) -> int:
        return self._labels[name] - at - 1 if name else 0


def connection_filter(local: End, remote: End, transport: int) -> bytes:
    """The program that keeps the frames between ``local`` and ``remote``, and nothing else.

    Raises ValueError for addresses of different families or another transport, and for an end
    that stands for everybody's.
    """
    if transport not in (TCP, UDP):
        raise ValueError(f"transport {transport} has no ports to filter by")
    if len(local[0]) != len(remote[0]) or len(local[0]) not in (4, 16):
        raise ValueError("the two addresses are not of one family")
    if not local[1] or not any(local[0]) or not any(remote[0]):
        raise ValueError("only the remote port may be any")
    program = _Program()
    program.do(_LD_W, _AD_HATYPE)
    program.when(_JEQ, _ARPHRD_LOOPBACK, no="other")
    program.do(_LD_W, _AD_PKTTYPE)
    program.when(_JEQ, _PACKET_OUTGOING, yes="drop")
    program.label("other")
    program.do(_LD_W, _AD_PROTOCOL)
    if len(local[0]) == 4:
        _ipv4(program, local, remote, transport)
    else:
        _ipv6(program, local, remote, transport)
    program.label("keep")
    program.do(_RET, SNAPLEN)
    program.label("drop")
    program.do(_RET, 0)
    return program.assemble()


def interface_filter() -> bytes:
    """The program that keeps every frame, on loopback once."""
    program = _Program()
    program.do(_LD_W, _AD_HATYPE)
    program.when(_JEQ, _ARPHRD_LOOPBACK, no="keep")
    program.do(_LD_W, _AD_PKTTYPE)
    program.when(_JEQ, _PACKET_OUTGOING, yes="drop")
    program.label("keep")
    program.do(_RET, SNAPLEN)
    program.label("drop")
    program.do(_RET, 0)
    return program.assemble()


def _ipv4(program: _Program, local: End, remote: End, transport: int) -> None:
    program.when(_JEQ, _ETH_P_IP, no="drop")
    program.do(_LD_B, _NET + 9)
    program.when(_JEQ, transport, no="drop")
    for label, missed, source, target in _ways(local, remote):
        program.label(label)
        _words(program, 12, source[0], missed)
        _words(program, 16, target[0], missed)
        program.do(_LD_H, _NET + 6)
        program.when(_JSET, _FRAGMENT_OFFSET, yes="keep")
        # The header's length is read anew each time: IP options may come and go.
        program.do(_LD_B, _NET)
        program.do(_AND, 0x0F)
        program.do(_LSH, 2)
        program.do(_TAX)
        _ports(program, _LD_H_IND, 0, source[1], target[1], missed)


def _ipv6(program: _Program, local: End, remote: End, transport: int) -> None:
    program.when(_JEQ, _ETH_P_IPV6, no="drop")
    for label, missed, source, target in _ways(local, remote):
        program.label(label)
        whole, fragment = f"{label} whole", f"{label} fragment"
        _words(program, 8, source[0], missed)
        _words(program, 24, target[0], missed)
        program.do(_LD_B, _NET + 6)
        program.when(_JEQ, transport, yes=whole)
        program.when(_JEQ, _IPV6_FRAGMENT, yes=fragment, no=missed)
        program.label(whole)
        _ports(program, _LD_H, _IPV6_HEADER, source[1], target[1], missed)
        program.label(fragment)
        program.do(_LD_B, _NET + _IPV6_HEADER)
        program.when(_JEQ, transport, no=missed)
        program.do(_LD_H, _NET + _IPV6_HEADER + 2)
        program.when(_JSET, _IPV6_FRAGMENT_OFFSET, yes="keep")
        after = _IPV6_HEADER + _FRAGMENT_HEADER
        _ports(program, _LD_H, after, source[1], target[1], missed)


def _ways(local: End, remote: End) -> tuple[tuple[str, str, End, End], ...]:
    """Label, where to go on a mismatch, source and target: first ours, then theirs."""
    return ("sent", "received", local, remote), ("received", "drop", remote, local)


def _words(program: _Program, offset: int, address: bytes, missed: str) -> None:
    for at in range(0, len(address), 4):
        program.do(_LD_W, _NET + offset + at)
        program.when(_JEQ, int.from_bytes(address[at : at + 4], "big"), no=missed)


def _ports(program: _Program, load: int, at: int, source: int, target: int, missed: str) -> None:
    wanted = [(port, place) for port, place in ((source, at), (target, at + 2)) if port]
    for port, place in wanted[:-1]:
        program.do(load, _NET + place)
        program.when(_JEQ, port, no=missed)
    port, place = wanted[-1]
    program.do(load, _NET + place)
    program.when(_JEQ, port, yes="keep", no=missed)
