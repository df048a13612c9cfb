"""What is done once the server has let us in: log in, be away again, join, wait for the own nick."""

from collections.abc import Sequence

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.credentials import Credentials
from chatlab.chat.irc.link import Dispatcher
from chatlab.chat.irc.monitor import Monitor
from chatlab.chat.irc.nickserv import SERVICE, NickServLogin
from chatlab.chat.irc.perform import Performer
from chatlab.chat.irc.regain import NickRegain
from chatlab.core.account import Autojoin
from chatlab.core.errors import ChatlabError, LocalProtocolError, Severity
from chatlab.protocol.irc import format_line

JOIN_WAIT_S = 60.0
_MAX_JOIN_LENGTH = 400
"""Bytes of the channels and keys in one JOIN line."""


class Arrival:
    """Everything between the greeting and the first word."""

    def __init__(self, context: Context, credentials: Credentials, performer: Performer) -> None:
        self._context = context
        self._performer = performer
        self.monitor = Monitor(context)
        self._regain = NickRegain(context)
        self._nickserv = (
            NickServLogin(context, credentials.login, self._on_identified)
            if credentials.uses_nickserv
            else None
        )

    def handle(self, dispatcher: Dispatcher) -> None:
        """Register; after those who keep track of nicks."""
        self.monitor.handle(dispatcher)
        self._regain.handle(dispatcher)
        if self._nickserv is not None:
            self._nickserv.handle(dispatcher)

    def begin(self, *, is_logged_in: bool) -> None:
        """The outbox is open. Messages to channels wait until these are joined."""
        context = self._context
        fold = context.state.fold
        context.outbox.joining |= {fold(channel.channel) for channel in context.lasting.channels}
        self._be_away_again()
        self._regain.begin()
        self.monitor.begin()
        if self._nickserv is not None and not is_logged_in:
            self._nickserv.begin()
            context.outbox.flush()
        else:
            self._join()

    def _be_away_again(self) -> None:
        if message := self._context.lasting.away:
            try:
                self._context.outbox.put_command("AWAY", message)
            except LocalProtocolError as error:  # This server takes less than the last one did.
                self._context.inform(
                    f"You could not be marked as away again. {error.message}", hint=error.hint
                )

    def _on_identified(self) -> None:
        assert self._nickserv is not None  # it has just called
        if self._nickserv.is_logged_in and self._regain.is_waiting:
            nick = self._context.account.nick
            self._context.link.send("PRIVMSG", SERVICE, f"REGAIN {nick}")
        self._join()

    def _join(self) -> None:
        self._performer.perform()  # Before the channels: they may let in only who did that.
        context = self._context
        wanted: set[str] = set()
        lines: list[bytes] = []
        most = context.state.isupport.targets_per_line("JOIN")
        for group in group_joins(context.lasting.channels, most):
            names = ",".join(channel.channel for channel in group)
            keys = ",".join(channel.key for channel in group if channel.key)
            folded = {context.state.fold(channel.channel) for channel in group}
            try:
                lines.append(format_line("JOIN", names, *([keys] if keys else [])))
            except ChatlabError as error:
                context.inform(
                    f"{names} cannot be joined. {error.message}",
                    severity=Severity.ERROR,
                    hint="Correct the channel or its key in the account’s settings.",
                )
                context.outbox.joining -= folded
                continue
            wanted |= folded
        context.outbox.join_first(wanted, lines)
        stop_waiting_later(context, wanted)


def stop_waiting_later(context: Context, channels: set[str]) -> None:
    """No server leaves a JOIN unanswered; should one do it, messages must not wait for ever."""
    context.timers.call_later(JOIN_WAIT_S, lambda: context.outbox.joined(*channels))


def group_joins(channels: Sequence[Autojoin], most: int) -> list[list[Autojoin]]:
    """Channels by JOIN line: those with a key apart, as keys are counted off from the first."""
    groups: list[list[Autojoin]] = []
    length = 0
    for channel in sorted(channels, key=lambda channel: not channel.key):
        size = len(channel.channel.encode()) + len(channel.key.encode()) + 2
        same_kind = groups and bool(groups[-1][-1].key) == bool(channel.key)
        is_full = bool(groups) and len(groups[-1]) >= most
        if not same_kind or is_full or length + size > _MAX_JOIN_LENGTH:
            groups.append([])
            length = 0
        groups[-1].append(channel)
        length += size
    return groups
