"""Presence (RFC 6121, section 4): who is told that somebody is there."""

from chatlab.server.xmpp import roster
from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import DOMAIN, MAX_DIRECTED
from chatlab.server.xmpp.muc import service as rooms
from chatlab.server.xmpp.namespaces import CLIENT, DISCO_INFO
from chatlab.server.xmpp.queries import pep
from chatlab.server.xmpp.session import Session

_SUBSCRIPTIONS = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")


def handle(host: Host, session: Session, stanza: Element, to: Jid | None) -> None:
    """A presence that a client sends. Raises StanzaError."""
    kind = stanza.get("type")
    if to is None:
        _broadcast(host, session, stanza, kind)
    elif host.is_room(to):
        _check_directed(session, to.bare)
        rooms.presence(host, session.jid, stanza, to)
        _note_directed(session, to.bare, is_leaving=kind == "unavailable")
    elif to.domain != DOMAIN:
        raise StanzaError("remote-server-not-found", f"This server does not reach {to.domain}.")
    elif kind in _SUBSCRIPTIONS:
        roster.subscribe(host, session.account, stanza, kind, to.bare)
    elif kind in ("", "unavailable", "error"):
        _check_directed(session, to)
        _note_directed(session, to, is_leaving=kind == "unavailable")
        _send_to(host, stanza, to)
    elif kind == "probe":
        _probe(host, session, to)
    else:
        raise StanzaError("bad-request", f"There is no presence of type “{kind[:40]}”.")


def end(host: Host, session: Session, reason: Element | None = None) -> None:
    """A session is no longer available, for whatever reason: tell everybody."""
    leaving = reason or Element("presence", CLIENT, {"type": "unavailable"})
    leaving = leaving.with_attributes(from_=str(session.jid))
    was_available = session.presence is not None
    session.presence, session.features = None, frozenset()
    if was_available:
        _tell_contacts(host, session, leaving)
    for target in list(session.directed):
        directed = leaving.with_attributes(to=str(target))
        if host.is_room(target):
            rooms.leave(host, session.jid, directed, target)
        else:
            _send_to(host, directed, target)
    session.directed.clear()


def _broadcast(host: Host, session: Session, stanza: Element, kind: str) -> None:
    if kind == "unavailable":
        end(host, session, stanza)
        return
    if kind:
        raise StanzaError("bad-request", "Such a presence is for somebody in particular.")
    is_first = session.presence is None
    session.presence, session.priority = stanza, _priority(stanza)
    _ask_capabilities(host, session, stanza)
    _tell_contacts(host, session, stanza)
    if is_first:
        _show_contacts(host, session)
        for request in session.account.requests.values():
            session.send(request)
    if session.priority >= 0:
        waiting = list(session.account.offline)
        session.account.offline.clear()
        for message in waiting:
            session.send(message)


def _priority(stanza: Element) -> int:
    try:
        return max(-128, min(127, int(stanza.text_of("priority") or "0")))
    except ValueError:
        raise StanzaError("bad-request", "The priority is no number.") from None


def _tell_contacts(host: Host, session: Session, stanza: Element) -> None:
    """To everybody who may see it, and to the account’s own available clients."""
    own = session.account
    seen_by = [item.jid for item in own.roster.values() if item.subscription.has_from]
    for jid in (own.jid, *seen_by):
        if not own.blocks(jid):
            _send_to(host, stanza.with_attributes(to=str(jid)), jid)


def _show_contacts(host: Host, session: Session) -> None:
    """What a probe of each contact would bring (RFC 6121, section 4.3)."""
    own = session.account
    seen = [item.jid for item in own.roster.values() if item.subscription.has_to]
    for jid in (own.jid, *seen):
        _probe(host, session, jid)


def _probe(host: Host, session: Session, jid: Jid) -> None:
    contact = host.accounts.at(jid)
    if contact is None or not _may_see(session.account, contact):
        return
    for other in host.available(jid):
        if other is not session and other.presence is not None:
            session.send(other.presence.with_attributes(to=str(session.account.jid)))


def _may_see(watcher: Account, contact: Account) -> bool:
    if watcher is contact:
        return True
    item = contact.roster.get(watcher.jid)
    is_seen = item is not None and item.subscription.has_from
    return is_seen and not contact.blocks(watcher.jid) and not watcher.blocks(contact.jid)


def _send_to(host: Host, stanza: Element, to: Jid) -> None:
    """Hand presence to one client, or to all available ones of a bare JID."""
    account = host.accounts.at(to)
    sender = host.parse(stanza.get("from"))
    if account is None or account.blocks(sender):
        return
    if not to.is_bare:
        host.deliver(stanza)
        return
    for session in host.available(to):
        session.send(stanza)


def _note_directed(session: Session, to: Jid, *, is_leaving: bool) -> None:
    if is_leaving:
        session.directed.discard(to)
    else:
        session.directed.add(to)


def _check_directed(session: Session, to: Jid) -> None:
    if len(session.directed) >= MAX_DIRECTED and to not in session.directed:
        raise StanzaError("resource-constraint", "You are in too many rooms at once.")


def hide_from(host: Host, account: Account, jid: Jid) -> None:
    """Whom an account blocks sees it leave (XEP-0191, section 3.3)."""
    for session in host.available(account.jid):
        for watcher in _watchers(account, jid):
            route = {"from": str(session.jid), "to": str(watcher), "type": "unavailable"}
            _send_to(host, Element("presence", CLIENT, route), watcher)


def show_to(host: Host, account: Account, jid: Jid) -> None:
    """Whom an account no longer blocks sees it again."""
    for session in host.available(account.jid):
        for watcher in _watchers(account, jid):
            if session.presence is not None:
                _send_to(host, session.presence.with_attributes(to=str(watcher)), watcher)


def _watchers(account: Account, jid: Jid) -> list[Jid]:
    """Who of those under ``jid`` sees the account’s presence."""
    item = account.roster.get(jid.bare)
    return [jid] if item is not None and item.subscription.has_from else []


# --- what the client can do (XEP-0115)


def _ask_capabilities(host: Host, session: Session, stanza: Element) -> None:
    node = host.capabilities.node_of(stanza)
    if not node or node in session.caps_queries.values():
        return
    known = host.capabilities.features(node)
    if known is not None:
        _set_features(host, session, known)
        return
    query_id = host.new_id()
    session.caps_queries[query_id] = node
    query = Element("query", DISCO_INFO, {"node": node})
    attributes = {"type": "get", "id": query_id, "from": DOMAIN, "to": str(session.jid)}
    session.send(Element("iq", CLIENT, attributes, query))


def learn_capabilities(host: Host, session: Session, answer: Element) -> None:
    """A client’s answer to our question, if it is one."""
    node = session.caps_queries.pop(answer.get("id"), "")
    info = answer.child("query", DISCO_INFO)
    if node and info is not None:
        _set_features(host, session, host.capabilities.learn(node, info))


def _set_features(host: Host, session: Session, features: frozenset[str]) -> None:
    fresh = features - session.features
    session.features = features
    pep.send_last_items(host, session, fresh)
