"""One attempt at being online: dial, negotiate, talk, until the connection ends."""

import logging
from typing import Generic

from chatlab.chat.timing import Timers, first_of
from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.idling import IDLING
from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.login import Refusal, mechanisms_of
from chatlab.chat.xmpp.negotiation import Held, Negotiation, Units
from chatlab.chat.xmpp.poison import Poison, sender_of
from chatlab.chat.xmpp.session import Session
from chatlab.chat.xmpp.shared import Shared
from chatlab.chat.xmpp.transport import Dialler, T
from chatlab.core.account import Account, LoginMethod, SecretKind
from chatlab.core.connection import LinkState
from chatlab.core.errors import CertificateError, ChatlabError, ConnectError
from chatlab.core.events import CertificateRefused, ConnectionOpened, NickInUse
from chatlab.core.flow import WireRange
from chatlab.protocol.xmpp import StreamFault, StreamUnit

log = logging.getLogger(__name__)

NEGOTIATION_S = 60.0


class Attempt(Generic[T]):
    """From dialling to the end of one connection."""

    def __init__(
        self, account: Account, dialler: Dialler[T], shared: Shared, session: Session | None
    ) -> None:
        """``session`` is the one of the connection before, where it may be resumed."""
        self.session: Session | None = session
        self._account = account
        self._dialler = dialler
        self._shared = shared
        self._units = Units()
        self._timers = Timers(shared.timing)
        self._poison = Poison(shared.lasting)
        self._link = Link(
            account.id,
            shared.emit,
            shared.timing,
            self._on_unit,
            self._on_fault,
            self._on_closed,
            on_skipped=self._on_skipped if shared.lasting.is_skipping else None,
        )
        self._is_negotiating = True
        self._negotiation: Negotiation | None = None
        self._verdict: Verdict | None = None
        self._online_since: float | None = None
        self._ended_at: float | None = None

    @property
    def is_connected(self) -> bool:
        return self._link.is_open

    @property
    def is_online(self) -> bool:
        return self.is_connected and not self._is_negotiating

    @property
    def online_for_s(self) -> float:
        """How long it was online, seen from its end."""
        if self._online_since is None or self._ended_at is None:
            return 0.0
        return self._ended_at - self._online_since

    def acknowledged(self) -> int | None:
        return self._link.acknowledged()

    async def run(self) -> Verdict:
        """Be online for as long as it lasts; returns why it ended."""
        password = self._shared.secrets.get(self._account.id, SecretKind.LOGIN) or ""
        if not password and mechanisms_of(self._account) != (LoginMethod.EXTERNAL,):
            return Verdict("The password is not stored. Enter it in the account.", may_retry=False)
        try:
            wire = await self._dialler.dial(self._account, self._link, self._shared.set_state)
        except CertificateError as error:
            self._shared.emit(CertificateRefused(self._account.id, error))
            return Verdict(str(error), may_retry=False)
        except ConnectError as error:
            return Verdict(str(error))
        try:
            return await self._talk(wire, password)
        finally:
            self._timers.cancel_all()
            self._link.abort()
            self._ended_at = self._shared.timing.monotonic()
            if self.session is not None:
                self.session.pause(self._link)

    async def leave(self, reason: str, wait_s: float) -> None:
        """End the stream, with a word to who sees us, give the server a moment to close, then close ourselves."""
        if self.session is not None and self.is_online:
            self.session.leave(reason)
            await first_of(self._units.ended(), self._shared.timing.sleep(wait_s))
        await self._link.close()

    # -- inner

    async def _talk(self, wire: T, password: str) -> Verdict:
        self._shared.emit(ConnectionOpened(self._account.id, wire.connection))
        self._shared.set_state(LinkState.REGISTERING)

        async def secure() -> None:
            self._shared.set_state(LinkState.SECURING)
            await self._dialler.secure(wire, self._account)
            self._shared.emit(ConnectionOpened(self._account.id, wire.connection))
            self._shared.set_state(LinkState.REGISTERING)

        self._link.attach(wire)
        negotiation = Negotiation(self._account, self._link, self._units, secure)
        self._negotiation = negotiation
        self._timers.call_later(NEGOTIATION_S, self._too_slow)
        try:
            await self._negotiate(negotiation, password)
            while True:
                await self._units.next()  # Nothing comes here any more but the end.
        except CertificateError as error:
            self._shared.emit(CertificateRefused(self._account.id, error))
            return Verdict(str(error), may_retry=False)
        except Refusal as refusal:
            await self._say_goodbye()
            return self._verdict_of(str(refusal), refusal.may_retry)
        except ConnectError as error:
            return self._verdict_of(str(error), True)
        except ChatlabError as error:
            await self._say_goodbye()
            return self._verdict_of(str(error), False)

    async def _say_goodbye(self) -> None:
        """We do not go on, and the server is told so: the stream ends, and TLS with it."""
        if self._link.is_open:
            self._link.end()
            await self._link.close()

    async def _negotiate(self, negotiation: Negotiation, password: str) -> None:
        features = await negotiation.open()
        features = await negotiation.log_in(features, password)
        if self.session is not None and self.session.can_resume:
            answer = await negotiation.resume(features, self.session.management)
            if answer is not None:
                self._go_online(negotiation)
                self.session.resume(self._link, answer)
                self._take_rest(negotiation.rest())
                return
        if self.session is not None:
            self.session.end("The server has forgotten the session.")
        self.session = session = Session(self._account, self._shared)
        jid = await negotiation.bind(features)
        await negotiation.manage(features, session.management)
        session.context.state.can_idle = features.get("csi", IDLING) is not None
        self._go_online(negotiation)
        self._shared.emit(NickInUse(self._account.id, self._account.nick))
        session.begin(self._link, jid)
        self._take_rest(negotiation.rest())

    def _go_online(self, negotiation: Negotiation) -> None:
        self._is_negotiating = False
        self._online_since = self._shared.timing.monotonic()
        self._shared.set_state(LinkState.ONLINE)

    def _take_rest(self, rest: tuple[Held, ...]) -> None:
        assert self.session is not None  # it has just begun
        for held in rest:
            self.session.take(held.unit, held.wire)

    def _on_unit(self, unit: StreamUnit, wire: WireRange) -> None:
        if self._is_negotiating or self.session is None:
            self._units.put(unit, wire)
        else:
            self.session.take(unit, wire)

    def _on_fault(self, fault: StreamFault, start: bytes) -> None:
        """What arrived is not to be read on; a stanza that does so again and again is named."""
        error = f"<{fault.condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        self._link.end(f"<stream:error>{error}</stream:error>".encode())
        if self._negotiation is not None and self._negotiation.is_logged_in:
            self._verdict = self._poison.verdict(fault, start)
        else:
            self._verdict = Verdict(str(fault), may_retry=False)
        self._link.abort(fault.message)

    def _on_skipped(self, fault: StreamFault, start: bytes) -> None:
        """The owner wants to be online in spite of it."""
        if self.session is not None:
            self.session.step_over(f"A stanza{sender_of(start)} was left out. {fault.message}")

    def _on_closed(self, reason: str) -> None:
        self._units.end(Refusal(reason or "The connection was closed.", may_retry=True))

    def _too_slow(self) -> None:
        if self._is_negotiating:
            self._verdict = Verdict(
                f"The server did not let us in within {NEGOTIATION_S:.0f} s. Is this an XMPP "
                "server, and the right port?"
            )
            self._link.abort("It took too long.")

    def _verdict_of(self, reason: str, may_retry: bool) -> Verdict:
        if self._verdict is not None:
            return self._verdict
        if self.session is not None and self.session.context.verdict is not None:
            verdict, self.session.context.verdict = self.session.context.verdict, None
            return verdict
        return Verdict(reason, may_retry)
