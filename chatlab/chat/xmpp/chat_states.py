"""Who is writing (XEP-0085), told as seldom as makes sense: each time is a packet of its own.

``composing`` when a text is begun and every half minute while it grows, ``paused`` once when it
rests, ``active`` when the field is emptied or the message sent. Only to people of whose programs
we do not know that they do not care, and never into rooms.
"""

import asyncio
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.elements import hint, message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.chat.xmpp.receipts import is_between_two
from chatlab.core.errors import ChatlabError
from chatlab.core.events import Typing, TypingSeen

CHAT_STATES = "http://jabber.org/protocol/chatstates"
AGAIN_S = 5.0
"""The window forgets after six seconds who does not go on."""
PAUSE_S = 5.0
_MEANINGS = {
    "active": Typing.DONE,
    "composing": Typing.ACTIVE,
    "gone": Typing.DONE,
    "inactive": Typing.DONE,
    "paused": Typing.PAUSED,
}


@dataclass(slots=True)
class _Told:
    """What the other side knows."""

    at: float
    is_paused: bool = False
    pause: asyncio.Task[None] | None = None


class ChatStates(Feature):
    """Tells and hears of writing."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._told: dict[str, _Told] = {}
        self._unaware: set[str] = set()

    def decorate(self, utterance: Utterance, message: ET.Element) -> None:
        if self.context.account.sends_typing and is_between_two(self, utterance):
            ET.SubElement(message, f"{{{CHAT_STATES}}}active")

    def take(self, incoming: Incoming) -> bool:
        name = next((n for n in _MEANINGS if incoming.xml.find(_tag(n)) is not None), "")
        if not incoming.is_live or not incoming.who:
            return bool(name) and incoming.body is None
        if not name:
            if incoming.body is not None and not incoming.is_room:
                self._unaware.add(incoming.chat.lower())
            return False
        self._unaware.discard(incoming.chat.lower())
        # A message says by itself that the writing is over.
        if incoming.body is None:
            now, account = incoming.envelope.time_ns, self.context.account.id
            self.context.emit(
                TypingSeen(account, incoming.chat, incoming.who, _MEANINGS[name], now)
            )
        return False

    def note_typing(self, chat: str, is_writing: bool) -> None:
        if not self._may_tell(chat):
            return
        told = self._told.get(chat)
        if not is_writing:
            self._forget(chat)
            if told is not None:
                self._tell(chat, "active")
            return
        now = self.context.timing.monotonic()
        if told is None or told.is_paused or now - told.at >= AGAIN_S:
            self._forget(chat)
            self._told[chat] = told = _Told(now)
            self._tell(chat, "composing")
        if told.pause is not None:
            told.pause.cancel()
        told.pause = self.context.timers.call_later(PAUSE_S, lambda: self._pause(chat, told))

    def written(self, utterance: Utterance) -> None:
        self._forget(utterance.chat)  # A message says by itself that the writing is over.

    def _may_tell(self, chat: str) -> bool:
        is_person = bool(chat) and self.context.state.room(chat) is None and "@" in chat
        wants = self.context.account.sends_typing and self.context.state.is_online
        return is_person and wants and chat.lower() not in self._unaware

    def _pause(self, chat: str, told: _Told) -> None:
        if self._told.get(chat) is told and self.context.state.is_online:
            told.is_paused = True
            self._tell(chat, "paused")

    def _forget(self, chat: str) -> None:
        told = self._told.pop(chat, None)
        if told is not None and told.pause is not None:
            told.pause.cancel()

    def _tell(self, chat: str, name: str) -> None:
        message = message_to(chat, "chat")
        ET.SubElement(message, _tag(name))
        hint(message, "no-store")
        try:
            self.context.stream.send_element(message)
        except ChatlabError:
            self._forget(chat)  # Nobody waits for such news; the connection is closing.


def _tag(name: str) -> str:
    return f"{{{CHAT_STATES}}}{name}"
