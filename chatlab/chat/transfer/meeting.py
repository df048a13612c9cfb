"""How two programs come to one TCP connection: who listens, who connects, and what if not.

    offering side (``meet_offered``)                 offered side (``reach_offerer``)
    active:   listen, offer address and port    ->   connect
    passive:  offer port 0 and a token          ->   listen, answer with address, port and token
              connect                           <-

Where nothing happens for a while (``TransferPolicy.turns_round_s``) the offer is made once more the
other way round, with the first one still standing; whichever connection comes first is used.
"""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field

from chatlab.chat.transfer.entry import Ended, Entry, Offer
from chatlab.chat.transfer.opening import Listener, PeerSocket
from chatlab.core.errors import ConnectError
from chatlab.core.flow import Direction, WireRange
from chatlab.core.transfer import TransferState, TransferWay
from chatlab.protocol.dcc import (
    CHAT_PURPOSE,
    GET_PURPOSE,
    PASSIVE_ADDRESS,
    SEND_PURPOSE,
    ChatOffer,
    SendOffer,
    describe_dcc,
)
from chatlab.protocol.dcc_address import (
    is_private,
    judge_target,
    read_address,
)

OFFER_S = 300.0
"""How long an offer of ours stands; irssi and WeeChat let theirs go after the same time."""
WRITE_S = 120.0
"""How long an offer may wait for its turn: servers cut off who sends many lines at once."""
ANSWER_S = 60.0
"""How long we listen for the sender of a passive offer; its program connects by itself."""
_FIRST_TOKEN = 1_000
_TOKENS = 1_000_000


async def meet_offered(entry: Entry, *, is_passive: bool) -> PeerSocket:
    """Offer, and wait for the one connection. Raises ConnectError or Ended."""
    meeting = _Meeting(entry)
    try:
        async with asyncio.timeout(OFFER_S):
            return await meeting.run(is_passive=is_passive)
    except TimeoutError:
        transfer = entry.transfer
        raise ConnectError(
            f"{transfer.peer} did not take it within {OFFER_S / 60:.0f} minutes.",
            "Ask them whether they saw the offer, and offer it again.",
        ) from None
    finally:
        await meeting.close()


@dataclass(slots=True)
class _Meeting:
    """The offers that stand at the moment."""

    entry: Entry
    listeners: list[Listener] = field(default_factory=list)
    accepting: set["asyncio.Task[PeerSocket]"] = field(default_factory=set)
    answering: "asyncio.Task[Offer] | None" = None
    problem: ConnectError | None = None
    """Why one of the two ways failed."""

    async def run(self, *, is_passive: bool) -> PeerSocket:
        may_turn = self.entry.forced_passive is None and self.entry.desk.policy.turns_round_s > 0
        await self._offer(is_passive=is_passive)
        while True:
            patience = self.entry.desk.policy.turns_round_s if may_turn else None
            tasks: set[asyncio.Task[PeerSocket] | asyncio.Task[Offer]] = set(self.accepting)
            if self.answering is not None:
                tasks.add(self.answering)
            done, _ = await asyncio.wait(
                tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if peer := await self._outcome(done):
                return peer
            if may_turn and (not done or self.problem is not None):
                may_turn, is_passive = False, not is_passive
                await self._offer(is_passive=is_passive, is_second=True)
            elif self.problem is not None:
                raise self.problem

    async def _outcome(
        self, done: set[asyncio.Task[PeerSocket] | asyncio.Task[Offer]]
    ) -> PeerSocket | None:
        for accepted in [task for task in self.accepting if task in done]:
            self.accepting.discard(accepted)
            return accepted.result()
        if self.answering is not None and self.answering in done:
            answer = self.answering.result()
            self.answering = asyncio.create_task(self.entry.answers.get())
            try:
                return await self._follow(answer)
            except ConnectError as error:
                self.problem = error
                self.entry.change(state=TransferState.OFFERED, detail=error.message)
        return None

    async def _follow(self, answer: Offer) -> PeerSocket:
        """The other party listens now: connect there."""
        entry = self.entry
        check_target(entry, answer)
        entry.change(
            state=TransferState.CONNECTING,
            way=TransferWay.PASSIVE,
            detail=f"{entry.transfer.peer} listens on {answer.address} port {answer.port}; "
            "connecting there.",
        )
        return await connect(entry, answer)

    async def _offer(self, *, is_passive: bool, is_second: bool = False) -> None:
        entry, peer = self.entry, self.entry.transfer.peer
        if is_passive:
            entry.token = entry.token or str(_FIRST_TOKEN + secrets.randbelow(_TOKENS))
            offer = make_offer(entry, PASSIVE_ADDRESS, 0, entry.token)
            if self.answering is None:
                self.answering = asyncio.create_task(entry.answers.get())
            waiting = f"{peer} is asked to listen for us (passive DCC)."
        else:
            listener, announced = await listen(entry)
            self.listeners.append(listener)
            entry.ports.add(listener.endpoint.port)
            offer = make_offer(entry, announced, listener.endpoint.port, "")
            self.accepting.add(asyncio.create_task(accept(entry, listener)))
            waiting = f"We listen on {announced} port {listener.endpoint.port} for {peer}."
        if is_second:
            why = self.problem.message if self.problem else "No connection came so far."
            waiting = f"{why} Now the other way round: {waiting}"
            self.problem = None
        way = TransferWay.PASSIVE if is_passive else TransferWay.ACTIVE
        entry.change(
            state=TransferState.OFFERED,
            way=way,
            offer_words=describe_dcc(offer),
            detail=f"{waiting} They have to accept it.",
        )
        written = asyncio.get_running_loop().create_future()
        entry.desk.signals.put_dcc(peer, offer, lambda wire: _note_offer(entry, wire, written))
        try:
            async with asyncio.timeout(WRITE_S):
                await written
        except TimeoutError:
            raise ConnectError(
                "The offer could not be sent: the connection to the server was lost.",
                "Offer it again when the account is online.",
            ) from None

    async def close(self) -> None:
        tasks: list[asyncio.Task[PeerSocket] | asyncio.Task[Offer]] = [*self.accepting]
        if self.answering is not None:
            tasks.append(self.answering)
        for task in tasks:
            task.cancel()
        try:
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for late in results:
                if isinstance(late, PeerSocket):
                    late.close()
        finally:
            for listener in self.listeners:
                listener.close()


def _note_offer(entry: Entry, wire: WireRange, written: "asyncio.Future[None]") -> None:
    if not written.done():
        written.set_result(None)
    if not entry.transfer.state.is_over:
        entry.change(offer=wire)


def make_offer(entry: Entry, address: str, port: int, token: str) -> Offer:
    transfer = entry.transfer
    if not entry.is_file:
        return ChatOffer(address=address, port=port, token=token)
    # An answer repeats the name as it was offered, by which the other program knows it.
    offered = entry.offer.name if isinstance(entry.offer, SendOffer) else transfer.name
    return SendOffer(name=offered, address=address, port=port, size=transfer.size, token=token)


# -- listening and connecting, for either side


async def listen(entry: Entry) -> tuple[Listener, str]:
    """A listener, and the address to announce for it. Raises ConnectError."""
    desk, peer = entry.desk, entry.transfer.peer
    around = desk.signals.surroundings()
    host = desk.signals.known_host(peer)
    reach = desk.reach(host)
    own, known = read_address(around.local_address), read_address(host)
    expected = str(known) if known is not None else ""
    if own is not None and own.is_loopback:
        expected = str(own)  # Whoever comes to the loopback address comes from it.
    listener = await desk.dialler.listen(around.local_address, desk.ports, expected)
    return listener, reach.announce


async def accept(entry: Entry, listener: Listener) -> PeerSocket:
    peer = entry.transfer.peer
    host = entry.desk.signals.known_host(peer)

    def may_come(address: str) -> bool:
        if is_expected(address, host):
            return True
        entry.change(
            detail=f"A connection from {address} was turned away: the server shows {host} "
            f"for {peer}."
        )
        return False

    return await listener.accept(entry.desk.account, _purpose(entry), peer, may_come)


def is_expected(address: str, peer_host: str) -> bool:
    """Whether a connection may be the peer's: what else is known about it does not contradict."""
    came, shown = read_address(address), read_address(peer_host)
    if came is None or shown is None or came.version != shown.version:
        return True
    return came == shown or is_private(came)


def check_target(entry: Entry, offer: Offer) -> None:
    """Raises ConnectError where a stranger must not send us."""
    signals = entry.desk.signals
    verdict = judge_target(
        offer.address,
        offer.port,
        local=signals.surroundings().local_address,
        peer_host=signals.known_host(entry.transfer.peer),
    )
    if verdict.refusal:
        raise ConnectError(
            f"We do not connect there: {verdict.refusal}",
            f"Ask {entry.transfer.peer} to check the address that their program announces.",
        )


async def connect(entry: Entry, offer: Offer) -> PeerSocket:
    return await entry.desk.dialler.connect(
        entry.desk.account, offer.address, offer.port, _purpose(entry), entry.transfer.peer
    )


def _purpose(entry: Entry) -> str:
    transfer = entry.transfer
    if not entry.is_file:
        return f"{CHAT_PURPOSE} with {transfer.peer}"
    if transfer.direction is Direction.SENT:
        return f"{SEND_PURPOSE} to {transfer.peer}: {transfer.name}"
    return f"{GET_PURPOSE} from {transfer.peer}: {transfer.name}"


# -- the offered side


async def reach_offerer(entry: Entry, offer: Offer) -> PeerSocket:
    """Come to a connection as the offer says. Raises ConnectError."""
    peer = entry.transfer.peer
    if not offer.is_passive:
        check_target(entry, offer)
        entry.change(
            state=TransferState.CONNECTING,
            way=TransferWay.ACTIVE,
            detail=f"Connecting to {offer.address} port {offer.port}, where {peer} listens.",
        )
        return await connect(entry, offer)
    listener, announced = await listen(entry)
    try:
        answer = make_offer(entry, announced, listener.endpoint.port, offer.token)
        entry.change(
            state=TransferState.CONNECTING,
            way=TransferWay.PASSIVE,
            detail=f"We listen on {announced} port {listener.endpoint.port}; {peer} is told so.",
        )
        entry.desk.signals.put_dcc(peer, answer)
        async with asyncio.timeout(ANSWER_S):
            return await accept(entry, listener)
    except TimeoutError:
        around = entry.desk.signals.surroundings()
        raise ConnectError(
            f"{peer} did not connect to {announced} port {listener.endpoint.port} within "
            f"{ANSWER_S:.0f} s.",
            "A firewall or router here keeps connections out: forward some ports and name them "
            "in the preferences."
            if (own := read_address(around.local_address)) is None or is_private(own)
            else f"Ask {peer} whether their program can connect to other people.",
        ) from None
    finally:
        listener.close()


def reject(entry: Entry, message: str) -> Ended:
    """What an entry ends with that one of the two turned down."""
    return Ended(TransferState.REFUSED, message)


async def first_of_renewal(entry: Entry, seconds: float) -> bool:
    """Whether the other party offers it once more within some time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await entry.renewed.wait()
    return entry.renewed.is_set()
