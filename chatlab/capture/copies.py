"""Frames that a system shows more than once although they crossed the wire once."""

from collections import OrderedDict, deque


class StackedCopies:
    """Tells the copies on interfaces that lie upon one another: a bridge, a bond, a VLAN.

    A packet socket on all interfaces sees a frame on the bridge and again on its port. The first
    sight counts. The same bytes on the *same* interface are a real duplicate and are kept.
    """

    SAME_NS = 50_000_000
    WINDOW = 512
    KEY = 64
    """Bytes from the IP header on that tell packets apart: addresses, numbers, time stamps."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, tuple[str, int]] = OrderedDict()

    def is_copy(self, interface: str, time_ns: int, packet: bytes | memoryview) -> bool:
        """``packet`` begins with its IP header."""
        key = bytes(packet[: self.KEY])
        seen = self._seen.get(key)
        if seen is not None and seen[0] != interface and time_ns - seen[1] < self.SAME_NS:
            return True
        self._seen[key] = interface, time_ns
        if len(self._seen) > self.WINDOW:
            self._seen.popitem(last=False)
        return False


class TwinCopies:
    """Tells what two of our packet sockets see of one connection, both of whose ends are ours.

    That happens in the offline lab, when its two people send each other a file. The bytes count
    from the IP header on; who saw them first keeps them, and their real duplicates, too.
    """

    WINDOW = 16_384
    """One socket may have so many frames waiting while the other one is read."""
    KEY = 64

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def is_copy(self, watcher: int, packet: bytes | memoryview) -> bool:
        """``packet`` begins with its IP header; ``watcher`` is whose socket it comes from."""
        first = self._seen.setdefault(bytes(packet[: self.KEY]), watcher)
        if len(self._seen) > self.WINDOW:
            self._seen.popitem(last=False)
        return first != watcher


class LoopbackCopies:
    """Tells the second copy of each frame where a system shows loopback frames twice.

    Whether it does is learned from the first frame, a SYN: the same bytes again within
    ``SAME_NS`` cannot be a retransmission, which takes a second.
    """

    SAME_NS = 200_000_000
    WINDOW = 256

    def __init__(self) -> None:
        self._first: tuple[int, bytes] | None = None
        self._is_double = False
        self._unpaired: deque[bytes] = deque(maxlen=self.WINDOW)

    def is_copy(self, time_ns: int, data: bytes) -> bool:
        if self._first is None:
            self._first = time_ns, data
        elif not self._is_double:
            first_ns, first = self._first
            self._is_double = data == first and time_ns - first_ns < self.SAME_NS
        if self._is_double and data in self._unpaired:
            self._unpaired.remove(data)
            return True
        self._unpaired.append(data)
        return False
