"""Chat events as JSON objects: what ``chatlab connect --json`` prints, one a line.

The contract with scripts: ``event`` names the event in lower case with hyphens
(``message-added``), every other key is the field of that event in ``core/events.py``. A value that
is a dataclass becomes an object with its fields, an enumeration its value, a tuple a list, and what
is absent ``null``, bytes are base64. Times end in ``_ns`` (nanoseconds since the epoch), directions are ``sent`` and
``received``. Keys may be added; none is renamed or taken away. Ignore events that you do not know.

    link-changed         account state time_ns detail retry_in_s is_fault
    connection-opened    account connection{id account application flow purpose host opened_ns
                         is_captured tls}
    certificate-refused  account error{message hint reason host chain}
    nick-in-use          account nick
    message-added        message{id account application direction sender target text kind time_ns
                         delivery failure wire echo is_history is_highlight user_host msgid
                         reply_to is_corrected is_retracted reactions[{text people}]
                         is_sealed twin}
    message-changed      account message delivery failure wire echo time_ns msgid twin
    message-rewritten    account chat message text time_ns is_retracted wire msgid
    chat-opened          account chat is_room title
    members-listed       account chat members[{nick prefixes account_name user_host is_away is_bot
                         role affiliation occupant_id}]
    member-joined        account chat member time_ns is_self is_folded
    member-left          account chats how nick time_ns reason by is_self is_folded
    member-renamed       account chats old new time_ns is_self
    member-changed       account chat member
    topic-changed        account chat topic time_ns by
    modes-changed        account chat change modes time_ns by
    invited              account chat by time_ns reason password
    informed             account text time_ns chat severity hint code source
    line-seen            account direction line time_ns wire is_malformed
    lag-measured         account seconds
    away-changed         account is_away time_ns availability
    channels-listed      account channels[{name users topic}] time_ns is_complete problem
    masks-listed         account chat mode masks[{mask by set_ns}] time_ns
    typing-seen          account chat nick state time_ns user_host
    reaction-seen        account chat nick msgid reaction time_ns is_removed user_host
    read-marker-moved    account chat read_ns
    contact-seen         account nick is_online time_ns user_host
    contacts-listed      account contacts[{jid name groups subscription is_asked availability
                         status is_blocked avatar}]
    contact-changed      account contact
    contact-removed      account jid
    subscription-requested  account jid time_ns words
    transfer-offered     account transfer{id account chat peer direction kind state way name
                         offered_name path size start position rate is_paused time_ns started_ns
                         ended_ns detail hint warnings sha256 peer_sha256 connection flow offer
                         offer_words group}
    transfer-changed     account transfer
    command-refused      line text hint         (not a chat event: the answer to a line of input)
"""

import base64
import dataclasses
import re
from enum import Enum
from pathlib import Path

from chatlab.core.errors import CertificateError, ChatlabError
from chatlab.core.events import ChatEvent

Json = dict[str, object]
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def event_name(kind: type) -> str:
    """``MessageAdded`` becomes ``message-added``."""
    return _WORD_START.sub("-", kind.__name__).lower()


def event_to_json(event: ChatEvent) -> Json:
    """One event as an object of JSON values."""
    return {"event": event_name(type(event)), **_fields(event)}


def refusal_to_json(line: str, error: ChatlabError) -> Json:
    """A line of input that was not obeyed. The line itself is the caller's to mask."""
    return {
        "event": "command-refused",
        "line": line,
        "text": error.message,
        "hint": error.hint,
    }


def _fields(value: object) -> Json:
    assert dataclasses.is_dataclass(value)
    names = [field.name for field in dataclasses.fields(value)]
    return {name: _to_json(getattr(value, name)) for name in names}


def _to_json(value: object) -> object:
    match value:
        case Enum():
            return value.name.lower() if isinstance(value.value, int) else value.value
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case Path():
            return str(value)
        case tuple() | list():
            return [_to_json(item) for item in value]
        case CertificateError():
            return {
                "message": value.message,
                "hint": value.hint,
                "reason": value.reason,
                "host": value.host,
                "chain": [_to_json(certificate) for certificate in value.chain],
            }
        case _:
            return _fields(value)
