"""Getting the account's own nick back once whoever had it is gone.

The server tells where it can (MONITOR), else it is asked now and then (ISON). A nick that the user
chose meanwhile ends the wish.
"""

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.protocol.irc import split_source

ASK_S = 60.0
ANSWER_S = 5.0


class NickRegain:
    """Waits for one nick on one connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wanted = ""
        self._is_asking = False
        """An ISON of ours is out."""
        self._patient_until = 0.0
        """A server may tell twice that the nick is free; it is asked for once."""

    @property
    def is_waiting(self) -> bool:
        return bool(self._wanted)

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("303", self._on_ison)
        dispatcher.on("731", self._on_offline)
        dispatcher.on("QUIT", self._on_quit)
        dispatcher.on("NICK", self._on_nick)

    def begin(self) -> None:
        """Online: wait for the nick, if we have another."""
        nick = self._context.account.nick
        if self._context.state.is_me(nick):
            return
        self._wanted = nick
        if self._context.state.isupport.has("MONITOR"):
            self._context.outbox.put_command("MONITOR", "+", nick)
        else:
            self._context.timers.call_later(ASK_S, self._ask)

    def _ask(self) -> None:
        if self._wanted and self._context.link.is_open:
            self._is_asking = True
            self._context.outbox.put_command("ISON", self._wanted)
            self._context.timers.call_later(ASK_S, self._ask)

    def _take(self) -> None:
        now = self._context.timing.monotonic()
        if now < self._patient_until:
            return
        self._patient_until = now + ANSWER_S
        self._context.inform(f"“{self._wanted}” is free again: taking it back.", code="NICK")
        self._context.outbox.put_command("NICK", self._wanted)

    def _is_wanted(self, nick: str) -> bool:
        fold = self._context.state.fold
        return bool(self._wanted) and fold(nick) == fold(self._wanted)

    def _on_ison(self, event: LineEvent) -> None:
        """``303 <me> :<nicks that are online>``."""
        if not self._is_asking:
            self._context.inform(f"Online: {event.last or 'nobody'}", event, code="303")
            return
        self._is_asking = False
        if self._wanted and not any(self._is_wanted(nick) for nick in event.last.split()):
            self._take()

    def _on_offline(self, event: LineEvent) -> None:
        """``731 <me> :<targets, with commas>``."""
        if any(self._is_wanted(split_source(who).nick) for who in event.last.split(",")):
            self._take()

    def _on_quit(self, event: LineEvent) -> None:
        if self._is_wanted(event.nick):
            self._take()

    def _on_nick(self, event: LineEvent) -> None:
        if not self._wanted:
            return
        # This runs after the handler that keeps our own nick: the new one may be ours already.
        if self._context.state.is_me(event.parameter(0)):
            if self._context.state.isupport.has("MONITOR"):
                self._context.outbox.put_command("MONITOR", "-", self._wanted)
            self._wanted = ""
        elif self._is_wanted(event.nick):
            self._take()
