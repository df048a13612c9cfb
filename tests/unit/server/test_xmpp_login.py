"""From the stream’s header to a bound resource: what is offered, proven and refused."""

from base64 import b64decode, b64encode

import pytest

from chatlab.protocol.scram import SHA_1, SHA_256, ScramClient
from chatlab.server.xmpp.client import StartTls
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import (
    BIND,
    REGISTER,
    REGISTER_FEATURE,
    SASL,
    STREAM,
    STREAM_ERRORS,
    TLS,
)
from tests.unit.server.xmpp_harness import HEADER, Lab, Peer, condition

_STARTTLS = f"<starttls xmlns='{TLS}'/>"


def _auth(mechanism: str, message: bytes | str) -> str:
    text = message if isinstance(message, str) else b64encode(message).decode()
    return f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{text}</auth>"


def _response(message: bytes) -> str:
    return f"<response xmlns='{SASL}'>{b64encode(message).decode()}</response>"


def _stream_error(said: list[Element]) -> str:
    found = [one.first for one in said if one.is_("error", STREAM)]
    assert len(found) == 1, said
    assert found[0] is not None
    assert found[0].namespace == STREAM_ERRORS
    return found[0].name


def test_the_plain_port_offers_tls_logins_and_registration() -> None:
    (features,) = Lab().connect().say(HEADER)

    assert features.is_("features", STREAM)
    mechanisms = features.child("mechanisms", SASL)
    assert mechanisms
    assert [one.text for one in mechanisms.elements] == ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]
    assert features.has("starttls", TLS)
    assert features.has("register", REGISTER_FEATURE)


def test_where_tls_is_in_place_it_is_not_offered() -> None:
    peer = Lab().connect(StartTls.NOT_OFFERED)
    (features,) = peer.say(HEADER)
    assert not features.has("starttls", TLS)

    (failure,) = peer.say(_STARTTLS)
    assert failure.is_("failure", TLS)
    assert peer.is_closed


def test_starttls_starts_over() -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    (proceed,) = peer.say(_STARTTLS)
    assert proceed.is_("proceed", TLS)
    assert peer.wants_tls

    (features,) = peer.say(HEADER)
    assert not features.has("starttls", TLS)
    assert features.has("mechanisms", SASL)


def test_a_server_that_requires_tls_takes_nothing_else_before() -> None:
    peer = Lab().connect(StartTls.REQUIRED)
    (features,) = peer.say(HEADER)
    assert [one.name for one in features.elements] == ["starttls"]

    assert _stream_error(peer.say(_auth("PLAIN", b"\0alice\0pencil"))) == "policy-violation"
    assert peer.is_closed


@pytest.mark.parametrize(
    ("mechanism", "hash_name"), [("SCRAM-SHA-1", SHA_1), ("SCRAM-SHA-256", SHA_256)]
)
@pytest.mark.parametrize("is_asked_first", [False, True])
def test_scram_proves_both_sides(mechanism: str, hash_name: str, is_asked_first: bool) -> None:
    peer, client = Lab().connect(), ScramClient("Alice", "pencil", hash_name=hash_name)
    peer.say(HEADER)
    if is_asked_first:
        (challenge,) = peer.say(_auth(mechanism, ""))
        assert challenge.text == ""
        (challenge,) = peer.say(_response(client.first()))
    else:
        (challenge,) = peer.say(_auth(mechanism, client.first()))
    (success,) = peer.say(_response(client.final(b64decode(challenge.text))))

    assert success.is_("success", SASL)
    client.verify(b64decode(success.text))
    assert peer.stream.account
    assert peer.stream.account.name == "alice"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_auth("PLAIN", b"\0alice\0wrong"), "not-authorized"),
        (_auth("PLAIN", b"\0nobody\0pencil"), "not-authorized"),
        (_auth("PLAIN", b"bob@localhost\0alice\0pencil"), "invalid-authzid"),
        (_auth("PLAIN", b"alice"), "malformed-request"),
        (_auth("PLAIN", "***"), "incorrect-encoding"),
        (_auth("DIGEST-MD5", ""), "invalid-mechanism"),
        (_auth("SCRAM-SHA-1", b"p=tls-unique,,n=alice,r=x"), "not-authorized"),
        (_response(b"x"), "malformed-request"),
        (f"<abort xmlns='{SASL}'/>", "aborted"),
    ],
)
def test_a_login_that_fails_says_why_and_may_be_tried_again(text: str, expected: str) -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    (failure,) = peer.say(text)
    assert failure.is_("failure", SASL)
    assert failure.first
    assert failure.first.name == expected

    (success,) = peer.say(_auth("PLAIN", b"\0alice\0pencil"))
    assert success.is_("success", SASL)


def test_who_guesses_passwords_is_sent_away() -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    said = peer.say(*[_auth("PLAIN", b"\0alice\0wrong")] * 5)
    assert _stream_error(said) == "policy-violation"
    assert peer.is_closed


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEADER.replace("to='localhost'", "to='example.org'"), "host-unknown"),
        (HEADER.replace("version='1.0'", ""), "unsupported-version"),
    ],
)
def test_a_header_for_others_is_refused(header: str, expected: str) -> None:
    assert _stream_error(Lab().connect().say(header)) == expected


def test_the_server_answers_to_its_address_too() -> None:
    peer = Lab().connect()
    assert peer.say(HEADER.replace("'localhost'", "'127.0.0.1'"))[0].is_("features", STREAM)


def test_stanzas_have_to_wait_for_the_login_and_the_binding() -> None:
    lab = Lab()
    peer = lab.connect()
    peer.say(HEADER)
    assert _stream_error(peer.say("<message to='bob@localhost'/>")) == "not-authorized"

    peer = lab.connect()
    peer.say(HEADER, _auth("PLAIN", b"\0alice\0pencil"), HEADER)
    assert _stream_error(peer.say("<presence/>")) == "not-authorized"


def test_a_resource_is_bound_as_wished_or_chosen() -> None:
    lab = Lab()
    assert lab.connect().login("alice", "Büro").jid == "alice@localhost/Büro"

    peer = lab.connect()
    peer.say(HEADER, _auth("PLAIN", b"\0alice\0pencil"), HEADER)
    answer = peer.ask("set", f"<bind xmlns='{BIND}'/>")
    bound = answer.child("bind", BIND)
    assert bound
    assert bound.text_of("jid").startswith("alice@localhost/chatlab-")


def test_the_same_resource_again_replaces_the_older_session() -> None:
    lab = Lab()
    older = lab.online("alice")
    lab.online("alice")
    assert _stream_error(older.read()) == "conflict"
    assert older.is_closed
    assert len(lab.host.available(lab.host.parse("alice@localhost"))) == 1


def test_nobody_writes_another_senders_address() -> None:
    lab = Lab()
    peer = lab.online("alice")
    said = peer.say(
        "<message from='bob@localhost' to='bob@localhost'><body>I am bob</body></message>"
    )
    assert _stream_error(said) == "invalid-from"


# --- in-band registration (XEP-0077)


def _register(peer: Peer, kind: str, inside: str = "") -> Element:
    return peer.ask(kind, f"<query xmlns='{REGISTER}'>{inside}</query>")


def test_an_account_is_registered_and_logs_in_at_once() -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    questions = _register(peer, "get").child("query", REGISTER)
    assert questions
    assert questions.has("username")
    assert questions.has("password")
    assert questions.has("x", "jabber:x:data")
    answer = _register(peer, "set", "<username>First.Last</username><password>secret</password>")
    assert answer.get("type") == "result"
    (success,) = peer.say(_auth("PLAIN", b"\0first.last\0secret"))
    assert success.is_("success", SASL)


def test_the_form_registers_too() -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    fields = "".join(
        f"<field var='{name}'><value>{value}</value></field>"
        for name, value in (("username", "dora"), ("password", "secret"))
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    assert _register(peer, "set", form).get("type") == "result"
    assert peer.login("dora", "home", "secret").jid == "dora@localhost/home"


@pytest.mark.parametrize(
    ("name", "password", "expected"),
    [
        ("alice", "secret", "conflict"),
        ("a b", "secret", "jid-malformed"),
        ("dora", "", "not-acceptable"),
        ("", "secret", "not-acceptable"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(name: str, password: str, expected: str) -> None:
    peer = Lab().connect()
    peer.say(HEADER)
    inside = f"<username>{name}</username><password>{password}</password>"
    assert condition(_register(peer, "set", inside)) == expected


def test_a_closed_server_registers_nobody() -> None:
    lab = Lab()
    lab.host.allows_registration = False
    peer = lab.connect()
    (features,) = peer.say(HEADER)
    assert not features.has("register", REGISTER_FEATURE)
    assert condition(_register(peer, "get")) == "not-allowed"


def test_a_password_is_changed_by_its_owner_only() -> None:
    lab = Lab()
    alice = lab.online("alice")
    mine = "<username>alice</username><password>new</password>"
    theirs = "<username>bob</username><password>new</password>"
    assert condition(_register(alice, "set", theirs)) == "bad-request"
    assert _register(alice, "set", mine).get("type") == "result"
    assert lab.connect().login("alice", "other", "new").jid


def test_a_removed_account_is_gone_for_everybody() -> None:
    lab = Lab()
    alice, bob = lab.online("alice"), lab.online("bob")
    lab.befriend(alice, bob)
    answer = _register(alice, "set", "<remove/>")
    assert answer.get("type") == "result"
    assert alice.is_closed
    kinds = [one.get("type") for one in bob.read() if one.name == "presence"]
    assert kinds[:1] == ["unavailable"] or "unavailable" in kinds
    assert {"unsubscribe", "unsubscribed"} <= set(kinds)
    assert lab.host.accounts.names == ("bob", "carol")
