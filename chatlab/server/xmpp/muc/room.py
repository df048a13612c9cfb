"""A room’s state: who is in it, who may what, how it is configured. No IO."""

from dataclasses import dataclass, field
from enum import Enum

from chatlab.server.xmpp.archive import Archive
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_OCCUPANTS


class Affiliation(Enum):
    """What somebody is to a room for good (section 5.2)."""

    OUTCAST = "outcast"
    NONE = "none"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return tuple(Affiliation).index(self)


class Role(Enum):
    """What somebody may do during one visit (section 5.1)."""

    NONE = "none"
    VISITOR = "visitor"
    PARTICIPANT = "participant"
    MODERATOR = "moderator"

    @property
    def rank(self) -> int:
        return tuple(Role).index(self)


@dataclass(slots=True)
class RoomConfig:
    """What an owner can set (section 10.2)."""

    name: str = ""
    description: str = ""
    is_persistent: bool = False
    is_public: bool = True
    is_members_only: bool = False
    is_moderated: bool = False
    is_non_anonymous: bool = False
    """Everybody sees everybody’s real JID; otherwise only moderators do."""
    is_subject_free: bool = False
    """Participants may change the subject, too."""
    allows_invites: bool = True
    """Members may invite others, not only admins."""
    is_archived: bool = True
    password: str = ""
    max_occupants: int = MAX_OCCUPANTS


@dataclass(slots=True)
class Occupant:
    """Somebody in the room; several clients of one account may share a nick."""

    nick: str
    jid: Jid
    """Bare."""
    role: Role
    sessions: dict[Jid, Element] = field(default_factory=dict)
    """Full JID to its last presence, in the order of entering."""

    @property
    def presence(self) -> Element:
        """The presence of the client that entered last."""
        return next(reversed(self.sessions.values()))


class Room:
    """One room."""

    def __init__(self, jid: Jid, config: RoomConfig | None = None) -> None:
        self.jid = jid
        self.config = config or RoomConfig(name=jid.local)
        self.is_locked = False
        """Just created: nobody else gets in until its owner has configured it (section 10.1)."""
        self.is_permanent = False
        """Survives even a wish to destroy it; the lab’s own room."""
        self.occupants: dict[str, Occupant] = {}
        self.affiliations: dict[Jid, Affiliation] = {}
        """By bare JID; who is not listed has none."""
        self.archive = Archive()
        self.subject: Element | None = None
        """The message that set it."""

    def affiliation(self, jid: Jid) -> Affiliation:
        return self.affiliations.get(jid.bare, Affiliation.NONE)

    def set_affiliation(self, jid: Jid, affiliation: Affiliation) -> None:
        if affiliation is Affiliation.NONE:
            self.affiliations.pop(jid.bare, None)
        else:
            self.affiliations[jid.bare] = affiliation

    def occupant_of(self, jid: Jid) -> Occupant | None:
        """Who in the room is that full JID."""
        return next((one for one in self.occupants.values() if jid in one.sessions), None)

    def by_account(self, jid: Jid) -> list[Occupant]:
        """Everybody in the room who is that bare JID."""
        return [one for one in self.occupants.values() if one.jid == jid.bare]

    def first_role(self, affiliation: Affiliation) -> Role:
        """With which role somebody enters (section 5.1.2)."""
        if affiliation.rank >= Affiliation.ADMIN.rank:
            return Role.MODERATOR
        if affiliation is Affiliation.MEMBER or not self.config.is_moderated:
            return Role.PARTICIPANT
        return Role.VISITOR

    def nick_jid(self, nick: str) -> Jid:
        return self.jid.with_resource(nick)
