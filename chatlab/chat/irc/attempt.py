"""One attempt at being online: dial, register, talk, until the connection ends."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chatlab.chat.irc.answers import Answers
from chatlab.chat.irc.arrival import Arrival, stop_waiting_later
from chatlab.chat.irc.batches import Batches
from chatlab.chat.irc.channels import Channels
from chatlab.chat.irc.context import Context, Lasting
from chatlab.chat.irc.credentials import Credentials, read_credentials
from chatlab.chat.irc.delivery import Deliveries
from chatlab.chat.irc.history import History
from chatlab.chat.irc.inquiries import Inquiries
from chatlab.chat.irc.keepalive import Keepalive
from chatlab.chat.irc.link import Dispatcher, Link
from chatlab.chat.irc.messages import Messages
from chatlab.chat.irc.outbox import Outbox
from chatlab.chat.irc.perform import Performer
from chatlab.chat.irc.presence import Presence
from chatlab.chat.irc.registration import Registration
from chatlab.chat.irc.replies import Replies
from chatlab.chat.irc.state import Channel, ServerState
from chatlab.chat.irc.sts import StrictTransport
from chatlab.chat.irc.tag_talk import TagTalk
from chatlab.chat.irc.typist import Typist
from chatlab.chat.irc.whox import WhoX
from chatlab.chat.timing import Timers, Timing, first_of
from chatlab.chat.transport import Dialler, Transport
from chatlab.chat.verdict import StateSetter, Verdict
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.connection import LinkState
from chatlab.core.errors import (
    CertificateError,
    ConnectError,
    FileError,
    LocalProtocolError,
)
from chatlab.core.events import CertificateRefused, ConnectionOpened
from chatlab.core.ports import EventSink, SecretStore

log = logging.getLogger(__name__)


MAX_PINGS = 100
"""CTCP PINGs of ours whose answer is remembered as such."""


@dataclass(slots=True, kw_only=True)
class Shared:
    """What outlives a connection."""

    dialler: Dialler[Transport]
    secrets: SecretStore
    emit: EventSink
    set_state: StateSetter
    timing: Timing
    deliveries: Deliveries
    outbox: Outbox
    lasting: Lasting
    sts: StrictTransport
    execute: Callable[[Command, str], None]
    """Carries out a command as if it were typed in a chat."""
    pings: dict[str, float] = field(default_factory=dict)
    """Token and time of the CTCP PINGs that we sent."""
    whois_chats: dict[str, str] = field(default_factory=dict)
    """Folded nick to the chat where its WHOIS was typed."""
    answers: Answers = field(default_factory=Answers)
    _ping_count: int = 0

    def new_ping(self) -> str:
        """A token for a CTCP PING, by which its answer will be known."""
        self._ping_count += 1
        token = f"chatlab{self._ping_count}"
        while len(self.pings) >= MAX_PINGS:
            self.pings.pop(next(iter(self.pings)))
        self.pings[token] = self.timing.monotonic()
        return token


class Attempt:
    """From dialling to the end of one connection."""

    def __init__(self, account: Account, shared: Shared) -> None:
        self.state = ServerState(account.nick)
        self._account = shared.sts.apply(account)
        self._why_other = shared.sts.why(account, self._account)
        self._shared = shared
        self._context: Context | None = None
        self._arrival: Arrival | None = None
        self._whox: WhoX
        self._history: History
        self._keepalive: Keepalive
        self.inquiries: Inquiries | None = None
        """None while dialling."""
        self.tag_talk: TagTalk | None = None
        """None while dialling."""
        self.typist: Typist | None = None
        """None while dialling."""
        self._closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._online_since: float | None = None
        self._ended_at: float | None = None

    @property
    def is_connected(self) -> bool:
        return self._context is not None and self._context.link.is_open

    @property
    def is_online(self) -> bool:
        return self.is_connected and self.state.is_online

    @property
    def online_for_s(self) -> float:
        """How long it was online, seen from its end."""
        if self._online_since is None or self._ended_at is None:
            return 0.0
        return self._ended_at - self._online_since

    def acknowledged(self) -> int | None:
        return self._context.link.acknowledged() if self._context is not None else None

    async def run(self) -> Verdict:
        """Be online for as long as it lasts; returns why it ended."""
        try:
            credentials = read_credentials(self._account, self._shared.secrets)
        except ConnectError as error:
            return Verdict(str(error), may_retry=False)
        dispatcher = Dispatcher(asyncio.get_running_loop())
        link = Link(
            self._account.id,
            dispatcher,
            self._shared.emit,
            self._on_closed,
            self._shared.timing,
        )
        try:
            transport = await self._shared.dialler.dial(self._account, link, self._shared.set_state)
        except CertificateError as error:
            self._shared.emit(CertificateRefused(self._account.id, error))
            return Verdict(str(error), may_retry=False)
        except ConnectError as error:
            return Verdict(str(error))
        return await self._talk(transport, link, dispatcher, credentials)

    def join(self, names: Sequence[str], keys: Sequence[str]) -> None:
        """JOIN at the user's wish; messages to the channels wait for it."""
        assert self._context is not None  # the caller has checked that we are online
        context = self._context
        most = self.state.isupport.targets_per_line("JOIN")
        for start in range(0, len(names), most):
            some, some_keys = names[start : start + most], keys[start : start + most]
            parameters = [",".join(some)] + ([",".join(some_keys)] if some_keys else [])
            context.outbox.put_command("JOIN", *parameters)
        for name, key in zip(names, keys, strict=False):
            context.lasting.join(name, key)
        # Nobody answers a JOIN to a channel that we are in.
        new = {self.state.fold(name) for name in names if self.state.channel(name) is None}
        context.outbox.joining |= new
        stop_waiting_later(context, new)

    def monitor(self, sign: str, nicks: Sequence[str]) -> None:
        """Wait for people, or no longer; with ``S``, have the server tell of all."""
        assert self._arrival is not None  # the caller has checked that we are online
        if nicks:
            self._arrival.monitor.change(sign, nicks)
        else:
            self._arrival.monitor.ask()

    def tell_lag(self, chat: str) -> None:
        """The caller has checked that we are online."""
        self._keepalive.tell_lag(chat)

    def check_now(self) -> None:
        """See soon whether the server still knows us; the caller has checked that we are online."""
        self._keepalive.check_now()

    async def leave(self, reason: str, wait_s: float) -> None:
        """QUIT, give the server a moment to close, then close ourselves."""
        assert self._context is not None  # the caller has checked that we are connected
        link = self._context.link
        try:
            link.send("QUIT", *([reason] if reason else []))
        except LocalProtocolError:  # A leave message with a line end, or far too long.
            link.send("QUIT")
        await first_of(asyncio.shield(self._closed), self._shared.timing.sleep(wait_s))
        await link.close()

    # -- inner

    async def _talk(
        self,
        transport: Transport,
        link: Link,
        dispatcher: Dispatcher,
        credentials: Credentials,
    ) -> Verdict:
        self._context = context = self._make_context(link)
        registration = Registration(context, credentials, self._shared.sts, self._on_online)
        self._arrival = Arrival(context, credentials, Performer(context, self._shared.execute))
        self._whox, self._history = WhoX(context, self._shared.answers), History(context)
        self.tag_talk, self.typist = TagTalk(context), Typist(context)
        keepalive = Keepalive(context, self._shared.deliveries, registration.expect_greeting_over)
        self._keepalive = keepalive
        self._register_handlers(context, dispatcher, registration, keepalive)
        if self._shared.lasting.dcc is not None:
            self._shared.lasting.dcc.attach(context, transport.connection)
        self._shared.emit(ConnectionOpened(self._account.id, transport.connection))
        self._shared.set_state(LinkState.REGISTERING)
        if self._why_other:
            context.inform(self._why_other, code="sts")
        reason = ""
        try:
            link.attach(transport)
            if link.is_open:
                registration.start()
                keepalive.start()
            reason = await self._closed
        except LocalProtocolError as error:  # Nick, user or real name cannot be sent.
            context.verdict = context.verdict or Verdict(str(error), may_retry=False)
        finally:
            context.timers.cancel_all()
            link.abort()
            self._ended_at = self._shared.timing.monotonic()
            self._renew_policy()
            verdict = _verdict_of(context, reason)
            self._shared.outbox.close(
                f"The connection was lost before the server had it. {verdict.reason}"
            )
            self._shared.whois_chats.clear()
            self._shared.answers.forget()
        return verdict

    def _renew_policy(self) -> None:
        try:
            self._shared.sts.connection_ended(self._account)
        except FileError as error:  # It was written when it was told; only its end is earlier.
            log.warning("The STS policy of %s was not renewed: %s", self._account.host, error)

    def _make_context(self, link: Link) -> Context:
        return Context(
            account=self._account,
            emit=self._shared.emit,
            timing=self._shared.timing,
            timers=Timers(self._shared.timing),
            state=self.state,
            link=link,
            outbox=self._shared.outbox,
            lasting=self._shared.lasting,
        )

    def _register_handlers(
        self,
        context: Context,
        dispatcher: Dispatcher,
        registration: Registration,
        keepalive: Keepalive,
    ) -> None:
        batches = Batches(dispatcher.handle_now)
        dispatcher.before_each(batches.place)
        dispatcher.on("BATCH", batches.on_batch)
        registration.handle(dispatcher)
        keepalive.handle(dispatcher)
        Messages(context, self._shared.deliveries, self._shared.pings).handle(dispatcher)
        presence = Presence(context)
        presence.handle(dispatcher)
        presence.fold(batches)
        Channels(context, self._on_channel_known).handle(dispatcher)
        self._whox.handle(dispatcher)
        self._history.handle(dispatcher)
        self.inquiries = Inquiries(context)
        self.inquiries.handle(dispatcher)
        shared = self._shared
        replies = Replies(context, shared.deliveries, shared.whois_chats, shared.answers)
        replies.handle(dispatcher)
        assert self._arrival is not None  # made before anything is handled
        self._arrival.handle(dispatcher)

    def _on_channel_known(self, channel: Channel) -> None:
        try:
            self._whox.joined(channel)
            self._history.joined(channel)
        except LocalProtocolError:  # A server may spell a channel so that it cannot be named.
            log.debug("%s cannot be asked about", channel.name)

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Have our other clients know; the caller has checked that we are online."""
        self._history.mark_read(chat, time_ns)

    def _on_closed(self, reason: str) -> None:
        if not self._closed.done():
            self._closed.set_result(reason)

    def _on_online(self, is_logged_in: bool) -> None:
        assert self._context is not None  # the registration belongs to it
        assert self._arrival is not None
        self._online_since = self._shared.timing.monotonic()
        self._shared.set_state(LinkState.ONLINE)
        self._shared.outbox.open(self._context.link, self.state)
        self._arrival.begin(is_logged_in=is_logged_in)


def _verdict_of(context: Context, reason: str) -> Verdict:
    if context.verdict is not None:
        return context.verdict
    if context.server_error:
        return Verdict(f"The server closed the connection: {context.server_error}")
    return Verdict(reason or "The connection was closed.")
