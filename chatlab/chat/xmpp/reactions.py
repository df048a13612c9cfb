"""Signs put on messages (XEP-0444): each stanza names all signs of its sender, old ones included.

So what is new and what is gone follows from what the same sender had there before. In a room the
sender is an occupant; ours hold when the room has sent them to everybody.
"""

from collections import OrderedDict
from dataclasses import replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.elements import hint, message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.core.errors import UsageError
from chatlab.core.events import ReactionSeen
from chatlab.core.features import ServerFeatures

REACTIONS = "urn:xmpp:reactions:0"
MAX_SIGNS = 20
"""Of one sender on one message."""
MAX_LENGTH = 64
MAX_MSGID = 300
MAX_REMEMBERED = 5_000

_Key = tuple[str, str, str]
"""Chat, name of the message, author."""


class Reactions(Feature):
    """Puts signs on messages, and sees those of others."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._signs: OrderedDict[_Key, tuple[str, ...]] = context.lasting.signs

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        return replace(features, can_react=True)

    def take(self, incoming: Incoming) -> bool:
        reactions = incoming.xml.find(f"{{{REACTIONS}}}reactions")
        if reactions is None:
            return False
        name = reactions.get("id", "")
        author = incoming.author or f"{incoming.chat.lower()}/{incoming.who}"
        if 0 < len(name) <= MAX_MSGID:
            texts = (each.text or "" for each in reactions.iterfind(f"{{{REACTIONS}}}reaction"))
            signs = dict.fromkeys(text.strip() for text in texts)
            usable = tuple(text for text in signs if 0 < len(text) <= MAX_LENGTH)[:MAX_SIGNS]
            nick = self._own_name(incoming.chat) if incoming.is_ours else incoming.who
            key = (incoming.chat.lower(), name, author)
            self._become(key, incoming.chat, nick, usable, incoming.envelope.time_ns)
        return True  # A body that comes with it is for programs that know no signs.

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool) -> bool:
        sign = reaction.strip()
        if not sign or len(sign) > MAX_LENGTH:
            raise UsageError(f"A reaction has 1 to {MAX_LENGTH} characters.", "One emoji will do.")
        if not chat or not 0 < len(msgid) <= MAX_MSGID:
            raise UsageError(
                "This message has no name, so nothing can refer to it.",
                "Newer messages may have one.",
            )
        key = (chat.lower(), msgid, self.context.state.bare_jid)
        before = self._signs.get(key, ())
        signs = tuple(each for each in before if each != sign)
        signs = signs if is_removed else (*signs, sign)
        if len(signs) > MAX_SIGNS:
            raise UsageError(f"There are {MAX_SIGNS} signs of yours already.", "Take one off.")
        is_room = self._is_room(chat)
        message = message_to(chat, "groupchat" if is_room else "chat")
        reactions = ET.SubElement(message, f"{{{REACTIONS}}}reactions", id=msgid)
        for each in signs:
            ET.SubElement(reactions, f"{{{REACTIONS}}}reaction").text = each
        hint(message, "store")
        self.context.send_act(message, chat, "Your reaction")
        if not is_room:
            now = self.context.timing.clock_ns()
            self._become(key, chat, self._own_name(chat), signs, now)
        return True

    def _become(
        self, key: _Key, chat: str, nick: str, signs: tuple[str, ...], time_ns: int
    ) -> None:
        before = self._signs.pop(key, ())
        self._signs[key] = signs
        if len(self._signs) > MAX_REMEMBERED:
            self._signs.popitem(last=False)
        account, name = self.context.account.id, key[1]
        for sign in before:
            if sign not in signs:
                self.context.emit(ReactionSeen(account, chat, nick, name, sign, time_ns, True))
        for sign in signs:
            if sign not in before:
                self.context.emit(ReactionSeen(account, chat, nick, name, sign, time_ns))

    def _is_room(self, chat: str) -> bool:
        return self.context.state.room(chat) is not None and "/" not in chat

    def _own_name(self, chat: str) -> str:
        room = self.context.state.room(chat)
        return room.nick if room is not None else self.context.state.nick
