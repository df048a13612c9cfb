"""What happens in a channel, in sentences for its transcript."""

from chatlab.core import events as ev

_SAID_TWICE = "Quit:"
"""What many servers put before the reason of whoever quit on purpose."""


def joined(event: ev.MemberJoined) -> str:
    return "You joined" if event.is_self else f"{event.member.nick} joined"


def left(event: ev.MemberLeft) -> str:
    who = "You" if event.is_self else event.nick
    how = event.how.value.replace("was", "were") if event.is_self else event.how.value
    by = f" by {event.by}" if event.by else ""
    words = event.reason
    if event.how is ev.Departure.QUIT and words.startswith(_SAID_TWICE):
        words = words[len(_SAID_TWICE) :].strip()
    reason = f" ({words})" if words else ""
    return f"{who} {how}{by}{reason}"


def renamed(event: ev.MemberRenamed) -> str:
    return f"You are now {event.new}" if event.is_self else f"{event.old} is now {event.new}"


def topic_changed(event: ev.TopicChanged) -> str:
    words = f"set the topic: {event.topic}" if event.topic else "cleared the topic"
    return f"{event.by or 'The server'} {words}"


def modes_changed(event: ev.ModesChanged) -> str:
    return f"{event.by or 'The server'} set mode {event.change}"


def contact_seen(event: ev.ContactSeen) -> str:
    return f"{event.nick} is {'online' if event.is_online else 'offline'}"
