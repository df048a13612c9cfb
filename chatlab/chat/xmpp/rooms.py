"""Rooms of many (XEP-0045): entering, who is there, subject, nicknames, leaving.

A room answers our presence with everybody's and ours last; until that came, what we say to the
room waits. An error presence is the refusal, told in words at once. A room that is new and locked
is opened with its service's own settings (section 10.1.2).
"""

from dataclasses import replace
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.messages import DELAY, MUC_USER
from chatlab.chat.xmpp.presence import OwnPresence
from chatlab.chat.xmpp.room_doubts import DOUBT_S, doubt
from chatlab.chat.xmpp.room_words import DEPARTURES, JOIN_REFUSED, ROOM_CREATED, join_refusal
from chatlab.chat.xmpp.stanza_errors import condition_of, refusal_of
from chatlab.chat.xmpp.state import Room
from chatlab.chat.xmpp.stream import Stream
from chatlab.core import events as ev
from chatlab.core.chat import Member
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.jid import split_jid
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

MUC = "http://jabber.org/protocol/muc"
MUC_OWNER = "http://jabber.org/protocol/muc#owner"
OCCUPANT_ID = "urn:xmpp:occupant-id:0"
FORM = "jabber:x:data"
PING = "urn:xmpp:ping"
JOIN_S = 20.0
"""How long a room may take to answer."""
SELF_PING_S = 600.0
"""How often a room is asked whether it still knows us (XEP-0410)."""
MAX_MEMBERS = 50_000
HISTORY = 50
"""Messages of before that a room is asked for."""
_BODY = f"{{{CLIENT_NAMESPACE}}}body"
SUBJECT = f"{{{CLIENT_NAMESPACE}}}subject"
_STATUS = f"{{{CLIENT_NAMESPACE}}}status"


class Rooms(Feature):
    """The rooms of one session."""

    def handle(self, stream: Stream) -> None:
        stream.on("presence", self._on_presence)
        stream.on("message@type=groupchat", self._on_subject)

    def online(self, is_resumed: bool) -> None:
        if is_resumed:
            for room in list(self._rooms.values()):
                self._tell_members(room, is_news=False)
                self._check(room)
        else:
            for wanted in self.context.lasting.channels:
                self.join(wanted.channel, wanted.key)
            self._check_later()

    def ended(self, reason: str) -> None:
        for room in self._rooms.values():
            for nick in room.members:
                self.context.lasting.known.disown(f"{room.name.lower()}/{nick}")
        self._rooms.clear()

    # -- what others call

    def needed(self, chat: str) -> Room:
        """The room of a chat that we are in. Raises UsageError."""
        room = self.context.state.room(chat)
        if room is None or not room.is_joined:
            raise UsageError("This works in a room that you are in.", "Enter one: /join")
        return room

    def join(self, address: str, password: str = "", nick: str = "") -> None:
        """Enter a room; its messages wait until we are in."""
        context = self.context
        usual = context.account.nick or split_jid(context.account.jid)[0]
        name = nick or context.lasting.nick_in(address) or usual
        room = self._rooms.setdefault(address.lower(), Room(address, name))
        room.nick = name
        context.lasting.join(address, password)
        if nick:
            context.lasting.keep_nick(address, nick)
        context.open_chat(room.name, is_room=True)
        context.outbox.hold(room.name)
        presence = context.feature(OwnPresence).element(f"{room.name}/{room.nick}")
        wish = ET.SubElement(presence, f"{{{MUC}}}x")
        if password:
            ET.SubElement(wish, f"{{{MUC}}}password").text = password
        ET.SubElement(wish, f"{{{MUC}}}history", maxstanzas=str(HISTORY))
        context.stream.send_element(presence)
        context.timers.call_later(DOUBT_S, lambda: self._doubt(room))
        context.timers.call_later(JOIN_S, lambda: self._stop_waiting(room))

    def leave(self, room: Room, reason: str) -> None:
        """Go out, and do not come back by ourselves."""
        address = f"{room.name}/{room.nick}"
        presence = ET.Element(
            f"{{{CLIENT_NAMESPACE}}}presence", {"to": address, "type": "unavailable"}
        )
        if reason:
            ET.SubElement(presence, _STATUS).text = reason
        self.context.stream.send_element(presence)
        self.context.lasting.leave(room.name)
        self.context.outbox.refuse(room.name, "You left the room before it was sent.")
        self._gone(room, room.nick, ev.Departure.PART, reason=reason)
        for feature in self.context.features.values():
            feature.left(room)

    # -- what rooms say

    @property
    def _rooms(self) -> dict[str, Room]:
        return self.context.state.rooms

    def _on_presence(self, stanza: StanzaBase) -> None:
        presence: ET.Element = stanza.xml
        address, _, nick = presence.get("from", "").partition("/")
        room = self._rooms.get(address.lower())
        if room is None:
            return
        match presence.get("type", ""):
            case "error":
                self._refused(room, presence)
            case "unavailable" if nick:
                self._left(room, nick, presence)
            case "" if nick:
                self._present(room, nick, presence)

    def _present(self, room: Room, nick: str, presence: ET.Element) -> None:
        codes = _codes(presence)
        is_self = "110" in codes or (nick == room.nick and not room.is_joined)
        if is_self:
            room.nick = nick
        before = room.members.get(nick)
        if before is None and len(room.members) >= MAX_MEMBERS:
            return
        member = room.members[nick] = _member(nick, presence)
        account = self.context.account.id
        if not room.is_joined:
            if is_self:
                self._entered(room, is_new="201" in codes)
        elif before is None:
            now = self.context.arrival.time_ns
            self.context.emit(ev.MemberJoined(account, room.name, member, now))
        elif member != before:
            self.context.emit(ev.MemberChanged(account, room.name, member))

    def _entered(self, room: Room, *, is_new: bool) -> None:
        room.is_joined = True
        self._tell_members(room, is_news=True)
        for feature in self.context.features.values():
            feature.entered(room)
        if is_new:
            self.context.ask_later(lambda: self._unlock(room), room.name)
        else:
            self.context.outbox.release(room.name)

    async def _unlock(self, room: Room) -> None:
        """A new room is locked until its owner says how it is to be: as the service thinks."""
        query = ET.Element(f"{{{MUC_OWNER}}}query")
        ET.SubElement(query, f"{{{FORM}}}x", type="submit")
        stream = self.context.stream
        try:
            await stream.ask(stream.query("set", room.name, query))
        finally:
            self.context.outbox.release(room.name)
        self.context.inform(
            f"{room.name} is new: you made it, and it has its service’s own settings.",
            chat=room.name,
            code=ROOM_CREATED,
        )

    def _tell_members(self, room: Room, *, is_news: bool) -> None:
        account, now = self.context.account.id, self.context.timing.clock_ns()
        if not room.is_joined or room.nick not in room.members:
            return
        self.context.emit(ev.MembersListed(account, room.name, tuple(room.members.values())))
        own = room.members[room.nick]
        self.context.emit(
            ev.MemberJoined(account, room.name, own, now, is_self=True, is_folded=not is_news)
        )

    def _refused(self, room: Room, presence: ET.Element) -> None:
        if room.is_joined:
            # Only a change of nickname can be refused then.
            self.context.complain(refusal_of(presence), room.name)
            return
        self._no_entry(room, join_refusal(presence, room.name, room.nick), condition_of(presence))

    def _no_entry(self, room: Room, error: ChatlabError, condition: str) -> None:
        self._rooms.pop(room.name.lower(), None)
        if condition not in ("remote-server-timeout", "resource-constraint", ""):
            self.context.lasting.leave(room.name)
        self.context.outbox.refuse(room.name, error.message)
        self.context.complain(error, room.name, JOIN_REFUSED)

    def _is_waiting(self, room: Room) -> bool:
        return self._rooms.get(room.name.lower()) is room and not room.is_joined

    def _doubt(self, room: Room) -> None:
        async def ask() -> None:
            error = await doubt(self.context.stream, room.name)
            if error is not None and self._is_waiting(room):
                self._no_entry(room, error, "item-not-found")

        if self.context.state.is_online and self._is_waiting(room):
            self.context.timers.spawn(ask)

    def _stop_waiting(self, room: Room) -> None:
        if not self.context.state.is_online:  # Once the session goes on, the room may answer yet.
            self.context.timers.call_later(JOIN_S, lambda: self._stop_waiting(room))
        elif self._is_waiting(room):
            error = ChatlabError(
                f"You cannot enter {room.name}: it did not answer within {JOIN_S:.0f} s.",
                "Try again later.",
            )
            self._no_entry(room, error, "")

    def _left(self, room: Room, nick: str, presence: ET.Element) -> None:
        if nick == room.nick and not room.is_joined:
            return  # We left, and are entering again already.
        codes, item = _codes(presence), _item(presence)
        new = item.get("nick", "") if item is not None else ""
        if "303" in codes and new:
            self._renamed(room, nick, new)
            return
        how = ev.Departure.PART
        reason = presence.findtext(_STATUS) or ""
        by = ""
        told = next((code for code in DEPARTURES if code in codes), "")
        if told:
            how = ev.Departure.KICK
            by, said = _actor_and_reason(item)
            extra = "" if told == "307" else DEPARTURES[told]
            reason = ": ".join(part for part in (extra, said) if part)
        destroyed = presence.find(f"{{{MUC_USER}}}x/{{{MUC_USER}}}destroy")
        if destroyed is not None:
            reason = destroyed.findtext(f"{{{MUC_USER}}}reason") or "the room was destroyed"
        self._gone(room, nick, how, reason=" ".join(reason.split()), by=by)
        if told in ("301", "321", "322") and nick == room.nick:
            self.context.lasting.leave(room.name)

    def _renamed(self, room: Room, old: str, new: str) -> None:
        if member := room.members.pop(old, None):
            room.members[new] = replace(member, nick=new)
        self.context.lasting.known.disown(f"{room.name.lower()}/{old}")
        is_self = old == room.nick
        if is_self:
            room.nick = new
            self.context.lasting.keep_nick(room.name, new)
        now = self.context.arrival.time_ns
        self.context.emit(
            ev.MemberRenamed(self.context.account.id, (room.name,), old, new, now, is_self)
        )

    def _gone(
        self, room: Room, nick: str, how: ev.Departure, *, reason: str = "", by: str = ""
    ) -> None:
        is_self = nick == room.nick
        if room.members.pop(nick, None) is None and not is_self:
            return
        self.context.lasting.known.disown(f"{room.name.lower()}/{nick}")
        if is_self:
            self._rooms.pop(room.name.lower(), None)
            if not room.is_joined:
                return
            room.is_joined = False
        now = self.context.timing.clock_ns()
        account = self.context.account.id
        self.context.emit(ev.MemberLeft(account, (room.name,), nick, how, now, reason, by, is_self))

    def _on_subject(self, stanza: StanzaBase) -> None:
        message: ET.Element = stanza.xml
        address, _, nick = message.get("from", "").partition("/")
        room = self._rooms.get(address.lower())
        subject = message.findtext(SUBJECT)
        if room is None or subject is None or message.find(_BODY) is not None:
            return
        # The room tells it to who enters: with the date, or in its own name.
        is_first = message.find(f"{{{DELAY}}}delay") is not None or not nick
        room.subject = subject
        if room.subject or nick:
            by = "" if is_first else nick
            now = self.context.arrival.time_ns
            account = self.context.account.id
            self.context.emit(ev.TopicChanged(account, room.name, room.subject, now, by))

    # -- whether they still know us

    def _check_later(self) -> None:
        self.context.timers.call_later(SELF_PING_S, self._check_all)

    def _check_all(self) -> None:
        if self.context.state.is_online:
            for room in list(self._rooms.values()):
                self._check(room)
        self._check_later()

    def _check(self, room: Room) -> None:
        if room.is_joined:
            self.context.timers.spawn(lambda: self._ask_whether_in(room))

    async def _ask_whether_in(self, room: Room) -> None:
        stream = self.context.stream
        iq = stream.query("get", f"{room.name}/{room.nick}", ET.Element(f"{{{PING}}}ping"))
        try:
            await stream.ask(iq)
        except ChatlabError as error:
            cause = error.__cause__
            answer = getattr(cause, "iq", None)
            if answer is None or condition_of(answer.xml) not in (
                "not-acceptable",
                "item-not-found",
            ):
                return  # Someone answered, or nobody did: neither says that we are out.
            room.is_joined = False
            room.members.clear()
            self.context.inform(
                "The room did not know us any more; entering again.", chat=room.name
            )
            self.join(room.name, self.context.lasting.key_of(room.name), room.nick)


def _codes(presence: ET.Element) -> frozenset[str]:
    found = presence.iterfind(f"{{{MUC_USER}}}x/{{{MUC_USER}}}status")
    return frozenset(status.get("code", "") for status in found)


def _item(presence: ET.Element) -> ET.Element | None:
    return presence.find(f"{{{MUC_USER}}}x/{{{MUC_USER}}}item")


def _actor_and_reason(item: ET.Element | None) -> tuple[str, str]:
    if item is None:
        return "", ""
    actor = item.find(f"{{{MUC_USER}}}actor")
    by = (actor.get("nick") or actor.get("jid") or "") if actor is not None else ""
    return by, item.findtext(f"{{{MUC_USER}}}reason") or ""


def _member(nick: str, presence: ET.Element) -> Member:
    item = _item(presence)
    role = item.get("role", "") if item is not None else ""
    affiliation = item.get("affiliation", "") if item is not None else ""
    jid = item.get("jid", "") if item is not None else ""
    occupant = presence.find(f"{{{OCCUPANT_ID}}}occupant-id")
    show = presence.findtext(f"{{{CLIENT_NAMESPACE}}}show") or ""
    return Member(
        nick=nick,
        prefixes="@" if role == "moderator" else "",
        account_name=jid.partition("/")[0],
        user_host=jid,
        is_away=show in ("away", "xa", "dnd"),
        role=role,
        affiliation=affiliation,
        occupant_id=occupant.get("id", "") if occupant is not None else "",
    )
