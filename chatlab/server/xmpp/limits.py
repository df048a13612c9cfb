"""The names of the lab's hosts, and what one client may cost the server."""

DOMAIN = "localhost"
"""The domain of every account: its JIDs read ``alice@localhost``."""
ROOMS_DOMAIN = "rooms.localhost"
"""Where the rooms are (XEP-0045); RFC 6761 reserves all of ``localhost``, so nobody else’s."""
LAB_ROOM = "lab"
"""Open to everybody and never destroyed: ``lab@rooms.localhost``."""
SOFTWARE = "ChatLab lab server"

STANZA_LENGTH = 256 * 1024
"""Bytes of one first-level element (RFC 6120, section 13.12, wants 10 000 at least)."""
NEGOTIATION_LENGTH = 16 * 1024
"""The same before the login, when nobody is known yet."""
MAX_DEPTH = 128
MAX_ATTRIBUTES = 128
MAX_SASL_FAILURES = 5
MAX_STREAMS = 300
MAX_SESSIONS_PER_ACCOUNT = 20
MAX_ACCOUNTS = 1000
MAX_ROSTER = 500
MAX_BLOCKED = 500
MAX_OFFLINE = 200
MAX_ARCHIVE = 5000
"""Messages of one account’s or one room’s archive; the oldest make room."""
MAX_NODES = 100
MAX_NODE_ITEMS = 256
MAX_PRIVATE = 50
MAX_ROOMS = 300
MAX_OCCUPANTS = 300
MAX_DIRECTED = 200
"""Places that one session may have sent its presence to, rooms included."""
MAX_UNACKED = 2000
MAX_PAGE = 100
"""Results of one archive page, whatever the client asks for (XEP-0059)."""
HISTORY_LENGTH = 20
"""Messages of a room that a newcomer is shown unless asked otherwise."""
NICK_LENGTH = 64

SEND_QUEUE_LENGTH = 8 * 1024 * 1024
"""Bytes that may wait for a client that does not read; beyond, it is dropped."""
FLOOD_BURST = 1000.0
"""Stanzas that a client may send at once; an exercise sends 200 in a row."""
FLOOD_STANZAS_PER_SECOND = 200.0
"""Beyond the burst the server reads no faster than this: TCP slows the client down."""
LOGIN_SECONDS = 60.0
SILENCE_SECONDS = 150.0
"""After this a client is asked whether it is still there."""
ANSWER_SECONDS = 60.0
RESUME_SECONDS = 300.0
"""How long a lost session waits for its client to come back (XEP-0198)."""


class Pace:
    """How fast one client is read: a burst is free, then a rate (a leaky bucket turned round)."""

    def __init__(self, now: float) -> None:
        self._tokens = FLOOD_BURST
        self._filled_at = now

    def spend(self, stanzas: int, now: float) -> float:
        """Count stanzas; the seconds for which nothing more should be read."""
        grown = self._tokens + max(0.0, now - self._filled_at) * FLOOD_STANZAS_PER_SECOND
        self._tokens = min(FLOOD_BURST, grown) - stanzas
        self._filled_at = now
        return max(0.0, -self._tokens) / FLOOD_STANZAS_PER_SECOND
