"""macOS and Windows: reads one connection's frames through libpcap or Npcap.

A subclass of scapy's libpcap socket, opened here with a filter for the one connection. It
runs on Linux, too, where libpcap is installed; the tests use that.
"""

# ruff: noqa: E402 - scapy decides at import time, by conf.use_pcap, whether to load libpcap.

import ctypes
import sys

from scapy.config import conf

conf.use_pcap = True

from scapy.arch.libpcap import _L2libpcapSocket, load_winpcapy, open_pcap
from scapy.libs.winpcapy import pcap_next_ex, pcap_setnonblock, pcap_stat, pcap_stats

from chatlab.capture.bpf import SNAPLEN
from chatlab.capture.capture_file import MAX_AT_ONCE, CapturedFrame, CaptureFile
from chatlab.capture.copies import LoopbackCopies
from chatlab.capture.layout import LINKTYPE_RAW, Compass, filter_expression, network_offset
from chatlab.capture.lease import Lease
from chatlab.core.errors import CaptureError
from chatlab.core.flow import FlowKey, Transport

READ_TIMEOUT_MS = 10
"""How long libpcap may hold frames back to deliver several at once."""
_WINDOWS_LOOPBACK = r"\Device\NPF_Loopback"
_ERROR_SIZE = 256
_LINK_TYPES = {12: LINKTYPE_RAW, 14: LINKTYPE_RAW}
"""DLT_RAW has another number on each system; files use one for all."""


class PcapSource(_L2libpcapSocket):
    """The frames of one connection on the interface that carries its local address."""

    is_over = False
    last_words = ""
    _copies: LoopbackCopies | None
    settle_s = 2 * READ_TIMEOUT_MS / 1000

    def __init__(self, flow: FlowKey) -> None:
        """Raises CaptureError when libpcap refuses."""
        interface, is_loopback = interface_of(flow)
        self.open(flow, interface, filter_expression(flow))
        self._copies = LoopbackCopies() if is_loopback and flow.transport is Transport.TCP else None

    def open(
        self, flow: FlowKey, interface: str, filter_text: str, *, is_promiscuous: bool = False
    ) -> None:
        """Open the interface, with a filter if there is one. Raises CaptureError."""
        self.flow = flow
        self.filter_text = filter_text
        self.interface = self.iface = interface
        try:
            handle = open_pcap(interface, SNAPLEN, is_promiscuous, READ_TIMEOUT_MS)
            super().__init__(handle)
            if filter_text:
                handle.setfilter(filter_text)
        except (OSError, ValueError) as error:  # scapy says ValueError of an unknown one.
            raise CaptureError(f"Packets of {interface} cannot be captured: {error}") from None
        pcap_setnonblock(handle.pcap, 1, ctypes.create_string_buffer(_ERROR_SIZE))
        kind = int(handle.datalink())
        self._link_type = _LINK_TYPES.get(kind, kind)
        self.lease = Lease(flow)
        self._compass = Compass(flow)
        self._copies = None

    def drain(self, file: CaptureFile) -> bool:
        """Move what waits into the batch; True when there may be more for the next one."""
        pcap = self.pcap_fd
        for _ in range(MAX_AT_ONCE):
            if file.is_full:
                break
            got = pcap_next_ex(pcap.pcap, ctypes.byref(pcap.header), ctypes.byref(pcap.pkt_data))
            if got <= 0:
                return False
            header = pcap.header.contents
            data = ctypes.string_at(pcap.pkt_data, header.caplen)
            time_ns = (header.ts.tv_sec * 1_000_000 + header.ts.tv_usec) * 1000
            if self._copies is not None and self._copies.is_copy(time_ns, data):
                continue
            if frame := self._frame(time_ns, data, header.len):
                file.add(frame, self.filter_text)
        return True

    def _frame(self, time_ns: int, data: bytes, wire_length: int) -> CapturedFrame | None:
        """None for a frame that is not ours any more."""
        network = network_offset(data, self._link_type)
        if network is not None and not self.lease.covers(data, network, time_ns):
            return None
        direction = None if network is None else self._compass.direction(data, network)
        return CapturedFrame(self.interface, self._link_type, time_ns, data, wire_length, direction)

    def dropped(self) -> int:
        statistics = pcap_stat()
        if pcap_stats(self.pcap_fd.pcap, ctypes.byref(statistics)):
            return 0
        return int(statistics.ps_drop)


def interface_of(flow: FlowKey) -> tuple[str, bool]:
    """The interface that the connection's packets cross, and whether it is the loopback.

    Raises CaptureError when no interface has the local address.
    """
    load_winpcapy()
    listed = conf.cache_pcapiflist
    addresses = {name: set(entry[1]) for name, entry in listed.items()}
    own = set().union(*addresses.values()) | {"::1"}
    if flow.remote.address in own or flow.remote.address.startswith("127."):
        if sys.platform == "win32":
            return _WINDOWS_LOOPBACK, True
        for name, entry in listed.items():
            if entry[2].LOOPBACK:
                return str(name), True
    for name, known in addresses.items():
        if flow.local.address in known:
            return str(name), False
    raise CaptureError(
        f"No interface that can be captured has the address {flow.local.address}.",
        "Check that the network is still connected, then connect again.",
    )
