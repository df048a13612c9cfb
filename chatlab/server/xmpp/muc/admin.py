"""Roles and affiliations (XEP-0045, sections 8 and 9): kick, ban, voice, members, admins."""

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
        change.carry_out(host, room)
    return None


class _Change:
    """One change that has been found allowed."""

    def __init__(self, actor: Jid, reason: str) -> None:
        self.actor = actor
        self.reason = reason

    def carry_out(self, host: Host, room: Room) -> None:
        raise NotImplementedError

    def details(self, room: Room) -> list[Element]:
        """Who did it and why, for those who are told."""
        actor = room.occupant_of(self.actor)
        details = [Element("actor", MUC_USER, {"nick": actor.nick})] if actor else []
        if self.reason:
            details.append(Element("reason", MUC_USER, None, self.reason))
        return details


class _RoleChange(_Change):
    def __init__(self, actor: Jid, reason: str, target: Occupant, role: Role) -> None:
        super().__init__(actor, reason)
        self.target = target
        self.role = role

    def carry_out(self, host: Host, room: Room) -> None:
        if self.role is Role.NONE:
            visits.remove(host, room, self.target, "307", self.details(room))
            return
        self.target.role = self.role
        sending.announce(host, room, self.target)


class _AffiliationChange(_Change):
    def __init__(self, actor: Jid, reason: str, target: Jid, affiliation: Affiliation) -> None:
        super().__init__(actor, reason)
        self.target = target
        self.affiliation = affiliation

    def carry_out(self, host: Host, room: Room) -> None:
        room.set_affiliation(self.target, self.affiliation)
        is_shut_out = room.config.is_members_only and self.affiliation is Affiliation.NONE
        for occupant in room.by_account(self.target):
            if self.affiliation is Affiliation.OUTCAST:
                visits.remove(host, room, occupant, "301", self.details(room))
            elif is_shut_out:
                visits.remove(host, room, occupant, "321", self.details(room))
            else:
                occupant.role = room.first_role(self.affiliation)
                sending.announce(host, room, occupant)


def _check(host: Host, room: Room, sender: Jid, item: Element) -> _Change:
    reason = item.text_of("reason")
    if role_name := item.get("role"):
        target = room.occupants.get(item.get("nick"))
        if target is None:
            raise StanzaError("item-not-found", f"{item.get('nick')[:64]} is not in this room.")
        role = _role(role_name)
        _check_role(room, sender, target, role)
        return _RoleChange(sender, reason, target, role)
    affiliation = _affiliation(item.get("affiliation"))
    jid = _jid_of(host, room, item)
    _check_affiliation(room, sender, jid, affiliation)
    return _AffiliationChange(sender, reason, jid, affiliation)


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
