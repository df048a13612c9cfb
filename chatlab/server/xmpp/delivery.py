"""Messages on their last way: archive, copies, delivery, offline storage (RFC 6121, section 8)."""

from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.archive import Entry
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid, parse_jid
from chatlab.server.xmpp.limits import DOMAIN
from chatlab.server.xmpp.namespaces import (
    CARBONS,
    CHAT_STATES,
    CLIENT,
    DELAY,
    FORWARD,
    HINTS,
    MAM,
    MUC_USER,
    STANZA_IDS,
)
from chatlab.server.xmpp.session import Session

_KINDS = ("chat", "error", "groupchat", "headline", "normal")
_PASSING = frozenset({CHAT_STATES, HINTS, STANZA_IDS})
"""Payloads that alone are not worth keeping."""


def keep_sent(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    """The sender’s side: its archive, and copies to its other clients (XEP-0280)."""
    if is_worth_keeping(stanza):
        _archive(host, session.account, stanza, to)
    if is_copied(stanza):
        for sibling in host.sessions_of(session.account):
            if sibling.has_carbons and sibling is not session:
                sibling.send(_carbon("sent", sibling, stanza))


def receive(host: Host, account: Account, stanza: Element, to: Jid) -> None:
    """A message arrives for an account, from another or from a room. Raises StanzaError."""
    stanza = _without_forged_ids(stanza, account)
    if is_worth_keeping(stanza):
        sender = parse_jid(stanza.get("from"))
        if entry_id := _archive(host, account, stanza, sender):
            stanza = stanza.with_children(_stanza_id(account, entry_id))
    kind = kind_of(stanza)
    session = None if to.is_bare else host.session(to)
    if session is not None:
        session.send(stanza)
        _copy_received(host, account, stanza, {session})
    elif kind in ("chat", "normal"):
        _receive_at_bare(host, account, stanza)
    elif kind == "headline" and to.is_bare:
        for reachable in _reachable(host, account):
            reachable.send(stanza)
    elif kind == "groupchat":
        raise StanzaError("service-unavailable", "This is no room.")


def _receive_at_bare(host: Host, account: Account, stanza: Element) -> None:
    targets = _reachable(host, account)
    for session in targets:
        session.send(stanza)
    if targets:
        _copy_received(host, account, stanza, set(targets))
    elif is_worth_keeping(stanza):
        store_offline(host, account, stanza)


def store_offline(host: Host, account: Account, stanza: Element) -> None:
    """Keep a message until the account’s next presence (XEP-0160). Raises StanzaError."""
    if len(account.offline) == account.offline.maxlen:
        raise StanzaError("service-unavailable", f"Too much waits for {account.jid} already.")
    if not stanza.has("delay", DELAY):
        stanza = stanza.with_children(host.delay(Jid("", DOMAIN), host.now()))
    account.offline.append(stanza)


def deliver_again(host: Host, session: Session) -> None:
    """What a lost session’s client has not acknowledged goes to others, or waits (XEP-0198)."""
    unacked = session.management.unacked if session.management else ()
    for stanza in unacked:
        is_copy = parse_jid(stanza.get("from")).bare == session.account.jid and (
            stanza.has("sent", CARBONS) or stanza.has("received", CARBONS) or stanza.has(MAM)
        )
        if stanza.name != "message" or is_copy or not is_worth_keeping(stanza):
            continue
        targets = _reachable(host, session.account)
        if not targets:
            store_offline(host, session.account, stanza)
        for target in targets:
            target.send(stanza)


def _reachable(host: Host, account: Account) -> list[Session]:
    return [session for session in host.sessions_of(account) if session.is_reachable]


def _copy_received(host: Host, account: Account, stanza: Element, done: set[Session]) -> None:
    # What a room says privately reaches each of the account’s clients in that room by itself.
    if not is_copied(stanza) or stanza.has("x", MUC_USER):
        return
    for session in host.sessions_of(account):
        if session.has_carbons and session not in done:
            session.send(_carbon("received", session, stanza))


def _carbon(direction: str, session: Session, stanza: Element) -> Element:
    forwarded = Element(direction, CARBONS, None, Element("forwarded", FORWARD, None, stanza))
    attributes = {
        "from": str(session.account.jid),
        "to": str(session.jid),
        "type": stanza.attributes.get("type"),
    }
    return Element("message", CLIENT, attributes, forwarded)


def kind_of(stanza: Element) -> str:
    """A message’s type; what nobody knows is a normal one (RFC 6121, section 5.2.2)."""
    kind = stanza.get("type")
    return kind if kind in _KINDS else "normal"


def is_copied(stanza: Element) -> bool:
    """Whether carbons are made of a message (XEP-0280, section 6.1)."""
    if stanza.has("private", CARBONS) or stanza.has("no-copy", HINTS):
        return False
    kind = kind_of(stanza)
    return kind == "chat" or (kind == "normal" and is_worth_keeping(stanza))


def is_worth_keeping(stanza: Element) -> bool:
    """Whether a message belongs into archives and offline storage (XEP-0313, section 5.1)."""
    if kind_of(stanza) not in ("chat", "normal"):
        return False
    if stanza.has("no-store", HINTS) or stanza.has("no-permanent-store", HINTS):
        return False
    if stanza.has("store", HINTS):
        return True
    return any(
        child.namespace not in _PASSING and child.name != "thread" for child in stanza.elements
    )


def _archive(host: Host, account: Account, stanza: Element, peer: Jid) -> str:
    """The entry’s id; empty when the account does not want such messages archived."""
    if not account.archives(peer):
        return ""
    entry = Entry(host.new_id(), host.now(), peer, stanza)
    account.archive.add(entry)
    return entry.id


def _stanza_id(account: Account, entry_id: str) -> Element:
    return Element("stanza-id", STANZA_IDS, {"by": str(account.jid), "id": entry_id})


def _without_forged_ids(stanza: Element, account: Account) -> Element:
    """XEP-0359, section 4: nobody else may speak in our archive’s name."""
    if not any(
        child.get("by") == str(account.jid) for child in stanza.all("stanza-id", STANZA_IDS)
    ):
        return stanza
    return stanza.without("stanza-id", STANZA_IDS)
