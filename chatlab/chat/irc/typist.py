"""Tells others that we are writing (IRCv3 client tag +typing), as seldom as the standard asks.

``active`` at most every 3 seconds while the text changes, ``paused`` once when it rests, ``done``
when the field is emptied. A message that is sent says the same, so nothing follows it. Each of
these is a packet of its own, which is why an account has to allow it.
"""

import asyncio
from dataclasses import dataclass

from chatlab.chat.irc.client_tags import passes
from chatlab.chat.irc.context import Context
from chatlab.core.errors import LocalProtocolError
from chatlab.core.events import Typing
from chatlab.protocol.irc import format_line

THROTTLE_S = 3.0
PAUSE_S = 5.0
"""A text that rests for so long is told as paused."""


@dataclass(slots=True)
class _Told:
    """What others know of one chat."""

    state: Typing
    at: float
    pause: asyncio.Task[None] | None = None


class Typist:
    """The writing of one account, as its connection tells it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: dict[str, _Told] = {}

    def note(self, chat: str, is_writing: bool) -> None:
        """The text for a chat changed; False: it is empty now."""
        if not self._may_tell(chat):
            return
        told = self._told.get(chat)
        if not is_writing:
            self.forget(chat)
            if told is not None:
                self._tell(chat, Typing.DONE)
            return
        now = self._context.timing.monotonic()
        if told is None or now - told.at >= THROTTLE_S:
            self._tell(chat, Typing.ACTIVE)
            self.forget(chat)
            self._told[chat] = told = _Told(Typing.ACTIVE, now)
        self._pause_later(chat, told)

    def forget(self, chat: str) -> None:
        """A message was sent, which says that the writing is over."""
        told = self._told.pop(chat, None)
        if told is not None and told.pause is not None:
            told.pause.cancel()

    def _may_tell(self, chat: str) -> bool:
        state = self._context.state
        is_here = not state.is_channel(chat) or state.channel(chat) is not None
        return (
            self._context.account.sends_typing
            and bool(chat)
            and is_here
            and state.is_online
            and passes(state, "typing")
        )

    def _pause_later(self, chat: str, told: _Told) -> None:
        if told.pause is not None:
            told.pause.cancel()
        told.pause = self._context.timers.call_later(PAUSE_S, lambda: self._pause(chat, told))

    def _pause(self, chat: str, told: _Told) -> None:
        if self._told.get(chat) is told and told.state is Typing.ACTIVE:
            self._tell(chat, Typing.PAUSED)
            told.state, told.at = Typing.PAUSED, self._context.timing.monotonic() - THROTTLE_S

    def _tell(self, chat: str, typing: Typing) -> None:
        if self._context.outbox.has_waiting:
            return  # Where messages wait for their turn, such news would come too late.
        try:
            line = format_line("TAGMSG", chat, tags={"+typing": typing.value})
        except LocalProtocolError:  # A name that cannot be addressed: a message says why.
            return
        self._context.outbox.put_line(line)
