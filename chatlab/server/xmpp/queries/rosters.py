"""The contact list, as its owner’s clients read and change it (RFC 6121, section 2)."""

from chatlab.server.xmpp import roster as rules
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.namespaces import ROSTER
from chatlab.server.xmpp.queries.query import Query

_NAME_LENGTH = 256
_MAX_GROUPS = 32


def roster(query: Query) -> Element | None:
    """Get, or set one item."""
    account = query.require_own()
    if not query.is_set:
        query.session.wants_roster = True
        items = [rules.describe(item) for item in account.roster.values()]
        return Element("query", ROSTER, None, *items)
    items = list(query.payload.all("item"))
    if len(items) != 1:
        raise StanzaError("bad-request", "One contact at a time is changed.")
    _set_item(query, items[0])
    return None


def _set_item(query: Query, wanted: Element) -> None:
    account, host = query.own, query.host
    jid = host.parse(wanted.get("jid")).bare
    if wanted.get("subscription") == "remove":
        known = account.roster.get(jid)
        if known is None:
            raise StanzaError("item-not-found", f"{jid} is not in your contact list.")
        query.afterwards.append(lambda: rules.remove(host, account, known))
        return
    if jid == account.jid:
        raise StanzaError("not-allowed", "Nobody is their own contact.")
    groups = tuple(dict.fromkeys(group.text for group in wanted.all("group")))
    if len(groups) > _MAX_GROUPS or not all(0 < len(group) <= _NAME_LENGTH for group in groups):
        raise StanzaError("not-acceptable", "A group is too long or empty, or there are too many.")
    if len(wanted.get("name")) > _NAME_LENGTH:
        raise StanzaError("not-acceptable", f"A name has {_NAME_LENGTH} characters at most.")
    item = rules.item_for(account, jid)
    item.name, item.groups = wanted.get("name"), groups
    query.afterwards.append(lambda: rules.push(host, account, item))
