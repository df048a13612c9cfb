"""macOS and Windows: a whole interface through libpcap or Npcap."""

from chatlab.capture.capture_file import CapturedFrame
from chatlab.capture.layout import network_offset
from chatlab.capture.own_flows import EVERYTHING, OwnFlows
from chatlab.capture.pcap_source import PcapSource


class InterfacePcap(PcapSource):
    """The frames of one interface but our own, which come by captures of their own."""

    def __init__(self, name: str, own: OwnFlows, *, is_promiscuous: bool) -> None:
        """Raises CaptureError."""
        self._own = own
        self.open(EVERYTHING, name, "", is_promiscuous=is_promiscuous)

    def _frame(self, time_ns: int, data: bytes, wire_length: int) -> CapturedFrame | None:
        network = network_offset(data, self._link_type)
        if network is not None:
            if not self.lease.covers(data, network, time_ns):
                return None
            if self._own.covers(data, network, time_ns):
                return None
        return CapturedFrame(
            self.interface, self._link_type, time_ns, data, wire_length, None, is_whole=True
        )
