"""Whether an address that does not answer can be a room at all (XEP-0045, section 6.1).

Servers say nothing to who wants to enter ``lab@example.org`` where the rooms are at another name:
to them it is a presence for somebody who may or may not exist (RFC 6121, section 8.5.1).
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import ChatlabError
from chatlab.core.jid import split_jid

DOUBT_S = 1.0
"""Silence after which we ask."""
_INFO = "http://jabber.org/protocol/disco#info"


async def doubt(stream: Stream, room: str) -> ChatlabError | None:
    """Why the room cannot be there, by what its domain says of itself; None where it may be."""
    domain = split_jid(room)[1]
    try:
        answer = await stream.ask(stream.query("get", domain, ET.Element(f"{{{_INFO}}}query")))
    except ChatlabError:
        return None  # Then the room’s own answer, or its silence, decides.
    identities = answer.xml.findall(f"{{{_INFO}}}query/{{{_INFO}}}identity")
    if not identities or any(each.get("category") == "conference" for each in identities):
        return None
    return ChatlabError(
        f"You cannot enter {room}: {domain} has people, but no rooms.",
        f"Rooms have a name of their own behind the @, such as conference.{domain}.",
    )
