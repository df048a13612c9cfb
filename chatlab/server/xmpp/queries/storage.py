"""What clients keep on the server: private XML (XEP-0049) and the business card (XEP-0054)."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.limits import MAX_PRIVATE
from chatlab.server.xmpp.namespaces import CLIENT, PRIVATE_XML, VCARD
from chatlab.server.xmpp.queries.query import Query


def private(query: Query) -> Element | None:
    """One element per name, seen by its owner only."""
    account, content = query.require_own(), query.payload.first
    if content is None or content.namespace in (CLIENT, PRIVATE_XML):
        raise StanzaError("bad-request", "Private XML needs a namespace of its own.")
    key = (content.name, content.namespace)
    if not query.is_set:
        kept = account.private.get(key, Element(content.name, content.namespace))
        return Element("query", PRIVATE_XML, None, kept)
    if key not in account.private and len(account.private) >= MAX_PRIVATE:
        raise StanzaError("resource-constraint", "Too much is stored already.")
    account.private[key] = content
    return None


def vcard(query: Query) -> Element | None:
    """Everybody may read it, its owner may write it."""
    if query.account is None:
        raise StanzaError("service-unavailable", "The server has no card.")
    if query.is_set:
        query.require_own().vcard = query.payload
        return None
    if query.account.vcard is None and not query.is_own:
        raise StanzaError("item-not-found", f"{query.account.jid} has no card.")
    return query.account.vcard or Element("vCard", VCARD)
