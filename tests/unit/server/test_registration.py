"""Registration, capability negotiation and SASL, as the specifications tell them."""

import re
from base64 import b64decode

import pytest

from chatlab.protocol.scram import ScramClient
from chatlab.server.irc.commands import capabilities
from chatlab.server.irc.limits import MAX_CLIENTS, MAX_SASL_FAILURES
from tests.unit.server.harness import Lab, Peer, bare, base64, codes, tags


def test_nick_and_user_bring_the_welcome_in_either_order() -> None:
    lab = Lab()

    first = lab.connect().say("NICK ann", "USER a 0 * :Ann Example")
    second = lab.connect().say("USER b 0 * :Bob", "NICK bob")

    for lines in (first, second):
        assert codes(lines)[:4] == ["001", "002", "003", "004"]
        assert "005" in codes(lines)
        assert codes(lines)[-1] == "376"
    assert first[0].endswith(", ann!~a@192.0.2.7")


def test_isupport_stays_within_the_parameters_of_a_line() -> None:
    lines = [line for line in Lab().connect().say("NICK a", "USER a 0 * :A") if " 005 " in line]

    tokens = [token for line in lines for token in line.partition(" :")[0].split(" ")[3:]]
    assert all(len(line.partition(" :")[0].split(" ")) <= 16 for line in lines)
    assert {"CASEMAPPING=rfc1459", "NICKLEN=30", "CHANTYPES=#", "PREFIX=(ov)@+"} <= set(tokens)
    assert {"CHANMODES=b,k,l,imnst", "NETWORK=ChatLab", "LINELEN=512", "WHOX"} <= set(tokens)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("NICK", "431"),
        ("NICK :", "431"),
        ("NICK a.b", "432"),
        ("NICK 7up", "432"),
        ("NICK :a b", "432"),
        ("NICK " + "n" * 31, "432"),
        ("NICK #lab", "432"),
        ("NICK ANN", "433"),
        ("USER u", "461"),
        ("USER u 0 * :", "461"),
        ("USER @!: 0 * :Name", "468"),
        ("JOIN #lab", "451"),
        ("NONSENSE", "451"),
        ("PASS", "461"),
        ("CAP", "461"),
        ("CAP WHAT", "410"),
    ],
)
def test_what_is_wrong_before_registration_is_named(line: str, code: str) -> None:
    lab = Lab()
    lab.join("ann")

    assert codes(lab.connect().say(line)) == [code]


def test_a_refused_nick_comes_with_the_reason_of_the_grammar() -> None:
    (line,) = Lab().connect().say("NICK first.last")

    assert line.startswith(":irc.chatlab.test 432 * first.last :A dot marks a server name")


def test_nicks_are_compared_as_rfc_1459_says() -> None:
    lab = Lab()
    lab.join("a[b]\\^")

    assert codes(lab.connect().say("NICK A{B}|~".replace("~", "^"))) == ["433"]


def test_a_second_registration_is_refused() -> None:
    ann = Lab().join("ann")

    assert codes(ann.say("USER a 0 * :A", "PASS x")) == ["462", "462"]


def test_a_nick_change_reaches_every_neighbour_once() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#a", "#b"), lab.join("bob", "#a", "#b")
    stranger = lab.join("eve", "#c")
    ann.read(), stranger.read()

    assert ann.say("NICK anna") == [":ann!~ann@192.0.2.7 NICK :anna"]
    assert bob.read() == [":ann!~ann@192.0.2.7 NICK :anna"]
    assert stranger.read() == []
    assert codes(ann.say("NICK Anna", "NICK bob")) == ["NICK", "433"]
    assert codes(lab.connect().say("NICK ann")) == []


def test_negotiation_holds_registration_back() -> None:
    peer = Lab().connect()

    assert codes(peer.say("CAP LS 302", "NICK ann", "USER a 0 * :A")) == ["CAP"]
    assert codes(peer.say("CAP REQ :server-time", "CAP END"))[:2] == ["CAP", "001"]


def test_the_offer_has_values_for_version_302_only() -> None:
    lab = Lab()

    (new,) = lab.connect().say("CAP LS 302")
    (old,) = lab.connect().say("CAP LS")

    assert " sasl=PLAIN,SCRAM-SHA-256 " in new
    assert " sasl " in old
    assert "=" not in old
    assert new.startswith(":irc.chatlab.test CAP * LS :account-notify ")


def test_a_long_offer_takes_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        capabilities, "CAPABILITIES", {f"example.test/{n:040}": "" for n in range(20)}
    )

    lines = Lab().connect().say("CAP LS 302")

    assert len(lines) > 1
    assert all(line.startswith(":irc.chatlab.test CAP * LS * :") for line in lines[:-1])
    assert lines[-1].startswith(":irc.chatlab.test CAP * LS :")
    assert sum(line.count("example.test/") for line in lines) == 20
    assert all(len(line) <= 510 for line in lines)


def test_a_request_is_granted_whole_or_not_at_all() -> None:
    peer = Lab().connect()

    assert peer.say("CAP REQ :batch no-such-thing") == [
        ":irc.chatlab.test CAP * NAK :batch no-such-thing"
    ]
    assert peer.say("CAP LIST") == [":irc.chatlab.test CAP * LIST :"]
    assert peer.say("CAP REQ :batch echo-message ") == [
        ":irc.chatlab.test CAP * ACK :batch echo-message"
    ]
    assert peer.say("CAP REQ -batch") == [":irc.chatlab.test CAP * ACK :-batch"]
    assert peer.say("CAP LIST") == [":irc.chatlab.test CAP * LIST :echo-message"]


def test_a_full_server_says_so() -> None:
    lab = Lab()
    for _ in range(MAX_CLIENTS - 1):
        lab.connect()
    last = lab.connect()

    class _Link:
        sent = b""
        is_closed = False

        def write(self, data: bytes) -> None:
            self.sent += data

        def close(self) -> None:
            self.is_closed = True

    link = _Link()
    assert lab.network.connect(link, "192.0.2.9", is_secure=False) is None
    assert b"ERROR :The server is full" in link.sent
    assert link.is_closed
    assert not last.is_closed


# --- SASL

_PLAIN = "AUTHENTICATE " + base64(b"\0ann\0pencil")
_GUESS = "AUTHENTICATE " + base64(b"\0ann\0guess")


def _asking(lab: Lab) -> Peer:
    peer = lab.connect()
    peer.say("CAP REQ :sasl account-tag message-tags", "NICK ann", "USER a 0 * :A")
    return peer


def test_plain_logs_in_before_registration() -> None:
    peer = _asking(Lab({"Ann": "pencil"}))

    assert peer.say("AUTHENTICATE PLAIN") == ["AUTHENTICATE +"]
    lines = peer.say(_PLAIN)
    assert [bare(line) for line in lines] == [
        ":irc.chatlab.test 900 ann ann!~a@192.0.2.7 Ann :You are now logged in as Ann",
        ":irc.chatlab.test 903 ann :SASL authentication successful",
    ]
    assert codes(peer.say("CAP END"))[0] == "001"
    assert codes(peer.say("AUTHENTICATE PLAIN")) == ["907"]


@pytest.mark.parametrize(
    "message",
    [b"\0ann\0wrong", b"\0nobody\0pencil", b"ann\0pencil", b"eve\0ann\0pencil", b"\xff\0a\0b", b""],
)
def test_plain_refuses_everything_else_alike(message: bytes) -> None:
    peer = _asking(Lab({"ann": "pencil", "eve": "rubber"}))

    peer.say("AUTHENTICATE PLAIN")
    assert codes(peer.say(f"AUTHENTICATE {base64(message) or '+'}")) == ["904"]
    assert peer.client.account == ""


@pytest.mark.parametrize("password", ["pencil", "p" * 700, "p" * 290])
def test_long_messages_come_in_chunks_of_400(password: str) -> None:
    peer = _asking(Lab({"ann": password}))
    text = base64(b"\0ann\0" + password.encode())

    peer.say("AUTHENTICATE PLAIN")
    for start in range(0, len(text), 400):
        assert peer.read() == []
        lines = peer.say(f"AUTHENTICATE {text[start : start + 400]}")
    if len(text) % 400 == 0:
        lines = peer.say("AUTHENTICATE +")

    assert codes(lines) == ["900", "903"]


def _scram(peer: Peer, user: str, password: str) -> list[str]:
    client = ScramClient(user, password)
    assert peer.say("AUTHENTICATE SCRAM-SHA-256") == ["AUTHENTICATE +"]
    (challenge,) = peer.say(f"AUTHENTICATE {base64(client.first())}")
    final = client.final(b64decode(challenge.removeprefix("AUTHENTICATE ")))
    answers = peer.say(f"AUTHENTICATE {base64(final)}")
    if answers[0].startswith("AUTHENTICATE "):
        client.verify(b64decode(answers[0].removeprefix("AUTHENTICATE ")))
        return peer.say("AUTHENTICATE +")
    return answers


def test_scram_logs_in_and_proves_the_server() -> None:
    peer = _asking(Lab({"ann": "pencil"}))

    assert codes(_scram(peer, "ann", "pencil")) == ["900", "903"]
    assert peer.client.account == "ann"


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("eve", "pencil")])
def test_scram_refuses_a_wrong_name_and_a_wrong_password_alike(user: str, password: str) -> None:
    peer = _asking(Lab({"ann": "pencil"}))

    assert codes(_scram(peer, user, password)) == ["904"]
    assert peer.client.account == ""


def test_sasl_can_be_given_up_and_is_named_when_unknown() -> None:
    peer = _asking(Lab({"ann": "pencil"}))

    assert codes(peer.say("AUTHENTICATE PLAIN", "AUTHENTICATE *")) == ["AUTHENTICATE", "906"]
    assert codes(peer.say("AUTHENTICATE GSSAPI")) == ["908", "904"]
    assert codes(peer.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {'a' * 401}")) == [
        "AUTHENTICATE",
        "905",
    ]
    assert codes(peer.say("AUTHENTICATE PLAIN", "AUTHENTICATE ===")) == ["AUTHENTICATE", "904"]
    assert codes(peer.say("AUTHENTICATE PLAIN", "CAP END"))[:3] == ["AUTHENTICATE", "906", "001"]
    assert codes(Lab().connect().say("AUTHENTICATE PLAIN")) == ["904"]


def test_an_endless_sasl_message_is_cut_off() -> None:
    peer = _asking(Lab())
    peer.say("AUTHENTICATE PLAIN")

    assert codes(peer.say(*[f"AUTHENTICATE {'A' * 400}"] * 21))[0] == "905"


def test_guessing_passwords_ends_the_connection() -> None:
    peer = _asking(Lab({"ann": "pencil"}))

    for _ in range(MAX_SASL_FAILURES):
        peer.say("AUTHENTICATE PLAIN")
        lines = peer.say(_GUESS)

    assert codes(lines) == ["904", "ERROR"]
    assert peer.is_closed


def test_neighbours_learn_of_a_log_in_and_messages_carry_it() -> None:
    lab = Lab({"ann": "pencil"})
    bob = lab.join("bob", "#lab", capabilities="account-notify account-tag")
    ann = lab.join("ann", "#lab", capabilities="sasl")
    bob.read()

    ann.say("AUTHENTICATE PLAIN", _PLAIN, "PRIVMSG #lab :hi")
    account, message = bob.read()

    assert bare(account) == ":ann!~ann@192.0.2.7 ACCOUNT ann"
    assert tags(message) == {"account": "ann"}


@pytest.mark.parametrize("accounts", [{"a b": "x"}, {"": "x"}, {"ann": ""}])
def test_accounts_that_could_not_log_in_are_refused_at_the_start(accounts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=re.compile("account", re.IGNORECASE)):
        Lab(accounts)
