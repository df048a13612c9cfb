"""Personal eventing (XEP-0163): each account is a small publish-subscribe service (XEP-0060).

Nodes are made by publishing to them; who is told follows from presence: the account’s own
clients and its contacts, if their clients have said that they want it (``node+notify``).
"""

from chatlab.server.xmpp.accounts import Account, Node
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.forms import Field, form, submitted
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_NODE_ITEMS, MAX_NODES
from chatlab.server.xmpp.namespaces import (
    CLIENT,
    DATA_FORMS,
    PUBSUB,
    PUBSUB_ERRORS,
    PUBSUB_EVENT,
    PUBSUB_NODE_CONFIG,
    PUBSUB_OWNER,
)
from chatlab.server.xmpp.queries.query import Query
from chatlab.server.xmpp.session import Session

_DEFAULTS = {
    "access_model": "presence",
    "deliver_payloads": "1",
    "max_items": "1",
    "notify_delete": "1",
    "notify_retract": "1",
    "persist_items": "1",
    "send_last_published_item": "on_sub_and_presence",
    "title": "",
    "type": "",
}
_ACCESS_MODELS = ("open", "presence", "whitelist")
_PREFIX = "pubsub#"


def pubsub(query: Query) -> Element | None:
    """Read and publish. Raises StanzaError."""
    if query.account is None:
        raise StanzaError("service-unavailable", "Nodes belong to accounts here.")
    action = query.payload.first
    if action is None:
        raise StanzaError("bad-request", "Say what to do.")
    if not query.is_set:
        if action.name != "items":
            raise StanzaError("feature-not-implemented")
        return _items(query, query.account, action)
    account = query.require_own()
    match action.name:
        case "publish":
            return _publish(query, account, action)
        case "retract":
            _retract(query, account, action)
        case "create":
            _create(account, action.get("node"), query.payload.child("configure"))
        case _:
            raise StanzaError("feature-not-implemented")
    return None


def owner(query: Query) -> Element | None:
    """Configure, empty and delete nodes. Raises StanzaError."""
    account, action = query.require_own(), query.payload.first
    if action is None:
        raise StanzaError("bad-request", "Say what to do.")
    name = action.get("node")
    node = _node(account, name)
    match action.name:
        case "configure" if not query.is_set:
            shown = Element("configure", PUBSUB_OWNER, {"node": name}, _config_form(node))
            return Element("pubsub", PUBSUB_OWNER, None, shown)
        case "configure":
            node.config.update(_options(action))
            _trim(node)
        case "purge" if query.is_set:
            node.items.clear()
            _notify(query.host, account, name, Element("purge", PUBSUB_EVENT, {"node": name}))
        case "delete" if query.is_set:
            _notify(query.host, account, name, Element("delete", PUBSUB_EVENT, {"node": name}))
            del account.nodes[name]
        case _:
            raise StanzaError("feature-not-implemented")
    return None


# --- reading


def _items(query: Query, account: Account, action: Element) -> Element:
    name = action.get("node")
    if not query.is_own and not _may_read(account, query.own, account.nodes.get(name)):
        raise StanzaError("forbidden", "This node is not for everybody.")
    node = _node(account, name)
    wanted = [item.get("id") for item in action.all("item")]
    found = [node.items[item_id] for item_id in wanted or node.items if item_id in node.items]
    limit = action.get("max_items")
    if limit.isascii() and limit.isdigit() and len(limit) < 10:
        found = found[len(found) - min(int(limit), len(found)) :]
    return Element("pubsub", PUBSUB, None, Element("items", PUBSUB, {"node": name}, *found))


def _may_read(account: Account, reader: Account, node: Node | None) -> bool:
    """Whoever may not see presence learns nothing, not even whether there is such a node."""
    access = node.config["access_model"] if node else "presence"
    item = account.roster.get(reader.jid)
    is_seen = item is not None and item.subscription.has_from
    return access == "open" or (access == "presence" and is_seen)


def _node(account: Account, name: str) -> Node:
    node = account.nodes.get(name)
    if node is None:
        raise StanzaError("item-not-found", f"There is no node “{name[:80]}”.")
    return node


# --- publishing


def _publish(query: Query, account: Account, action: Element) -> Element:
    name, item = action.get("node"), action.child("item")
    if not name or item is None:
        raise StanzaError("bad-request", "Say what to publish, and to which node.")
    options = _options(query.payload.child("publish-options"))
    node = account.nodes.get(name) or _create(account, name, None, options)
    if any(node.config[key] != value for key, value in options.items()):
        unmet = Element("precondition-not-met", PUBSUB_ERRORS)
        raise StanzaError("conflict", "The node is configured otherwise.", extra=unmet)
    item_id = item.get("id") or query.host.new_id()
    kept = Element("item", PUBSUB, {"id": item_id}, *item.children)
    node.items.pop(item_id, None)
    node.items[item_id] = kept
    _trim(node)
    _notify(query.host, account, name, _event_items(name, kept))
    if node.config["persist_items"] == "0":
        node.items.clear()
    published = Element("item", PUBSUB, {"id": item_id})
    return Element("pubsub", PUBSUB, None, Element("publish", PUBSUB, {"node": name}, published))


def _retract(query: Query, account: Account, action: Element) -> None:
    name, item = action.get("node"), action.child("item")
    node = _node(account, name)
    item_id = item.get("id") if item else ""
    if item_id not in node.items:
        raise StanzaError("item-not-found", "There is no such item.")
    del node.items[item_id]
    if action.get("notify") in ("1", "true") or node.config["notify_retract"] == "1":
        retract = Element("retract", PUBSUB_EVENT, {"id": item_id})
        event = Element("items", PUBSUB_EVENT, {"node": name}, retract)
        _notify(query.host, account, name, event)


def _create(
    account: Account, name: str, configure: Element | None, options: dict[str, str] | None = None
) -> Node:
    if not name or name in account.nodes:
        raise StanzaError("conflict", "There is such a node, or it has no name.")
    if len(account.nodes) >= MAX_NODES:
        raise StanzaError("resource-constraint", "There are too many nodes.")
    config = {**_DEFAULTS, **(options or {}), **_options(configure)}
    node = account.nodes[name] = Node(config=config)
    return node


def _options(parent: Element | None) -> dict[str, str]:
    """What a form asks for; other options than ours are none of our business."""
    x = parent.child("x", DATA_FORMS) if parent else None
    if x is None:
        return {}
    values = {key.removeprefix(_PREFIX): "".join(found[:1]) for key, found in submitted(x).items()}
    options = {key: _normal(value) for key, value in values.items() if key in _DEFAULTS}
    if options.get("access_model", "open") not in _ACCESS_MODELS:
        raise StanzaError("not-acceptable", "Nodes are open, for contacts, or for their owner.")
    return options


def _normal(value: str) -> str:
    return {"true": "1", "false": "0"}.get(value, value)


def _config_form(node: Node) -> Element:
    fields = [Field(f"{_PREFIX}{key}", "text-single", value=node.config[key]) for key in _DEFAULTS]
    return form(PUBSUB_NODE_CONFIG, fields)


def _trim(node: Node) -> None:
    text = node.config["max_items"]
    is_number = text.isascii() and text.isdigit() and 0 < len(text) < 10
    limit = min(int(text), MAX_NODE_ITEMS) if is_number else MAX_NODE_ITEMS
    while len(node.items) > max(1, limit):
        node.items.popitem(last=False)


# --- telling others


def _event_items(name: str, item: Element) -> Element:
    shown = Element("item", PUBSUB_EVENT, item.attributes, *item.children)
    return Element("items", PUBSUB_EVENT, {"node": name}, shown)


def _notify(host: Host, account: Account, name: str, event: Element) -> None:
    node = account.nodes[name]
    for session in _interested(host, account, node, name):
        session.send(_message(account.jid, session, event))


def _interested(host: Host, account: Account, node: Node, name: str) -> list[Session]:
    audience = [account.jid]
    if node.config["access_model"] != "whitelist":
        audience += [item.jid for item in account.roster.values() if item.subscription.has_from]
    return [
        session
        for jid in audience
        if not account.blocks(jid)
        for session in host.available(jid)
        if f"{name}+notify" in session.features
    ]


def send_last_items(host: Host, session: Session, features: frozenset[str]) -> None:
    """What a client that has just said what it wants has missed (section 4.3.3)."""
    own = session.account
    seen = [item.jid for item in own.roster.values() if item.subscription.has_to]
    for jid in (own.jid, *seen):
        if account := host.accounts.at(jid):
            send_items_of(host, account, session, features)


def send_items_of(host: Host, account: Account, session: Session, features: frozenset[str]) -> None:
    """The last item of each of an account’s nodes that a client wants and may read."""
    for name, node in account.nodes.items():
        is_readable = session.account is account or _may_read(account, session.account, node)
        is_sent = node.config["send_last_published_item"] != "never"
        if f"{name}+notify" in features and is_readable and is_sent and node.items:
            last = next(reversed(node.items.values()))
            session.send(_message(account.jid, session, _event_items(name, last)))


def _message(sender: Jid, session: Session, event: Element) -> Element:
    route = {"from": str(sender), "to": str(session.jid), "type": "headline"}
    return Element("message", CLIENT, route, Element("event", PUBSUB_EVENT, None, event))
