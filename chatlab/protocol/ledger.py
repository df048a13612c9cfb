"""Who wrote which bytes: ties chat messages to offsets in one direction of a byte stream.

Sans-IO: it never sees a socket, a loop or a clock, so its tests are plain calls and comparisons.
"""

from chatlab.core.flow import ByteRange
from chatlab.core.message import MessageId
from chatlab.protocol.spans import SpanIndex


class StreamLedger:
    """The bytes of one direction of one connection, and the messages that own some of them.

    Spans may overlap (two lines in one TLS record both own the record) and bytes may have no
    owner (login, PING). Owners are usually noted in the order of their bytes; any order works.
    """

    def __init__(self) -> None:
        self._spans = SpanIndex()
        self._owners: list[MessageId] = []

    def own(self, span: ByteRange, message: MessageId) -> None:
        """Note that ``span`` carries ``message``; a message may own several spans."""
        if span.start < span.stop:
            self._spans.add(span.start, span.stop, len(self._owners))
            self._owners.append(message)

    def owners(self, span: ByteRange) -> tuple[MessageId, ...]:
        """Messages with at least one byte in ``span``, in the order of their bytes.

        One segment may carry two messages and one message may need several segments, so
        nothing here assumes one to one.
        """
        if span.start >= span.stop:
            return ()
        found = self._spans.overlapping(span.start, span.stop)
        return tuple(dict.fromkeys(self._owners[owner] for _, _, owner in found))
