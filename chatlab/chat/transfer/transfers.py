"""All transfers of one account: implements ``core.ports.FileTransfers``, and takes in DCC messages.

Nothing of a stranger's happens without the user: an offer is only noted. Messages that match no
offer are dropped, and each person's pending offers are few, so that nobody can fill the list.
"""

import itertools
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from chatlab.chat.transfer.carrying import give_file, take_file
from chatlab.chat.transfer.entry import Desk, Ended, Entry, Signals
from chatlab.chat.transfer.files import check_outgoing, kept_part
from chatlab.chat.transfer.intake import Intake
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.talking import SIGN, accept_chat, line_of, propose_chat
from chatlab.core.errors import ChatlabError, FileError, UsageError
from chatlab.core.events import Informed
from chatlab.core.flow import Direction, WireRange
from chatlab.core.message import Message, MessageId, MessageKind
from chatlab.core.nick import check_nick
from chatlab.core.ports import EventSink
from chatlab.core.transfer import (
    Transfer,
    TransferId,
    TransferKind,
    TransferPolicy,
    TransferState,
)
from chatlab.protocol.dcc import DccMessage, Rejection
from chatlab.protocol.dcc_address import read_address
from chatlab.protocol.file_names import safe_name

MAX_REMEMBERED = 500
MAX_AT_ONCE = 100
"""Offers of ours in one go."""
_IDS = itertools.count(1)
_SESSION = uuid.uuid4().hex[:8]


class Transfers:
    """One account's files and direct chats."""

    def __init__(
        self,
        signals: Signals,
        dialler: PeerDialler,
        emit: EventSink,
        clock_ns: Callable[[], int],
        next_message_id: Callable[[], MessageId],
    ) -> None:
        self._desk = Desk(
            signals=signals,
            dialler=dialler,
            emit=emit,
            clock_ns=clock_ns,
            next_message_id=next_message_id,
        )
        self._entries: dict[TransferId, Entry] = {}
        self._intake = Intake(self._desk, self._entries, self._new)

    # -- core.ports.FileTransfers

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        return tuple(entry.transfer for entry in self._entries.values())

    @property
    def policy(self) -> TransferPolicy:
        return self._desk.policy

    @policy.setter
    def policy(self, policy: TransferPolicy) -> None:
        self._desk.policy = policy

    def advice(self, nicks: Sequence[str]) -> tuple[str, ...]:
        """What to know before a file is offered; made of what is known, nothing is sent."""
        around = self._desk.signals.surroundings()
        names = ", ".join(nicks)
        words = [f"{names} will see your address {around.local_address}."] if names else []
        own = read_address(around.local_address)
        if own is None:
            return ()
        if own.is_loopback:
            words = ["This stays on your own machine: the server runs here, too."]
        for nick in nicks:
            reach = self._desk.reach(self._desk.signals.known_host(nick))
            if reach.words and reach.words not in words:
                words.append(reach.words)
        return tuple(words)

    def offer_file(
        self, nicks: Sequence[str], path: Path, chat: str = "", *, passive: bool | None = None
    ) -> tuple[Transfer, ...]:
        """Offer a file to each of ``nicks``. Raises UsageError or FileError, having offered none."""
        wanted = list(dict.fromkeys(nicks))
        for nick in wanted:
            self._check_peer(nick)
        if not wanted or len(wanted) > MAX_AT_ONCE:
            raise UsageError(
                f"A file goes to between 1 and {MAX_AT_ONCE} people at once.", "Choose some."
            )
        size = check_outgoing(path)
        group = f"{_SESSION}-group-{next(_IDS)}" if len(wanted) > 1 else ""
        entries = [
            self._new(
                nick,
                chat or nick,
                Direction.SENT,
                name=safe_name(path.name),
                path=path,
                size=size,
                group=group,
                warnings=self.advice([nick]),
            )
            for nick in wanted
        ]
        for entry in entries:
            entry.forced_passive = passive
            entry.announce()
            entry.inform(
                f"{entry.transfer.name} ({size:,} bytes) is offered to {entry.transfer.peer}."
            )
            entry.work(give_file(entry, path))
        return tuple(entry.transfer for entry in entries)

    def offer_chat(self, nick: str, *, passive: bool | None = None) -> Transfer:
        """Propose a direct chat; one that was proposed to us is accepted instead."""
        self._check_peer(nick)
        for entry in self._entries.values():
            if entry.is_file or entry.transfer.state.is_over or not self._is_with(entry, nick):
                continue
            if entry.transfer.state is TransferState.OFFERED and entry.offer is not None:
                self.accept(entry.id)
                return entry.transfer
            raise UsageError(
                f"A direct chat with {nick} is open or proposed already.", f"/dcc close {nick}"
            )
        entry = self._new(
            nick,
            f"{SIGN}{nick}",
            Direction.SENT,
            name=f"{SIGN}{nick}",
            kind=TransferKind.CHAT,
            warnings=self.advice([nick]),
        )
        entry.forced_passive = passive
        entry.announce()
        entry.inform(f"A direct chat is proposed to {nick}.")
        entry.work(propose_chat(entry))
        return entry.transfer

    def kept_bytes(self, transfer: TransferId, place: Path | None = None) -> int:
        entry = self._find(transfer)
        kept = kept_part(self._target(entry, place), entry.transfer.size)
        return kept[1] if kept is not None else 0

    def accept(
        self, transfer: TransferId, place: Path | None = None, *, resume: bool = False
    ) -> None:
        """Take what was offered. Raises UsageError or FileError."""
        entry = self._find(transfer)
        if entry.transfer.direction is Direction.SENT or entry.is_working:
            raise UsageError("This offer is not waiting for you.", "See /dcc list.")
        if entry.transfer.state is not TransferState.OFFERED:
            raise UsageError(
                f"{entry.transfer.name} is not on offer any more.",
                f"Ask {entry.transfer.peer} to offer it again.",
            )
        if not entry.is_file:
            entry.work(accept_chat(entry))
            return
        target = self._target(entry, place)
        entry.wants_resume = resume
        entry.change(state=TransferState.ANSWERED, path=target, detail="You accepted it.")
        entry.work(take_file(entry, target))

    def refuse(self, transfer: TransferId) -> None:
        """Turn an offer down, and say so."""
        entry = self._find(transfer)
        if entry.offer is None or entry.transfer.state is not TransferState.OFFERED:
            raise UsageError("Only an offer that you were made can be refused.", "See /dcc list.")
        self._tell_rejection(entry)
        entry.stop(Ended(TransferState.REFUSED, "You refused it."))

    def cancel(self, transfer: TransferId, *, is_quiet: bool = False) -> None:
        """Break off, or withdraw an offer of ours; where it ``is_quiet``, without a line in its chat."""
        entry = self._find(transfer)
        if entry.transfer.state.is_over:
            raise UsageError("It is over already.", "See /dcc list.")
        if entry.transfer.state is TransferState.OFFERED:
            self._tell_rejection(entry)
        if entry.is_file:
            ended = Ended(TransferState.CANCELLED, "You cancelled it.")
        else:
            ended = Ended(TransferState.DONE, "You closed the direct chat.")
        ended.is_quiet = is_quiet
        entry.stop(ended)

    def set_paused(self, transfer: TransferId, is_paused: bool) -> None:
        entry = self._find(transfer)
        if entry.transfer.state is not TransferState.MOVING or not entry.is_file:
            raise UsageError("Only a file that is crossing can be held.", "See /dcc list.")
        entry.hold.set_paused(is_paused)
        words = "You hold it: TCP’s window tells the other side to wait." if is_paused else ""
        entry.change(is_paused=is_paused, rate=0.0, detail=words)

    def forget(self, transfer: TransferId) -> None:
        if not self._find(transfer).transfer.state.is_over:
            raise UsageError("It is not over yet.", "Cancel it first.")
        del self._entries[transfer]

    # -- what the account's engine calls

    def take_dcc(self, nick: str, message: DccMessage, wire: WireRange) -> None:
        """A CTCP DCC message of somebody's arrived."""
        self._intake.take(nick, message, wire)

    def take_checksum(self, nick: str, text: str) -> None:
        """A NOTICE arrived, which may say what a file's SHA-256 must be."""
        self._intake.take_checksum(nick, text)

    def renamed(self, old: str, new: str) -> None:
        """Somebody has another nick now."""
        for entry in self._entries.values():
            if not entry.transfer.state.is_over and self._is_with(entry, old):
                entry.change(peer=new)

    def gone(self, nick: str, reason: str) -> None:
        """Nobody has this nick any more: what waits for an answer waits in vain."""
        waiting = (TransferState.PREPARING, TransferState.OFFERED, TransferState.ANSWERED)
        for entry in list(self._entries.values()):
            if entry.transfer.state in waiting and self._is_with(entry, nick):
                entry.stop(
                    Ended(TransferState.FAILED, reason, "Offer it again when they are back.")
                )

    def owns_chat(self, chat: str) -> bool:
        """Whether a chat's name is that of a direct chat."""
        return chat.startswith(SIGN)

    def say(self, chat: str, text: str, kind: MessageKind) -> tuple[Message, ...]:
        """Say something in a direct chat. Raises UsageError or LocalProtocolError."""
        entry = self._open_chat(chat)
        if entry is None or entry.talk is None:
            raise UsageError(
                "This direct chat is not open.", f"Propose it again: /dcc chat {chat[1:]}"
            )
        return entry.talk.say(text, kind)

    def predict(self, text: str, kind: MessageKind) -> tuple[int, ...]:
        """Bytes of each line that a text would become in a direct chat."""
        return tuple(len(line_of(part, kind)) for part in text.splitlines() if part)

    def close_chat(self, chat: str) -> None:
        """End a direct chat, if it is open."""
        if entry := self._open_chat(chat):
            self.cancel(entry.id)

    def latest(
        self,
        nick: str,
        name: str,
        states: Sequence[TransferState],
        direction: Direction | None = None,
        kind: TransferKind | None = None,
    ) -> Transfer:
        """The newest transfer with somebody; what is empty fits any. Raises UsageError."""
        for entry in reversed(self._entries.values()):
            transfer = entry.transfer
            if (
                transfer.state in states
                and direction in (None, transfer.direction)
                and kind in (None, transfer.kind)
                and (not nick or self._is_with(entry, nick))
                and (not name or name in (transfer.name, transfer.offered_name))
            ):
                return transfer
        raise UsageError(
            f"There is nothing like that with {nick}." if nick else "There is nothing like that.",
            "See /dcc list.",
        )

    def list_in(self, chat: str) -> None:
        """Show all of them in a chat, a line each."""
        lines = [_describe(transfer) for transfer in self.transfers]
        for line in lines or ["No file was offered so far."]:
            now_ns = self._desk.clock_ns()
            self._desk.emit(Informed(self._desk.account.id, line, now_ns, chat, code="DCC"))

    async def close(self) -> None:
        """End everything, and return when every socket is closed."""
        for entry in self._entries.values():
            if not entry.transfer.state.is_over:
                entry.stop(Ended(TransferState.CANCELLED, "ChatLab was closed."))
        for entry in self._entries.values():
            await entry.stopped()

    # -- inner

    def _new(
        self,
        peer: str,
        chat: str,
        direction: Direction,
        *,
        name: str,
        kind: TransferKind = TransferKind.FILE,
        offered_name: str = "",
        path: Path | None = None,
        size: int = 0,
        group: str = "",
        warnings: tuple[str, ...] = (),
    ) -> Entry:
        is_sent = direction is Direction.SENT
        transfer = Transfer(
            id=TransferId(f"{_SESSION}-{next(_IDS)}"),
            account=self._desk.account.id,
            chat=chat,
            peer=peer,
            direction=direction,
            kind=kind,
            state=TransferState.PREPARING if is_sent else TransferState.OFFERED,
            name=name,
            offered_name=offered_name,
            path=path,
            size=size,
            time_ns=self._desk.clock_ns(),
            group=group,
            warnings=warnings,
        )
        entry = self._entries[transfer.id] = Entry(transfer, self._desk)
        over = [key for key, old in self._entries.items() if old.transfer.state.is_over]
        for key in over[: max(0, len(self._entries) - MAX_REMEMBERED)]:
            del self._entries[key]
        return entry

    def _find(self, transfer: TransferId) -> Entry:
        if (entry := self._entries.get(transfer)) is None:
            raise UsageError("This transfer is not known any more.", "See /dcc list.")
        return entry

    def _is_with(self, entry: Entry, nick: str) -> bool:
        return self._desk.signals.is_same(entry.transfer.peer, nick)

    def _open_chat(self, chat: str) -> Entry | None:
        for entry in reversed(self._entries.values()):
            is_open = not entry.is_file and not entry.transfer.state.is_over
            if is_open and self._desk.signals.is_same(entry.transfer.name, chat):
                return entry
        return None

    def _check_peer(self, nick: str) -> None:
        if not self._desk.signals.surroundings().is_online:
            raise UsageError("This account is not connected.", "Connect it first: /connect")
        if problem := check_nick(nick):
            raise UsageError(f"“{nick}” cannot be a nick. {problem.reason}", "Name a person.")

    def _target(self, entry: Entry, place: Path | None) -> Path:
        """The file to write: in a folder, under the name that was made safe."""
        place = place or self.policy.folder
        if place is None:
            raise FileError("No folder for received files is set.", "Choose where to save it.")
        is_folder = place == self.policy.folder or place.is_dir()
        return place / entry.transfer.name if is_folder else place

    def _tell_rejection(self, entry: Entry) -> None:
        verb, name = ("SEND", entry.transfer.name) if entry.is_file else ("CHAT", "chat")
        if entry.offer is not None and entry.transfer.offered_name:
            name = entry.transfer.offered_name
        try:
            self._desk.signals.put_dcc(entry.transfer.peer, Rejection(verb, name))
        except ChatlabError as error:
            # What was decided holds all the same; only the other party learns it later.
            entry.inform(f"{entry.transfer.peer} could not be told. {error}")


def _describe(transfer: Transfer) -> str:
    is_sent = transfer.direction is Direction.SENT
    way = "to" if is_sent else "from"
    size = f", {transfer.position:,} of {transfer.size:,} bytes" if transfer.size else ""
    words = f"{transfer.name} {way} {transfer.peer}: {transfer.state.value}{size}."
    return f"{words} {transfer.detail} {transfer.hint}".strip()
