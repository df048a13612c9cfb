"""Whole interfaces: which there are, and a packet socket that sees all that crosses one.

A deliberate choice, for comparing with other analysers. It takes a right of this program's own, or
dumpcap: the privileged opener serves single connections only, and no other way leads around it.
"""

import socket
import struct
import sys
from pathlib import Path

from chatlab.capture import opener
from chatlab.capture.backends import Backend, Permission
from chatlab.capture.bpf import interface_filter
from chatlab.capture.dumpcap import find_dumpcap
from chatlab.capture.dumpcap import list_interfaces as ask_dumpcap
from chatlab.capture.own_flows import EVERYTHING
from chatlab.capture.watched import Watched, passes_descriptors
from chatlab.core.capture import CaptureInterface
from chatlab.core.errors import CaptureError

ROOM = 32 * 1024 * 1024
"""Bytes of others’ frames that may wait in the kernel; what is beyond is dropped, and counted."""
_NET = Path("/sys/class/net")
_IPV6_ADDRESSES = Path("/proc/net/if_inet6")
# linux/sockios.h, linux/if.h, linux/if_packet.h, linux/if_ether.h
_SIOCGIFADDR = 0x8915
_IFF_UP, _IFF_LOOPBACK, _IFF_POINTOPOINT = 0x1, 0x8, 0x10
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC = 263, 1, 1
_ETH_P_ALL = 3
_KINDS = {
    "wlan": "Wi-Fi",
    "bridge": "Bridge",
    "bond": "Bond",
    "vlan": "VLAN",
    "wireguard": "WireGuard tunnel",
    "wwan": "Mobile network",
}


def refuse(permission: Permission) -> CaptureError:
    """Why this user gets no whole interface, and what would help."""
    opener_state = permission.find(Backend.INSTALLED_OPENER)
    words = "A whole interface takes the right to see everybody’s traffic."
    if opener_state is not None and opener_state.is_possible:
        words += " ChatLab’s opener refuses that: it serves your own connections only."
    dumpcap = permission.find(Backend.DUMPCAP)
    remedy = dumpcap.remedy if dumpcap is not None else permission.remedy
    return CaptureError(words, remedy or "Ask the administrator of this computer.")


def find_interfaces(permission: Permission) -> tuple[CaptureInterface, ...]:
    """What can be captured whole, the most likely first. Blocks. Raises CaptureError."""
    way = permission.interfaces
    if way is None:
        raise refuse(permission)
    found = _linux_interfaces() if sys.platform == "linux" else _interfaces_elsewhere()
    return tuple(sorted(found, key=lambda each: (not each.is_up, each.is_loopback, each.name)))


def _interfaces_elsewhere() -> list[CaptureInterface]:
    """By dumpcap, which libpcap and Npcap agree with on names; macOS knows them itself."""
    if dumpcap := find_dumpcap():
        return [
            CaptureInterface(
                name=each.name,
                addresses=tuple(sorted(each.addresses)),
                description="Loopback" if each.is_loopback else "",
                is_loopback=each.is_loopback,
            )
            for each in ask_dumpcap(dumpcap)
        ]
    if sys.platform == "win32":
        raise CaptureError(
            "The network interfaces cannot be listed without Wireshark’s dumpcap.",
            "Install Wireshark, then open this once more.",
        )
    return [CaptureInterface(name=name) for _, name in socket.if_nameindex()]


def _linux_interfaces() -> list[CaptureInterface]:
    addresses = _ipv6_addresses()
    found = []
    for folder in sorted(_NET.glob("*")):
        try:
            flags = int((folder / "flags").read_text("ascii"), 16)
            description = _describe(folder, flags)
        except OSError:
            continue  # It went away, or is no interface (bonding_masters).
        name = folder.name
        own = (*_ipv4_address(name), *addresses.get(name, ()))
        found.append(
            CaptureInterface(
                name=name,
                addresses=own,
                description=description,
                is_loopback=bool(flags & _IFF_LOOPBACK),
                is_up=bool(flags & _IFF_UP),
            )
        )
    return found


def _describe(folder: Path, flags: int) -> str:
    if flags & _IFF_LOOPBACK:
        return "Loopback, this computer"
    words = (folder / "uevent").read_text("utf-8", "replace").split()
    kind = next((word.partition("=")[2] for word in words if word.startswith("DEVTYPE=")), "")
    if kind in _KINDS:
        return _KINDS[kind]
    if (folder / "tun_flags").exists() or flags & _IFF_POINTOPOINT:
        return "Tunnel"
    return "Ethernet" if (folder / "device").exists() else "Virtual network"


def _ipv4_address(name: str) -> tuple[str, ...]:
    import fcntl  # Here, for Windows has none.

    request = struct.pack("16s24x", name.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            answer = fcntl.ioctl(asker, _SIOCGIFADDR, request)
        except OSError:
            return ()  # It has none.
    return (socket.inet_ntoa(answer[20:24]),)


def _ipv6_addresses() -> dict[str, tuple[str, ...]]:
    """Of each interface, as the kernel lists them in if_inet6."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        lines = _IPV6_ADDRESSES.read_text("ascii").splitlines()
    except OSError:
        return found  # A system without IPv6.
    for line in lines:
        packed, *_, name = line.split()
        text = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(packed))
        found[name] = (*found.get(name, ()), text)
    return found


def open_interface(name: str, *, is_promiscuous: bool) -> int:
    """A packet socket’s descriptor, by this program's own right (Linux). Raises CaptureError."""
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as opened:
            opener.equip(opened, interface_filter(), ROOM)
            if is_promiscuous:
                # It ends with the socket.
                wanted = struct.pack("iHH8x", socket.if_nametoindex(name), _PACKET_MR_PROMISC, 0)
                opened.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, wanted)
            opened.bind((name, _ETH_P_ALL))
            return opened.detach()
    except OSError as error:
        raise CaptureError(
            f"The interface {name} cannot be captured: {error.strerror or error}.",
            "Choose another one, or check that it is still there.",
        ) from None


def watch_interface(
    number: int, name: str, is_promiscuous: bool, permission: Permission
) -> Watched:
    """What the capture process is to be told of. Raises CaptureError where this user may not."""
    way = permission.interfaces
    if way is None:
        raise refuse(permission)
    watched = Watched(number, EVERYTHING, way, interface=name, is_promiscuous=is_promiscuous)
    if passes_descriptors(way):
        watched.descriptor = open_interface(name, is_promiscuous=is_promiscuous)
    return watched
