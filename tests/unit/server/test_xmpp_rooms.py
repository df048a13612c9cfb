"""Rooms: entering and each refusal, speaking, and what goes on between occupants."""

import pytest

from chatlab.server.xmpp.namespaces import (
    DELAY,
    FORWARD,
    MAM,
    MODERATE,
    MUC_USER,
    OCCUPANT_ID,
    RETRACT,
    STANZA_IDS,
)
from tests.unit.server.xmpp_den import DEN, administer, codes, configure, den, item_of, say
from tests.unit.server.xmpp_harness import LAB, Lab, bodies, condition

# --- entering (section 7.2)


def test_the_lab_room_is_open_to_everybody() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    said = alice.join("al")
    assert codes(said[0]) == ["110", "100", "170"]
    assert said[-1].has("subject")
    said = bob.join("bo")
    assert [one.get("from") for one in said] == [f"{LAB}/al", f"{LAB}/bo", LAB]
    assert item_of(said[0]).get("jid") == "alice@localhost/home"
    (arrival,) = alice.read()
    assert arrival.get("from") == f"{LAB}/bo"
    assert codes(arrival) == []


def test_a_new_room_is_locked_until_its_owner_has_configured_it() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    created = alice.join("al", DEN)[0]
    assert "201" in codes(created)
    assert item_of(created).get("affiliation") == "owner"
    assert item_of(created).get("role") == "moderator"
    (refused,) = bob.join("bo", DEN)
    assert condition(refused) == "item-not-found"
    assert refused.has("x", "http://jabber.org/protocol/muc")

    assert configure(alice).get("type") == "result"
    assert bob.join("bo", DEN)[-1].has("subject")


def test_each_refusal_has_its_condition() -> None:
    lab = Lab()
    alice, bob = den(lab, roomsecret="open sesame", maxusers="2")
    carol = lab.online("carol")

    def refusal(nick: str, inside: str = "") -> str:
        said = carol.join(nick, DEN, inside)
        assert len(said) == 1
        return condition(said[0])

    secret = "<password>open sesame</password>"
    assert refusal("ca") == "not-authorized"
    assert refusal("ca", "<password>wrong</password>") == "not-authorized"
    assert refusal("al", secret) == "conflict"
    assert refusal("ca", secret) == "service-unavailable"
    assert refusal("x" * 65, secret) == "jid-malformed"
    administer(alice, "<item affiliation='outcast' jid='carol@localhost'/>")
    assert refusal("ca", secret) == "forbidden"
    administer(alice, "<item affiliation='none' jid='carol@localhost'/>")
    configure(alice, membersonly="1")
    assert refusal("ca", secret) == "registration-required"
    assert "322" in codes(bob.read()[-1])


def test_two_clients_of_one_account_share_a_nick() -> None:
    lab = Lab()
    alice, bob = den(lab)
    phone = lab.online("alice", "phone")
    phone.join("al", DEN)
    say(bob, "to both")
    assert bodies(alice.read()) == bodies(phone.read()) == ["to both"]
    bob.read()
    phone.say(f"<presence to='{DEN}/al' type='unavailable'/>")
    assert bob.read() == []
    alice.say(f"<presence to='{DEN}/al' type='unavailable'/>")
    assert bob.read()[0].get("type") == "unavailable"


def test_a_nick_is_changed_and_can_be_taken() -> None:
    alice, bob = den(Lab())
    (conflict,) = bob.say(f"<presence to='{DEN}/al'/>")
    assert condition(conflict) == "conflict"
    gone, back = bob.say(f"<presence to='{DEN}/b.o b'/>")
    assert (gone.get("type"), codes(gone)) == ("unavailable", ["303", "110"])
    assert item_of(gone).get("nick") == "b.o b"
    assert back.get("from") == f"{DEN}/b.o b"
    assert [one.get("type") for one in alice.read()] == ["unavailable", ""]


def test_who_enters_again_gets_everything_anew() -> None:
    alice, bob = den(Lab())
    say(alice, "hello")
    bob.read()
    said = bob.join("bo", DEN)
    assert [one.get("from") for one in said[:2]] == [f"{DEN}/al", f"{DEN}/bo"]
    assert bodies(said) == ["hello"]
    said = bob.join("robert", DEN)
    assert codes(said[0]) == ["303", "110"]
    assert said[1].get("from") == f"{DEN}/robert"


def test_who_goes_offline_leaves_the_room() -> None:
    lab = Lab()
    alice, bob = den(lab)
    bob.say("</stream:stream>")
    (gone,) = alice.read()
    assert gone.get("type") == "unavailable"
    assert item_of(gone).get("role") == "none"
    alice.say(f"<presence to='{DEN}/al' type='unavailable'/>")
    assert list(lab.host.rooms) == [lab.host.parse(LAB)]


def test_a_presence_to_a_room_that_one_is_not_in_is_refused() -> None:
    alice = Lab().online("alice")
    (error,) = alice.say(f"<presence to='{DEN}/al'/>")
    assert condition(error) == "not-acceptable"


# --- speaking


def test_everybody_hears_what_is_said_the_speaker_too() -> None:
    alice, bob = den(Lab())
    (echo,) = say(alice, "hello")
    (heard,) = bob.read()
    assert echo.get("id") == heard.get("id") == "s"
    assert heard.get("from") == f"{DEN}/al"
    mark, who = heard.child("stanza-id", STANZA_IDS), heard.child("occupant-id", OCCUPANT_ID)
    assert mark
    assert mark.get("by") == DEN
    assert who
    assert who.get("id")


def test_who_is_not_inside_may_not_speak() -> None:
    lab = Lab()
    den(lab)
    assert condition(say(lab.online("carol"), "hello")[0]) == "not-acceptable"
    assert (
        condition(say(lab.online("carol"), "hello", "none@rooms.localhost")[0]) == "item-not-found"
    )


def test_only_moderators_set_the_subject_and_newcomers_see_it() -> None:
    lab = Lab()
    alice, bob = den(lab)
    subject = f"<message to='{DEN}' type='groupchat'><subject>Frames</subject></message>"
    assert condition(bob.say(subject)[0]) == "forbidden"
    alice.say(subject)
    assert bob.read()[0].text_of("subject") == "Frames"
    last = lab.online("carol").join("ca", DEN)[-1]
    assert last.text_of("subject") == "Frames"
    assert last.get("from") == f"{DEN}/al"


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
    alice, _ = den(lab)
    for number in range(3):
        say(alice, str(number))
        lab.seconds += 10
    said = lab.online("carol").join("ca", DEN, wish)
    history = [one for one in said if one.has("body")]
    assert bodies(history) == expected
    assert all(one.has("delay", DELAY) for one in history)


def test_a_private_message_reaches_one_occupant_under_the_nick() -> None:
    lab = Lab()
    alice, bob = den(lab)
    carol = lab.online("carol")
    carol.join("ca", DEN)
    bob.read()
    alice.say(f"<message to='{DEN}/bo' type='chat'><body>psst</body></message>")
    heard = [one for one in bob.read() if one.has("body")]
    assert bodies(heard) == ["psst"]
    assert heard[0].get("from") == f"{DEN}/al"
    assert heard[0].has("x", MUC_USER)
    assert bodies(carol.read()) == []
    said = alice.say(f"<message to='{DEN}/zz' type='chat'><body>psst</body></message>")
    assert condition(said[-1]) == "item-not-found"


def test_visitors_of_a_moderated_room_are_silent_until_they_get_voice() -> None:
    alice, bob = den(Lab(), moderatedroom="1")
    assert condition(say(bob, "may I?")[0]) == "forbidden"
    administer(alice, "<item role='participant' nick='bo'/>")
    assert item_of(bob.read()[0]).get("role") == "participant"
    assert bodies(say(bob, "thanks")) == ["thanks"]


def test_what_is_said_is_in_the_rooms_archive() -> None:
    lab = Lab()
    alice, bob = den(lab)
    say(alice, "hello")
    bob.read()
    answer = bob.ask("set", f"<query xmlns='{MAM}'/>", DEN)
    assert answer.has("fin", MAM)
    (found,) = bob.read()
    assert found.get("from") == DEN
    result = found.child("result", MAM)
    forwarded = result.child("forwarded", FORWARD) if result else None
    message = forwarded.child("message", "jabber:client") if forwarded else None
    assert message
    assert message.get("from") == f"{DEN}/al"
    configure(alice, membersonly="1")
    stranger = lab.online("carol")
    assert condition(stranger.ask("set", f"<query xmlns='{MAM}'/>", DEN)) == "forbidden"


def test_a_moderator_takes_back_what_was_said() -> None:
    alice, bob = den(Lab())
    mark = say(bob, "rude")[-1].child("stanza-id", STANZA_IDS)
    assert mark
    wish = (
        f"<moderate xmlns='{MODERATE}' id='{mark.get('id')}'><retract xmlns='{RETRACT}'/>"
        "<reason>Manners</reason></moderate>"
    )
    assert condition(bob.ask("set", wish, DEN)) == "forbidden"
    assert alice.ask("set", wish, DEN).get("type") == "result"
    (told,) = bob.read()
    retract = told.child("retract", RETRACT)
    assert retract
    assert retract.get("id") == mark.get("id")
    assert told.get("from") == DEN
    bob.ask("set", f"<query xmlns='{MAM}'/>", DEN)
    assert "rude" not in str(bob.read())


# --- between occupants


def test_a_self_ping_tells_whether_one_is_still_inside() -> None:
    lab = Lab()
    alice, bob = den(lab)
    ping = "<ping xmlns='urn:xmpp:ping'/>"
    assert alice.ask("get", ping, f"{DEN}/al").get("type") == "result"
    assert condition(lab.online("carol").ask("get", ping, f"{DEN}/al")) == "not-acceptable"
    assert condition(bob.ask("get", ping, f"{DEN}/zz")) == "item-not-found"


def test_a_query_goes_through_the_room_and_back() -> None:
    alice, bob = den(Lab())
    alice.say(f"<iq type='get' id='v' to='{DEN}/bo'><query xmlns='jabber:iq:version'/></iq>")
    (query,) = bob.read()
    assert query.get("from") == f"{DEN}/al"
    bob.say(f"<iq type='result' id='v' to='{DEN}/al'><query xmlns='jabber:iq:version'/></iq>")
    (answer,) = alice.read()
    assert (answer.get("from"), answer.get("type")) == (f"{DEN}/bo", "result")
