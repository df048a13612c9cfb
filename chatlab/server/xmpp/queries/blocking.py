"""Blocking somebody (XEP-0191)."""

from collections.abc import Iterable

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_BLOCKED
from chatlab.server.xmpp.namespaces import BLOCKING, CLIENT
from chatlab.server.xmpp.presence import hide_from, show_to
from chatlab.server.xmpp.queries.query import Query


def blocklist(query: Query) -> Element:
    """Who is blocked; from now on the client hears of changes, too."""
    account = query.require_own()
    if query.is_set:
        raise StanzaError("bad-request", "The list is changed with block and unblock.")
    query.session.wants_blocklist = True
    return Element("blocklist", BLOCKING, None, *_items(sorted(account.blocked)))


def block(query: Query) -> None:
    account = query.require_own()
    named = _named(query)
    if not query.is_set or not named:
        raise StanzaError("bad-request", "Name whom to block.")
    if len(account.blocked.union(named)) > MAX_BLOCKED:
        raise StanzaError("resource-constraint", "Too many are blocked already.")
    for jid in named:
        hide_from(query.host, account, jid)
    account.blocked.update(named)
    query.afterwards.append(lambda: _push(query, "block", named))


def unblock(query: Query) -> None:
    """Those who are named, or everybody."""
    account = query.require_own()
    named = _named(query)
    if not query.is_set:
        raise StanzaError("bad-request", "Unblocking is a set.")
    freed = account.blocked.intersection(named) if named else set(account.blocked)
    account.blocked.difference_update(freed)
    for jid in freed:
        show_to(query.host, account, jid)
    query.afterwards.append(lambda: _push(query, "unblock", named))


def _named(query: Query) -> list[Jid]:
    return [query.host.parse(item.get("jid")) for item in query.payload.all("item")]


def _items(jids: Iterable[Jid]) -> list[Element]:
    return [Element("item", BLOCKING, {"jid": str(jid)}) for jid in jids]


def _push(query: Query, name: str, jids: Iterable[Jid]) -> None:
    change = Element(name, BLOCKING, None, *_items(jids))
    for session in query.host.sessions_of(query.own):
        if session.wants_blocklist:
            attributes = {"type": "set", "id": query.host.new_id(), "to": str(session.jid)}
            session.send(Element("iq", CLIENT, attributes, change))
