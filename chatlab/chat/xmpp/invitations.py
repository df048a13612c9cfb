"""Being asked into rooms, and asking others (XEP-0249; XEP-0045, section 7.8).

An invitation is a question to the reader, never obeyed. It is shown once per room and person in a
while, so that nobody can knock without end.
"""

from collections import OrderedDict
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.elements import message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.messages import MUC_USER
from chatlab.chat.xmpp.rooms import Rooms
from chatlab.chat.xmpp.state import Room
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.events import Invited
from chatlab.core.jid import bare_of, check_jid, check_room, parse_jid

CONFERENCE = "jabber:x:conference"
MEMBERS_ONLY = "muc_membersonly"
AGAIN_S = 60.0
"""For how long the same invitation is not shown again."""
MAX_PER_SPAN = 10
"""Invitations in that time, by whomever."""
_MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class _Invitation:
    room: str
    by: str
    reason: str
    password: str


class Invitations(Feature):
    """Shows them, and sends them (``/invite``)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._shown: OrderedDict[tuple[str, str], float] = OrderedDict()

    def take(self, incoming: Incoming) -> bool:
        if incoming.is_room:
            return False
        invitation = self._mediated(incoming) or self._direct(incoming)
        if invitation is None:
            return False
        may_ask = self.context.lasting.may_answer(invitation.by)
        if incoming.is_live and may_ask and self._is_news(invitation):
            self.context.emit(
                Invited(
                    self.context.account.id,
                    invitation.room,
                    invitation.by,
                    incoming.envelope.time_ns,
                    " ".join(invitation.reason.split())[:_MAX_REASON],
                    invitation.password,
                )
            )
        return True  # Its body says the same for programs that know no invitations.

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.INVITE:
            return False
        room = self.context.feature(Rooms).needed(command.argument(1) or chat)
        whom = self._address(command.argument(0), room)
        is_closed = MEMBERS_ONLY in room.features
        message = (
            _mediated_to(room.name, whom)
            if is_closed
            else _direct_to(room.name, whom, self.context.lasting.key_of(room.name))
        )
        self.context.send_act(message, room.name, f"Your invitation of {whom}")
        self.context.inform(f"{whom} was invited.", chat=room.name)
        return True

    # -- inner

    def _mediated(self, incoming: Incoming) -> _Invitation | None:
        """The room passes on who asks; only its own address can."""
        x = incoming.xml.find(f"{{{MUC_USER}}}x")
        invite = x.find(f"{{{MUC_USER}}}invite") if x is not None else None
        if x is None or invite is None or "/" in incoming.sender or check_room(incoming.sender):
            return None
        by = bare_of(invite.get("from", "")) or incoming.sender
        return _Invitation(
            incoming.sender,
            by,
            invite.findtext(f"{{{MUC_USER}}}reason") or "",
            x.findtext(f"{{{MUC_USER}}}password") or "",
        )

    def _direct(self, incoming: Incoming) -> _Invitation | None:
        x = incoming.xml.find(f"{{{CONFERENCE}}}x")
        if x is None or check_room(x.get("jid", "")):
            return None
        return _Invitation(
            x.get("jid", ""), incoming.chat, x.get("reason", ""), x.get("password", "")
        )

    def _is_news(self, invitation: _Invitation) -> bool:
        room = self.context.state.room(invitation.room)
        if room is not None and room.is_joined:
            return False
        now, key = self.context.timing.monotonic(), (invitation.room.lower(), invitation.by.lower())
        while self._shown and next(iter(self._shown.values())) <= now - AGAIN_S:
            self._shown.popitem(last=False)
        if key in self._shown or len(self._shown) >= MAX_PER_SPAN:
            return False
        self._shown[key] = now
        return True

    def _address(self, named: str, room: Room) -> str:
        """Somebody by address, or by nickname in a room that shows who they are."""
        member = room.members.get(named)
        if member is not None:
            raise UsageError(f"{named} is in {room.name} already.")
        if check_jid(named):
            raise UsageError(
                f"“{named}” is no address to invite.", "Give one such as bob@example.org."
            )
        return parse_jid(named).bare


def _direct_to(room: str, whom: str, password: str) -> ET.Element:
    message = message_to(whom, "normal")
    x = ET.SubElement(message, f"{{{CONFERENCE}}}x", jid=room)
    if password:
        x.set("password", password)
    return message


def _mediated_to(room: str, whom: str) -> ET.Element:
    """Through the room, which lets them in then."""
    message = message_to(room, "normal")
    x = ET.SubElement(message, f"{{{MUC_USER}}}x")
    ET.SubElement(x, f"{{{MUC_USER}}}invite", to=whom)
    return message
