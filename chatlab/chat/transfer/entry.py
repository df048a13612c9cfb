"""One transfer while it lives: its value, what it waits for, and who has to be told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from chatlab.chat.transfer.moving import Hold
from chatlab.chat.transfer.opening import PeerDialler, PeerSocket
from chatlab.core.account import Account
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.events import Informed, TransferChanged, TransferOffered
from chatlab.core.flow import WireRange
from chatlab.core.message import Message, MessageId, MessageKind
from chatlab.core.ports import EventSink
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferPolicy, TransferState
from chatlab.protocol.dcc import ChatOffer, DccMessage, ResumeAccept, SendOffer
from chatlab.protocol.dcc_address import Reach, judge_reach

log = logging.getLogger(__name__)

Offer = SendOffer | ChatOffer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where we are, as far as the account's connection tells."""

    local_address: str
    """Our end of the connection to the server."""
    visible_host: str
    """What the server shows others as our host; an address, a name or a cloak."""
    server_address: str
    nick: str
    is_online: bool


class Talking(Protocol):
    """An open direct chat."""

    def say(self, text: str, kind: MessageKind) -> tuple[Message, ...]:
        """Accept a text: one message per line. Raises LocalProtocolError."""
        ...


class Signals(Protocol):
    """What transfers ask of the account's connection to its server."""

    @property
    def account(self) -> Account: ...

    def surroundings(self) -> Surroundings: ...

    def known_host(self, nick: str) -> str:
        """The host of somebody, as far as it was seen; empty when it was not."""
        ...

    async def find_host(self, nick: str) -> str | None:
        """The same, asking the server if need be; None when nobody has this nick."""
        ...

    def put_dcc(
        self, nick: str, message: DccMessage, on_written: Callable[[WireRange], None] | None = None
    ) -> None:
        """Send a CTCP DCC message. Raises UsageError while there is no connection."""
        ...

    def put_notice(self, nick: str, text: str) -> None: ...

    def is_same(self, one: str, other: str) -> bool:
        """Whether two spellings are one nick to the server (CASEMAPPING)."""
        ...


@dataclass(slots=True, kw_only=True)
class Desk:
    """What all transfers of an account share."""

    signals: Signals
    dialler: PeerDialler
    emit: EventSink
    clock_ns: Callable[[], int]
    next_message_id: Callable[[], MessageId]
    policy: TransferPolicy = field(default_factory=TransferPolicy)

    @property
    def account(self) -> Account:
        return self.signals.account

    def reach(self, host: str) -> Reach:
        """How somebody at ``host`` can reach us, as far as addresses tell."""
        around = self.signals.surroundings()
        return judge_reach(
            around.local_address,
            around.visible_host,
            host,
            server=around.server_address,
            forwards=self.policy.has_ports,
        )

    @property
    def ports(self) -> range:
        """Where to listen."""
        policy = self.policy
        return range(policy.first_port, policy.last_port + 1) if policy.has_ports else range(1)


class Ended(ChatlabError):
    """A transfer is over for a reason that is nobody's fault: refused, or cancelled."""

    def __init__(self, state: TransferState, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.state = state
        self.is_quiet = False
        """No line in its chat tells of it."""


class Entry:
    """A transfer and what surrounds it. ``transfer`` is replaced, never changed."""

    def __init__(self, transfer: Transfer, desk: Desk) -> None:
        self.transfer = transfer
        self.desk = desk
        self.token = ""
        """What answers to our passive offer carry."""
        self.ports: set[int] = set()
        """Where we listen for it."""
        self.forced_passive: bool | None = None
        """The user's own word on who listens."""
        self.answers: asyncio.Queue[Offer] = asyncio.Queue(maxsize=4)
        """Answers to our passive offer."""
        self.offer: Offer | None = None
        """What the other party offered last."""
        self.renewed = asyncio.Event()
        """They offered it once more, perhaps the other way round."""
        self.resumed: asyncio.Future[ResumeAccept] | None = None
        """While we wait for DCC ACCEPT."""
        self.wants_resume = False
        self.hold = Hold()
        self.peer: PeerSocket | None = None
        self.talk: Talking | None = None
        """Of a direct chat that is open."""
        self.end_by: Ended | None = None
        """Why its work was called off."""
        self._task: asyncio.Task[None] | None = None

    @property
    def id(self) -> TransferId:
        return self.transfer.id

    @property
    def is_file(self) -> bool:
        return self.transfer.kind is TransferKind.FILE

    @property
    def is_working(self) -> bool:
        return self._task is not None and not self._task.done()

    def announce(self) -> None:
        self.desk.emit(TransferOffered(self.desk.account.id, self.transfer))

    def change(self, **changes: object) -> None:
        """Put new values into the transfer, and tell."""
        self.change_silently(**changes)
        self.desk.emit(TransferChanged(self.desk.account.id, self.transfer))

    def change_silently(self, **changes: object) -> None:
        """The same before it was announced."""
        # The names are those of Transfer's fields; replace() refuses any other.
        self.transfer = replace(self.transfer, **changes)  # type: ignore[arg-type]

    def inform(self, text: str, hint: str = "", severity: Severity = Severity.INFO) -> None:
        """A line in the chat that it belongs to."""
        account, now = self.desk.account.id, self.desk.clock_ns()
        chat = self.transfer.chat
        self.desk.emit(Informed(account, text, now, chat, severity, hint, code="DCC"))

    def compare(self) -> None:
        """Both SHA-256 are known, or may be: say what that means for the file."""
        transfer = self.transfer
        if transfer.state is not TransferState.DONE or not transfer.peer_sha256:
            return
        if transfer.is_verified:
            self.inform(f"{transfer.name}: both programs have the same SHA-256.")
            return
        words = f"The file differs from what {transfer.peer} sent: the SHA-256 is another one."
        self.change(
            state=TransferState.FAILED,
            detail=words,
            hint="Do not open it. Ask for it once more.",
        )
        self.inform(f"{transfer.name}: {words}", "Do not open it.", Severity.WARNING)

    def work(self, work: Awaitable[None]) -> None:
        """Have ``work`` carry it to its end; how that went becomes its last state."""
        self._task = asyncio.ensure_future(self._guard(work))

    def stop(self, ended: Ended) -> None:
        """End it now, whatever it is doing."""
        if self.is_working and self._task is not None:
            if self.end_by is None:  # A second time would disturb the clearing up of the first.
                self.end_by = ended
                self._task.cancel()
        else:
            self._end_as(ended)

    async def stopped(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    def _end_as(self, ended: Ended) -> None:
        self.end(ended.state, ended.message, ended.hint, is_quiet=ended.is_quiet)

    def end(
        self, state: TransferState, detail: str, hint: str = "", *, is_quiet: bool = False
    ) -> None:
        if self.transfer.state.is_over:
            return
        self.change(
            state=state,
            detail=detail,
            hint=hint,
            ended_ns=self.desk.clock_ns(),
            is_paused=False,
        )
        if is_quiet:
            return
        is_fault = state is TransferState.FAILED
        what = f"{self.transfer.name}: {detail}" if self.is_file else detail
        self.inform(what, hint, Severity.WARNING if is_fault else Severity.INFO)
        self.compare()

    async def _guard(self, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if self.end_by is None:
                raise
            self._end_as(self.end_by)
        except Ended as ended:
            self._end_as(ended)
        except ChatlabError as error:
            self.end(TransferState.FAILED, error.message, error.hint)
        except OSError as error:
            self.end(TransferState.FAILED, f"The system refused: {error.strerror or error}.")
        except Exception:
            log.exception("A transfer failed")
            self.end(
                TransferState.FAILED,
                "ChatLab made a mistake; its log says which.",
                "Try again, and report it.",
            )
        finally:
            if self.peer is not None:
                self.peer.close()
