"""What was received already, so that a replay of it is known for what it is."""

MAX_IDS = 20_000
MAX_CHATS = 2_000


class Replays:
    """Message ids, and how far each chat got; outlives connections, bounded."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._latest: dict[str, int] = {}

    def is_new(self, msgid: str) -> bool:
        """Whether no message with this id was seen before; it is remembered from now on."""
        if not msgid:
            return True
        if msgid in self._ids:
            return False
        self._ids[msgid] = None
        if len(self._ids) > MAX_IDS:
            del self._ids[next(iter(self._ids))]
        return True

    def reached(self, folded_chat: str, time_ns: int) -> None:
        """A message of this time was seen in the chat."""
        if time_ns > self._latest.get(folded_chat, 0):
            self._latest.pop(folded_chat, None)
            self._latest[folded_chat] = time_ns
            if len(self._latest) > MAX_CHATS:
                del self._latest[next(iter(self._latest))]

    def latest_ns(self, folded_chat: str) -> int | None:
        return self._latest.get(folded_chat)
