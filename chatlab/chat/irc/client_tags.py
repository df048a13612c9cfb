"""Which client-only tags get through, and what they are called; nothing is sent here.

Such tags (``+name``) pass through a server that has message-tags, except those which it refuses
(ISUPPORT CLIENTTAGDENY). Nothing is sent where nobody would get it.
"""

from chatlab.chat.irc.state import ServerState

MAX_MSGID_LENGTH = 300
REDACTION = frozenset({"draft/message-redaction", "message-redaction"})


def passes(state: ServerState, *names: str) -> bool:
    """Whether the server sends client tags with these names (without ``+``) on to others."""
    has_tags = "message-tags" in state.caps
    return has_tags and not any(state.isupport.denies_tag(name) for name in names)


def is_usable(msgid: str) -> bool:
    """Whether a message can be referred to by this name; no server needs such long ones."""
    return 0 < len(msgid) <= MAX_MSGID_LENGTH


def reply_tags(state: ServerState, msgid: str) -> dict[str, str]:
    """The tags of a message that answers another, under its draft's and its final name."""
    if not is_usable(msgid):
        return {}
    return {f"+{name}": msgid for name in ("draft/reply", "reply") if passes(state, name)}
