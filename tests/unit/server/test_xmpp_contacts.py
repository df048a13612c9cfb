"""Contacts, presence, blocking, and what clients keep on the server."""

import pytest

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import (
    BLOCKING,
    CAPS,
    DISCO_INFO,
    PRIVATE_XML,
    PUBSUB,
    PUBSUB_ERRORS,
    PUBSUB_EVENT,
    PUBSUB_OWNER,
    ROSTER,
    VCARD,
)
from chatlab.server.xmpp.roster import introduce_all
from tests.unit.server.xmpp_harness import Lab, Peer, condition

_NICK = "http://jabber.org/protocol/nick"
_BOOKMARKS = "urn:xmpp:bookmarks:1"


def _roster(peer: Peer) -> dict[str, str]:
    """JID to subscription."""
    query = peer.ask("get", f"<query xmlns='{ROSTER}'/>").child("query", ROSTER)
    assert query
    return {item.get("jid"): item.get("subscription") for item in query.elements}


def _pushed(stanzas: list[Element]) -> list[tuple[str, str, str]]:
    """JID, subscription and ask of each roster push."""
    items = [one.first.first for one in stanzas if one.name == "iq" and one.first]
    return [(one.get("jid"), one.get("subscription"), one.get("ask")) for one in items if one]


def _presences(stanzas: list[Element]) -> list[tuple[str, str]]:
    return [(one.get("from"), one.get("type")) for one in stanzas if one.name == "presence"]


# --- contacts (RFC 6121, sections 2 and 3)


def test_those_of_one_bench_see_one_another_at_once() -> None:
    lab = Lab()
    introduce_all(lab.host, "Bench")
    alice = lab.online("alice")
    assert _roster(alice)["bob@localhost"] == "both"
    alice.read()
    lab.online("bob")
    assert "bob@localhost" in {sender.partition("/")[0] for sender, _ in _presences(alice.read())}


def test_a_contact_is_added_changed_and_removed_on_all_clients() -> None:
    lab = Lab()
    alice, phone = lab.online("alice"), lab.online("alice", "phone")
    alice.read()
    item = "<item jid='bob@localhost' name='Bob'><group>Lab</group></item>"
    assert alice.ask("set", f"<query xmlns='{ROSTER}'>{item}</query>").get("type") == "result"
    assert _pushed(alice.read()) == _pushed(phone.read()) == [("bob@localhost", "none", "")]
    assert _roster(phone) == {"bob@localhost": "none"}
    gone = "<item jid='bob@localhost' subscription='remove'/>"
    alice.ask("set", f"<query xmlns='{ROSTER}'>{gone}</query>")
    assert _pushed(phone.read())[-1] == ("bob@localhost", "remove", "")
    assert _roster(alice) == {}
    assert (
        condition(alice.ask("set", f"<query xmlns='{ROSTER}'>{gone}</query>")) == "item-not-found"
    )


def test_a_request_is_shown_granted_and_followed_by_presence() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    said = alice.say("<presence to='bob@localhost' type='subscribe'/>")
    assert _pushed(said) == [("bob@localhost", "none", "subscribe")]
    assert _presences(bob.read()) == [("alice@localhost", "subscribe")]

    said = bob.say("<presence to='alice@localhost' type='subscribed'/>")
    assert _pushed(said) == [("alice@localhost", "from", "")]
    told = alice.read()
    assert _pushed(told) == [("bob@localhost", "to", "")]
    assert _presences(told) == [("bob@localhost", "subscribed"), ("bob@localhost/home", "")]


def test_a_request_waits_for_who_is_offline() -> None:
    lab = Lab()
    lab.online("alice").say("<presence to='bob@localhost' type='subscribe'/>")
    for _ in range(2):  # Until it is answered, at every login.
        bob = lab.connect().login("bob", "home")
        assert ("alice@localhost", "subscribe") in _presences(bob.say("<presence/>"))


def test_a_refusal_ends_the_asking() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.say("<presence to='bob@localhost' type='subscribe'/>")
    bob.say("<presence to='alice@localhost' type='unsubscribed'/>")
    told = alice.read()
    assert _presences(told) == [("bob@localhost", "unsubscribed")]
    assert _pushed(told) == [("bob@localhost", "none", "")]


def test_nobody_can_be_asked_who_is_not_there() -> None:
    alice = Lab().online("alice")
    told = alice.say("<presence to='nobody@localhost' type='subscribe'/>")
    assert _presences(told) == [("nobody@localhost", "unsubscribed")]
    assert _roster(alice) == {"nobody@localhost": "none"}


def test_contacts_see_each_other_come_and_go() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    assert _roster(alice) == {"bob@localhost": "both"}
    bob.say("<presence><show>away</show></presence>")
    (away,) = alice.read()
    assert away.text_of("show") == "away"
    bob.say("<presence type='unavailable'/>")
    assert _presences(alice.read()) == [("bob@localhost/home", "unavailable")]
    said = bob.say("<presence/>")
    assert ("alice@localhost/home", "") in _presences(said)
    assert _presences(alice.read()) == [("bob@localhost/home", "")]


def test_who_ends_the_subscription_sees_nothing_more() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    alice.say("<presence to='bob@localhost' type='unsubscribe'/>")
    assert _roster(alice) == {"bob@localhost": "from"}
    assert _roster(bob) == {"alice@localhost": "to"}
    bob.say("<presence to='alice@localhost' type='unsubscribed'/>")
    alice.read()
    bob.say("<presence><show>dnd</show></presence>")
    assert alice.read() == []


def test_strangers_are_seen_only_by_presence_sent_to_them() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    bob.say("<presence><show>dnd</show></presence>")
    bob.say(
        "<presence to='alice@localhost/home'/>", "<presence to='carol@localhost' type='probe'/>"
    )
    assert _presences(alice.read()) == [("bob@localhost/home", "")]
    bob.stream.lost()
    assert _presences(alice.read()) == [("bob@localhost/home", "unavailable")]


# --- blocking (XEP-0191)


def _block(peer: Peer, name: str, *jids: str) -> Element:
    items = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return peer.ask("set", f"<{name} xmlns='{BLOCKING}'>{items}</{name}>")


def test_who_is_blocked_reaches_nobody_and_sees_nobody() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    alice.ask("get", f"<blocklist xmlns='{BLOCKING}'/>")
    assert _block(alice, "block", "bob@localhost").get("type") == "result"
    (push,) = alice.read()
    assert push.has("block", BLOCKING)
    assert _presences(bob.read()) == [("alice@localhost/home", "unavailable")]

    (error,) = bob.say("<message to='alice@localhost' type='chat'><body>hi</body></message>")
    assert condition(error) == "service-unavailable"
    bob.say("<presence><show>away</show></presence>")
    assert alice.read() == []
    (error,) = alice.say("<message to='bob@localhost' type='chat'><body>hi</body></message>")
    assert condition(error) == "not-acceptable"
    assert condition(bob.ask("get", "<ping xmlns='urn:xmpp:ping'/>", "alice@localhost/home"))

    _block(alice, "unblock")
    assert _presences(bob.read()) == [("alice@localhost/home", "")]
    listed = alice.ask("get", f"<blocklist xmlns='{BLOCKING}'/>").child("blocklist", BLOCKING)
    assert listed
    assert listed.children == []


def test_blocking_nobody_is_no_blocking() -> None:
    assert condition(_block(Lab().online("alice"), "block")) == "bad-request"


# --- storage


def test_private_xml_and_cards_are_kept() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    kept = "<storage xmlns='storage:bookmarks'><conference jid='lab@rooms.localhost'/></storage>"
    empty = "<storage xmlns='storage:bookmarks'/>"
    alice.ask("set", f"<query xmlns='{PRIVATE_XML}'>{kept}</query>")
    assert "conference" in str(alice.ask("get", f"<query xmlns='{PRIVATE_XML}'>{empty}</query>"))
    answer = bob.ask("get", f"<query xmlns='{PRIVATE_XML}'>{empty}</query>", "alice@localhost")
    assert condition(answer) == "forbidden"

    card = f"<vCard xmlns='{VCARD}'><FN>Alice</FN></vCard>"
    empty = f"<vCard xmlns='{VCARD}'/>"
    assert condition(bob.ask("get", empty, "alice@localhost")) == "item-not-found"
    alice.ask("set", card)
    assert "Alice" in str(bob.ask("get", empty, "alice@localhost"))
    assert condition(bob.ask("set", card, "alice@localhost")) == "forbidden"


@pytest.mark.parametrize(
    "payload",
    [
        "<ping xmlns='urn:xmpp:ping'/>",
        "<query xmlns='jabber:iq:version'/>",
        "<time xmlns='urn:xmpp:time'/>",
        "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<query xmlns='http://jabber.org/protocol/disco#items'/>",
        "<prefs xmlns='urn:xmpp:mam:2'/>",
        "<metadata xmlns='urn:xmpp:mam:2'/>",
    ],
)
def test_small_questions_are_answered(payload: str) -> None:
    alice = Lab().online("alice")
    to = "localhost" if "disco" in payload else ""
    assert alice.ask("get", payload, to).get("type") == "result"


@pytest.mark.parametrize(
    ("stanza", "expected"),
    [
        ("<iq type='get' id='1'/>", "bad-request"),
        ("<iq type='get' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>", "bad-request"),
        ("<iq type='dance' id='1'><a xmlns='urn:a'/></iq>", "bad-request"),
        ("<iq type='get' id='1'><a xmlns='urn:unheard-of'/></iq>", "service-unavailable"),
        (
            "<iq type='get' id='1' to='bob@localhost/x'><a xmlns='urn:a'/></iq>",
            "service-unavailable",
        ),
        (
            "<iq type='get' id='1' to='example.org'><a xmlns='urn:a'/></iq>",
            "remote-server-not-found",
        ),
        ("<presence type='dance'/>", "bad-request"),
        ("<presence><priority>high</priority></presence>", "bad-request"),
    ],
)
def test_what_makes_no_sense_is_refused(stanza: str, expected: str) -> None:
    (answer,) = Lab().online("alice").say(stanza)
    assert condition(answer) == expected


# --- personal eventing (XEP-0163)


def _publish(peer: Peer, node: str, item: str, options: str = "") -> Element:
    return peer.ask(
        "set",
        f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'>{item}</publish>{options}</pubsub>",
    )


def _options(**values: str) -> str:
    fields = "".join(
        f"<field var='pubsub#{name}'><value>{value}</value></field>"
        for name, value in values.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    return f"<publish-options>{form}</publish-options>"


def _items(peer: Peer, node: str, to: str = "", attributes: str = "") -> Element:
    wish = f"<items node='{node}' {attributes}/>"
    return peer.ask("get", f"<pubsub xmlns='{PUBSUB}'>{wish}</pubsub>", to)


def _with_caps(lab: Lab, name: str, *nodes: str) -> Peer:
    """A client that has said which events it wants."""
    peer = lab.online(name)
    caps = f"<c xmlns='{CAPS}' hash='sha-1' node='urn:test' ver='{'+'.join(nodes)}'/>"
    query = [one for one in peer.say(f"<presence>{caps}</presence>") if one.name == "iq"]
    features = "".join(f"<feature var='{node}+notify'/>" for node in nodes)
    for one in query:
        info = f"<query xmlns='{DISCO_INFO}'>{features}</query>"
        peer.send(f"<iq type='result' id='{one.get('id')}' to='localhost'>{info}</iq>")
    return peer


_ALICE = f"<item id='current'><nick xmlns='{_NICK}'>Al</nick></item>"


def test_contacts_who_want_it_are_told_what_is_published() -> None:
    lab = Lab()
    alice, bob = _with_caps(lab, "alice", _NICK), _with_caps(lab, "bob", _NICK)
    carol = _with_caps(lab, "carol", _NICK)
    lab.befriend(alice, bob)
    assert _publish(alice, _NICK, _ALICE).get("type") == "result"
    for peer in (alice, bob):
        (event,) = peer.read()
        assert event.has("event", PUBSUB_EVENT)
        assert event.get("from") == "alice@localhost"
    assert carol.read() == []
    assert "Al" in str(_items(bob, _NICK, "alice@localhost"))
    assert condition(_items(carol, _NICK, "alice@localhost")) == "forbidden"


def test_who_comes_later_gets_the_last_item() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    _publish(alice, _NICK, _ALICE)
    bob.say("</stream:stream>")
    assert "Al</nick>" in str(_with_caps(lab, "bob", _NICK).read())


def test_bookmarks_are_many_and_for_their_owner_only() -> None:
    lab = Lab()
    alice, bob = _with_caps(lab, "alice", _BOOKMARKS), lab.online("bob")
    lab.befriend(alice, bob)
    options = _options(persist_items="true", max_items="max", access_model="whitelist")
    for room in ("a@rooms.localhost", "b@rooms.localhost"):
        item = f"<item id='{room}'><conference xmlns='{_BOOKMARKS}'/></item>"
        assert _publish(alice, _BOOKMARKS, item, options).get("type") == "result"
        assert room in str(alice.read())
    answer = str(_items(alice, _BOOKMARKS))
    assert "a@rooms.localhost" in answer
    assert "b@rooms.localhost" in answer
    assert "a@rooms" not in str(_items(alice, _BOOKMARKS, attributes="max_items='1'"))
    assert condition(_items(bob, _BOOKMARKS, "alice@localhost")) == "forbidden"

    wish = f"<retract node='{_BOOKMARKS}'><item id='a@rooms.localhost'/></retract>"
    alice.ask("set", f"<pubsub xmlns='{PUBSUB}'>{wish}</pubsub>")
    assert "retract" in str(alice.read())
    assert "a@rooms" not in str(_items(alice, _BOOKMARKS))


def test_a_node_that_is_configured_otherwise_takes_nothing() -> None:
    alice = Lab().online("alice")
    _publish(alice, _NICK, _ALICE)
    answer = _publish(alice, _NICK, _ALICE, _options(access_model="whitelist"))
    assert condition(answer) == "conflict"
    error = answer.child("error")
    assert error
    assert error.has("precondition-not-met", PUBSUB_ERRORS)

    form = _options(access_model="whitelist").replace("publish-options", "configure")
    wish = form.replace("<configure>", f"<configure node='{_NICK}'>")
    assert (
        alice.ask("set", f"<pubsub xmlns='{PUBSUB_OWNER}'>{wish}</pubsub>").get("type") == "result"
    )
    wish = f"<configure node='{_NICK}'/>"
    assert "whitelist" in str(alice.ask("get", f"<pubsub xmlns='{PUBSUB_OWNER}'>{wish}</pubsub>"))
    answer = _publish(alice, _NICK, _ALICE, _options(access_model="whitelist"))
    assert answer.get("type") == "result"


def test_a_deleted_node_is_gone() -> None:
    alice = Lab().online("alice")
    _publish(alice, _NICK, _ALICE)
    wish = f"<pubsub xmlns='{PUBSUB_OWNER}'><delete node='{_NICK}'/></pubsub>"
    assert alice.ask("set", wish).get("type") == "result"
    assert condition(_items(alice, _NICK)) == "item-not-found"
    assert condition(alice.ask("set", wish)) == "item-not-found"
