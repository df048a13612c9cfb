"""Taking back what somebody else said in a room (XEP-0425)."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.muc import sending, talk
from chatlab.server.xmpp.muc.room import Role, Room
from chatlab.server.xmpp.namespaces import CLIENT, MODERATE, RETRACT


def retract(host: Host, room: Room, sender: Jid, payload: Element) -> None:
    """Put a tombstone in the archive and tell everybody. Raises StanzaError."""
    moderator = room.occupant_of(sender)
    if moderator is None or moderator.role is not Role.MODERATOR:
        raise StanzaError("forbidden", "Only moderators take back what others said.")
    entry = room.archive.find(payload.get("id"))
    if entry is None or not payload.has("retract", RETRACT):
        raise StanzaError("item-not-found", "There is no such message.")
    by = {"by": str(room.nick_jid(moderator.nick))}
    moderated = Element("moderated", MODERATE, by, sending.occupant_id(host, room, moderator.jid))
    reason = [Element("reason", RETRACT, None, text)] if (text := payload.text_of("reason")) else []
    stamp = {"id": entry.id, "stamp": host.timestamp()}
    tombstone = Element(
        entry.stanza.name,
        CLIENT,
        entry.stanza.attributes,
        Element("retracted", RETRACT, stamp, moderated, *reason),
    )
    room.archive.replace(entry.id, tombstone)
    told = Element("retract", RETRACT, {"id": entry.id}, moderated, *reason)
    route = {"from": str(room.jid), "to": str(room.jid), "type": "groupchat", "id": host.new_id()}
    talk.publish(host, room, Element("message", CLIENT, route, told))
