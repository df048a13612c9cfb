"""Why a room did not let us in, or sent us out, in words (XEP-0045, sections 7.2 and 15.6)."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.stanza_errors import condition_of, refusal_of, text_of
from chatlab.core.errors import ChatlabError

JOIN_REFUSED = "room-refused"
"""``Informed.code`` of a refusal to let us in."""
ROOM_CREATED = "room-created"
"""``Informed.code`` of a room that was not there before we entered it."""
_JOIN_REFUSALS = {
    "conflict": (
        "the nickname “{nick}” is taken there",
        "Choose another: /join {room} with another nickname in the account, or /nick once inside.",
    ),
    "not-authorized": ("it has a password", "Give it behind the address: /join {room} password"),
    "forbidden": ("you are banned from it", "Only its admins can lift that."),
    "registration-required": ("only its members may enter", "Ask one of its admins."),
    "item-not-found": (
        "it does not exist, or is still being set up by its owner",
        "Check the address, or try again in a minute.",
    ),
    "not-allowed": ("you may not create rooms there", "Check the address of the room."),
    "not-acceptable": ("it wants your registered nickname", "Ask one of its admins."),
    "service-unavailable": ("it is full, or there is no such room service", "Check the address."),
    "remote-server-not-found": ("no server answers to that name", "Check the address."),
    "remote-server-timeout": ("its server does not answer", "Try again later."),
    "jid-malformed": ("the address or the nickname is not well formed", "Check how it is spelt."),
    "resource-constraint": ("it is full", "Try again later."),
    "gone": ("it is not there any more", "Its people may know where they went."),
    "policy-violation": ("its rules keep you out", ""),
}
DEPARTURES = {
    "301": "was banned",
    "307": "was kicked",
    "321": "lost the standing that the room asks for",
    "322": "is no member, and the room is for members only now",
    "332": "had to go, because the service is being shut down",
    "333": "had to go, because of an error",
}


def join_refusal(presence: ET.Element, room: str, nick: str) -> ChatlabError:
    """The error presence that answered our wish to enter."""
    condition = condition_of(presence)
    if condition not in _JOIN_REFUSALS:
        error = refusal_of(presence)
        return ChatlabError(f"You cannot enter {room}. {error.message}", error.hint)
    reason, hint = _JOIN_REFUSALS[condition]
    text = text_of(presence)
    said = f" It says: “{text}”" if text else ""
    words = reason.format(nick=nick, room=room)
    return ChatlabError(
        f"You cannot enter {room}: {words}.{said}", hint.format(room=room, nick=nick)
    )
