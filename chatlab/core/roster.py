"""The people of an XMPP account: contacts, how they are, and what of that they allow us to see."""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import AccountId


class Availability(Enum):
    """How somebody is reached (RFC 6121, section 4.7.2.1)."""

    CHAT = "chat"
    AVAILABLE = "available"
    AWAY = "away"
    EXTENDED_AWAY = "xa"
    DO_NOT_DISTURB = "dnd"
    OFFLINE = "unavailable"


class Subscription(Enum):
    """Who sees whose presence (RFC 6121, section 2.1.2.5)."""

    NONE = "none"
    TO = "to"
    """We see theirs."""
    FROM = "from"
    """They see ours."""
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One entry of the roster, with the presence of the resource that is best reached."""

    jid: str
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: Subscription = Subscription.NONE
    is_asked: bool = False
    """We asked to see their presence; they have not answered."""
    availability: Availability = Availability.OFFLINE
    status: str = ""
    """Their own words to it."""
    is_blocked: bool = False
    """XEP-0191."""
    avatar: bytes = b""
    """A picture (XEP-0084, XEP-0153), small enough to keep; empty when there is none."""

    @property
    def title(self) -> str:
        """What to show."""
        return self.name or self.jid


@dataclass(frozen=True, slots=True)
class ContactsListed:
    """The whole roster, as it was just received."""

    account: AccountId
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """An entry is new, or differs: name, groups, subscription, presence, avatar."""

    account: AccountId
    contact: Contact


@dataclass(frozen=True, slots=True)
class ContactRemoved:
    account: AccountId
    jid: str


@dataclass(frozen=True, slots=True)
class SubscriptionRequested:
    """Somebody wants to see our presence (RFC 6121, section 3.1.3)."""

    account: AccountId
    jid: str
    time_ns: int
    words: str = ""


RosterEvent = ContactsListed | ContactChanged | ContactRemoved | SubscriptionRequested


def fold(contacts: dict[str, Contact], event: RosterEvent) -> bool:
    """Take one event into a roster; False when it changes nothing there."""
    match event:
        case ContactsListed(_, listed):
            contacts.clear()
            contacts.update((contact.jid, contact) for contact in listed)
        case ContactChanged(_, contact):
            contacts[contact.jid] = contact
        case ContactRemoved(_, jid):
            return contacts.pop(jid, None) is not None
        case SubscriptionRequested():
            return False
    return True
