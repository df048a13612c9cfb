"""Linux: reads one connection's frames from a packet socket that the opener has made.

A subclass of scapy's listening socket. scapy's own reading keeps microseconds, 64 KiB and no
direction; this one keeps the kernel's nanoseconds, whole frames, what the kernel knows about the
direction and the checksum, and reads without dissecting.
"""

import logging
import socket
import struct
from typing import NamedTuple

from scapy.arch.linux import PACKET_AUXDATA, PACKET_OUTGOING, PACKET_STATISTICS, L2ListenSocket
from scapy.data import ETH_P_ALL, SO_TIMESTAMPNS, SOL_PACKET

from chatlab.capture.arena import FrameMark
from chatlab.capture.bpf import SNAPLEN
from chatlab.capture.capture_file import MAX_AT_ONCE, CapturedFrame, CaptureFile
from chatlab.capture.copies import StackedCopies, TwinCopies
from chatlab.capture.layout import LINKTYPE_ETHERNET, LINKTYPE_RAW, Compass, filter_expression
from chatlab.capture.lease import Lease
from chatlab.core.flow import Direction, FlowKey

_log = logging.getLogger(__name__)

# linux/if_arp.h, linux/if_packet.h
_ARPHRD_ETHER, ARPHRD_LOOPBACK = 1, 772
_CHECKSUM_PENDING = 1 << 3
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_AUXDATA = struct.Struct("=IIIHHHH")
_TIMESPEC = struct.Struct("=qq")
_STATISTICS = struct.Struct("=II")
_ETHERNET_HEADER = 14
_ETH_P_8021Q = 0x8100
_VLAN_TAG = 4
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size) + socket.CMSG_SPACE(_AUXDATA.size) + 64


class Passed(NamedTuple):
    """What the kernel says of a frame. A named tuple because it is made for every one."""

    length: int
    interface: str
    packet_type: int
    hardware: int
    time_ns: int
    status: int
    wire_length: int
    network: int
    """Where the IP header begins."""
    tag: bytes
    """The VLAN tag that the network card has taken off."""


class PacketSocket(L2ListenSocket):
    """The frames of one connection, on whichever interface they pass."""

    is_over = False
    is_done = False
    """What waits is of no interest any more."""
    last_words = ""
    settle_s = 0.0
    """The kernel queues frames as they pass; there is nothing to wait for."""

    def __init__(self, descriptor: int, flow: FlowKey, number: int, twins: TwinCopies) -> None:
        """``number`` stands for ``flow`` in the marks by which frames are known again.

        ``twins`` is shared by all sockets of a capture.
        """
        # scapy's constructor would open a socket, which takes a privilege.
        self.ins = socket.socket(fileno=descriptor)
        self.ins.setblocking(False)
        self.outs = None
        self.iface = None
        self.type = ETH_P_ALL
        self.promisc = False
        self.auxdata_available = True
        self.flow = flow
        self._number = number
        self._is_fresh = True
        self._rest = bytearray(1)
        self.filter_text = filter_expression(flow)
        self.interface = ""
        """Where the last frame passed."""
        self.lease = Lease(flow)
        self._compass = Compass(flow)
        self._copies = StackedCopies()
        self._twins = twins
        self._buffer = bytearray(SNAPLEN + _VLAN_TAG)
        self._view = memoryview(self._buffer)
        self._dropped = 0

    def drain(self, file: CaptureFile) -> bool:
        """Move what waits into the batch; True when there may be more for the next one."""
        for _ in range(MAX_AT_ONCE):
            if file.is_full or self.is_done:
                break
            try:
                # Look first, take when it is safe: see ``arena``.
                length, ancillary, _, address = self.ins.recvmsg_into(
                    [self._view[:SNAPLEN]], _ANCILLARY, socket.MSG_PEEK
                )
                self._keep(file, self._frame(length, ancillary, address))
                self.ins.recv_into(self._rest)
            except BlockingIOError:
                return False
            except OSError as error:
                self._note(error)
                return False
        return not self.is_done

    def _note(self, error: OSError) -> None:
        """ENETDOWN and its like are reported once by the kernel, then cleared."""
        _log.warning("reading a packet socket: %s", error)

    def _keep(self, file: CaptureFile, frame: CapturedFrame | None) -> None:
        if frame is None:
            return
        mark = FrameMark(self._number, frame.time_ns, frame.wire_length)
        if not self._is_fresh or mark != file.met_before:
            file.add(frame, self.filter_text, mark)
        self._is_fresh = False

    def _frame(
        self,
        length: int,
        ancillary: list[tuple[int, int, bytes]],
        address: tuple[str, int, int, int, bytes],
    ) -> CapturedFrame | None:
        interface, _, packet_type, hardware, _ = address
        return self._take(
            Passed(length, interface, packet_type, hardware, *_read_ancillary(ancillary, length))
        )

    def _take(self, passed: Passed) -> CapturedFrame | None:
        """None for the copy of a frame that was taken on another interface, or a foreign one."""
        frame, network = self._view[: passed.length], passed.network
        if self._copies.is_copy(passed.interface, passed.time_ns, frame[network:]):
            return None
        if not self.lease.covers(frame, network, passed.time_ns):
            return None
        self.interface = passed.interface
        direction: Direction | None = Direction.RECEIVED
        if passed.hardware == ARPHRD_LOOPBACK:
            if self._twins.is_copy(self._number, frame[network:]):
                return None
            # Only the arriving copy gets through the filter, whoever sent the frame.
            direction = self._compass.direction(frame, network)
        elif passed.packet_type == PACKET_OUTGOING:
            direction = Direction.SENT
        return self._framed(passed, direction)

    def _framed(self, passed: Passed, direction: Direction | None) -> CapturedFrame:
        """The frame in view, with a link layer that files know."""
        length, wire_length, network = passed.length, passed.wire_length, passed.network
        frame, link_type = self._view[:length], LINKTYPE_ETHERNET
        if passed.hardware not in (_ARPHRD_ETHER, ARPHRD_LOOPBACK) or network < _ETHERNET_HEADER:
            link_type = LINKTYPE_RAW
            frame = frame[network:]
            wire_length -= network
        elif passed.tag:
            frame = self._with_tag(length, passed.tag)
            wire_length += _VLAN_TAG
        is_pending = bool(passed.status & _CHECKSUM_PENDING)
        return CapturedFrame(
            passed.interface,
            link_type,
            passed.time_ns,
            frame,
            wire_length,
            direction,
            is_pending,
        )

    def _with_tag(self, length: int, tag: bytes) -> memoryview:
        """Put back the VLAN tag which the network card has taken off (IEEE 802.1Q)."""
        at = _ETHERNET_HEADER - 2
        self._buffer[at + _VLAN_TAG : length + _VLAN_TAG] = self._buffer[at:length]
        self._buffer[at : at + _VLAN_TAG] = tag
        return self._view[: length + _VLAN_TAG]

    def dropped(self) -> int:
        """Frames of this connection that the kernel has dropped since the socket was opened.

        Reading the kernel's counter resets it, so only one process may ask.
        """
        data = self.ins.getsockopt(SOL_PACKET, PACKET_STATISTICS, _STATISTICS.size)
        _, lost = _STATISTICS.unpack(data)
        self._dropped += lost
        return self._dropped


def _read_ancillary(
    ancillary: list[tuple[int, int, bytes]], length: int
) -> tuple[int, int, int, int, bytes]:
    """Time, status bits, length on the wire, offset of the IP header, and the VLAN tag if any."""
    time_ns, status, wire_length, network, tag = 0, 0, length, _ETHERNET_HEADER, b""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            time_ns = seconds * 1_000_000_000 + nanoseconds
        elif level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, wire_length, _, _, network, tci, tpid = _AUXDATA.unpack(data)
            if status & _VLAN_VALID:
                known = tpid if status & _VLAN_TPID_VALID else _ETH_P_8021Q
                tag = struct.pack(">HH", known, tci)
    return time_ns, status, wire_length, network, tag
