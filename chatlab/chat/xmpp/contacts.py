"""The people of an account (RFC 6121): the roster, their presence, and who asks to see ours.

The server alone changes the roster: a push from anybody else is refused (CVE-2015-8688). Nobody
is allowed to see our presence, and nobody’s is asked for, unless the reader says so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.answers import answer, refuse
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import Severity, UsageError
from chatlab.core.jid import bare_of, parse_jid
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactChanged,
    ContactRemoved,
    ContactsListed,
    Subscription,
    SubscriptionRequested,
)
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

ROSTER = "jabber:iq:roster"
NICK = "http://jabber.org/protocol/nick"
MAX_CONTACTS = 5_000
MAX_GROUPS = 32
MAX_RESOURCES = 50
"""Programs of one contact."""
MAX_REQUESTS = 100
"""People who ask, in one session."""
MAX_WORDS = 300
_PRESENCE = f"{{{CLIENT_NAMESPACE}}}presence"
_KINDS = {each.value: each for each in Subscription}
_SHOWS = {
    "": Availability.AVAILABLE,
    "away": Availability.AWAY,
    "chat": Availability.CHAT,
    "dnd": Availability.DO_NOT_DISTURB,
    "xa": Availability.EXTENDED_AWAY,
}
_REACHED_FIRST = tuple(Availability)


@dataclass(frozen=True, slots=True)
class _Presence:
    priority: int
    availability: Availability
    status: str


@dataclass(slots=True)
class _Entry:
    """What is known of somebody; ``contact`` is made of it."""

    contact: Contact | None = None
    """As the roster has it; None for who is not in it."""
    resources: dict[str, _Presence] = field(default_factory=dict)
    nick: str = ""
    avatar: bytes = b""


class Contacts(Feature):
    """The roster of one session."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._entries: dict[str, _Entry] = {}
        self._blocked: frozenset[str] = frozenset()
        self._is_listed = False
        self._requested: set[str] = set()

    def handle(self, stream: Stream) -> None:
        stream.on(f"{{{CLIENT_NAMESPACE}}}iq/{{{ROSTER}}}query", self._on_roster)
        stream.on("presence", self._on_presence)

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            self._fetch()

    def ended(self, reason: str) -> None:
        """Nobody can be seen any more."""
        for entry in self._entries.values():
            entry.resources.clear()
        if self._is_listed:
            self._list()

    # -- what other features know of contacts

    def is_contact(self, jid: str) -> bool:
        entry = self._entries.get(bare_of(jid).lower())
        return entry is not None and entry.contact is not None

    def set_nick(self, jid: str, nick: str) -> None:
        """What somebody wants to be called (XEP-0172); the roster’s name goes before it."""
        self._change(jid, lambda entry: setattr(entry, "nick", nick))

    def set_avatar(self, jid: str, picture: bytes) -> None:
        self._change(jid, lambda entry: setattr(entry, "avatar", picture))

    def set_blocked(self, jids: Iterable[str]) -> None:
        """Who is blocked now (XEP-0191): people, whole servers, or single programs of somebody."""
        before = {jid for jid in self._entries if self._is_blocked(jid)}
        self._blocked = frozenset(jids)
        for jid in before ^ {jid for jid in self._entries if self._is_blocked(jid)}:
            self._tell(jid)

    def _is_blocked(self, jid: str) -> bool:
        return jid in self._blocked or jid.rpartition("@")[2] in self._blocked

    # -- the roster

    def _fetch(self) -> None:
        """Ask before our presence goes out, which brings theirs (RFC 6121, section 2.2)."""
        stream = self.context.stream
        question = stream.query("get", "", ET.Element(f"{{{ROSTER}}}query"))
        asked = stream.put(question, on_answer=self._on_listed)

        async def work() -> None:
            await stream.answer(asked)

        self.context.ask_later(work)

    def _on_listed(self, answer: ET.Element) -> None:
        if answer.get("type") != "result":
            return
        items = answer.findall(f"{{{ROSTER}}}query/{{{ROSTER}}}item")[:MAX_CONTACTS]
        for item in items:
            if (contact := _contact_of(item)) is not None:
                self._entry(contact.jid).contact = contact
        self._is_listed = True
        self._list()

    def _on_roster(self, stanza: StanzaBase) -> None:
        push: ET.Element = stanza.xml
        if push.get("type") != "set":
            return
        sender = push.get("from", "")
        if sender and sender.lower() != self.context.state.bare_jid.lower():
            refuse(self.context, stanza, "service-unavailable")
            self.context.inform(
                f"{sender} tried to change your contacts; only your server may. Nothing changed.",
                severity=Severity.WARNING,
                source=sender,
            )
            return
        answer(self.context, stanza)
        item = push.find(f"{{{ROSTER}}}query/{{{ROSTER}}}item")
        if item is None:
            return
        if item.get("subscription") == "remove":
            self._removed(bare_of(item.get("jid", "")).lower())
        elif (contact := _contact_of(item)) is not None:
            self._pushed(contact)

    def _pushed(self, contact: Contact) -> None:
        if not self._has_place_for(contact.jid):
            self._forget_strangers()
        if self._has_place_for(contact.jid):
            self._entry(contact.jid).contact = contact
            self._tell(contact.jid)

    def _has_place_for(self, jid: str) -> bool:
        return jid.lower() in self._entries or len(self._entries) < MAX_CONTACTS

    def _forget_strangers(self) -> None:
        """Whoever sends us presence is noted, for they may be a contact soon."""
        entries = self._entries.items()
        self._entries = {jid: entry for jid, entry in entries if entry.contact is not None}

    def _removed(self, jid: str) -> None:
        entry = self._entries.get(jid)
        if entry is not None and entry.contact is not None:
            entry.contact = None
            self.context.emit(ContactRemoved(self.context.account.id, jid))

    # -- presence

    def _on_presence(self, stanza: StanzaBase) -> None:
        presence: ET.Element = stanza.xml
        sender = presence.get("from", "")
        jid, _, resource = sender.partition("/")
        if "@" not in jid or self.context.state.room(jid) is not None:
            return
        match presence.get("type", ""):
            case "subscribe":
                self._asked(jid.lower(), presence)
            case "" | "unavailable" as kind if self._has_place_for(jid):
                found = _presence_of(presence) if not kind else None
                self._is_there(jid, resource, found)

    def _is_there(self, jid: str, resource: str, presence: _Presence | None) -> None:
        entry = self._entry(jid)
        if presence is None and not resource:
            entry.resources.clear()
        elif presence is None:
            entry.resources.pop(resource, None)
        elif resource in entry.resources or len(entry.resources) < MAX_RESOURCES:
            entry.resources[resource] = presence
        self._tell(jid)

    def _asked(self, jid: str, presence: ET.Element) -> None:
        """Somebody wants to see our presence."""
        entry = self._entries.get(jid)
        contact = entry.contact if entry is not None else None
        if contact is not None and contact.subscription in (Subscription.FROM, Subscription.BOTH):
            self._send_presence(jid, "subscribed")  # They may; their server did not know.
            return
        is_unwanted = self._is_blocked(jid) or not self.context.lasting.may_answer(jid)
        if is_unwanted or jid in self._requested or len(self._requested) >= MAX_REQUESTS:
            return
        self._requested.add(jid)
        words = " ".join((presence.findtext(f"{{{CLIENT_NAMESPACE}}}status") or "").split())
        now = self.context.arrival.time_ns
        self.context.emit(
            SubscriptionRequested(self.context.account.id, jid, now, words[:MAX_WORDS])
        )

    # -- commands

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.CONTACT:
            return False
        what, words = command.argument(0).lower(), command.argument(2)
        jid = parse_jid(command.argument(1)).bare.lower()
        match what:
            case "add":
                self._write(jid, name=words or None)
                self._send_presence(jid, "subscribe")
            case "rename":
                self._write(self._needed(jid), name=words)
            case "groups":
                groups = tuple(dict.fromkeys(filter(None, map(str.strip, words.split(",")))))
                self._write(self._needed(jid), groups=groups)
            case "remove":
                self._remove(self._needed(jid))
            case "ask" | "allow" | "refuse" | "leave":
                self._requested.discard(jid)
                self._send_presence(jid, _STEPS[what])
            case _:
                raise UsageError(
                    f"Contacts cannot be “{what}”.",
                    "There are add, remove, rename, groups, ask, allow, refuse and leave.",
                )
        return True

    def _needed(self, jid: str) -> str:
        if not self.is_contact(jid):
            raise UsageError(f"{jid} is none of your contacts.", f"/contact add {jid}")
        return jid

    def _write(
        self, jid: str, *, name: str | None = None, groups: tuple[str, ...] | None = None
    ) -> None:
        """Have the server keep an entry; it tells us when it has."""
        if jid == self.context.state.bare_jid.lower():
            raise UsageError("This is your own address.")
        entry = self._entry(jid)
        before = entry.contact or Contact(jid=jid)
        after = replace(
            before,
            name=before.name if name is None else name,
            groups=before.groups if groups is None else groups[:MAX_GROUPS],
        )
        # What is asked next, before the server has told, builds on this.
        entry.contact = after
        item = ET.Element(f"{{{ROSTER}}}item", {"jid": jid, "name": after.name})
        for group in after.groups:
            ET.SubElement(item, f"{{{ROSTER}}}group").text = group
        self._set(item)

    def _remove(self, jid: str) -> None:
        self._set(ET.Element(f"{{{ROSTER}}}item", jid=jid, subscription="remove"))

    def _set(self, item: ET.Element) -> None:
        query = ET.Element(f"{{{ROSTER}}}query")
        query.append(item)
        stream = self.context.stream

        async def work() -> None:
            await stream.ask(stream.query("set", "", query))

        self.context.ask_later(work)

    def _send_presence(self, jid: str, kind: str) -> None:
        presence = ET.Element(_PRESENCE, to=jid, type=kind)
        if kind == "subscribe" and self.context.account.nick:
            ET.SubElement(presence, f"{{{NICK}}}nick").text = self.context.account.nick
        self.context.stream.send_element(presence)

    # -- telling

    def _entry(self, jid: str) -> _Entry:
        return self._entries.setdefault(jid.lower(), _Entry())

    def _change(self, jid: str, change: Callable[[_Entry], None]) -> None:
        if (entry := self._entries.get(bare_of(jid).lower())) is not None:
            change(entry)
            self._tell(bare_of(jid))

    def _shown(self, entry: _Entry) -> Contact | None:
        contact = entry.contact
        if contact is None:
            return None
        best = min(entry.resources.values(), key=_distance, default=None)
        return replace(
            contact,
            name=contact.name or entry.nick,
            availability=best.availability if best else Availability.OFFLINE,
            status=best.status if best else "",
            is_blocked=self._is_blocked(contact.jid),
            avatar=entry.avatar,
        )

    def _tell(self, jid: str) -> None:
        entry = self._entries.get(jid.lower())
        contact = self._shown(entry) if entry is not None else None
        if self._is_listed and contact is not None:
            self.context.emit(ContactChanged(self.context.account.id, contact))

    def _list(self) -> None:
        shown = [self._shown(entry) for entry in self._entries.values()]
        contacts = tuple(contact for contact in shown if contact is not None)
        self.context.emit(ContactsListed(self.context.account.id, contacts))


_STEPS = {
    "allow": "subscribed",
    "ask": "subscribe",
    "leave": "unsubscribe",
    "refuse": "unsubscribed",
}


def _contact_of(item: ET.Element) -> Contact | None:
    jid = bare_of(item.get("jid", "")).lower()
    if not jid:
        return None
    groups = (group.text or "" for group in item.findall(f"{{{ROSTER}}}group")[:MAX_GROUPS])
    return Contact(
        jid=jid,
        name=" ".join(item.get("name", "").split())[:MAX_WORDS],
        groups=tuple(dict.fromkeys(group[:MAX_WORDS] for group in groups if group.strip())),
        subscription=_KINDS.get(item.get("subscription", ""), Subscription.NONE),
        is_asked=item.get("ask") == "subscribe",
    )


def _presence_of(presence: ET.Element) -> _Presence:
    text = presence.findtext(f"{{{CLIENT_NAMESPACE}}}priority") or "0"
    try:
        priority = max(-128, min(127, int(text[:8])))
    except ValueError:
        priority = 0
    show = (presence.findtext(f"{{{CLIENT_NAMESPACE}}}show") or "").strip()
    status = " ".join((presence.findtext(f"{{{CLIENT_NAMESPACE}}}status") or "").split())
    return _Presence(priority, _SHOWS.get(show, Availability.AVAILABLE), status[:MAX_WORDS])


def _distance(presence: _Presence) -> tuple[int, int]:
    """Where somebody is reached best: by what their programs ask for, then by how they are."""
    return -presence.priority, _REACHED_FIRST.index(presence.availability)
