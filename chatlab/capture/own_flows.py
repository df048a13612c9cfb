"""Which frames of a whole interface are our own connections': those have captures of their own.

So nothing is captured twice, and our own frames stay as complete as they are without the others:
a filter for one connection loses nothing where a whole interface may.
"""

from chatlab.capture.layout import Buffer, packed
from chatlab.core.flow import Endpoint, FlowKey, Transport

EVERYTHING = FlowKey(Endpoint("0.0.0.0", 0), Endpoint("0.0.0.0", 0), Transport.UDP)
"""Stands where a capture of one connection has its flow."""
MAX_KEPT = 1024
"""Flows, those that are gone included, before one is forgotten: of those that are gone the oldest."""
_ALWAYS = 1 << 63
_IPV6_FRAGMENT = 44

_Key = tuple[int, bytes, int, bytes, int]
"""Transport, source and its port, destination and its port; port 0 stands for any."""


class OwnFlows:
    """Our connections, with the time until which frames between their ends are theirs."""

    def __init__(self) -> None:
        self._flows: dict[int, tuple[_Key, ...]] = {}
        self._until: dict[_Key, dict[int, int]] = {}

    def add(self, number: int, flow: FlowKey) -> None:
        """``number`` captures ``flow`` from now on."""
        (here, here_port), (there, there_port) = packed(flow.local), packed(flow.remote)
        kind = flow.transport.value
        keys = (
            (kind, here, here_port, there, there_port),
            (kind, there, there_port, here, here_port),
            # Later fragments have no ports; the capture of the connection takes them by address.
            (kind, here, 0, there, 0),
            (kind, there, 0, here, 0),
        )
        self._flows[number] = keys
        for key in keys:
            self._until.setdefault(key, {})[number] = _ALWAYS
        while len(self._flows) > MAX_KEPT:
            self._forget(next(filter(self._is_gone, self._flows), next(iter(self._flows))))

    def end(self, number: int, time_ns: int) -> None:
        """``number`` took its last frame then; what is older may still come from elsewhere."""
        for key in self._flows.get(number, ()):
            self._until[key][number] = time_ns

    def _is_gone(self, number: int) -> bool:
        return self._until[self._flows[number][0]][number] != _ALWAYS

    def _forget(self, number: int) -> None:
        for key in self._flows.pop(number):
            del self._until[key][number]
            if not self._until[key]:
                del self._until[key]

    def covers(self, frame: Buffer, network: int, time_ns: int) -> bool:
        """Whether a connection's own capture takes this frame; its IP header is at ``network``."""
        found = _ends(frame, network)
        if found is None:
            return False
        kind, source, source_port, target, target_port = found
        keys = {
            found,
            (kind, source, 0, target, target_port),
            (kind, source, source_port, target, 0),
        }
        if source_port or target_port:
            keys.discard((kind, source, 0, target, 0))
        return any(time_ns <= until for key in keys for until in self._until.get(key, {}).values())


def _ends(frame: Buffer, network: int) -> _Key | None:
    if len(frame) < network + 20:
        return None
    version, fragment = frame[network] >> 4, 0
    if version == 4:
        kind, at = frame[network + 9], network + (frame[network] & 0x0F) * 4
        source, target = frame[network + 12 : network + 16], frame[network + 16 : network + 20]
        fragment = int.from_bytes(frame[network + 6 : network + 8], "big") & 0x1FFF
    elif version == 6 and len(frame) >= network + 40:
        kind, at = frame[network + 6], network + 40
        source, target = frame[network + 8 : network + 24], frame[network + 24 : network + 40]
        if kind == _IPV6_FRAGMENT and len(frame) >= at + 8:
            kind = frame[at]
            fragment = int.from_bytes(frame[at + 2 : at + 4], "big") & 0xFFF8
            at += 8
    else:
        return None
    if fragment or len(frame) < at + 4:
        return kind, bytes(source), 0, bytes(target), 0
    source_port = int.from_bytes(frame[at : at + 2], "big")
    target_port = int.from_bytes(frame[at + 2 : at + 4], "big")
    return kind, bytes(source), source_port, bytes(target), target_port
