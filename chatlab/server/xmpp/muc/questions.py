"""Queries to the rooms’ service, to a room, and to somebody in a room."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError, result
from chatlab.server.xmpp.forms import Field, form
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.muc import admin, config, moderation
from chatlab.server.xmpp.muc.room import Affiliation, Occupant, Room
from chatlab.server.xmpp.namespaces import (
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    MAM_EXTENDED,
    MODERATE,
    MUC,
    MUC_ADMIN,
    MUC_OWNER,
    MUC_ROOM_INFO,
    OCCUPANT_ID,
    PING,
    SELF_PING,
    STANZA_IDS,
    VCARD,
    VERSION,
)
from chatlab.server.xmpp.queries import archives
from chatlab.server.xmpp.queries.disco import describe
from chatlab.server.xmpp.queries.info import describe_version
from chatlab.server.xmpp.session import Session


def handle(host: Host, session: Session, stanza: Element, payload: Element, to: Jid) -> None:
    """Answer, or pass on. Raises StanzaError."""
    if not to.local:
        session.send(result(stanza, _about_service(host, payload)))
        return
    room = host.rooms.get(to.bare)
    if room is None:
        raise StanzaError("item-not-found", "There is no such room.")
    if not to.is_bare:
        _ask_occupant(host, session, room, stanza, to.resource)
        return
    is_set = stanza.get("type") == "set"
    session.send(result(stanza, _about_room(host, session, room, payload, is_set=is_set)))


def _about_service(host: Host, payload: Element) -> Element | None:
    match payload.name, payload.namespace:
        case "query", namespace if namespace == DISCO_INFO:
            features = (DISCO_INFO, DISCO_ITEMS, MUC, PING, VERSION)
            return describe([("conference", "text", "Rooms of the lab")], features)
        case "query", namespace if namespace == DISCO_ITEMS:
            rooms = [room for room in host.rooms.values() if _is_listed(room)]
            items = [
                Element("item", DISCO_ITEMS, {"jid": str(room.jid), "name": room.config.name})
                for room in rooms
            ]
            return Element("query", DISCO_ITEMS, None, *items)
        case "query", namespace if namespace == VERSION:
            return describe_version()
        case "ping", namespace if namespace == PING:
            return None
    raise StanzaError("service-unavailable")


def _is_listed(room: Room) -> bool:
    return room.config.is_public and not room.is_locked


def _about_room(
    host: Host, session: Session, room: Room, payload: Element, *, is_set: bool
) -> Element | None:
    jid = session.jid
    match payload.name, payload.namespace:
        case "query", namespace if namespace == DISCO_INFO:
            return _room_info(room, payload.get("node"))
        case "query", namespace if namespace == DISCO_ITEMS:
            return _people(room, jid)
        case "query", namespace if namespace == MUC_ADMIN:
            return admin.handle(host, room, jid, payload, is_set=is_set)
        case "query", namespace if namespace == MUC_OWNER:
            return config.handle(host, room, jid, payload, is_set=is_set)
        case "query", namespace if namespace == MAM:
            _check_reader(room, jid)
            return archives.answer(host, session, payload, room.archive, room.jid, is_set)
        case "metadata", namespace if namespace == MAM:
            _check_reader(room, jid)
            return archives.describe(host, room.archive)
        case "moderate", namespace if namespace == MODERATE and is_set:
            moderation.retract(host, room, jid, payload)
            return None
        case "ping", namespace if namespace == PING:
            return None
        case "vCard", namespace if namespace == VCARD:
            raise StanzaError("item-not-found", "This room has no card.")
    raise StanzaError("service-unavailable")


def _room_info(room: Room, node: str) -> Element:
    if node:
        raise StanzaError("item-not-found", "The room has no such node.")
    config = room.config
    features = [MUC, PING, STANZA_IDS, OCCUPANT_ID, SELF_PING, MODERATE]
    if config.is_archived:
        features += [MAM, MAM_EXTENDED]
    features += [
        "muc_persistent" if config.is_persistent else "muc_temporary",
        "muc_public" if config.is_public else "muc_hidden",
        "muc_membersonly" if config.is_members_only else "muc_open",
        "muc_moderated" if config.is_moderated else "muc_unmoderated",
        "muc_nonanonymous" if config.is_non_anonymous else "muc_semianonymous",
        "muc_passwordprotected" if config.password else "muc_unsecured",
    ]
    subject = room.subject.text_of("subject") if room.subject else ""
    fields = (
        Field("muc#roominfo_description", "text-single", "Description", config.description),
        Field("muc#roominfo_subject", "text-single", "Subject", subject),
        Field("muc#roominfo_occupants", "text-single", "Occupants", str(len(room.occupants))),
        Field("muc#roomconfig_changesubject", "boolean", value=config.is_subject_free),
    )
    identity = ("conference", "text", config.name)
    return describe([identity], features, form=form(MUC_ROOM_INFO, fields, kind="result"))


def _people(room: Room, jid: Jid) -> Element:
    """Who is in the room; for those outside only if the room is public."""
    is_inside = room.occupant_of(jid) is not None
    nicks = list(room.occupants) if is_inside or room.config.is_public else []
    items = [Element("item", DISCO_ITEMS, {"jid": str(room.nick_jid(nick))}) for nick in nicks]
    return Element("query", DISCO_ITEMS, None, *items)


def _check_reader(room: Room, jid: Jid) -> None:
    """Who may enter a room may read what was said there."""
    affiliation = room.affiliation(jid)
    if room.occupant_of(jid) is not None or affiliation.rank >= Affiliation.MEMBER.rank:
        return
    is_open = not room.config.is_members_only and not room.config.password
    if affiliation is Affiliation.OUTCAST or not is_open:
        raise StanzaError("forbidden", "You may not read what is said in this room.")


# --- queries between people in the room (section 17.4 of XEP-0045, and XEP-0410)


def _ask_occupant(host: Host, session: Session, room: Room, stanza: Element, nick: str) -> None:
    asker, target = room.occupant_of(session.jid), room.occupants.get(nick)
    if asker is None:
        raise StanzaError("not-acceptable", "You are not in this room.")
    if target is None:
        raise StanzaError("item-not-found", f"{nick} is not in this room.")
    if stanza.has("ping", PING) and target is asker:
        session.send(result(stanza))
        return
    if stanza.has("vCard", VCARD) and stanza.get("type") == "get":
        _show_card(host, session, stanza, target)
        return
    if not _forward(host, room, asker, target, stanza):
        raise StanzaError("recipient-unavailable", f"{nick} is not there.")


def _show_card(host: Host, session: Session, stanza: Element, target: Occupant) -> None:
    account = host.accounts.at(target.jid)
    if account is None or account.vcard is None:
        raise StanzaError("item-not-found", "There is no card.")
    session.send(result(stanza, account.vcard))


def pass_answer(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    """The answer to a query that came through a room."""
    room = host.rooms.get(to.bare)
    sender = room.occupant_of(session.jid) if room else None
    target = room.occupants.get(to.resource) if room else None
    if room is not None and sender is not None and target is not None:
        _forward(host, room, sender, target, stanza)


def _forward(host: Host, room: Room, sender: Occupant, to: Occupant, stanza: Element) -> bool:
    jid = next(reversed(to.sessions))
    route = {"from_": str(room.nick_jid(sender.nick)), "to": str(jid)}
    return host.deliver(stanza.with_attributes(**route))
