"""Rosters and subscriptions (RFC 6121, sections 2 and 3)."""

from chatlab.server.xmpp.accounts import Account, RosterItem, Subscription
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_ROSTER
from chatlab.server.xmpp.namespaces import CLIENT, ROSTER
from chatlab.server.xmpp.queries import pep


def introduce_all(host: Host, group: str) -> None:
    """Make everybody a contact of everybody, all seeing one another: they share a bench."""
    for account in host.accounts:
        for other in host.accounts:
            if other is account or len(account.roster) >= MAX_ROSTER:
                continue
            item = item_for(account, other.jid)
            item.name, item.groups = other.name.capitalize(), (group,)
            item.subscription = Subscription.BOTH


def push(host: Host, account: Account, item: RosterItem, *, is_removed: bool = False) -> None:
    """Tell every client that has asked for the roster (section 2.1.6)."""
    query = Element("query", ROSTER, None, describe(item, is_removed=is_removed))
    for session in host.sessions_of(account):
        if session.wants_roster:
            attributes = {"type": "set", "id": host.new_id(), "to": str(session.jid)}
            session.send(Element("iq", CLIENT, attributes, query))


def describe(item: RosterItem, *, is_removed: bool = False) -> Element:
    subscription = "remove" if is_removed else item.subscription.value
    attributes = {
        "jid": str(item.jid),
        "name": item.name or None,
        "subscription": subscription,
        "ask": "subscribe" if item.is_asking else None,
        "approved": "true" if item.is_approved else None,
    }
    groups = [Element("group", ROSTER, None, group) for group in item.groups]
    return Element("item", ROSTER, attributes, *groups)


def item_for(account: Account, jid: Jid) -> RosterItem:
    """The item of that contact, made if there is none. Raises StanzaError when full."""
    item = account.roster.get(jid)
    if item is None:
        if len(account.roster) >= MAX_ROSTER:
            raise StanzaError("resource-constraint", "Your contact list is full.")
        item = account.roster[jid] = RosterItem(jid)
    return item


def remove(host: Host, account: Account, item: RosterItem) -> None:
    """Take a contact off the list; that ends the subscriptions both ways (section 2.5)."""
    for kind in ("unsubscribe", "unsubscribed"):
        subscribe(host, account, Element("presence", CLIENT), kind, item.jid)
    account.roster.pop(item.jid, None)
    push(host, account, item, is_removed=True)


def subscribe(host: Host, account: Account, stanza: Element, kind: str, jid: Jid) -> None:
    """A step of the handshake that ``account`` takes towards ``jid``. Raises StanzaError."""
    if jid == account.jid:
        return  # Everybody sees themselves.
    stanza = stanza.with_attributes(from_=str(account.jid), to=str(jid), type=kind)
    contact = host.accounts.at(jid)
    match kind:
        case "subscribe":
            _ask(host, account, contact, stanza, jid)
        case "subscribed":
            _grant(host, account, contact, stanza, jid)
        case "unsubscribe":
            _stop_watching(host, account, contact, stanza, jid)
        case _:
            _refuse(host, account, contact, stanza, jid)


def _ask(host: Host, account: Account, contact: Account | None, stanza: Element, jid: Jid) -> None:
    item = item_for(account, jid)
    if item.subscription.has_to:
        return
    item.is_asking = True
    push(host, account, item)
    if contact is None:
        _tell(host, account, Element("presence", CLIENT, _route(jid, account.jid, "unsubscribed")))
        item.is_asking = False
        push(host, account, item)
        return
    if contact.blocks(account.jid):
        return
    theirs = contact.roster.get(account.jid)
    if theirs is not None and (theirs.subscription.has_from or theirs.is_approved):
        contact.requests[account.jid] = stanza
        _grant(
            host,
            contact,
            account,
            Element("presence", CLIENT, _route(jid, account.jid, "subscribed")),
            account.jid,
        )
    elif len(contact.requests) < MAX_ROSTER:
        contact.requests[account.jid] = stanza
        _tell(host, contact, stanza)


def _grant(host: Host, account: Account, asker: Account | None, stanza: Element, jid: Jid) -> None:
    item = item_for(account, jid)
    if account.requests.pop(jid, None) is None:
        if not item.subscription.has_from and not item.is_approved:
            item.is_approved = True  # Before it was asked for (section 3.4).
            push(host, account, item)
        return
    item.subscription = item.subscription.changed(from_=True)
    push(host, account, item)
    theirs = asker.roster.get(account.jid) if asker else None
    if asker is None or theirs is None or not theirs.is_asking:
        return
    theirs.is_asking = False
    theirs.subscription = theirs.subscription.changed(to=True)
    _tell(host, asker, stanza)
    push(host, asker, theirs)
    for session in host.available(account.jid):
        if session.presence is not None:
            _tell(host, asker, session.presence.with_attributes(to=str(asker.jid)))
    for session in host.available(asker.jid):
        pep.send_items_of(host, account, session, session.features)


def _stop_watching(
    host: Host, account: Account, contact: Account | None, stanza: Element, jid: Jid
) -> None:
    item = account.roster.get(jid)
    if item is not None:
        item.subscription = item.subscription.changed(to=False)
        item.is_asking = False
        push(host, account, item)
    if contact is None:
        return
    contact.requests.pop(account.jid, None)
    theirs = contact.roster.get(account.jid)
    if theirs is None or not theirs.subscription.has_from:
        return
    theirs.subscription = theirs.subscription.changed(from_=False)
    _tell(host, contact, stanza)
    push(host, contact, theirs)
    _hide(host, contact, account)


def _refuse(
    host: Host, account: Account, watcher: Account | None, stanza: Element, jid: Jid
) -> None:
    was_asked = account.requests.pop(jid, None) is not None
    item = account.roster.get(jid)
    was_seen = item is not None and item.subscription.has_from
    if item is not None:
        item.subscription = item.subscription.changed(from_=False)
        item.is_approved = False
        push(host, account, item)
    theirs = watcher.roster.get(account.jid) if watcher else None
    if watcher is None or theirs is None or not (was_asked or was_seen):
        return
    theirs.subscription = theirs.subscription.changed(to=False)
    theirs.is_asking = False
    if was_seen:
        _hide(host, account, watcher)
    _tell(host, watcher, stanza)
    push(host, watcher, theirs)


def _hide(host: Host, account: Account, watcher: Account) -> None:
    """Who may no longer see somebody sees them leave."""
    for session in host.available(account.jid):
        route = _route(session.jid, watcher.jid, "unavailable")
        _tell(host, watcher, Element("presence", CLIENT, route))


def _tell(host: Host, account: Account, stanza: Element) -> None:
    for session in host.available(account.jid):
        session.send(stanza)


def _route(sender: Jid, to: Jid, kind: str) -> dict[str, str]:
    return {"from": str(sender), "to": str(to), "type": kind}
