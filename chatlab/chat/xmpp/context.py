"""What the parts of the engine share: what outlives connections, and one session."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from xml.etree import ElementTree as ET

from chatlab.chat.lasting import BaseLasting
from chatlab.chat.timing import Timers, Timing
from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.delivery import Deliveries
from chatlab.chat.xmpp.incoming import Envelope, Incoming
from chatlab.chat.xmpp.known import Known
from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.outbox import Outbox, Utterance
from chatlab.chat.xmpp.state import Room, SessionState
from chatlab.chat.xmpp.stream import Arrival, Stream
from chatlab.core.account import Account, Autojoin
from chatlab.core.commands import Command
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.events import ChatOpened, Informed
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import WireRange
from chatlab.core.message import Message
from chatlab.core.ports import EventSink
from chatlab.core.roster import Availability

MAX_ACTS = 500


@dataclass(frozen=True, slots=True)
class Act:
    """What we sent that is no talk of its own: a correction, a sign, an invitation."""

    chat: str
    """Where its failure is told."""
    to: str
    words: str
    """What it was, as a sentence begins: “Your correction”."""


class Lasting(BaseLasting):
    """What of an account outlives its sessions."""

    def __init__(self, rooms: tuple[Autojoin, ...]) -> None:
        super().__init__(rooms)
        self._nicks: dict[str, str] = {}
        self.availability = Availability.AVAILABLE
        """How others are to see us; ``away`` holds our words to it."""
        self.known = Known()
        self.remembered: Mapping[str, int] | None = None
        """By chat: when the newest message was said that earlier runs have kept; None: not asked
        yet. What came since is in the archives."""
        self.last_archived: dict[str, str] = {}
        """By archive: the name of the newest message there that we have."""
        self.signs: OrderedDict[tuple[str, str, str], tuple[str, ...]] = OrderedDict()
        """Reactions by chat, name of the message, and author (XEP-0444)."""
        self.acts: OrderedDict[str, Act] = OrderedDict()
        """By stanza id, the latest last."""
        self.is_active = True
        """Somebody looks at the window."""
        self.poison: dict[bytes, int] = {}
        """How often the beginning of a stanza has cost the connection."""
        self.is_skipping = False
        """The owner connected again after being told of such a stanza: leave it out."""

    def come_back(self) -> None:
        super().come_back()
        self.availability = Availability.AVAILABLE

    def leave(self, channel: str) -> None:
        super().leave(channel)
        self._nicks.pop(channel.lower(), None)

    def keep_nick(self, room: str, nick: str) -> None:
        """Our nickname there, chosen by hand: it holds after the next login as well."""
        self._nicks[room.lower()] = nick

    def nick_in(self, room: str) -> str:
        """The nickname that was chosen for this room; empty for the account's."""
        return self._nicks.get(room.lower(), "")


class Feature:
    """One thing that the engine can do. Made once per session; listed in ``features.FEATURES``."""

    def __init__(self, context: "Context") -> None:
        self.context = context

    def handle(self, stream: Stream) -> None:
        """Say which stanzas are wanted (``stream.on``), register plugins of slixmpp."""

    def online(self, is_resumed: bool) -> None:
        """The session is bound, or was resumed on a new connection; stanzas may be sent."""

    def discovered(self) -> None:
        """``state`` knows what the server and the account can do (XEP-0030)."""

    def entered(self, room: Room) -> None:
        """We are in a room; what was said before comes now."""

    def described(self, room: Room) -> None:
        """A room has told what it can do."""

    def left(self, room: Room) -> None:
        """We went out of a room because the user wanted to."""

    def ended(self, reason: str) -> None:
        """The session is over for good."""

    def decorate(self, utterance: Utterance, message: ET.Element) -> None:
        """Add to a message of ours what this feature wants in it; called offline, too."""

    def written(self, utterance: Utterance) -> None:
        """A message of ours went out."""

    def unpack(self, message: ET.Element, envelope: Envelope) -> bool:
        """Take a message that only carries others (copies, archives); False when it is none."""
        return False

    def published(self, sender: str, items: ET.Element) -> None:
        """Somebody published something of their own (XEP-0163): ``items`` of an event."""

    def take(self, incoming: Incoming) -> bool:
        """Look at a message before it is shown; True when that is all that was to be done."""
        return False

    def enrich(self, message: Message, incoming: Incoming) -> Message:
        """Add to a message that is about to be shown what this feature knows of it."""
        return message

    def execute(self, command: Command, chat: str) -> bool:
        """Carry out a command; False when it is none of this feature's.

        Called while online only. Raises UsageError, LocalProtocolError.
        """
        return False

    # -- what the window asks for beside commands; online only, False where it is another's

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        """Add what this feature makes possible."""
        return features

    def request_masks(self, chat: str, mode: str) -> bool:
        """Have a list of a room told as MasksListed. Raises UsageError."""
        return False

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool) -> bool:
        """Put a sign on a message, or take it back. Raises UsageError."""
        return False

    def retract(self, chat: str, msgid: str, reason: str) -> bool:
        """Take a message back. Raises UsageError."""
        return False

    def note_typing(self, chat: str, is_writing: bool) -> None:
        """The text being written changed."""

    def mark_read(self, chat: str, time_ns: int) -> None:
        """Everything up to a message of this time was read."""


F = TypeVar("F", bound=Feature)


@dataclass(slots=True, kw_only=True)
class Context:
    """One session, as its features see it."""

    account: Account
    emit: EventSink
    timing: Timing
    timers: Timers
    """Called off when the session ends; they run on while a lost connection may be resumed."""
    state: SessionState
    stream: Stream
    outbox: Outbox
    deliveries: Deliveries
    lasting: Lasting
    link: Link | None = None
    """The connection of now; None between two."""
    verdict: Verdict | None = None
    """Set by who ends a connection on purpose; the attempt takes it."""
    features: dict[type[Feature], Feature] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)

    def feature(self, kind: type[F]) -> F:
        """Another feature of the same session."""
        found = self.features[kind]
        assert isinstance(found, kind)  # they are kept by their class
        return found

    @property
    def arrival(self) -> Arrival:
        """Bytes and time of the stanza being handled."""
        assert self.stream.current is not None  # asked by handlers only
        return self.stream.current

    def open_chat(self, name: str, *, is_room: bool, title: str = "") -> None:
        """Tell once, before its first message, what kind of chat this is."""
        if title or name.lower() not in self.opened:
            self.opened.add(name.lower())
            self.emit(ChatOpened(self.account.id, name, is_room, title))

    def send_act(self, message: ET.Element, chat: str, words: str) -> WireRange:
        """Send what is no talk of its own; where it fails, ``chat`` is told what ``words`` name.

        Raises LocalProtocolError, ConnectError.
        """
        acts = self.lasting.acts
        acts[message.get("id", "")] = Act(chat, message.get("to", ""), words)
        if len(acts) > MAX_ACTS:
            acts.popitem(last=False)
        return self.stream.send_element(message)

    def give_up(self, reason: str, hint: str = "", *, may_retry: bool = False) -> None:
        """End this connection for a reason of ours."""
        if self.verdict is None:
            self.verdict = Verdict(f"{reason} {hint}".strip(), may_retry)
        if self.link is not None:
            self.link.abort(reason)

    def inform(
        self,
        text: str,
        *,
        chat: str = "",
        severity: Severity = Severity.INFO,
        hint: str = "",
        code: str = "",
        source: str = "",
    ) -> None:
        """Show a line that is nobody's message."""
        arrival = self.stream.current
        time_ns = arrival.time_ns if arrival is not None else self.timing.clock_ns()
        self.emit(Informed(self.account.id, text, time_ns, chat, severity, hint, code, source))

    def complain(self, error: ChatlabError, chat: str = "", code: str = "") -> None:
        """Show that something which was asked for did not work."""
        self.inform(error.message, chat=chat, severity=Severity.ERROR, hint=error.hint, code=code)

    def ask_later(
        self,
        work: Callable[[], Awaitable[None]],
        chat: str = "",
        code: str = "",
    ) -> None:
        """Run a piece of work that asks the server; a refusal is shown in ``chat``."""

        async def run() -> None:
            try:
                await work()
            except ChatlabError as error:
                self.complain(error, chat, code)

        self.timers.spawn(run)
