"""What we know of the server's side during one session: ourselves, and the rooms we are in."""

from dataclasses import dataclass, field

from chatlab.core.chat import Member
from chatlab.core.jid import bare_of


@dataclass(slots=True)
class Room:
    """A room that we are in, or are entering."""

    name: str
    """Its address, as it was first written."""
    nick: str
    """Ours in it."""
    members: dict[str, Member] = field(default_factory=dict)
    """By nickname; nicknames of rooms tell case apart."""
    is_joined: bool = False
    subject: str = ""
    features: frozenset[str] = frozenset()
    """What it can do (XEP-0030), as far as it has told."""

    @property
    def gives_occupant_ids(self) -> bool:
        """It names its people itself, so that nobody else can (XEP-0421)."""
        return "urn:xmpp:occupant-id:0" in self.features


class SessionState:
    """Everything that ends with the session."""

    def __init__(self, jid: str, nick: str) -> None:
        self.jid = jid
        """Our full address; the bare one until the server has bound a resource."""
        self.nick = nick
        """What rooms are to call us."""
        self.is_online = False
        """Bound, and a connection is there."""
        self.server_features: frozenset[str] = frozenset()
        self.account_features: frozenset[str] = frozenset()
        self.can_idle = False
        """The server holds back what can wait while nobody looks (XEP-0352)."""
        self.rooms: dict[str, Room] = {}
        """By address in lower case."""

    @property
    def bare_jid(self) -> str:
        return bare_of(self.jid)

    @property
    def domain(self) -> str:
        return self.bare_jid.rpartition("@")[2]

    def room(self, address: str) -> Room | None:
        """The room of an address, with or without a nickname behind it."""
        return self.rooms.get(bare_of(address).lower())

    def is_me(self, address: str) -> bool:
        """Whether an address is our account, with whatever resource."""
        return bare_of(address).lower() == self.bare_jid.lower()
