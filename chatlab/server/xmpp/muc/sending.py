"""How what happens in a room reaches the people in it."""

from collections.abc import Iterable, Sequence

from chatlab.server.xmpp.element import Element, Node
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.muc.room import Occupant, Role, Room
from chatlab.server.xmpp.namespaces import CLIENT, MUC, MUC_USER, OCCUPANT_ID


def to_all(host: Host, room: Room, stanza: Element) -> None:
    """A stanza to every client in the room."""
    for occupant in list(room.occupants.values()):
        for jid in list(occupant.sessions):
            host.deliver(stanza.with_attributes(to=str(jid)))


def announce(
    host: Host,
    room: Room,
    occupant: Occupant,
    *,
    statuses: Sequence[str] = (),
    own_statuses: Sequence[str] = (),
) -> None:
    """Show an occupant’s presence to everybody; themselves last, as section 7.1.3 wants."""
    viewers = [one for one in room.occupants.values() if one is not occupant]
    for viewer in (*viewers, occupant):
        extra = ("110", *own_statuses) if viewer is occupant else ()
        user = user_element(room, occupant, viewer, (*statuses, *extra))
        stanza = _shown(host, room, occupant, user)
        for jid in list(viewer.sessions):
            host.deliver(stanza.with_attributes(to=str(jid)))


def show_others(host: Host, room: Room, newcomer: Occupant, jid: Jid) -> None:
    """Everybody who is there already, to the client that enters."""
    for occupant in list(room.occupants.values()):
        if occupant is not newcomer:
            user = user_element(room, occupant, newcomer, ())
            host.deliver(_shown(host, room, occupant, user).with_attributes(to=str(jid)))


def announce_departure(
    host: Host,
    room: Room,
    occupant: Occupant,
    *,
    base: Element | None = None,
    statuses: Sequence[str] = (),
    details: Sequence[Node] = (),
    new_nick: str = "",
) -> None:
    """Show everybody that an occupant leaves, or leaves this nick for another."""
    presence = base or Element("presence", CLIENT)
    for viewer in (*(one for one in room.occupants.values() if one is not occupant), occupant):
        extra = ("110",) if viewer is occupant else ()
        user = user_element(
            room,
            occupant,
            viewer,
            (*statuses, *extra),
            role=occupant.role if new_nick else Role.NONE,
            new_nick=new_nick,
            details=details,
        )
        stanza = _stamped(host, room, occupant, presence, user).with_attributes(type="unavailable")
        for jid in list(viewer.sessions):
            host.deliver(stanza.with_attributes(to=str(jid)))


def user_element(
    room: Room,
    occupant: Occupant,
    viewer: Occupant | None,
    statuses: Iterable[str],
    *,
    role: Role | None = None,
    new_nick: str = "",
    details: Iterable[Node] = (),
) -> Element:
    """``<x xmlns='…muc#user'>`` as that viewer may see it."""
    sees_jid = room.config.is_non_anonymous or (
        viewer is not None and viewer.role is Role.MODERATOR
    )
    attributes = {
        "affiliation": room.affiliation(occupant.jid).value,
        "role": (role or occupant.role).value,
        "jid": str(next(reversed(occupant.sessions))) if sees_jid or viewer is occupant else None,
        "nick": new_nick or None,
    }
    item = Element("item", MUC_USER, attributes, *details)
    marks = [Element("status", MUC_USER, {"code": code}) for code in statuses]
    return Element("x", MUC_USER, None, item, *marks)


def occupant_id(host: Host, room: Room, jid: Jid) -> Element:
    """XEP-0421: the same for one person in this room, whatever their nick."""
    return Element("occupant-id", OCCUPANT_ID, {"id": host.pseudonym(str(room.jid), str(jid.bare))})


def cleaned(stanza: Element) -> Element:
    """What somebody sent, without what only the room may say."""
    stanza = stanza.without("x", MUC).without("x", MUC_USER)
    return stanza.without("occupant-id", OCCUPANT_ID)


def _shown(host: Host, room: Room, occupant: Occupant, user: Element) -> Element:
    return _stamped(host, room, occupant, occupant.presence, user)


def _stamped(
    host: Host, room: Room, occupant: Occupant, presence: Element, user: Element
) -> Element:
    stanza = cleaned(presence).with_children(occupant_id(host, room, occupant.jid), user)
    return stanza.with_attributes(from_=str(room.nick_jid(occupant.nick)))
