"""What the server announced (ISUPPORT), put into the words that the window uses."""

from chatlab.chat.irc.client_tags import REDACTION, passes, reply_tags
from chatlab.chat.irc.multiline import limits_of
from chatlab.chat.irc.state import ServerState
from chatlab.core.features import ServerFeatures


def features_of(state: ServerState) -> ServerFeatures:
    """The features of the server as far as it has told them."""
    isupport = state.isupport
    lists, always, when_set, flags = isupport.channel_modes
    signs = isupport.status_signs
    operators = signs[: signs.find("@") + 1] or signs[:1]
    # Where “q” ranks members (channel owner), it is no list of quiets.
    ranks = {letter for letter, _ in isupport.prefix}
    return ServerFeatures(
        is_known=state.is_online,
        topic_length=isupport.number("TOPICLEN", 0),
        away_length=isupport.number("AWAYLEN", 0),
        list_modes="".join(letter for letter in lists if letter not in ranks),
        modes_with_parameter=always,
        modes_set_with_parameter=when_set,
        flag_modes=flags,
        exception_mode=_letter(state, "EXCEPTS", "e"),
        invitation_mode=_letter(state, "INVEX", "I"),
        operator_signs=operators,
        list_limits=_list_limits(isupport.text("MAXLIST")),
        has_safe_list=isupport.has("SAFELIST"),
        list_filters=isupport.text("ELIST").upper(),
        channel_count=state.channel_count,
        buddy_limit=isupport.number("MONITOR", 1_000) if isupport.has("MONITOR") else 0,
        can_reply=state.is_online and bool(reply_tags(state, "x")),
        can_react=state.is_online and passes(state, "draft/react", "draft/reply"),
        can_retract=state.is_online and bool(state.caps & REDACTION),
        has_multiline=limits_of(state) is not None,
    )


def _letter(state: ServerState, token: str, usual: str) -> str:
    if not state.isupport.has(token):
        return ""
    return state.isupport.text(token)[:1] or usual


def _list_limits(text: str) -> tuple[tuple[str, int], ...]:
    """``MAXLIST=be:60,I:100``."""
    limits: list[tuple[str, int]] = []
    for part in text.split(","):
        letters, _, number = part.partition(":")
        if letters and number.isascii() and number.isdigit():
            limits.append((letters, int(number)))
    return tuple(limits)
