"""Whether the server reads what it gets on a connection that resumed a session (XEP-0198).

Prosody 0.12 goes on with the XML parser of the connection before. Where that one was cut inside a
text, all that follows becomes part of that text: nobody handles it, counts it or answers it, while
what others say still comes. So a server that has the bytes of our ``<r/>`` and does not move its
count is sent the end of the stream. A parser in the middle of something finds that ill-formed, and
the session is over; a server that was merely slow counts first, and nothing is sent twice.
"""

from collections.abc import Callable

from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.context import Context
from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.management import Management
from chatlab.core.flow import WireRange

UNREAD_S = 10.0
"""How long the answer to ``<r/>`` may take once the server's TCP has it, and then the end."""
_POLL_S = 0.5
_WORDS = (
    "The server resumed the session, but does not read what it is sent (a fault of prosody 0.12). "
    "A new session begins."
)


class ResumptionWatch:
    """Finds out, for each connection that resumed the session, whether it carries anything."""

    def __init__(
        self, context: Context, management: Management, end_stream: Callable[[], None]
    ) -> None:
        self._context = context
        self._management = management
        self._end_stream = end_stream
        self._is_doubted = False
        """The last connection was not read, and its end not answered."""
        self.is_hopeless = False
        """So it was twice, with the same count: the session is not to be resumed once more."""

    def begin(self, link: Link, asked: WireRange, *, has_moved: bool) -> None:
        """``asked`` is our ``<r/>``; ``has_moved``: the server has read some of what it had not."""
        self._is_doubted = self._is_doubted and not has_moved
        self._context.timers.spawn(lambda: self._watch(link, asked.span.stop))

    async def _watch(self, link: Link, stop: int) -> None:
        sleep = self._context.timing.sleep
        while not _has_arrived(link, stop):  # A network that is gone is the keepalive's matter.
            await sleep(_POLL_S)
            if not self._is_stuck(link):
                return
        await sleep(UNREAD_S)
        if not self._is_stuck(link):
            return
        self._context.verdict = self._context.verdict or Verdict(_WORDS)
        self._end_stream()
        await sleep(UNREAD_S)
        if self._is_stuck(link):
            self.is_hopeless, self._is_doubted = self._is_doubted, True
            self._context.give_up(_WORDS, may_retry=True)

    def _is_stuck(self, link: Link) -> bool:
        is_ours = self._context.link is link and link.is_open
        return is_ours and self._management.has_stood_still and self._management.has_pending


def _has_arrived(link: Link, stop: int) -> bool:
    offset = link.acknowledged()
    return offset is None or offset >= stop
