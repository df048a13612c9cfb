"""What was said while we were away (IRCv3 chathistory), and how far we have read (read-marker)."""

from datetime import UTC, datetime

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent, server_time_ns
from chatlab.chat.irc.state import Channel
from chatlab.core.events import ReadMarkerMoved

HISTORY_LINES = 50
"""Asked for on joining; a server may allow fewer (ISUPPORT CHATHISTORY)."""
_HISTORY = frozenset({"chathistory", "draft/chathistory"})
_READ_MARKER = frozenset({"read-marker", "draft/read-marker"})
_NEEDED = frozenset({"batch", "server-time", "message-tags"})
"""Without these a replay cannot be told from what is said just now."""


class History:
    """Asks for the past of each channel, once for each time we join it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("MARKREAD", self._on_marker)

    def joined(self, channel: Channel) -> None:
        """Ask for what is new since the last message seen there, or for the last lines."""
        caps = self._context.state.caps
        if not (caps & _HISTORY and caps >= _NEEDED):
            return
        isupport = self._context.state.isupport
        count = min(HISTORY_LINES, isupport.number("CHATHISTORY", HISTORY_LINES))
        latest_ns = self._context.lasting.replays.latest_ns(self._context.state.fold(channel.name))
        since = f"timestamp={time_text(latest_ns)}" if latest_ns is not None else "*"
        self._context.outbox.put_question("CHATHISTORY", "LATEST", channel.name, since, str(count))

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Tell our other clients that everything up to this moment was read here."""
        if self._context.account.sends_markers and self._context.state.caps & _READ_MARKER:
            self._context.outbox.put_command("MARKREAD", chat, f"timestamp={time_text(time_ns)}")

    def _on_marker(self, event: LineEvent) -> None:
        """``MARKREAD <target> timestamp=<time>``; ``*`` when nothing was read yet."""
        read_ns = server_time_ns(event.parameter(1).removeprefix("timestamp="))
        if read_ns:
            chat = self._context.chat_name(event.parameter(0))
            self._context.emit(ReadMarkerMoved(self._context.account.id, chat, read_ns))


def time_text(time_ns: int) -> str:
    """A moment as servers write it: ``2026-01-31T12:00:00.123Z``."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03}Z"
