"""What is said in a room: messages, subject, history, private words (XEP-0045, section 7)."""

from chatlab.server.xmpp.archive import Entry
from chatlab.server.xmpp.delivery import receive
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import HISTORY_LENGTH
from chatlab.server.xmpp.muc import sending
from chatlab.server.xmpp.muc.room import Affiliation, Occupant, Role, Room
from chatlab.server.xmpp.namespaces import (
    CHAT_STATES,
    CLIENT,
    HINTS,
    MUC_USER,
    OCCUPANT_ID,
    STANZA_IDS,
)
from chatlab.server.xmpp.times import parse_time


def say(host: Host, room: Room, occupant: Occupant, stanza: Element) -> None:
    """A message to everybody, or a new subject. Raises StanzaError."""
    if occupant.role is Role.VISITOR:
        raise StanzaError("forbidden", "Visitors of this room may not speak.")
    stanza = sending.cleaned(stanza).with_attributes(
        from_=str(room.nick_jid(occupant.nick)), to=str(room.jid), type="groupchat"
    )
    stanza = stanza.with_children(sending.occupant_id(host, room, occupant.jid))
    if stanza.has("subject") and not stanza.has("body") and not stanza.has("thread"):
        _set_subject(host, room, occupant, stanza)
    else:
        publish(host, room, stanza)


def publish(host: Host, room: Room, stanza: Element) -> None:
    """Show a message to everybody, archived first if it is worth it."""
    foreign = [one for one in stanza.all("stanza-id", STANZA_IDS) if one.get("by") == str(room.jid)]
    if foreign:
        stanza = stanza.without("stanza-id", STANZA_IDS)
    if room.config.is_archived and _is_worth_keeping(stanza):
        entry_id = host.new_id()
        mark = Element("stanza-id", STANZA_IDS, {"by": str(room.jid), "id": entry_id})
        stanza = stanza.with_children(mark)
        speaker = host.parse(stanza.get("from"))
        room.archive.add(Entry(entry_id, host.now(), speaker, stanza))
    sending.to_all(host, room, stanza)


def _is_worth_keeping(stanza: Element) -> bool:
    if stanza.has("no-store", HINTS) or stanza.has("no-permanent-store", HINTS):
        return False
    passing = (CHAT_STATES, HINTS, OCCUPANT_ID, STANZA_IDS)
    return any(child.namespace not in passing for child in stanza.elements)


def _set_subject(host: Host, room: Room, occupant: Occupant, stanza: Element) -> None:
    if occupant.role is not Role.MODERATOR and not room.config.is_subject_free:
        raise StanzaError("forbidden", "Only moderators change the subject of this room.")
    room.subject = stanza.with_children(host.delay(room.jid, host.now()))
    publish(host, room, stanza)


def whisper(host: Host, room: Room, occupant: Occupant, stanza: Element, nick: str) -> None:
    """A private message to one occupant (section 7.5). Raises StanzaError."""
    target = room.occupants.get(nick)
    if stanza.get("type") == "groupchat":
        raise StanzaError("bad-request", "A message to everybody goes to the room itself.")
    if target is None:
        raise StanzaError("item-not-found", f"{nick} is not in this room.")
    stanza = sending.cleaned(stanza).with_children(
        sending.occupant_id(host, room, occupant.jid), Element("x", MUC_USER)
    )
    sender = str(room.nick_jid(occupant.nick))
    for jid in list(target.sessions):
        host.deliver(stanza.with_attributes(from_=sender, to=str(jid)))


# --- history (section 7.2.13) and subject, for a newcomer


def show_history(host: Host, room: Room, to: Jid, wish: Element | None) -> None:
    """What was said lately, as far as the newcomer wants it, and the subject at the end."""
    for entry in _history(host, room, wish):
        stanza = entry.stanza.with_children(host.delay(room.jid, entry.time))
        host.deliver(stanza.with_attributes(to=str(to)))
    subject = room.subject or Element(
        "message", CLIENT, {"type": "groupchat", "from": str(room.jid)}, Element("subject", CLIENT)
    )
    host.deliver(subject.with_attributes(to=str(to)))


def _history(host: Host, room: Room, wish: Element | None) -> list[Entry]:
    entries = [entry for entry in room.archive.entries if entry.stanza.has("body")]
    if wish is None:
        return entries[-HISTORY_LENGTH:]
    oldest = _oldest(host, wish)
    entries = [entry for entry in entries if entry.time >= oldest]
    limit = _number(wish.get("maxstanzas"), HISTORY_LENGTH)
    entries = entries[-limit:] if limit else []
    characters = _number(wish.get("maxchars"), -1)
    if characters < 0:
        return entries
    kept: list[Entry] = []
    for entry in reversed(entries):
        characters -= len(entry.stanza.to_bytes())
        if characters < 0:
            break
        kept.insert(0, entry)
    return kept


def _oldest(host: Host, wish: Element) -> float:
    if seconds := wish.get("seconds"):
        return host.now() - _number(seconds, 0)
    if since := wish.get("since"):
        return parse_time(since)
    return 0.0


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


# --- invitations (section 7.8.2)


def invite(host: Host, room: Room, occupant: Occupant, x: Element) -> None:
    """Mediated invitations, and answers to them. Raises StanzaError."""
    for request in x.all("invite"):
        _check_invitation(room, occupant)
        to = host.parse(request.get("to"))
        if room.config.is_members_only and room.affiliation(to) is Affiliation.NONE:
            room.set_affiliation(to, Affiliation.MEMBER)
        sender = occupant.jid if room.config.is_non_anonymous else room.nick_jid(occupant.nick)
        passed_on = Element("invite", MUC_USER, {"from": str(sender)}, *request.children)
        password = [Element("password", MUC_USER, None, room.config.password)]
        user = Element("x", MUC_USER, None, passed_on, *(password if room.config.password else []))
        attributes = {"from": str(room.jid), "to": str(to)}
        _send_to_account(host, Element("message", CLIENT, attributes, user), to)


def decline(host: Host, room: Room, sender: Jid, x: Element) -> None:
    for request in x.all("decline"):
        to = host.parse(request.get("to"))
        passed_on = Element("decline", MUC_USER, {"from": str(sender.bare)}, *request.children)
        attributes = {"from": str(room.jid), "to": str(to)}
        stanza = Element("message", CLIENT, attributes, Element("x", MUC_USER, None, passed_on))
        invited_by = room.occupants.get(to.resource) if to.bare == room.jid else None
        if invited_by is None:
            _send_to_account(host, stanza, to)
            continue
        for jid in invited_by.sessions:
            host.deliver(stanza.with_attributes(to=str(jid)))


def _check_invitation(room: Room, occupant: Occupant) -> None:
    is_admin = room.affiliation(occupant.jid).rank >= Affiliation.ADMIN.rank
    if not is_admin and not (room.config.allows_invites and occupant.role is not Role.VISITOR):
        raise StanzaError("forbidden", "Only admins may invite to this room.")


def _send_to_account(host: Host, stanza: Element, to: Jid) -> None:
    account = host.accounts.at(to)
    if account is None:
        raise StanzaError("item-not-found", f"There is no {to.bare} here.")
    receive(host, account, stanza, to)
