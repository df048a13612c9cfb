"""How contacts are, in words and signs; the same everywhere."""

from chatlab.core.roster import Availability, Contact, Subscription

PRESENCE_WORDS = {
    Availability.CHAT: "Free to chat",
    Availability.AVAILABLE: "Online",
    Availability.AWAY: "Away",
    Availability.EXTENDED_AWAY: "Away for long",
    Availability.DO_NOT_DISTURB: "Do not disturb",
    Availability.OFFLINE: "Offline",
}
PRESENCE_ICONS = {
    Availability.CHAT: ("presence-chat", "accent"),
    Availability.AVAILABLE: ("presence-available", "accent"),
    Availability.AWAY: ("presence-away", "muted"),
    Availability.EXTENDED_AWAY: ("presence-xa", "muted"),
    Availability.DO_NOT_DISTURB: ("presence-dnd", "error"),
    Availability.OFFLINE: ("presence-offline", "faint"),
}
"""Each has a shape of its own: colours alone are not for all eyes."""
SUBSCRIPTION_WORDS = {
    Subscription.NONE: "Neither of you sees when the other is there.",
    Subscription.TO: "You see when they are there; they do not see it of you.",
    Subscription.FROM: "They see when you are there; you do not see it of them.",
    Subscription.BOTH: "Each of you sees when the other is there.",
}


def word_of(availability: Availability) -> str:
    """What one types for it behind ``/presence``."""
    return "online" if availability is Availability.AVAILABLE else availability.value


def sees_them(contact: Contact) -> bool:
    """Whether their presence comes to us."""
    return contact.subscription in (Subscription.TO, Subscription.BOTH)


def is_seen_by(contact: Contact) -> bool:
    """Whether ours goes to them."""
    return contact.subscription in (Subscription.FROM, Subscription.BOTH)


def contact_line(contact: Contact) -> str:
    """The second line of a contact: their own words, else how they are."""
    if contact.is_blocked:
        return "Blocked"
    if not sees_them(contact) and contact.availability is Availability.OFFLINE:
        return "Has not answered yet" if contact.is_asked else "Does not tell you"
    if contact.status:
        return f"{PRESENCE_WORDS[contact.availability]} – {contact.status}"
    return PRESENCE_WORDS[contact.availability]
