"""Roles and affiliations (XEP-0045, sections 8 and 9): kick, ban, voice, members, admins."""

from dataclasses import dataclass

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.muc import sending, visits
from chatlab.server.xmpp.muc.room import Affiliation, Occupant, Role, Room
from chatlab.server.xmpp.namespaces import MUC_ADMIN, MUC_USER


def handle(
    host: Host, room: Room, sender: Jid, payload: Element, *, is_set: bool
) -> Element | None:
    """Lists, or changes. Raises StanzaError; then nothing of the query was carried out."""
    items = list(payload.all("item"))
    if not items:
        raise StanzaError("bad-request", "Say whom it is about.")
    if not is_set:
        return _list(room, sender, items[0])
    changes = [_check(host, room, sender, item) for item in items]
    for change in changes:
        _carry_out(host, room, change)
    return None


@dataclass(frozen=True, slots=True)
class _RoleChange:
    """Somebody’s role, for this visit; found allowed."""

    target: Occupant
    role: Role
    details: tuple[Element, ...]
    """Who did it and why, for those who are told."""


@dataclass(frozen=True, slots=True)
class _AffiliationChange:
    """Somebody’s affiliation, for good; found allowed."""

    target: Jid
    affiliation: Affiliation
    details: tuple[Element, ...]


def _carry_out(host: Host, room: Room, change: _RoleChange | _AffiliationChange) -> None:
    match change:
        case _RoleChange(target, Role.NONE, details):
            visits.remove(host, room, target, "307", details)
        case _RoleChange(target, role):
            target.role = role
            sending.announce(host, room, target)
        case _AffiliationChange(jid, affiliation, details):
            room.set_affiliation(jid, affiliation)
            for occupant in room.by_account(jid):
                _affect(host, room, occupant, affiliation, details)


def _affect(
    host: Host,
    room: Room,
    occupant: Occupant,
    affiliation: Affiliation,
    details: tuple[Element, ...],
) -> None:
    """What a new affiliation means for somebody who is in the room."""
    if affiliation is Affiliation.OUTCAST:
        visits.remove(host, room, occupant, "301", details)
    elif affiliation is Affiliation.NONE and room.config.is_members_only:
        visits.remove(host, room, occupant, "321", details)
    else:
        occupant.role = room.first_role(affiliation)
        sending.announce(host, room, occupant)


def _details(room: Room, sender: Jid, item: Element) -> tuple[Element, ...]:
    actor, reason = room.occupant_of(sender), item.text_of("reason")
    by = [Element("actor", MUC_USER, {"nick": actor.nick})] if actor else []
    return (*by, *([Element("reason", MUC_USER, None, reason)] if reason else []))


def _check(host: Host, room: Room, sender: Jid, item: Element) -> _RoleChange | _AffiliationChange:
    details = _details(room, sender, item)
    if role_name := item.get("role"):
        target = room.occupants.get(item.get("nick"))
        if target is None:
            raise StanzaError("item-not-found", f"{item.get('nick')[:64]} is not in this room.")
        role = _role(role_name)
        _check_role(room, sender, target, role)
        return _RoleChange(target, role, details)
    affiliation = _affiliation(item.get("affiliation"))
    jid = _jid_of(host, room, item)
    _check_affiliation(room, sender, jid, affiliation)
    return _AffiliationChange(jid, affiliation, details)


def _jid_of(host: Host, room: Room, item: Element) -> Jid:
    if text := item.get("jid"):
        return host.parse(text).bare
    occupant = room.occupants.get(item.get("nick"))
    if occupant is None:
        raise StanzaError("bad-request", "Say whom it is about: a JID, or a nick.")
    return occupant.jid


def _check_role(room: Room, sender: Jid, target: Occupant, role: Role) -> None:
    actor = room.occupant_of(sender)
    own, theirs = room.affiliation(sender), room.affiliation(target.jid)
    if actor is None or actor.role is not Role.MODERATOR:
        raise StanzaError("forbidden", "Only moderators may do that.")
    touches_moderators = Role.MODERATOR in (role, target.role)
    if touches_moderators and role is not Role.NONE and own.rank < Affiliation.ADMIN.rank:
        raise StanzaError("not-allowed", "Only admins make and unmake moderators.")
    is_protected = theirs.rank >= Affiliation.ADMIN.rank and role is not Role.MODERATOR
    if theirs.rank > own.rank or (is_protected and (role is not Role.NONE or theirs is own)):
        raise StanzaError("not-allowed", f"{target.nick} is above that.")


def _check_affiliation(room: Room, sender: Jid, jid: Jid, affiliation: Affiliation) -> None:
    own, theirs = room.affiliation(sender), room.affiliation(jid)
    if own.rank < Affiliation.ADMIN.rank:
        raise StanzaError("forbidden", "Only admins and owners may do that.")
    if jid == sender.bare and affiliation is Affiliation.OUTCAST:
        raise StanzaError("conflict", "Nobody bans themselves.")
    highest = max(theirs.rank, affiliation.rank)
    if own is not Affiliation.OWNER and highest >= Affiliation.ADMIN.rank:
        raise StanzaError("not-allowed", "Only owners change admins and owners.")
    owners = [one for one, kind in room.affiliations.items() if kind is Affiliation.OWNER]
    if owners == [jid] and affiliation is not Affiliation.OWNER:
        raise StanzaError("conflict", "A room needs an owner.")


def _list(room: Room, sender: Jid, item: Element) -> Element:
    actor = room.occupant_of(sender)
    if role_name := item.get("role"):
        role = _role(role_name)
        if actor is None or actor.role is not Role.MODERATOR:
            raise StanzaError("forbidden", "Only moderators see this list.")
        found = [_listed_occupant(room, one) for one in room.occupants.values() if one.role is role]
        return Element("query", MUC_ADMIN, None, *found)
    affiliation = _affiliation(item.get("affiliation"))
    is_visible = actor is not None and affiliation is not Affiliation.OUTCAST
    is_shown_to_all = is_visible and room.config.is_non_anonymous
    if room.affiliation(sender).rank < Affiliation.ADMIN.rank and not is_shown_to_all:
        raise StanzaError("forbidden", "Only admins and owners see this list.")
    listed = [
        Element("item", MUC_ADMIN, {"affiliation": kind.value, "jid": str(jid)})
        for jid, kind in room.affiliations.items()
        if kind is affiliation
    ]
    return Element("query", MUC_ADMIN, None, *listed)


def _listed_occupant(room: Room, occupant: Occupant) -> Element:
    attributes = {
        "affiliation": room.affiliation(occupant.jid).value,
        "role": occupant.role.value,
        "nick": occupant.nick,
        "jid": str(next(reversed(occupant.sessions))),
    }
    return Element("item", MUC_ADMIN, attributes)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise StanzaError("bad-request", f"There is no role “{text[:40]}”.") from None


def _affiliation(text: str) -> Affiliation:
    try:
        return Affiliation(text)
    except ValueError:
        raise StanzaError("bad-request", f"There is no affiliation “{text[:40]}”.") from None
