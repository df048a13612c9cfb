"""A whole interface by dumpcap, where only that has the right."""

from chatlab.capture.bpf import SNAPLEN
from chatlab.capture.capture_file import CapturedFrame
from chatlab.capture.dumpcap import BUFFER_MIB, DumpcapSource
from chatlab.capture.layout import network_offset
from chatlab.capture.own_flows import EVERYTHING, OwnFlows
from chatlab.protocol.blocks import Packet


class InterfaceDumpcap(DumpcapSource):
    """The frames of one interface but our own, read from a dumpcap without a filter."""

    def __init__(self, name: str, dumpcap: str, own: OwnFlows, *, is_promiscuous: bool) -> None:
        """Raises CaptureError."""
        self._own = own
        self.interface = name
        self.prepare(EVERYTHING, "")
        command = [dumpcap, "-q", "-i", name, *(() if is_promiscuous else ("-p",))]
        self.start([*command, "-s", str(SNAPLEN), "-B", str(BUFFER_MIB), "-w", "-"])

    def _frame(self, packet: Packet) -> CapturedFrame | None:
        interface = self._reader.interfaces[packet.interface]
        network = network_offset(packet.data, interface.link_type)
        if network is not None:
            if not self.lease.covers(packet.data, network, packet.time_ns):
                return None
            if self._own.covers(packet.data, network, packet.time_ns):
                return None
        return CapturedFrame(
            interface.name or self.interface,
            interface.link_type,
            packet.time_ns,
            packet.data,
            packet.wire_length,
            None,
            is_whole=True,
        )
