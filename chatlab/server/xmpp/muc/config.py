"""What owners do with a room: configure it, or destroy it (XEP-0045, section 10)."""

from collections.abc import Mapping

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.forms import Field, as_bool, form, submitted
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_OCCUPANTS
from chatlab.server.xmpp.muc import sending, visits
from chatlab.server.xmpp.muc.room import Affiliation, Role, Room, RoomConfig
from chatlab.server.xmpp.namespaces import (
    CLIENT,
    DATA_FORMS,
    MUC_OWNER,
    MUC_ROOM_CONFIG,
    MUC_USER,
)

_PREFIX = "muc#roomconfig_"
_SWITCHES = (
    ("persistentroom", "is_persistent", "Keep the room when nobody is in it"),
    ("publicroom", "is_public", "List the room"),
    ("membersonly", "is_members_only", "Only members may enter"),
    ("moderatedroom", "is_moderated", "Only those with voice may speak"),
    ("changesubject", "is_subject_free", "Everybody may change the subject"),
    ("allowinvites", "allows_invites", "Everybody may invite others"),
    ("enablearchiving", "is_archived", "Archive what is said"),
)
"""Field, attribute of RoomConfig, label."""


def handle(
    host: Host, room: Room, sender: Jid, payload: Element, *, is_set: bool
) -> Element | None:
    """Show the form, take it, or destroy the room. Raises StanzaError."""
    if room.affiliation(sender) is not Affiliation.OWNER:
        raise StanzaError("forbidden", "Only the room’s owners may do that.")
    if not is_set:
        return Element("query", MUC_OWNER, None, _form(room.config))
    if (wanted := payload.child("destroy")) is not None:
        destroy(host, room, wanted)
        return None
    x = payload.child("x", DATA_FORMS)
    if x is None:
        raise StanzaError("bad-request", "The form is missing.")
    if x.get("type") == "cancel":
        if room.is_locked:
            destroy(host, room, Element("destroy", MUC_OWNER))
        return None
    _apply(host, room, submitted(x))
    return None


def _form(config: RoomConfig) -> Element:
    switches = [
        Field(_PREFIX + name, "boolean", label, bool(getattr(config, attribute)))
        for name, attribute, label in _SWITCHES
    ]
    whois = "anyone" if config.is_non_anonymous else "moderators"
    choices = (("Moderators", "moderators"), ("Everybody", "anyone"))
    fields = (
        Field(f"{_PREFIX}roomname", "text-single", "Name", config.name),
        Field(f"{_PREFIX}roomdesc", "text-single", "Description", config.description),
        *switches,
        Field(f"{_PREFIX}whois", "list-single", "Who sees real JIDs", whois, options=choices),
        Field(
            f"{_PREFIX}passwordprotectedroom",
            "boolean",
            "A password is needed to enter",
            bool(config.password),
        ),
        Field(f"{_PREFIX}roomsecret", "text-private", "Password", config.password),
        Field(f"{_PREFIX}maxusers", "text-single", "Most occupants", str(config.max_occupants)),
    )
    return form(MUC_ROOM_CONFIG, fields, title="Configuration of the room")


def _apply(host: Host, room: Room, values: Mapping[str, list[str]]) -> None:
    """What the form leaves out stays as it is; an empty form takes everything (section 10.1.2)."""
    config = room.config
    was_non_anonymous = config.is_non_anonymous
    _check(values)
    for name, attribute, _label in _SWITCHES:
        if (given := values.get(_PREFIX + name)) is not None:
            setattr(config, attribute, as_bool(given))
    for name, attribute in (("roomname", "name"), ("roomdesc", "description")):
        if (given := values.get(_PREFIX + name)) is not None:
            setattr(config, attribute, "".join(given[:1]))
    if whois := values.get(f"{_PREFIX}whois"):
        config.is_non_anonymous = whois[0] == "anyone"
    _apply_password(config, values)
    if most := "".join(values.get(f"{_PREFIX}maxusers", [])[:1]):
        is_number = most.isascii() and most.isdigit() and len(most) < 6
        config.max_occupants = min(int(most), MAX_OCCUPANTS) if is_number else MAX_OCCUPANTS
    config.is_persistent = config.is_persistent or room.is_permanent
    if room.is_locked:
        room.is_locked = False
        return
    _tell(host, room, was_non_anonymous=was_non_anonymous)
    _shut_out_strangers(host, room)


def _check(values: Mapping[str, list[str]]) -> None:
    is_protected = as_bool(values.get(f"{_PREFIX}passwordprotectedroom", []))
    if is_protected and not "".join(values.get(f"{_PREFIX}roomsecret", [])[:1]):
        raise StanzaError("not-acceptable", "A room with a password needs one.")


def _apply_password(config: RoomConfig, values: Mapping[str, list[str]]) -> None:
    secret = values.get(f"{_PREFIX}roomsecret")
    switch = values.get(f"{_PREFIX}passwordprotectedroom")
    if secret is not None:
        config.password = "".join(secret[:1])
    if switch is not None and not as_bool(switch):
        config.password = ""


def _tell(host: Host, room: Room, *, was_non_anonymous: bool) -> None:
    """Section 10.2.1: those inside learn that something has changed."""
    codes = ["104"]
    if room.config.is_non_anonymous != was_non_anonymous:
        codes.append("172" if room.config.is_non_anonymous else "173")
    marks = [Element("status", MUC_USER, {"code": code}) for code in codes]
    route = {"from": str(room.jid), "type": "groupchat", "id": host.new_id()}
    sending.to_all(
        host, room, Element("message", CLIENT, route, Element("x", MUC_USER, None, *marks))
    )


def _shut_out_strangers(host: Host, room: Room) -> None:
    """Section 10.2.2: a room that is for members now has no others in it."""
    if room.config.is_members_only:
        for occupant in list(room.occupants.values()):
            if room.affiliation(occupant.jid) is Affiliation.NONE:
                visits.remove(host, room, occupant, "322", [])


def destroy(host: Host, room: Room, wanted: Element) -> None:
    """Section 10.9. Raises StanzaError for the lab’s own room."""
    if room.is_permanent:
        raise StanzaError("not-allowed", "The room of the lab stays.")
    attributes = {"jid": wanted.get("jid") or None}
    told = Element(
        "destroy",
        MUC_USER,
        attributes,
        *(Element(child.name, MUC_USER, None, child.text) for child in wanted.all("reason")),
    )
    item = Element("item", MUC_USER, {"affiliation": "none", "role": Role.NONE.value})
    user = Element("x", MUC_USER, None, item, told)
    for occupant in list(room.occupants.values()):
        sender = str(room.nick_jid(occupant.nick))
        for jid in occupant.sessions:
            route = {"from": sender, "to": str(jid), "type": "unavailable"}
            host.deliver(Element("presence", CLIENT, route, user))
            if session := host.session(jid):
                session.directed = {one for one in session.directed if one.bare != room.jid}
    room.occupants.clear()
    host.rooms.pop(room.jid, None)
