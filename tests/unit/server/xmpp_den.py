"""A room of alice’s, and what tests say and ask there."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import MUC_ADMIN, MUC_OWNER, MUC_USER
from tests.unit.server.xmpp_harness import Lab, Peer

DEN = "den@rooms.localhost"


def codes(presence: Element) -> list[str]:
    x = presence.child("x", MUC_USER)
    return [status.get("code") for status in x.all("status")] if x else []


def item_of(presence: Element) -> Element:
    x = presence.child("x", MUC_USER)
    item = x.child("item") if x else None
    assert item, presence
    return item


def say(peer: Peer, body: str, room: str = DEN) -> list[Element]:
    return peer.say(f"<message to='{room}' type='groupchat' id='s'><body>{body}</body></message>")


def configure(peer: Peer, **fields: str) -> Element:
    filled = "".join(
        f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
        for name, value in fields.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{filled}</x>"
    return peer.ask("set", f"<query xmlns='{MUC_OWNER}'>{form}</query>", DEN)


def administer(peer: Peer, item: str, kind: str = "set") -> Element:
    return peer.ask(kind, f"<query xmlns='{MUC_ADMIN}'>{item}</query>", DEN)


def den(lab: Lab, **fields: str) -> tuple[Peer, Peer]:
    """A room of alice’s in which bob is, too."""
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.join("al", DEN)
    assert configure(alice, **fields).get("type") == "result"
    bob.join("bo", DEN, f"<password>{fields.get('roomsecret', '')}</password>")
    alice.read()
    bob.read()
    return alice, bob
