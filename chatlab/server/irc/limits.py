"""What one client may cost the server, and the numbers that ISUPPORT announces."""

from collections.abc import Sequence

SERVER_NAME = "irc.chatlab.test"
"""``.test`` is reserved (RFC 6761), so it can never be mistaken for somebody's server."""
NETWORK_NAME = "ChatLab"

LINE_LENGTH = 512
"""Bytes of a line without its tags, CR LF included (RFC 1459, section 2.3)."""
CLIENT_TAGS_LENGTH = 4096
"""Bytes of the tags that a client may send, “@” and the space after them included."""
MAX_PARAMETERS = 15
NICK_LENGTH = 30
USER_LENGTH = 18
HOST_LENGTH = 63
REAL_NAME_LENGTH = 128
CHANNEL_LENGTH = 64
TOPIC_LENGTH = 390
REASON_LENGTH = 300
KEY_LENGTH = 23
LABEL_LENGTH = 64
MAX_CHANNELS_PER_CLIENT = 50
MAX_CHANNELS = 500
MAX_BANS = 100
MAX_MODES = 6
"""Mode changes with a parameter in one command."""
MAX_TARGETS = 4
MAX_CLIENTS = 300
MAX_WHOWAS = 200
MAX_SASL_LENGTH = 8192
MAX_SASL_FAILURES = 5

SEND_QUEUE_LENGTH = 8 * 1024 * 1024
"""Bytes that may wait for a client that does not read; beyond, it is dropped."""
FLOOD_BURST = 1000
"""Lines that a client may send at once; an exercise sends 200 in a row."""
FLOOD_LINES_PER_SECOND = 200.0
"""Beyond the burst the server reads no faster than this: TCP slows the client down."""
REGISTRATION_SECONDS = 60.0
PING_AFTER_SECONDS = 90.0
PING_TIMEOUT_SECONDS = 60.0


def isupport() -> Sequence[str]:
    """The tokens of numeric 005: exactly what this server does, nothing for show."""
    return (
        f"NETWORK={NETWORK_NAME}",
        "CASEMAPPING=rfc1459",
        "CHANTYPES=#",
        "PREFIX=(ov)@+",
        "STATUSMSG=@+",
        "CHANMODES=b,k,l,imnst",
        f"MODES={MAX_MODES}",
        f"MAXLIST=b:{MAX_BANS}",
        f"CHANLIMIT=#:{MAX_CHANNELS_PER_CLIENT}",
        f"NICKLEN={NICK_LENGTH}",
        f"USERLEN={USER_LENGTH}",
        f"HOSTLEN={HOST_LENGTH}",
        f"CHANNELLEN={CHANNEL_LENGTH}",
        f"TOPICLEN={TOPIC_LENGTH}",
        f"KICKLEN={REASON_LENGTH}",
        f"AWAYLEN={REASON_LENGTH}",
        f"NAMELEN={REAL_NAME_LENGTH}",
        f"KEYLEN={KEY_LENGTH}",
        f"LINELEN={LINE_LENGTH}",
        "TARGMAX=" + ",".join(f"{name}:{MAX_TARGETS}" for name in ("PRIVMSG", "NOTICE", "TAGMSG")),
        "WHOX",
    )


class TokenBucket:
    """How many lines a client may still send now (a leaky bucket turned round)."""

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = burst
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Use up one token; False when there is none."""
        grown = self._tokens + max(0.0, now - self._filled_at) * self._per_second
        self._tokens = min(self._burst, grown)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    @property
    def wait(self) -> float:
        """Seconds until the next token, as of the last ``take``."""
        return max(0.0, 1.0 - self._tokens) / self._per_second
