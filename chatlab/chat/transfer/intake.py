"""What DCC messages of other people mean for the transfers that there are."""

import asyncio
from typing import Protocol

from chatlab.chat.transfer.entry import Desk, Ended, Entry, Offer
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.events import Informed
from chatlab.core.flow import Direction, WireRange
from chatlab.core.transfer import TransferId, TransferKind, TransferState, TransferWay
from chatlab.protocol.dcc import (
    ChatOffer,
    DccMessage,
    Rejection,
    ResumeAccept,
    ResumeRequest,
    SendOffer,
    describe_dcc,
    parse_checksum,
)
from chatlab.protocol.dcc_address import judge_target
from chatlab.protocol.file_names import is_executable, safe_name

MAX_PENDING = 8
"""Offers of one person that wait for our user; further ones are dropped."""
MAX_PENDING_IN_ALL = 50
DECIDE_S = 900.0
"""How long our user may think; most programs have stopped listening by then."""


class MakeEntry(Protocol):
    def __call__(
        self,
        peer: str,
        chat: str,
        direction: Direction,
        *,
        name: str,
        kind: TransferKind = ...,
        offered_name: str = ...,
        size: int = ...,
        warnings: tuple[str, ...] = ...,
    ) -> Entry: ...


class Intake:
    """Sorts messages to their transfers."""

    def __init__(self, desk: Desk, entries: dict[TransferId, Entry], new: MakeEntry) -> None:
        self._desk = desk
        self._entries = entries
        self._new = new

    def take(self, nick: str, message: DccMessage, wire: WireRange) -> None:
        match message:
            case SendOffer() | ChatOffer():
                if not self._is_answer(nick, message):
                    self._offered(nick, message, wire)
            case ResumeRequest():
                self._asked_to_resume(nick, message)
            case ResumeAccept():
                self._will_resume(nick, message)
            case Rejection():
                self._rejected(nick, message)

    # -- offers

    def _is_answer(self, nick: str, offer: Offer) -> bool:
        """Whether this is the answer to a passive offer of ours; then it is taken."""
        if offer.is_passive or not offer.token:
            return False
        for entry in self._of(nick, Direction.SENT):
            if entry.token == offer.token and entry.is_file == isinstance(offer, SendOffer):
                if not entry.answers.full():
                    entry.answers.put_nowait(offer)
                return True
        self._inform(nick, f"{nick} answered a DCC offer that does not stand; it was ignored.")
        return True

    def _offered(self, nick: str, offer: Offer, wire: WireRange) -> None:
        if (entry := self._same_as_before(nick, offer)) is not None:
            entry.offer = offer
            entry.change(
                way=TransferWay.PASSIVE if offer.is_passive else TransferWay.ACTIVE,
                offer=wire,
                offer_words=describe_dcc(offer),
                warnings=self._warn(nick, offer),
            )
            entry.renewed.set()
            return
        waiting = [
            entry
            for entry in self._entries.values()
            if entry.offer is not None and entry.transfer.state is TransferState.OFFERED
        ]
        from_nick = [entry for entry in waiting if self._is_with(entry, nick)]
        if len(from_nick) >= MAX_PENDING or len(waiting) >= MAX_PENDING_IN_ALL:
            self._inform(
                nick, f"{nick} offers even more by DCC; answer what is there first.", is_bad=True
            )
            return
        refusal = "" if offer.is_passive else self._judge(nick, offer)[0]
        if refusal:
            self._inform(nick, f"A DCC offer of {nick} is not followed: {refusal}", is_bad=True)
            return
        self._note(nick, offer, wire)

    def _note(self, nick: str, offer: Offer, wire: WireRange) -> None:
        warnings = self._warn(nick, offer)
        if isinstance(offer, SendOffer):
            name = safe_name(offer.name)
            entry = self._new(
                nick,
                nick,
                Direction.RECEIVED,
                name=name,
                offered_name=offer.name if offer.name != name else "",
                size=offer.size,
                warnings=warnings,
            )
            what, how = f"the file {name} ({offer.size:,} bytes)", f"/dcc get {nick}"
        else:
            entry = self._new(
                nick,
                nick,
                Direction.RECEIVED,
                name=f"={nick}",
                kind=TransferKind.CHAT,
                warnings=warnings,
            )
            what, how = "a direct chat (DCC CHAT)", f"/dcc chat {nick}"
        entry.offer = offer
        way = TransferWay.PASSIVE if offer.is_passive else TransferWay.ACTIVE
        entry.change_silently(way=way, offer=wire, offer_words=describe_dcc(offer))
        entry.announce()
        entry.inform(f"{nick} offers {what}.", f"Take it with {how}")
        loop = asyncio.get_running_loop()
        loop.call_later(DECIDE_S, self._lapse, entry)

    def _lapse(self, entry: Entry) -> None:
        if entry.transfer.state is TransferState.OFFERED and not entry.is_working:
            entry.end(
                TransferState.FAILED,
                f"You did not answer within {DECIDE_S / 60:.0f} minutes.",
                f"Ask {entry.transfer.peer} to offer it again.",
            )

    def _same_as_before(self, nick: str, offer: Offer) -> Entry | None:
        """The transfer that this offers once more, perhaps the other way round."""
        early = (TransferState.OFFERED, TransferState.ANSWERED, TransferState.CONNECTING)
        for entry in self._of(nick, Direction.RECEIVED):
            if entry.transfer.state not in early or type(entry.offer) is not type(offer):
                continue
            if not isinstance(offer, SendOffer) or not isinstance(entry.offer, SendOffer):
                return entry
            if (entry.offer.name, entry.offer.size) == (offer.name, offer.size):
                return entry
        return None

    def _judge(self, nick: str, offer: Offer) -> tuple[str, str]:
        """Refusal and warning for where an active offer leads."""
        verdict = judge_target(
            offer.address,
            offer.port,
            local=self._desk.signals.surroundings().local_address,
            peer_host=self._desk.signals.known_host(nick),
        )
        return verdict.refusal, verdict.warning

    def _warn(self, nick: str, offer: Offer) -> tuple[str, ...]:
        warnings = [f"Taking it shows {nick} your address."]
        if not offer.is_passive and (warning := self._judge(nick, offer)[1]):
            warnings.append(warning)
        if isinstance(offer, SendOffer):
            name = safe_name(offer.name)
            if name != offer.name:
                warnings.append(
                    f"The name was changed to one that is safe; it was offered as “{offer.name}”."
                )
            if is_executable(name):
                warnings.append("Opening a file of this kind may run a program.")
        return tuple(warnings)

    # -- resuming

    def _asked_to_resume(self, nick: str, request: ResumeRequest) -> None:
        """The receiver of our file has a part of it already (DCC RESUME)."""
        for entry in self._of(nick, Direction.SENT):
            fits = (
                request.token == entry.token if request.port == 0 else (request.port in entry.ports)
            )
            waits = entry.transfer.state in (TransferState.OFFERED, TransferState.ANSWERED)
            if not (fits and waits and entry.is_file and request.position <= entry.transfer.size):
                continue
            answer = ResumeAccept(
                name=request.name,
                port=request.port,
                position=request.position,
                token=request.token,
            )
            entry.change(
                state=TransferState.ANSWERED,
                start=request.position,
                position=request.position,
                detail=f"{nick} has {request.position:,} bytes already; going on from there.",
            )
            try:
                self._desk.signals.put_dcc(nick, answer)
            except ChatlabError as error:
                entry.inform(f"{nick} could not be answered. {error}")
            return
        self._inform(nick, f"{nick} wants to resume a file that is not on offer; ignored.")

    def _will_resume(self, nick: str, answer: ResumeAccept) -> None:
        for entry in self._of(nick, Direction.RECEIVED):
            offer, waiting = entry.offer, entry.resumed
            if waiting is None or waiting.done() or not isinstance(offer, SendOffer):
                continue
            if answer.port == offer.port and (offer.port or answer.token == offer.token):
                waiting.set_result(answer)
                return
        self._inform(nick, f"{nick} sent a DCC ACCEPT that nobody had asked for; ignored.")

    def _rejected(self, nick: str, rejection: Rejection) -> None:
        """``DCC REJECT``: they say no, or withdraw what they offered."""
        is_file = rejection.verb != "CHAT"
        early = (
            TransferState.OFFERED,
            TransferState.ANSWERED,
            TransferState.CONNECTING,
            TransferState.PREPARING,
        )
        found = [
            entry
            for direction in Direction
            for entry in self._of(nick, direction)
            if entry.is_file == is_file and entry.transfer.state in early
        ]
        names = [e for e in found if rejection.name in (e.transfer.name, e.transfer.offered_name)]
        for entry in names[-1:] or (found if len(found) == 1 else []):
            is_ours = entry.transfer.direction is Direction.SENT
            words = f"{nick} refused it." if is_ours else f"{nick} withdrew the offer."
            state = TransferState.REFUSED if is_ours else TransferState.CANCELLED
            entry.stop(Ended(state, words))

    # -- SHA-256

    def take_checksum(self, nick: str, text: str) -> None:
        """What the sender says about a file that it sent us."""
        if (checksum := parse_checksum(text)) is None:
            return
        for entry in reversed(self._entries.values()):
            transfer = entry.transfer
            if (
                transfer.direction is not Direction.RECEIVED
                or not self._is_with(entry, nick)
                or transfer.size != checksum.size
                or checksum.name not in (transfer.name, transfer.offered_name)
                or transfer.state in (TransferState.OFFERED, TransferState.REFUSED)
            ):
                continue
            entry.change(peer_sha256=checksum.sha256)
            entry.compare()
            return

    # -- helpers

    def _of(self, nick: str, direction: Direction) -> list[Entry]:
        """Transfers with somebody that are not over, newest first."""
        return [
            entry
            for entry in reversed(self._entries.values())
            if entry.transfer.direction is direction
            and not entry.transfer.state.is_over
            and self._is_with(entry, nick)
        ]

    def _is_with(self, entry: Entry, nick: str) -> bool:
        return self._desk.signals.is_same(entry.transfer.peer, nick)

    def _inform(self, nick: str, text: str, *, is_bad: bool = False) -> None:
        severity = Severity.WARNING if is_bad else Severity.INFO
        account, now = self._desk.account.id, self._desk.clock_ns()
        self._desk.emit(Informed(account, text, now, "", severity, code="DCC", source=nick))
