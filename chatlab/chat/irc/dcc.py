"""DCC over IRC: CTCP lines in and out, and what the server tells about where people are.

Implements ``chat.transfer.entry.Signals`` for one account; the transfers themselves know no IRC.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import LineEvent
from chatlab.chat.irc.messages import next_message_id
from chatlab.chat.irc.state import ServerState
from chatlab.chat.kept_connection import not_connected
from chatlab.chat.timing import Timing
from chatlab.chat.transfer.entry import Surroundings
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.account import Account
from chatlab.core.connection import Connection
from chatlab.core.errors import RemoteProtocolError, Severity
from chatlab.core.flow import WireRange
from chatlab.core.ports import EventSink
from chatlab.protocol.ctcp import Ctcp, encode_ctcp
from chatlab.protocol.dcc import DccMessage, Rejection, format_dcc, parse_dcc
from chatlab.protocol.irc import format_line

LOOK_UP_S = 3.0
"""How long USERHOST is waited for; without an answer the offer goes out all the same."""
MAX_HOSTS = 1_000


class Engine(Protocol):
    """What is asked of the account's connection."""

    @property
    def account(self) -> Account: ...

    @property
    def state(self) -> ServerState: ...

    @property
    def is_online(self) -> bool: ...


class Dcc:
    """Joins an account's transfers with its connection, whichever one it has at the moment."""

    def __init__(self, engine: Engine, peers: PeerDialler, emit: EventSink, timing: Timing) -> None:
        self._engine = engine
        self._context: Context | None = None
        self._connection: Connection | None = None
        self._hosts: dict[str, str] = {}
        """Folded nick to the host that the server showed last."""
        self._asked: dict[str, asyncio.Future[str | None]] = {}
        """Folded nick to who waits for its USERHOST."""
        self.transfers = Transfers(self, peers, emit, timing.clock_ns, next_message_id)

    def attach(self, context: Context, connection: Connection) -> None:
        """The account has a new connection."""
        self._context, self._connection = context, connection
        self._hosts.clear()

    # -- Signals

    @property
    def account(self) -> Account:
        return self._engine.account

    def surroundings(self) -> Surroundings:
        state = self._engine.state
        flow = self._connection.flow if self._connection is not None else None
        return Surroundings(
            local_address=flow.local.address if flow is not None else "",
            visible_host=state.host,
            server_address=flow.remote.address if flow is not None else "",
            nick=state.nick,
            is_online=self._engine.is_online,
        )

    def known_host(self, nick: str) -> str:
        state = self._engine.state
        folded = state.fold(nick)
        for channel in state.channels_of(nick):
            if host := channel.members[folded].user_host.rpartition("@")[2]:
                return host
        return self._hosts.get(folded, "")

    async def find_host(self, nick: str) -> str | None:
        """Ask the server where somebody is, and how it sees us, unless it has said so."""
        state, context = self._engine.state, self._context
        if context is None or not self._engine.is_online:
            raise not_connected()
        if (host := self.known_host(nick)) and state.host:
            return host
        folded = state.fold(nick)
        answer = self._asked.get(folded)
        if answer is None:
            answer = self._asked[folded] = asyncio.get_running_loop().create_future()
            context.outbox.put_command("USERHOST", nick, state.nick)
        try:
            async with asyncio.timeout(LOOK_UP_S):
                return await asyncio.shield(answer)
        except TimeoutError:
            return ""
        finally:
            self._asked.pop(folded, None)

    def put_dcc(
        self, nick: str, message: DccMessage, on_written: Callable[[WireRange], None] | None = None
    ) -> None:
        """A refusal goes as a NOTICE, which nobody answers; everything else is a PRIVMSG."""
        command = "NOTICE" if isinstance(message, Rejection) else "PRIVMSG"
        self._put(format_line(command, nick, encode_ctcp("DCC", format_dcc(message))), on_written)

    def put_notice(self, nick: str, text: str) -> None:
        self._put(format_line("NOTICE", nick, text), None)

    def _put(self, line: bytes, on_written: Callable[[WireRange], None] | None) -> None:
        if self._context is None or not self._engine.is_online:
            raise not_connected()
        self._context.outbox.put_line(line, on_written)

    def is_same(self, one: str, other: str) -> bool:
        fold = self._engine.state.fold
        return fold(one) == fold(other)

    # -- what arrives

    def heard(self, event: LineEvent, ctcp: Ctcp) -> None:
        """A CTCP DCC message that is no history and not our own."""
        context, nick = self._context, event.nick
        if context is None or not nick or not context.lasting.may_answer(event.line.source):
            return
        if not context.state.is_me(event.parameter(0)):
            context.inform(
                f"{nick} offered something by DCC to {event.parameter(0)}; only offers that are "
                "made to you alone are taken.",
                event,
                code="DCC",
            )
            return
        self._note_host(nick, event.line.sender.user_host.rpartition("@")[2])
        try:
            message = parse_dcc(ctcp.parameter)
        except RemoteProtocolError as error:
            context.inform(
                f"{nick} sent a DCC message that is not valid. {error.message}",
                event,
                severity=Severity.WARNING,
                code="DCC",
            )
            return
        self.transfers.take_dcc(nick, message, event.wire)

    def heard_notice(self, nick: str, text: str) -> None:
        self.transfers.take_checksum(nick, text)

    def took_userhost(self, event: LineEvent) -> bool:
        """``302 <me> :nick[*]=[+-]user@host …``; whether it answers a question from here."""
        state = self._engine.state
        hosts = {
            state.fold(nick.rstrip("*")): user_host.rpartition("@")[2]
            for nick, _, user_host in (reply.partition("=") for reply in event.last.split())
        }
        for nick, host in hosts.items():
            self._note_host(nick, host)
        waiting = [(nick, answer) for nick, answer in self._asked.items() if not answer.done()]
        if not waiting or not set(hosts) <= {state.fold(state.nick), *self._asked}:
            return False
        # Servers answer in order, so what is not in this answer belongs to the first question.
        nick, answer = next(((n, a) for n, a in waiting if n in hosts), waiting[0])
        answer.set_result(hosts.get(nick))
        return True

    def renamed(self, old: str, new: str) -> None:
        host = self._hosts.pop(self._engine.state.fold(old), "")
        self._note_host(new, host)
        self.transfers.renamed(old, new)

    def quit(self, nick: str) -> None:
        self.transfers.gone(nick, f"{nick} has left the network.")

    def refused(self, nick: str, reason: str) -> None:
        """The server does not deliver what we write to somebody."""
        self.transfers.gone(nick, reason)

    def _note_host(self, nick: str, host: str) -> None:
        if host:
            self._hosts.pop(folded := self._engine.state.fold(nick), None)
            self._hosts[folded] = host
            while len(self._hosts) > MAX_HOSTS:
                del self._hosts[next(iter(self._hosts))]
