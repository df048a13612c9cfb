"""Entering a room, changing the nick, leaving (XEP-0045, section 7)."""

from collections.abc import Sequence

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_ROOMS, NICK_LENGTH
from chatlab.server.xmpp.muc import sending, talk
from chatlab.server.xmpp.muc.room import Affiliation, Occupant, Role, Room
from chatlab.server.xmpp.namespaces import CLIENT, MUC


def arrive(host: Host, sender: Jid, stanza: Element, to: Jid) -> None:
    """A presence to a room: somebody enters, or takes another nick, or changes its status."""
    room = host.rooms.get(to.bare)
    occupant = room.occupant_of(sender) if room else None
    is_entering = stanza.has("x", MUC)
    if occupant is not None and to.resource == occupant.nick and is_entering:
        _enter(host, room, sender, stanza, to)  # The client has lost track: it gets all anew.
    elif room is not None and occupant is not None:
        _update(host, room, occupant, sender, stanza, to.resource)
    elif not is_entering:
        raise StanzaError("not-acceptable", "You are not in this room.")
    elif not to.resource or len(to.resource) > NICK_LENGTH:
        raise StanzaError(
            "jid-malformed", f"A nick of 1 to {NICK_LENGTH} characters belongs behind the room."
        )
    else:
        _enter(host, room, sender, stanza, to)


def _enter(host: Host, room: Room | None, sender: Jid, stanza: Element, to: Jid) -> None:
    is_new = room is None
    if room is None:
        room = _create(host, to.bare, sender)
    x = stanza.child("x", MUC)
    assert x is not None
    _check_entry(room, sender, to.resource, x)
    occupant = room.occupants.get(to.resource)
    if occupant is None:
        role = room.first_role(room.affiliation(sender))
        occupant = room.occupants[to.resource] = Occupant(to.resource, sender.bare, role)
    occupant.sessions[sender] = stanza
    sending.show_others(host, room, occupant, sender)
    own = [code for code, is_so in _entry_codes(room, is_new=is_new) if is_so]
    sending.announce(host, room, occupant, own_statuses=own)
    talk.show_history(host, room, sender, x.child("history"))


def _entry_codes(room: Room, *, is_new: bool) -> list[tuple[str, bool]]:
    return [
        ("100", room.config.is_non_anonymous),
        ("170", room.config.is_archived),
        ("201", is_new),
    ]


def _create(host: Host, jid: Jid, owner: Jid) -> Room:
    if not jid.local:
        raise StanzaError("item-not-found", "Name a room before the @.")
    if len(host.rooms) >= MAX_ROOMS:
        raise StanzaError("resource-constraint", "There are too many rooms here.")
    room = host.rooms[jid] = Room(jid)
    room.is_locked = True
    room.set_affiliation(owner, Affiliation.OWNER)
    return room


def _check_entry(room: Room, sender: Jid, nick: str, x: Element) -> None:
    """Raises StanzaError with the condition that section 7.2 has for each refusal."""
    affiliation = room.affiliation(sender)
    holder = room.occupants.get(nick)
    if affiliation is Affiliation.OUTCAST:
        raise StanzaError("forbidden", "You are banned from this room.")
    if room.is_locked and affiliation is not Affiliation.OWNER:
        raise StanzaError("item-not-found", "This room is not ready yet.")
    if room.config.is_members_only and affiliation is Affiliation.NONE:
        raise StanzaError("registration-required", "This room is for its members only.")
    if room.config.password and x.text_of("password") != room.config.password:
        raise StanzaError("not-authorized", "This room wants another password.")
    if holder is not None and holder.jid != sender.bare:
        raise StanzaError("conflict", "Somebody in the room has this nick already.")
    is_full = len(room.occupants) >= room.config.max_occupants
    if is_full and holder is None and affiliation.rank < Affiliation.ADMIN.rank:
        raise StanzaError("service-unavailable", "This room is full.", kind="wait")


def _update(
    host: Host, room: Room, occupant: Occupant, sender: Jid, stanza: Element, nick: str
) -> None:
    if not nick or nick == occupant.nick:
        occupant.sessions[sender] = stanza
        sending.announce(host, room, occupant)
        return
    if len(nick) > NICK_LENGTH:
        raise StanzaError("not-acceptable", f"A nick has {NICK_LENGTH} characters at most.")
    if nick in room.occupants:
        raise StanzaError("conflict", "Somebody in the room has this nick already.")
    occupant.sessions[sender] = stanza
    sending.announce_departure(host, room, occupant, statuses=("303",), new_nick=nick)
    del room.occupants[occupant.nick]
    occupant.nick = nick
    room.occupants[nick] = occupant
    sending.announce(host, room, occupant)


def depart(host: Host, sender: Jid, stanza: Element, to: Jid) -> None:
    """One client leaves; the occupant stays while another client of theirs is in the room."""
    room = host.rooms.get(to.bare)
    occupant = room.occupant_of(sender) if room else None
    if room is None or occupant is None:
        return
    if len(occupant.sessions) == 1:
        sending.announce_departure(host, room, occupant, base=stanza)
    else:
        user = sending.user_element(room, occupant, occupant, ("110",), role=Role.NONE)
        own = Element("presence", CLIENT, {"type": "unavailable", "to": str(sender)}, user)
        host.deliver(own.with_attributes(from_=str(room.nick_jid(occupant.nick))))
    _drop_session(room, occupant, sender)
    forget_if_empty(host, room)


def remove(
    host: Host, room: Room, occupant: Occupant, status: str, details: Sequence[Element]
) -> None:
    """Put somebody out: kick, ban, or membership lost (sections 8.2 and 9.1)."""
    sending.announce_departure(host, room, occupant, statuses=(status,), details=details)
    room.occupants.pop(occupant.nick, None)
    for jid in occupant.sessions:
        if session := host.session(jid):
            session.directed = {place for place in session.directed if place.bare != room.jid}
    forget_if_empty(host, room)


def forget_if_empty(host: Host, room: Room) -> None:
    """A temporary room is gone with its last occupant (section 10.9)."""
    if not room.occupants and not room.config.is_persistent:
        host.rooms.pop(room.jid, None)


def _drop_session(room: Room, occupant: Occupant, jid: Jid) -> None:
    occupant.sessions.pop(jid, None)
    if not occupant.sessions:
        room.occupants.pop(occupant.nick, None)
