"""Rooms: entering and each refusal, speaking, roles and affiliations, configuration, the end."""

import pytest

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import (
    DELAY,
    DISCO_INFO,
    DISCO_ITEMS,
    FORWARD,
    MAM,
    MODERATE,
    MUC_ADMIN,
    MUC_OWNER,
    MUC_USER,
    OCCUPANT_ID,
    RETRACT,
    STANZA_IDS,
)
from tests.unit.server.xmpp_harness import LAB, Lab, Peer, bodies, condition

_ROOM = "den@rooms.localhost"


def _codes(presence: Element) -> list[str]:
    x = presence.child("x", MUC_USER)
    return [status.get("code") for status in x.all("status")] if x else []


def _item(presence: Element) -> Element:
    x = presence.child("x", MUC_USER)
    item = x.child("item") if x else None
    assert item, presence
    return item


def _say(peer: Peer, body: str, room: str = _ROOM) -> list[Element]:
    return peer.say(f"<message to='{room}' type='groupchat' id='s'><body>{body}</body></message>")


def _configure(peer: Peer, **fields: str) -> Element:
    filled = "".join(
        f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
        for name, value in fields.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{filled}</x>"
    return peer.ask("set", f"<query xmlns='{MUC_OWNER}'>{form}</query>", _ROOM)


def _admin(peer: Peer, item: str, kind: str = "set") -> Element:
    return peer.ask(kind, f"<query xmlns='{MUC_ADMIN}'>{item}</query>", _ROOM)


def _den(lab: Lab, **fields: str) -> tuple[Peer, Peer]:
    """A room of alice’s in which bob is, too."""
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.join("al", _ROOM)
    assert _configure(alice, **fields).get("type") == "result"
    bob.join("bo", _ROOM, f"<password>{fields.get('roomsecret', '')}</password>")
    alice.read()
    bob.read()
    return alice, bob


# --- entering (section 7.2)


def test_the_lab_room_is_open_to_everybody() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    said = alice.join("al")
    assert _codes(said[0]) == ["110", "100", "170"]
    assert said[-1].has("subject")
    said = bob.join("bo")
    assert [one.get("from") for one in said] == [f"{LAB}/al", f"{LAB}/bo", LAB]
    assert _item(said[0]).get("jid") == "alice@localhost/home"
    (arrival,) = alice.read()
    assert arrival.get("from") == f"{LAB}/bo"
    assert _codes(arrival) == []


def test_a_new_room_is_locked_until_its_owner_has_configured_it() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    created = alice.join("al", _ROOM)[0]
    assert "201" in _codes(created)
    assert _item(created).get("affiliation") == "owner"
    assert _item(created).get("role") == "moderator"
    (refused,) = bob.join("bo", _ROOM)
    assert condition(refused) == "item-not-found"
    assert refused.has("x", "http://jabber.org/protocol/muc")

    assert _configure(alice).get("type") == "result"
    assert bob.join("bo", _ROOM)[-1].has("subject")


def test_each_refusal_has_its_condition() -> None:
    lab = Lab()
    alice, bob = _den(lab, roomsecret="open sesame", maxusers="2")
    carol = lab.online("carol")

    def refusal(nick: str, inside: str = "") -> str:
        said = carol.join(nick, _ROOM, inside)
        assert len(said) == 1
        return condition(said[0])

    secret = "<password>open sesame</password>"
    assert refusal("ca") == "not-authorized"
    assert refusal("ca", "<password>wrong</password>") == "not-authorized"
    assert refusal("al", secret) == "conflict"
    assert refusal("ca", secret) == "service-unavailable"
    assert refusal("x" * 65, secret) == "jid-malformed"
    _admin(alice, "<item affiliation='outcast' jid='carol@localhost'/>")
    assert refusal("ca", secret) == "forbidden"
    _admin(alice, "<item affiliation='none' jid='carol@localhost'/>")
    _configure(alice, membersonly="1")
    assert refusal("ca", secret) == "registration-required"
    assert "322" in _codes(bob.read()[-1])


def test_two_clients_of_one_account_share_a_nick() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    phone = lab.online("alice", "phone")
    phone.join("al", _ROOM)
    _say(bob, "to both")
    assert bodies(alice.read()) == bodies(phone.read()) == ["to both"]
    bob.read()
    phone.say(f"<presence to='{_ROOM}/al' type='unavailable'/>")
    assert bob.read() == []
    alice.say(f"<presence to='{_ROOM}/al' type='unavailable'/>")
    assert bob.read()[0].get("type") == "unavailable"


def test_a_nick_is_changed_and_can_be_taken() -> None:
    alice, bob = _den(Lab())
    (conflict,) = bob.say(f"<presence to='{_ROOM}/al'/>")
    assert condition(conflict) == "conflict"
    gone, back = bob.say(f"<presence to='{_ROOM}/b.o b'/>")
    assert (gone.get("type"), _codes(gone)) == ("unavailable", ["303", "110"])
    assert _item(gone).get("nick") == "b.o b"
    assert back.get("from") == f"{_ROOM}/b.o b"
    assert [one.get("type") for one in alice.read()] == ["unavailable", ""]


def test_who_enters_again_gets_everything_anew() -> None:
    alice, bob = _den(Lab())
    _say(alice, "hello")
    bob.read()
    said = bob.join("bo", _ROOM)
    assert [one.get("from") for one in said[:2]] == [f"{_ROOM}/al", f"{_ROOM}/bo"]
    assert bodies(said) == ["hello"]
    said = bob.join("robert", _ROOM)
    assert _codes(said[0]) == ["303", "110"]
    assert said[1].get("from") == f"{_ROOM}/robert"


def test_who_goes_offline_leaves_the_room() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    bob.say("</stream:stream>")
    (gone,) = alice.read()
    assert gone.get("type") == "unavailable"
    assert _item(gone).get("role") == "none"
    alice.say(f"<presence to='{_ROOM}/al' type='unavailable'/>")
    assert list(lab.host.rooms) == [lab.host.parse(LAB)]


def test_a_presence_to_a_room_that_one_is_not_in_is_refused() -> None:
    alice = Lab().online("alice")
    (error,) = alice.say(f"<presence to='{_ROOM}/al'/>")
    assert condition(error) == "not-acceptable"


# --- speaking


def test_everybody_hears_what_is_said_the_speaker_too() -> None:
    alice, bob = _den(Lab())
    (echo,) = _say(alice, "hello")
    (heard,) = bob.read()
    assert echo.get("id") == heard.get("id") == "s"
    assert heard.get("from") == f"{_ROOM}/al"
    mark, who = heard.child("stanza-id", STANZA_IDS), heard.child("occupant-id", OCCUPANT_ID)
    assert mark
    assert mark.get("by") == _ROOM
    assert who
    assert who.get("id")


def test_who_is_not_inside_may_not_speak() -> None:
    lab = Lab()
    _den(lab)
    assert condition(_say(lab.online("carol"), "hello")[0]) == "not-acceptable"
    assert (
        condition(_say(lab.online("carol"), "hello", "none@rooms.localhost")[0]) == "item-not-found"
    )


def test_only_moderators_set_the_subject_and_newcomers_see_it() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    subject = f"<message to='{_ROOM}' type='groupchat'><subject>Frames</subject></message>"
    assert condition(bob.say(subject)[0]) == "forbidden"
    alice.say(subject)
    assert bob.read()[0].text_of("subject") == "Frames"
    last = lab.online("carol").join("ca", _ROOM)[-1]
    assert last.text_of("subject") == "Frames"
    assert last.get("from") == f"{_ROOM}/al"


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("", ["0", "1", "2"]),
        ("<history maxstanzas='0'/>", []),
        ("<history maxstanzas='2'/>", ["1", "2"]),
        ("<history seconds='15'/>", ["2"]),
        ("<history since='2023-11-14T22:13:25Z'/>", ["1", "2"]),
        ("<history maxchars='0'/>", []),
    ],
)
def test_a_newcomer_is_shown_as_much_history_as_wished(wish: str, expected: list[str]) -> None:
    lab = Lab()
    alice, _ = _den(lab)
    for number in range(3):
        _say(alice, str(number))
        lab.seconds += 10
    said = lab.online("carol").join("ca", _ROOM, wish)
    history = [one for one in said if one.has("body")]
    assert bodies(history) == expected
    assert all(one.has("delay", DELAY) for one in history)


def test_a_private_message_reaches_one_occupant_under_the_nick() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    carol = lab.online("carol")
    carol.join("ca", _ROOM)
    bob.read()
    alice.say(f"<message to='{_ROOM}/bo' type='chat'><body>psst</body></message>")
    heard = [one for one in bob.read() if one.has("body")]
    assert bodies(heard) == ["psst"]
    assert heard[0].get("from") == f"{_ROOM}/al"
    assert heard[0].has("x", MUC_USER)
    assert bodies(carol.read()) == []
    said = alice.say(f"<message to='{_ROOM}/zz' type='chat'><body>psst</body></message>")
    assert condition(said[-1]) == "item-not-found"


def test_visitors_of_a_moderated_room_are_silent_until_they_get_voice() -> None:
    alice, bob = _den(Lab(), moderatedroom="1")
    assert condition(_say(bob, "may I?")[0]) == "forbidden"
    _admin(alice, "<item role='participant' nick='bo'/>")
    assert _item(bob.read()[0]).get("role") == "participant"
    assert bodies(_say(bob, "thanks")) == ["thanks"]


def test_what_is_said_is_in_the_rooms_archive() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    _say(alice, "hello")
    bob.read()
    answer = bob.ask("set", f"<query xmlns='{MAM}'/>", _ROOM)
    assert answer.has("fin", MAM)
    (found,) = bob.read()
    assert found.get("from") == _ROOM
    result = found.child("result", MAM)
    forwarded = result.child("forwarded", FORWARD) if result else None
    message = forwarded.child("message", "jabber:client") if forwarded else None
    assert message
    assert message.get("from") == f"{_ROOM}/al"
    _configure(alice, membersonly="1")
    stranger = lab.online("carol")
    assert condition(stranger.ask("set", f"<query xmlns='{MAM}'/>", _ROOM)) == "forbidden"


def test_a_moderator_takes_back_what_was_said() -> None:
    alice, bob = _den(Lab())
    mark = _say(bob, "rude")[-1].child("stanza-id", STANZA_IDS)
    assert mark
    wish = (
        f"<moderate xmlns='{MODERATE}' id='{mark.get('id')}'><retract xmlns='{RETRACT}'/>"
        "<reason>Manners</reason></moderate>"
    )
    assert condition(bob.ask("set", wish, _ROOM)) == "forbidden"
    assert alice.ask("set", wish, _ROOM).get("type") == "result"
    (told,) = bob.read()
    retract = told.child("retract", RETRACT)
    assert retract
    assert retract.get("id") == mark.get("id")
    assert told.get("from") == _ROOM
    bob.ask("set", f"<query xmlns='{MAM}'/>", _ROOM)
    assert "rude" not in str(bob.read())


# --- roles and affiliations


def test_a_kick_says_who_and_why() -> None:
    alice, bob = _den(Lab())
    answer = _admin(alice, "<item role='none' nick='bo'><reason>Noise</reason></item>")
    assert answer.get("type") == "result"
    (kicked,) = bob.read()
    assert _codes(kicked) == ["307", "110"]
    assert _item(kicked).text_of("reason") == "Noise"
    actor = _item(kicked).child("actor")
    assert actor
    assert actor.get("nick") == "al"
    assert bob.join("bo", _ROOM)[-1].has("subject")


def test_a_ban_is_for_good_until_it_is_lifted() -> None:
    alice, bob = _den(Lab())
    _admin(alice, "<item affiliation='outcast' nick='bo'/>")
    assert "301" in _codes(bob.read()[0])
    assert condition(bob.join("bo", _ROOM)[0]) == "forbidden"
    listed = _admin(alice, "<item affiliation='outcast'/>", "get").child("query", MUC_ADMIN)
    assert listed
    assert [item.get("jid") for item in listed.elements] == ["bob@localhost"]
    _admin(alice, "<item affiliation='none' jid='bob@localhost'/>")
    assert bob.join("bo", _ROOM)[-1].has("subject")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<item role='none' nick='al'/>", "forbidden"),
        ("<item affiliation='outcast' jid='alice@localhost'/>", "forbidden"),
        ("<item role='none' nick='zz'/>", "item-not-found"),
        ("<item role='king' nick='al'/>", "bad-request"),
        ("<item affiliation='member'/>", "bad-request"),
        ("", "bad-request"),
    ],
)
def test_who_may_not_changes_nothing(item: str, expected: str) -> None:
    lab = Lab()
    _, bob = _den(lab)
    assert condition(_admin(bob, item)) == expected
    assert set(lab.host.rooms[lab.host.parse(_ROOM)].occupants) == {"al", "bo"}


def test_admins_have_owners_above_them() -> None:
    alice, bob = _den(Lab())
    _admin(alice, "<item affiliation='admin' jid='bob@localhost'/>")
    assert _item(bob.read()[0]).get("role") == "moderator"
    assert condition(_admin(bob, "<item role='none' nick='al'/>")) == "not-allowed"
    owner = "<item affiliation='owner' jid='bob@localhost'/>"
    assert condition(_admin(bob, owner)) == "not-allowed"
    assert (
        condition(_admin(alice, "<item affiliation='none' jid='alice@localhost'/>")) == "conflict"
    )
    assert _admin(alice, owner).get("type") == "result"
    assert _admin(bob, "<item affiliation='none' jid='alice@localhost'/>").get("type") == "result"


def test_an_invitation_arrives_and_opens_a_members_only_room() -> None:
    lab = Lab()
    alice, _ = _den(lab)
    _configure(alice, membersonly="1")
    carol = lab.online("carol")
    invite = "<invite to='carol@localhost'><reason>Come</reason></invite>"
    alice.say(f"<message to='{_ROOM}'><x xmlns='{MUC_USER}'>{invite}</x></message>")
    (invitation,) = carol.read()
    assert invitation.get("from") == _ROOM
    x = invitation.child("x", MUC_USER)
    told = x.child("invite") if x else None
    assert told
    assert told.text_of("reason") == "Come"
    decline = f"<decline to='{told.get('from')}'><reason>No</reason></decline>"
    alice.read()
    carol.say(f"<message to='{_ROOM}'><x xmlns='{MUC_USER}'>{decline}</x></message>")
    assert "decline" in str(alice.read())
    assert carol.join("ca", _ROOM)[-1].has("subject")


# --- configuration and discovery


def test_a_change_of_the_configuration_is_told() -> None:
    alice, bob = _den(Lab())
    assert condition(_configure(bob, roomname="Bob’s")) == "forbidden"
    _configure(alice, roomname="Den", whois="anyone")
    (told,) = bob.read()
    assert _codes(told) == ["104", "172"]
    info = bob.ask("get", f"<query xmlns='{DISCO_INFO}'/>", _ROOM).child("query", DISCO_INFO)
    assert info
    assert info.first
    assert info.first.get("name") == "Den"
    features = {one.get("var") for one in info.all("feature")}
    assert {"muc_nonanonymous", "muc_open", "muc_unsecured", MAM, OCCUPANT_ID} <= features


def test_the_form_shows_what_is_so() -> None:
    alice, _ = _den(Lab(), roomsecret="x", passwordprotectedroom="1")
    form = str(alice.ask("get", f"<query xmlns='{MUC_OWNER}'/>", _ROOM))
    assert "muc#roomconfig_roomsecret" in form
    assert (
        condition(_configure(alice, passwordprotectedroom="1", roomsecret="")) == "not-acceptable"
    )
    _configure(alice, passwordprotectedroom="0")
    assert "muc_unsecured" in str(alice.ask("get", f"<query xmlns='{DISCO_INFO}'/>", _ROOM))


def test_rooms_are_listed_unless_they_are_hidden() -> None:
    lab = Lab()
    alice, _ = _den(lab)

    def listed() -> list[str]:
        answer = alice.ask("get", f"<query xmlns='{DISCO_ITEMS}'/>", "rooms.localhost")
        query = answer.child("query", DISCO_ITEMS)
        return [item.get("jid") for item in query.elements] if query else []

    assert listed() == [LAB, _ROOM]
    _configure(alice, publicroom="0")
    assert listed() == [LAB]


def test_a_destroyed_room_says_where_it_goes_on() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    inside = f"<destroy jid='{LAB}'><reason>Done</reason></destroy>"
    wish = f"<query xmlns='{MUC_OWNER}'>{inside}</query>"
    assert condition(bob.ask("set", wish, _ROOM)) == "forbidden"
    assert alice.ask("set", wish, _ROOM).get("type") == "result"
    (gone,) = bob.read()
    x = gone.child("x", MUC_USER)
    destroyed = x.child("destroy") if x else None
    assert destroyed
    assert (destroyed.get("jid"), destroyed.text_of("reason")) == (LAB, "Done")
    assert condition(_say(bob, "still there?")[0]) == "item-not-found"


def test_a_room_that_its_owner_did_not_want_after_all_is_gone() -> None:
    lab = Lab()
    alice = lab.online("alice")
    alice.join("al", _ROOM)
    cancel = "<x xmlns='jabber:x:data' type='cancel'/>"
    alice.ask("set", f"<query xmlns='{MUC_OWNER}'>{cancel}</query>", _ROOM)
    assert lab.host.parse(_ROOM) not in lab.host.rooms


# --- between occupants


def test_a_self_ping_tells_whether_one_is_still_inside() -> None:
    lab = Lab()
    alice, bob = _den(lab)
    ping = "<ping xmlns='urn:xmpp:ping'/>"
    assert alice.ask("get", ping, f"{_ROOM}/al").get("type") == "result"
    assert condition(lab.online("carol").ask("get", ping, f"{_ROOM}/al")) == "not-acceptable"
    assert condition(bob.ask("get", ping, f"{_ROOM}/zz")) == "item-not-found"


def test_a_query_goes_through_the_room_and_back() -> None:
    alice, bob = _den(Lab())
    alice.say(f"<iq type='get' id='v' to='{_ROOM}/bo'><query xmlns='jabber:iq:version'/></iq>")
    (query,) = bob.read()
    assert query.get("from") == f"{_ROOM}/al"
    bob.say(f"<iq type='result' id='v' to='{_ROOM}/al'><query xmlns='jabber:iq:version'/></iq>")
    (answer,) = alice.read()
    assert (answer.get("from"), answer.get("type")) == (f"{_ROOM}/bo", "result")
