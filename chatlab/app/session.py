"""A session: accounts and their connections, the capture, and which frames belong to what.

It knows no window. The window and the command line give it accounts and commands and watch two
things: the chat book (what is said) and the feed (what crossed the wire).
"""

import asyncio
import time
from typing import get_args

from chatlab.app.feed import CaptureFeed
from chatlab.capture.source import CaptureSource
from chatlab.chat.dial import Dialler
from chatlab.chat.irc.connection import IrcConnection
from chatlab.chat.irc.outbox import SendPace
from chatlab.chat.irc.sts import MemorySts
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureStatus
from chatlab.core.chats import ChatBook
from chatlab.core.errors import Severity
from chatlab.core.flow import ConnectionId, FlowKey, WireRange
from chatlab.core.listeners import Listeners
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.core.ports import (
    ChatConnection,
    EventSink,
    FileTransfers,
    SecretStore,
    SessionConnection,
    StsStore,
)
from chatlab.core.rules import RuleBook
from chatlab.core.transfer import TransferPolicy
from chatlab.core.xmpp_ports import Memory, Registrar

_SETTLE_S = 0.1
"""After so much time without news, what our TCP has acknowledged has been read, too."""


class Session:
    """Everything that is going on, from the first account to the last frame."""

    def __init__(
        self,
        book: ChatBook,
        feed: CaptureFeed,
        secrets: SecretStore,
        *,
        accepts_any_certificate: bool = False,
        pace: SendPace | None = None,
        sts: StsStore | None = None,
        rules: RuleBook | None = None,
        memory: Memory | None = None,
    ) -> None:
        """``sts`` remembers which servers demanded TLS; without it that ends with the session.

        ``rules`` say who is ignored and what concerns the reader; ``memory`` knows what was kept
        of earlier sessions, so that archives are asked for the rest.
        """
        self.book = book
        self.feed = feed
        self.connections: dict[AccountId, SessionConnection] = {}
        self._secrets = secrets
        self._pace = pace
        self._rules = rules or RuleBook()
        self._sts = sts or MemorySts()
        self._memory = memory
        self._source: CaptureSource | None = None
        self._dialler = Dialler(self, feed, accepts_any_certificate=accepts_any_certificate)
        self._peers = PeerDialler(self, feed)
        self._transfers: dict[AccountId, Transfers] = {}
        self._transfer_policy: TransferPolicy | None = None
        self._observers = Listeners[type[ev.ChatEvent], EventSink](get_args(ev.ChatEvent))
        self._unacknowledged: dict[MessageId, tuple[AccountId, WireRange]] = {}
        self._settling: asyncio.TimerHandle | None = None
        feed.on_frames(self._look_for_acks)
        feed.on_frames(self._settle_later)

    def observe(self, observer: EventSink, *kinds: type[ev.ChatEvent]) -> None:
        """``observer`` gets events of these kinds, or all, after the book has taken them in."""
        self._observers.add(observer, kinds)

    # -- accounts

    def add_account(self, account: Account) -> ChatConnection:
        """Make an account known, or give it new settings; it is not connected by this."""
        self.book.add_account(account)
        if connection := self.connections.get(account.id):
            connection.update(account)
            return connection
        self.connections[account.id] = connection = self._make_connection(account)
        connection.wait_for(self._rules.buddies_of(account.id))
        connection.answer_only(lambda source: self._may_answer(account.id, source))
        return connection

    def make_registrar(self) -> Registrar:
        """Somebody who makes XMPP accounts on servers; captured as all other connections."""
        from chatlab.chat.xmpp.registration import XmppRegistrar

        return XmppRegistrar(self._dialler, self.handle)

    def _make_connection(self, account: Account) -> SessionConnection:
        if account.application is Application.XMPP:
            # slixmpp takes its time to load: only who has such an account waits for it.
            from chatlab.chat.xmpp.connection import XmppConnection

            return XmppConnection(
                account, self.handle, self._dialler, self._secrets, memory=self._memory
            )
        connection = IrcConnection(
            account,
            self.handle,
            self._dialler,
            self._secrets,
            pace=self._pace,
            sts=self._sts,
            peers=self._peers,
        )
        if connection.transfers is not None:
            self._transfers[account.id] = connection.transfers
            if self._transfer_policy is not None:
                connection.transfers.policy = self._transfer_policy
        return connection

    def _may_answer(self, account: AccountId, source: str) -> bool:
        """Who is ignored gets no answer, not even an automatic one."""
        asked = ev.Informed(account, "", 0, code="CTCP", source=source)
        return not self._rules.hides(asked, time.time_ns())

    def follow_rules(self) -> None:
        """The rules changed: have the servers watch for the same people as the reader."""
        for account, connection in self.connections.items():
            connection.wait_for(self._rules.buddies_of(account))

    async def remove_account(self, account: AccountId) -> None:
        if connection := self.connections.pop(account, None):
            await self._end_transfers(account)
            await connection.stop()
        self.book.remove_account(account)

    def transfers(self, account: AccountId) -> FileTransfers | None:
        """Files and direct chats of an account; None where it cannot have any."""
        return self._transfers.get(account)

    def set_transfer_policy(self, policy: TransferPolicy) -> None:
        """What the user has chosen for files, for accounts of now and of later."""
        self._transfer_policy = policy
        for transfers in self._transfers.values():
            transfers.policy = policy

    async def _end_transfers(self, account: AccountId) -> None:
        if transfers := self._transfers.pop(account, None):
            await transfers.close()

    def handle(self, event: ev.ChatEvent) -> None:
        """Take in one event of a connection's.

        What is ignored ends here: it is neither shown nor counted. Its frames are captured as
        any others, and still say whose they are.
        """
        event = self._rules.marked(event)
        if self._rules.hides(event, time.time_ns()):
            if isinstance(event, ev.MessageAdded):
                self._note_wire(event.message)
            return
        self.book.apply(event)
        match event:
            case ev.MessageAdded(message):
                self._note_wire(message)
            case ev.MessageChanged(_, message_id) if found := self.book.find(message_id):
                entry = found[0].entries[found[1]]
                if isinstance(entry, Message):
                    self._note_wire(entry)
            case _:
                pass
        for observer in self._observers.of(type(event)):
            observer(event)

    def _note_wire(self, message: Message) -> None:
        if message.wire is None:
            return
        self.feed.assign(message)
        if message.delivery is Delivery.WRITTEN:
            self._unacknowledged[message.id] = (message.account, message.wire)
        else:
            self._unacknowledged.pop(message.id, None)

    def _look_for_acks(self) -> None:
        """Turn captured ACKs into ACKNOWLEDGED, also where the operating system cannot tell."""
        reached: dict[ConnectionId, int] = {}
        for message, (account, wire) in list(self._unacknowledged.items()):
            if wire.connection not in reached:
                reached[wire.connection] = self.feed.acknowledged(wire.connection) or 0
            if reached[wire.connection] >= wire.span.stop:
                self.handle(ev.MessageChanged(account, message, Delivery.ACKNOWLEDGED))

    def tell_all(self, severity: Severity, text: str, hint: str) -> None:
        """A line of our own on every account's page: something happened that concerns them all."""
        for account in list(self.connections):
            self.handle(ev.Informed(account, text, time.time_ns(), severity=severity, hint=hint))

    def wake(self) -> None:
        """The computer has slept, or the program stood still: look at every connection now."""
        for connection in self.connections.values():
            connection.check_now()

    # -- capture

    def _settle_later(self) -> None:
        """Where a capture began late, quiet tells where it lies (``analysis.anchoring``)."""
        if self._settling is None and self.feed.count and self.feed.correlator.is_settling:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(_SETTLE_S, self._settle)

    def _settle(self) -> None:
        self._settling = None
        if self.feed.correlator.settle():
            self.feed.tell()
        self._settle_later()

    async def start_capture(self) -> CaptureStatus:
        """Capture into the feed's file from now on, open connections included."""
        if self._source is None:
            # It may be stopped before it has come up: then its own methods do nothing.
            source = self._source = CaptureSource(self.feed.file, self.feed.take_status)
            self.feed.on_secret = source.secret
            await source.start()
            for fileno, flow in self._live():
                # Another socket may have its number by now, if it was closed meanwhile.
                if (fileno, flow) in self._live():
                    await source.admit(fileno, flow)
        elif isinstance(self.feed.status, CaptureLost):
            await self.restart_capture()
        return self.feed.status

    def _live(self) -> tuple[tuple[int, FlowKey], ...]:
        """The sockets that are open now, and where they lead."""
        return (*self._dialler.live(), *self._peers.live())

    async def stop_capture(self) -> None:
        """Finish the capture file; chats go on."""
        if source := self._source:
            self._source = None
            self.feed.on_secret = lambda line: None
            await source.stop()
            self.feed.pull()
            self.feed.take_status(CaptureIdle())

    async def capture_interface(self, name: str, *, is_promiscuous: bool) -> None:
        """Capture a whole interface, too; an empty name ends that. Raises CaptureError."""
        if name:
            await self.start_capture()
        if self._source is not None:
            await self._source.watch_interface(name, is_promiscuous=is_promiscuous)

    async def restart_capture(self) -> None:
        """Bring a lost capture process back; frames have waited in the kernel meanwhile."""
        if self._source is not None:
            await self._source.restart()

    async def catch_up(self) -> None:
        """Return when every frame that crossed the wire before this call is indexed."""
        if self._source is not None and isinstance(self.feed.status, CaptureLive):
            await self._source.sync()
        self.feed.pull()

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        """core.ports.CaptureGate, for the dialler."""
        return self._source is not None and await self._source.admit(fileno, flow)

    def dismiss(self, flow: FlowKey) -> None:
        if self._source is not None:
            self._source.dismiss(flow)

    # -- end

    async def close(self) -> None:
        """Leave all servers politely, then finish the capture."""
        await asyncio.gather(*(self._end_transfers(account) for account in self.connections))
        await asyncio.gather(*(connection.stop() for connection in self.connections.values()))
        await self.catch_up()
        await self.stop_capture()
        if self._settling is not None:
            self._settling.cancel()
