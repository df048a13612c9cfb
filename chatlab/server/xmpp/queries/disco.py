"""What the server, and an account, can do (XEP-0030)."""

from collections.abc import Iterable

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.limits import ROOMS_DOMAIN, SOFTWARE
from chatlab.server.xmpp.namespaces import (
    BLOCKING,
    CARBONS,
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    MAM_EXTENDED,
    PING,
    PRIVATE_XML,
    PUBSUB,
    REGISTER,
    STANZA_IDS,
    TIME,
    VCARD,
    VERSION,
)
from chatlab.server.xmpp.queries.query import Query

_SERVER_FEATURES = (
    DISCO_INFO,
    DISCO_ITEMS,
    BLOCKING,
    CARBONS,
    "msgoffline",
    PING,
    PRIVATE_XML,
    TIME,
    VCARD,
    VERSION,
)
_ACCOUNT_FEATURES = (
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    MAM_EXTENDED,
    STANZA_IDS,
    VCARD,
    PUBSUB,
    *(
        f"{PUBSUB}#{feature}"
        for feature in (
            "access-presence",
            "access-whitelist",
            "access-open",
            "auto-create",
            "auto-subscribe",
            "config-node",
            "config-node-max",
            "create-and-configure",
            "delete-items",
            "delete-nodes",
            "filtered-notifications",
            "item-ids",
            "last-published",
            "multi-items",
            "persistent-items",
            "publish",
            "publish-options",
            "purge-nodes",
            "retract-items",
            "retrieve-items",
        )
    ),
)


def info(query: Query) -> Element:
    """Identities and features."""
    node = query.payload.get("node")
    account = query.account
    if account is None:
        if node:
            raise StanzaError("item-not-found", "The server has no such node.")
        features = list(_SERVER_FEATURES)
        if query.host.allows_registration:
            features.append(REGISTER)
        return describe([("server", "im", SOFTWARE)], features)
    if not query.is_own and not is_visible(query):
        raise StanzaError("service-unavailable")
    if node:
        if node not in account.nodes:
            raise StanzaError("item-not-found", "There is no such node.")
        return describe([("pubsub", "leaf", "")], [PUBSUB], node)
    identities = [("account", "registered", ""), ("pubsub", "pep", "")]
    return describe(identities, _ACCOUNT_FEATURES)


def items(query: Query) -> Element:
    """The server’s services; an account’s nodes."""
    if query.account is None:
        rooms = {"jid": ROOMS_DOMAIN, "name": "Rooms of the lab"}
        children = [] if query.payload.get("node") else [Element("item", DISCO_ITEMS, rooms)]
        return Element("query", DISCO_ITEMS, {"node": query.payload.get("node") or None}, *children)
    if not query.is_own and not is_visible(query):
        raise StanzaError("service-unavailable")
    jid = str(query.account.jid)
    nodes = [
        Element("item", DISCO_ITEMS, {"jid": jid, "node": name})
        for name, node in query.account.nodes.items()
        if query.is_own or node.config.get("access_model", "presence") != "whitelist"
    ]
    return Element("query", DISCO_ITEMS, None, *nodes)


def is_visible(query: Query) -> bool:
    """Whether the asking account may know that the asked one is there (RFC 6121, 8.5.1)."""
    item = query.account.roster.get(query.own.jid) if query.account else None
    return item is not None and item.subscription.has_from


def describe(
    identities: Iterable[tuple[str, str, str]],
    features: Iterable[str],
    node: str = "",
    form: Element | None = None,
) -> Element:
    """A ``disco#info`` answer; identities are category, type and name."""
    shown = [
        Element("identity", DISCO_INFO, {"category": category, "type": kind, "name": name or None})
        for category, kind, name in identities
    ]
    offered = [Element("feature", DISCO_INFO, {"var": feature}) for feature in features]
    forms = [form] if form else []
    return Element("query", DISCO_INFO, {"node": node or None}, *shown, *offered, *forms)
