"""The way into the rooms: stanzas to ``rooms.localhost`` and to what is behind it."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import LAB_ROOM, ROOMS_DOMAIN
from chatlab.server.xmpp.muc import talk, visits
from chatlab.server.xmpp.muc.room import Room, RoomConfig
from chatlab.server.xmpp.namespaces import MUC_USER


def open_lab_room(host: Host) -> Room:
    """The room that is always there, open to everybody."""
    jid = Jid(LAB_ROOM, ROOMS_DOMAIN)
    config = RoomConfig(
        name="Lab",
        description="The room of this lab, open to everybody.",
        is_persistent=True,
        is_non_anonymous=True,
        is_subject_free=True,
    )
    room = host.rooms[jid] = Room(jid, config)
    room.is_permanent = True
    return room


def presence(host: Host, sender: Jid, stanza: Element, to: Jid) -> None:
    """A presence of somebody’s to a room. Raises StanzaError."""
    kind = stanza.get("type")
    if kind == "":
        visits.arrive(host, sender, stanza, to)
    elif kind == "unavailable":
        visits.depart(host, sender, stanza, to)
    elif kind not in ("error", "probe"):
        raise StanzaError("bad-request", "A room has no contact list.")


def leave(host: Host, sender: Jid, stanza: Element, to: Jid) -> None:
    """A client that was in a room is gone."""
    visits.depart(host, sender, stanza, to)


def message(host: Host, sender: Jid, stanza: Element, to: Jid) -> None:
    """A message of somebody’s to a room. Raises StanzaError."""
    if stanza.get("type") == "error":
        return
    room = host.rooms.get(to.bare)
    if room is None:
        raise StanzaError("item-not-found", "There is no such room.")
    occupant = room.occupant_of(sender)
    x = stanza.child("x", MUC_USER)
    if x is not None and x.has("decline") and to.is_bare:
        talk.decline(host, room, sender, x)
    elif occupant is None:
        raise StanzaError("not-acceptable", "You are not in this room: enter it first.")
    elif not to.is_bare:
        talk.whisper(host, room, occupant, stanza, to.resource)
    elif x is not None and x.has("invite"):
        talk.invite(host, room, occupant, x)
    elif stanza.get("type") == "groupchat":
        talk.say(host, room, occupant, stanza)
    else:
        raise StanzaError("bad-request", "To speak in a room, send messages of type groupchat.")
