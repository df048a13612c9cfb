"""Rooms: roles and affiliations, configuration, and the end."""

import pytest

from chatlab.server.xmpp.namespaces import (
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    MUC_ADMIN,
    MUC_OWNER,
    MUC_USER,
    OCCUPANT_ID,
)
from tests.unit.server.xmpp_den import DEN, administer, codes, configure, den, item_of, say
from tests.unit.server.xmpp_harness import LAB, Lab, condition

# --- roles and affiliations


def test_a_kick_says_who_and_why() -> None:
    alice, bob = den(Lab())
    answer = administer(alice, "<item role='none' nick='bo'><reason>Noise</reason></item>")
    assert answer.get("type") == "result"
    (kicked,) = bob.read()
    assert codes(kicked) == ["307", "110"]
    assert item_of(kicked).text_of("reason") == "Noise"
    actor = item_of(kicked).child("actor")
    assert actor
    assert actor.get("nick") == "al"
    assert bob.join("bo", DEN)[-1].has("subject")


def test_a_ban_is_for_good_until_it_is_lifted() -> None:
    alice, bob = den(Lab())
    administer(alice, "<item affiliation='outcast' nick='bo'/>")
    assert "301" in codes(bob.read()[0])
    assert condition(bob.join("bo", DEN)[0]) == "forbidden"
    listed = administer(alice, "<item affiliation='outcast'/>", "get").child("query", MUC_ADMIN)
    assert listed
    assert [item.get("jid") for item in listed.elements] == ["bob@localhost"]
    administer(alice, "<item affiliation='none' jid='bob@localhost'/>")
    assert bob.join("bo", DEN)[-1].has("subject")


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
    _, bob = den(lab)
    assert condition(administer(bob, item)) == expected
    assert set(lab.host.rooms[lab.host.parse(DEN)].occupants) == {"al", "bo"}


def test_admins_have_owners_above_them() -> None:
    alice, bob = den(Lab())
    administer(alice, "<item affiliation='admin' jid='bob@localhost'/>")
    assert item_of(bob.read()[0]).get("role") == "moderator"
    assert condition(administer(bob, "<item role='none' nick='al'/>")) == "not-allowed"
    owner = "<item affiliation='owner' jid='bob@localhost'/>"
    assert condition(administer(bob, owner)) == "not-allowed"
    assert (
        condition(administer(alice, "<item affiliation='none' jid='alice@localhost'/>"))
        == "conflict"
    )
    assert administer(alice, owner).get("type") == "result"
    assert (
        administer(bob, "<item affiliation='none' jid='alice@localhost'/>").get("type") == "result"
    )


def test_an_invitation_arrives_and_opens_a_members_only_room() -> None:
    lab = Lab()
    alice, _ = den(lab)
    configure(alice, membersonly="1")
    carol = lab.online("carol")
    invite = "<invite to='carol@localhost'><reason>Come</reason></invite>"
    alice.say(f"<message to='{DEN}'><x xmlns='{MUC_USER}'>{invite}</x></message>")
    (invitation,) = carol.read()
    assert invitation.get("from") == DEN
    x = invitation.child("x", MUC_USER)
    told = x.child("invite") if x else None
    assert told
    assert told.text_of("reason") == "Come"
    decline = f"<decline to='{told.get('from')}'><reason>No</reason></decline>"
    alice.read()
    carol.say(f"<message to='{DEN}'><x xmlns='{MUC_USER}'>{decline}</x></message>")
    assert "decline" in str(alice.read())
    assert carol.join("ca", DEN)[-1].has("subject")


# --- configuration and discovery


def test_a_change_of_the_configuration_is_told() -> None:
    alice, bob = den(Lab())
    assert condition(configure(bob, roomname="Bob’s")) == "forbidden"
    configure(alice, roomname="Den", whois="anyone")
    (told,) = bob.read()
    assert codes(told) == ["104", "172"]
    info = bob.ask("get", f"<query xmlns='{DISCO_INFO}'/>", DEN).child("query", DISCO_INFO)
    assert info
    assert info.first
    assert info.first.get("name") == "Den"
    features = {one.get("var") for one in info.all("feature")}
    assert {"muc_nonanonymous", "muc_open", "muc_unsecured", MAM, OCCUPANT_ID} <= features


def test_the_form_shows_what_is_so() -> None:
    alice, _ = den(Lab(), roomsecret="x", passwordprotectedroom="1")
    form = str(alice.ask("get", f"<query xmlns='{MUC_OWNER}'/>", DEN))
    assert "muc#roomconfig_roomsecret" in form
    assert condition(configure(alice, passwordprotectedroom="1", roomsecret="")) == "not-acceptable"
    configure(alice, passwordprotectedroom="0")
    assert "muc_unsecured" in str(alice.ask("get", f"<query xmlns='{DISCO_INFO}'/>", DEN))


def test_rooms_are_listed_unless_they_are_hidden() -> None:
    lab = Lab()
    alice, _ = den(lab)

    def listed() -> list[str]:
        answer = alice.ask("get", f"<query xmlns='{DISCO_ITEMS}'/>", "rooms.localhost")
        query = answer.child("query", DISCO_ITEMS)
        return [item.get("jid") for item in query.elements] if query else []

    assert listed() == [LAB, DEN]
    configure(alice, publicroom="0")
    assert listed() == [LAB]


def test_a_destroyed_room_says_where_it_goes_on() -> None:
    lab = Lab()
    alice, bob = den(lab)
    inside = f"<destroy jid='{LAB}'><reason>Done</reason></destroy>"
    wish = f"<query xmlns='{MUC_OWNER}'>{inside}</query>"
    assert condition(bob.ask("set", wish, DEN)) == "forbidden"
    assert alice.ask("set", wish, DEN).get("type") == "result"
    (gone,) = bob.read()
    x = gone.child("x", MUC_USER)
    destroyed = x.child("destroy") if x else None
    assert destroyed
    assert (destroyed.get("jid"), destroyed.text_of("reason")) == (LAB, "Done")
    assert condition(say(bob, "still there?")[0]) == "item-not-found"


def test_a_room_that_its_owner_did_not_want_after_all_is_gone() -> None:
    lab = Lab()
    alice = lab.online("alice")
    alice.join("al", DEN)
    cancel = "<x xmlns='jabber:x:data' type='cancel'/>"
    alice.ask("set", f"<query xmlns='{MUC_OWNER}'>{cancel}</query>", DEN)
    assert lab.host.parse(DEN) not in lab.host.rooms
