"""Stanzas that make no sense: the server answers or ends the stream, and never stumbles."""

import inspect
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from chatlab.server.xmpp import namespaces
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import CLIENT
from chatlab.server.xmpp.queries import dispatch
from tests.unit.server.xmpp_harness import LAB, Lab

_NAMESPACES = [
    value
    for name, value in inspect.getmembers(namespaces)
    if name.isupper() and isinstance(value, str)
]
_NAMES = (
    *(
        "query",
        "x",
        "item",
        "items",
        "pubsub",
        "publish",
        "retract",
        "configure",
        "delete",
        "purge",
    ),
    *("create", "publish-options", "subscribe", "vCard", "ping", "block", "unblock", "blocklist"),
    *("set", "max", "before", "after", "field", "value", "prefs", "metadata", "bind", "session"),
    *("enable", "disable", "resume", "a", "r", "active", "body", "subject", "thread", "invite"),
    *("decline", "destroy", "reason", "password", "history", "moderate", "retract", "remove"),
    *("username", "group", "c", "priority", "show", "stanza-id", "private", "no-store", "delay"),
)
_VALUES = (
    *("", "0", "1", "-1", "²", "99999999999", "true", "get", "set", "result", "error", "submit"),
    *("cancel", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"),
    *("groupchat", "chat", "headline", "normal", "remove", "owner", "outcast", "none", "moderator"),
    *("alice", "al", "alice@localhost", "alice@localhost/home", "bob@localhost", "localhost"),
    *("rooms.localhost", LAB, f"{LAB}/al", f"{LAB}/bo", "den@rooms.localhost/al", "@", "/", "a@/b"),
    *("urn:xmpp:bookmarks:1", "FORM_TYPE", "with", "start", "end", "ids", "before-id", "after-id"),
    *("2023-11-14T22:13:25Z", "0000-00-00T00:00:00Z", "2023-11-14", "9999-12-31T23:59:59Z"),
    *("pubsub#max_items", "pubsub#access_model", "muc#roomconfig_maxusers", "whitelist"),
    *("muc#roomconfig_roomsecret", "muc#roomconfig_membersonly", "whois", "x" * 2000),
)
_ATTRIBUTES = (
    *("to", "id", "type", "jid", "node", "nick", "role", "affiliation", "subscription", "name"),
    *(
        "var",
        "h",
        "previd",
        "resume",
        "queryid",
        "maxstanzas",
        "maxchars",
        "seconds",
        "since",
        "ver",
    ),
    *("max_items", "notify", "default", "by", "xml:lang"),
)
_REQUESTS = [
    *dispatch.HANDLERS,
    *(("query", namespace) for namespace in (namespaces.MUC_ADMIN, namespaces.MUC_OWNER)),
    *(("x", namespace) for namespace in (namespaces.MUC, namespaces.MUC_USER)),
    ("moderate", namespaces.MODERATE),
]


def _attributes(random: Random) -> dict[str, str]:
    names = random.sample(_ATTRIBUTES, random.randint(0, 3))
    return {name: random.choice(_VALUES) for name in names}


def _payload(random: Random, namespace: str, depth: int = 0) -> Element:
    """Something whose parts mostly belong to the same specification, so that they are looked at."""
    inner = random.choice([namespace] * 4 + [namespaces.DATA_FORMS, random.choice(_NAMESPACES)])
    children = [
        _payload(random, inner, depth + 1) for _ in range(random.randint(0, 2 if depth < 3 else 0))
    ]
    text = random.choice(["", random.choice(_VALUES)])
    return Element(random.choice(_NAMES), inner, _attributes(random), *children, text)


def _request(random: Random) -> Element:
    name, namespace = random.choice(_REQUESTS)
    children = [_payload(random, namespace) for _ in range(random.randint(0, 2))]
    return Element(name, namespace, _attributes(random), *children)


def _stanza(random: Random) -> Element:
    if random.random() < 0.02:
        return _payload(random, random.choice(_NAMESPACES))
    name = random.choice(["message", "presence", "iq", "iq"])
    kinds = ["get", "set"] if name == "iq" else ["", random.choice(_VALUES)]
    attributes = {
        "id": random.choice(["1", None]) if name != "iq" else "1",
        "type": random.choice(kinds) or None,
        "to": random.choice([None, random.choice(_VALUES), LAB, "alice@localhost"]),
    }
    payload = [_request(random) for _ in range(1 if name == "iq" else random.randint(0, 2))]
    return Element(name, CLIENT, attributes, *payload)


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_no_stanza_makes_the_server_stumble(random: Random) -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.join("al")
    bob.join("bo", "den@rooms.localhost")
    for _ in range(20):
        if alice.is_closed:
            break
        alice.say(_stanza(random).to_bytes().decode())
    alice.stream.lost()
    bob.say("<message to='alice@localhost' type='chat'><body>still there?</body></message>")
    assert not bob.is_closed
