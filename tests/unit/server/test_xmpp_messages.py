"""Messages between accounts: delivery, copies, offline storage, archives, acknowledgements."""

import pytest

from chatlab.server.xmpp import lifecycle, management
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import CARBONS, DELAY, FORWARD, MAM, MANAGEMENT, RSM, STANZA_IDS
from tests.unit.server.xmpp_harness import Lab, Peer, bodies, condition

_ENABLE_CARBONS = f"<enable xmlns='{CARBONS}'/>"


def _chat(to: str, body: str, inside: str = "", kind: str = "chat") -> str:
    return f"<message to='{to}' type='{kind}' id='m1'><body>{body}</body>{inside}</message>"


def test_a_message_says_from_whom_it_comes_and_where_it_is_kept() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.say(_chat("bob@localhost", "hello"))

    (message,) = bob.read()
    assert message.get("from") == "alice@localhost/home"
    assert message.text_of("body") == "hello"
    mark = message.child("stanza-id", STANZA_IDS)
    assert mark
    assert mark.get("by") == "bob@localhost"


def test_another_name_of_the_server_is_the_server() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.say(_chat("bob@127.0.0.1", "hello"))
    assert bodies(bob.read()) == ["hello"]


def test_a_forged_stanza_id_is_taken_off() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    forged = f"<stanza-id xmlns='{STANZA_IDS}' by='bob@localhost' id='forged'/>"
    alice.say(_chat("bob@localhost", "hello", forged))

    marks = list(bob.read()[0].all("stanza-id", STANZA_IDS))
    assert len(marks) == 1
    assert marks[0].get("id") != "forged"


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("nobody@localhost", "service-unavailable"),
        ("bob@example.org", "remote-server-not-found"),
        ("a b@localhost", "jid-malformed"),
        ("bob@localhost/", "jid-malformed"),
    ],
)
def test_a_message_that_reaches_nobody_comes_back(to: str, expected: str) -> None:
    alice = Lab().online("alice")
    (error,) = alice.say(_chat(to, "hello"))
    assert condition(error) == expected
    assert error.get("id") == "m1"


def test_an_error_is_never_answered() -> None:
    alice = Lab().online("alice")
    assert alice.say(_chat("nobody@localhost", "hello", kind="error")) == []


def test_a_bare_address_means_every_client_that_is_available() -> None:
    lab = Lab()
    alice = lab.online("alice")
    home, work = lab.online("bob"), lab.online("bob", "work")
    silent = lab.online("bob", "silent", "<presence><priority>-1</priority></presence>")
    home.read()
    work.read()
    alice.say(_chat("bob@localhost", "to all"), _chat("bob@localhost/work", "to one"))

    assert bodies(home.read()) == ["to all"]
    assert bodies(work.read()) == ["to all", "to one"]
    assert bodies(silent.read()) == []


def test_messages_wait_for_who_is_offline_with_their_time() -> None:
    lab = Lab()
    alice = lab.online("alice")
    alice.say(_chat("bob@localhost/gone", "hello"))
    typing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
    alice.say(f"<message to='bob@localhost' type='chat'>{typing}</message>")
    lab.seconds += 60
    bob = lab.connect().login("bob", "home")
    said = [one for one in bob.say("<presence/>") if one.name == "message"]

    assert bodies(said) == ["hello"]
    assert len(said) == 1
    delay = said[0].child("delay", DELAY)
    assert delay
    assert delay.get("stamp") == "2023-11-14T22:13:20.250Z"
    assert lab.connect().login("bob", "second").say("<presence/>")[0].name == "presence"


# --- carbons (XEP-0280)


def _carbon(stanza: Element, direction: str) -> Element:
    wrapper = stanza.child(direction, CARBONS)
    assert wrapper, stanza
    forwarded = wrapper.child("forwarded", FORWARD)
    assert forwarded
    message = forwarded.first
    assert message
    return message


def test_other_clients_get_copies_of_what_is_said_both_ways() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    second = lab.online("alice", "phone")
    second.ask("set", _ENABLE_CARBONS)
    second.read()
    alice.say(_chat("bob@localhost/home", "out"))
    (copy,) = second.read()
    assert copy.get("from") == "alice@localhost"
    assert _carbon(copy, "sent").text_of("body") == "out"

    bob.say(_chat("alice@localhost/home", "in"))
    (copy,) = second.read()
    assert _carbon(copy, "received").text_of("body") == "in"
    assert bodies(alice.read()) == ["in"]


def test_private_messages_are_not_copied() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    second = lab.online("bob", "phone")
    second.ask("set", _ENABLE_CARBONS)
    alice.say(_chat("bob@localhost/home", "secret", f"<private xmlns='{CARBONS}'/>"))
    assert second.read() == []
    second.ask("set", f"<disable xmlns='{CARBONS}'/>")
    alice.say(_chat("bob@localhost/home", "open"))
    assert second.read() == []
    assert bodies(bob.read()) == ["secret", "open"]


# --- the archive (XEP-0313)


def _query(peer: Peer, fields: str = "", page: str = "", to: str = "") -> tuple[list[str], Element]:
    """The bodies of one page, and its end."""
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>" if fields else ""
    limits = f"<set xmlns='{RSM}'>{page}</set>" if page else ""
    peer.read()
    answer = peer.ask("set", f"<query xmlns='{MAM}' queryid='x'>{form}{limits}</query>", to)
    fin = answer.child("fin", MAM)
    assert fin, answer
    found = []
    for message in peer.read():
        outer = message.child("result", MAM)
        assert outer
        assert outer.get("queryid") == "x"
        forwarded = outer.child("forwarded", FORWARD)
        assert forwarded
        assert forwarded.has("delay", DELAY)
        inner = forwarded.child("message", "jabber:client")
        assert inner
        found.append(inner.text_of("body"))
    return found, fin


def _field(name: str, value: str) -> str:
    return f"<field var='{name}'><value>{value}</value></field>"


def _talk(lab: Lab, count: int = 5) -> tuple[Peer, Peer]:
    alice, bob = lab.online("alice"), lab.online("bob")
    for number in range(count):
        sender, to = (alice, "bob@localhost") if number % 2 == 0 else (bob, "alice@localhost")
        sender.say(_chat(to, str(number)))
        lab.seconds += 10
    return alice, bob


def test_both_archives_have_what_was_said_both_ways() -> None:
    for peer in _talk(Lab()):
        found, fin = _query(peer)
        assert found == list("01234")
        assert fin.get("complete") == "true"
        limits = fin.child("set", RSM)
        assert limits
        assert limits.text_of("count") == "5"


def test_pages_forwards_and_backwards_meet() -> None:
    alice, _ = _talk(Lab())
    forwards: list[str] = []
    after = ""
    while True:
        found, fin = _query(alice, page=f"<max>2</max>{after}")
        forwards += found
        limits = fin.child("set", RSM)
        assert limits
        after = f"<after>{limits.text_of('last')}</after>"
        if fin.get("complete"):
            break
    assert forwards == list("01234")

    found, fin = _query(alice, page="<max>2</max><before/>")
    assert found == ["3", "4"]
    assert fin.get("complete") == ""
    limits = fin.child("set", RSM)
    assert limits
    found, fin = _query(alice, page=f"<max>9</max><before>{limits.text_of('first')}</before>")
    assert found == ["0", "1", "2"]
    assert fin.get("complete") == "true"


def test_the_archive_is_filtered() -> None:
    lab = Lab()
    alice, _ = _talk(lab)
    lab.online("carol").say(_chat("alice@localhost", "from carol"))
    assert _query(alice, _field("with", "carol@localhost"))[0] == ["from carol"]
    assert _query(alice, _field("with", "bob@localhost"))[0] == list("01234")
    assert _query(alice, _field("end", "2023-11-14T22:13:35Z"))[0] == ["0", "1"]
    assert _query(alice, _field("start", "2023-11-14T22:13:55Z"))[0] == ["4", "from carol"]
    assert _query(alice, page="<max>0</max>")[0] == []


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<set xmlns='{RSM}'><after>unknown</after></set>", "item-not-found"),
        (f"<set xmlns='{RSM}'><max>many</max></set>", "bad-request"),
        (f"<x xmlns='jabber:x:data'>{_field('start', 'yesterday')}</x>", "bad-request"),
        (f"<x xmlns='jabber:x:data'>{_field('colour', 'red')}</x>", "feature-not-implemented"),
    ],
)
def test_an_odd_question_to_the_archive_is_refused(inside: str, expected: str) -> None:
    alice = Lab().online("alice")
    answer = alice.ask("set", f"<query xmlns='{MAM}'>{inside}</query>")
    assert condition(answer) == expected


def test_nobody_reads_anothers_archive() -> None:
    alice = Lab().online("alice")
    answer = alice.ask("set", f"<query xmlns='{MAM}'/>", "bob@localhost")
    assert condition(answer) == "forbidden"


def test_what_is_not_to_be_stored_is_not() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    alice.say(_chat("bob@localhost", "secret", "<no-store xmlns='urn:xmpp:hints'/>"))
    assert bodies(bob.read()) == ["secret"]
    assert _query(bob)[0] == []


# --- stream management (XEP-0198)


def _enable(peer: Peer) -> str:
    (enabled,) = peer.say(f"<enable xmlns='{MANAGEMENT}' resume='true'/>")
    assert enabled.get("resume") == "true"
    return enabled.get("id")


def test_stanzas_are_counted_both_ways() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    _enable(bob)
    alice.say(_chat("bob@localhost", "1"))
    assert [one.name for one in bob.read()] == ["message", "r"]
    (answer,) = bob.say("<presence/>", _chat("alice@localhost", "2"), f"<r xmlns='{MANAGEMENT}'/>")[
        -1:
    ]
    assert answer.get("h") == "2"

    assert bob.say(f"<a xmlns='{MANAGEMENT}' h='2'/>") == []
    bob.say(f"<a xmlns='{MANAGEMENT}' h='9'/>")
    assert bob.is_closed


def test_a_session_is_resumed_with_what_was_missed() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    previd = _enable(bob)
    alice.say(_chat("bob@localhost", "seen"))
    bob.read()
    bob.stream.lost()
    assert alice.read() == []  # Bob has not left for his contacts.
    alice.say(_chat("bob@localhost", "missed"))

    fresh = lab.connect()
    fresh.authenticate("bob")
    said = fresh.say(f"<resume xmlns='{MANAGEMENT}' previd='{previd}' h='1'/>")
    assert said[0].name == "resumed"
    assert bodies(said) == ["missed"]
    fresh.say(_chat("alice@localhost", "back"))
    (message,) = alice.read()
    assert message.get("from") == "bob@localhost/home"


def test_nobody_resumes_anothers_session() -> None:
    lab = Lab()
    previd = _enable(lab.online("bob"))
    alice = lab.connect()
    alice.authenticate("alice")
    (failed,) = alice.say(f"<resume xmlns='{MANAGEMENT}' previd='{previd}' h='0'/>")
    assert failed.name == "failed"
    assert failed.has("item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas")
    assert alice.ask("set", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")


def test_who_does_not_come_back_in_time_has_left_and_misses_nothing() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    _enable(bob)
    bob.stream.lost()
    alice.say(_chat("bob@localhost", "missed"))
    lab.seconds += lab.host.resume_seconds + 1
    lifecycle.expire(lab.host)
    assert [one.get("type") for one in alice.read()] == ["unavailable"]

    bob = lab.connect().login("bob", "later")
    assert bodies(bob.say("<presence/>")) == ["missed"]


def test_who_acknowledges_nothing_for_too_long_cannot_resume(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(management, "MAX_UNACKED", 3)
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    previd = _enable(bob)
    bob.stream.lost()
    alice.say(*[_chat("bob@localhost", str(number)) for number in range(5)])
    fresh = lab.connect()
    fresh.authenticate("bob")
    (failed,) = fresh.say(f"<resume xmlns='{MANAGEMENT}' previd='{previd}' h='0'/>")
    assert failed.name == "failed"
    lifecycle.expire(lab.host)
    assert lab.host.resumable == {}
    fresh.bind("home")
    assert bodies(fresh.say("<presence/>")) == ["0", "1", "2"]

    lost = lab.online("bob", "work")
    _enable(lost)
    alice.say(*[_chat("bob@localhost/work", str(number)) for number in range(5)])
    assert lost.is_closed


def test_a_client_that_gives_up_has_left() -> None:
    lab = Lab()
    alice = lab.online("alice")
    alice.say("<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>")
    assert alice.is_closed
    assert lab.host.sessions == {}


def test_a_silent_client_is_asked_and_then_given_up() -> None:
    lab = Lab()
    alice = lab.online("alice")
    assert not alice.stream.is_silent(100, 50)
    lab.seconds += 101
    assert not alice.stream.is_silent(100, 50)
    (ping,) = alice.read()
    assert ping.has("ping", "urn:xmpp:ping")
    lab.seconds += 51
    assert alice.stream.is_silent(100, 50)
    alice.stream.heard()
    assert not alice.stream.is_silent(100, 50)
