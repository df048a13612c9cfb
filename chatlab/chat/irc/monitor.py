"""Who of the people one waits for is online (IRCv3 monitor)."""

from collections.abc import Iterable

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.core.errors import Severity, UsageError
from chatlab.core.events import ContactSeen
from chatlab.protocol.irc import split_source

_MAX_LINE_LENGTH = 400
"""Bytes of the nicks in one MONITOR line."""


class Monitor:
    """The monitor list of one connection; the account's list is ``context.lasting.monitored``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("730", lambda event: self._on_status(event, is_online=True))
        dispatcher.on("731", lambda event: self._on_status(event, is_online=False))
        dispatcher.on("732", self._on_list)
        dispatcher.on("733", lambda event: None)
        dispatcher.on("734", self._on_full)

    def begin(self) -> None:
        """Online: wait for the same people as before."""
        if self._context.lasting.monitored and self._context.state.isupport.has("MONITOR"):
            self._send("+", self._context.lasting.monitored.values())

    def change(self, sign: str, nicks: Iterable[str]) -> None:
        """Add (``+``) or remove (``-``) people. Raises UsageError where there is no MONITOR."""
        if not self._context.state.isupport.has("MONITOR"):
            raise UsageError(
                "This server cannot tell who comes and goes (it has no MONITOR).",
                "Ask about one person with /whois.",
            )
        nicks = list(nicks)
        monitored = self._context.lasting.monitored
        for nick in nicks:
            if sign == "+":
                monitored[self._context.state.fold(nick)] = nick
            else:
                monitored.pop(self._context.state.fold(nick), None)
        self._send(sign, nicks)

    def ask(self) -> None:
        """Have the server tell the state of everybody."""
        self._context.outbox.put_command("MONITOR", "S")

    def _send(self, sign: str, nicks: Iterable[str]) -> None:
        line: list[str] = []
        for nick in nicks:
            if line and len(",".join([*line, nick]).encode()) > _MAX_LINE_LENGTH:
                self._context.outbox.put_command("MONITOR", sign, ",".join(line))
                line = []
            line.append(nick)
        if line:
            self._context.outbox.put_command("MONITOR", sign, ",".join(line))

    def _on_status(self, event: LineEvent, *, is_online: bool) -> None:
        """``730 <me> :nick[!user@host],…``."""
        for target in event.last.split(","):
            source = split_source(target)
            if self._context.state.fold(source.nick) in self._context.lasting.monitored:
                self._context.emit(
                    ContactSeen(
                        self._context.account.id,
                        source.nick,
                        is_online,
                        event.time_ns,
                        source.user_host,
                    )
                )

    def _on_list(self, event: LineEvent) -> None:
        self._context.inform(f"You wait for: {event.last.replace(',', ', ')}", event, code="732")

    def _on_full(self, event: LineEvent) -> None:
        """``734 <me> <limit> <targets> :<words>``."""
        for nick in event.parameter(2).split(","):
            self._context.lasting.monitored.pop(self._context.state.fold(nick), None)
        self._context.inform(
            f"The server watches at most {event.parameter(1)} people for you; not added: "
            f"{event.parameter(2)}",
            event,
            severity=Severity.ERROR,
            hint="Take others off the list with /monitor - nick.",
            code="734",
        )
