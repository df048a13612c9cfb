"""``chatlab say xmpp:…`` against a real prosody, in all three modes, judged by tshark.

Both ways and for every message stanza: the bytes, frames, ACKs and TLS version that ChatLab names
are those that tshark finds in the same file, and there is no message too many or too few.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import unescape

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.proof import Command, Outcome, chatlab, texts
from tests.helpers.prosody import ROOMS, Prosody, prosody
from tests.helpers.told_by_packets import assert_told_by_packets
from tests.helpers.xmpp_clients import XmppLogin, profanity
from tests.helpers.xmpp_user import XmppUser

pytestmark = [pytest.mark.capture, pytest.mark.servers]

MODES = ("starttls", "direct", "plain")
SAID = ("hello wörld", "<&> ]]>", "three")
LONG = "".join(f"{number:05d}|" for number in range(12_000))
"""72 kB: more than one segment, and more than one TLS record, holds."""
ANSWERS_TYPED = ("hello alice", "Grüße", "that was all")
ANSWERS = ("hi", "hi", "Grüße, 世界 🙂", LONG, "that was all")
ROOM = f"lab@{ROOMS}"
_BODY = re.compile(rb"<body>(.*?)</body>", re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    users = {"alice": "secret", "bob": "secret", "carol": "secret"}
    with prosody(tmp_path_factory.mktemp("prosody"), users) as running:
        yield running


def say(server: Prosody, user: str, mode: str, folder: Path, *arguments: str) -> list[str]:
    """The command line of one user."""
    password = folder / "password"
    password.write_text("secret\n", encoding="utf-8")
    port = server.tls_port if mode == "direct" else server.port
    options = ["--account", f"{user}@localhost", "--password-file", str(password), "--json"]
    options += ["--server", f"{server.host}:{port}", "--security", mode]
    return ["say", *arguments, *options, "--ca", str(server.certificate.ca_file)]


def assert_proven(file: Path, records: Sequence[MessageRecord], server: Prosody) -> None:
    """Every message of either direction has exactly the frames that tshark finds for its stanza."""
    ports = {str(server.port), str(server.tls_port)}
    seen = [line for line in tshark.carried_messages(file) if _BODY.search(line.text)]
    sent = [line for line in seen if line.sender.rpartition(":")[2] not in ports]
    received = [line for line in seen if line not in sent]
    echoes = {tuple(r["echo_frames"]) for r in records if r["echo_frames"]}
    others = [line for line in received if line.frames not in echoes]
    by_bytes = sorted(records, key=lambda record: record["bytes"] or [-1])
    for direction, lines in (("sent", sent), ("received", others)):
        listed = [r for r in by_bytes if r["direction"] == direction]
        assert [_listed(record) for record in listed] == [_seen(line) for line in lines]
    assert all(record["protocol"] == "xmpp" for record in records)
    assert len(received) == len(others) + len([r for r in records if r["echo_frames"]])


def _listed(record: MessageRecord) -> tuple[object, ...]:
    span = tuple(record["bytes"] or ())
    frames, acks = tuple(record["frames"]), tuple(record["acks"])
    return record["text"], record["tls"] or "", record["stream"], span, frames, acks


def _seen(line: tshark.CarriedLine) -> tuple[object, ...]:
    body = _BODY.search(line.text)
    assert body is not None
    text = unescape(body[1].decode())
    return text, line.tls, line.stream, (line.start, line.stop), line.frames, line.acks


def _finished(outcome: Outcome) -> Outcome:
    assert outcome.exit_code == 0, outcome.error
    return outcome


@pytest.mark.parametrize("mode", MODES)
def test_a_talk_of_two_has_the_frames_that_tshark_finds(
    server: Prosody, mode: str, tmp_path: Path
) -> None:
    file = tmp_path / "alice.pcapng"
    command = say(server, "alice", mode, tmp_path, "xmpp:bob@localhost", *SAID)
    with (
        XmppUser(server.host, server.port, "bob", "secret", "localhost") as bob,
        Command(*command, "--listen", "60", "--save", str(file)) as alice,
    ):
        jid = bob.wait_for(r"<message [^>]*from=.(alice@localhost/[^'\"]+)")[1]
        bob.wait_for("three")
        said = (
            f"<message to='{jid}' type='chat'><body>{text}</body></message>" for text in ANSWERS
        )
        bob.say(*said)
        bob.until_heard_by(jid)
        outcome = _finished(alice.interrupt())
    assert texts(outcome.records, "sent") == list(SAID)
    assert texts(outcome.records, "received") == list(ANSWERS)
    assert_proven(file, outcome.records, server)
    assert_told_by_packets(file, outcome.records)


@pytest.mark.parametrize("mode", MODES)
def test_a_room_sends_back_what_is_named_as_the_echo(
    server: Prosody, mode: str, tmp_path: Path
) -> None:
    file = tmp_path / "alice.pcapng"
    url = f"xmpp:{mode}-{ROOM}?join"
    alice = _finished(
        chatlab(*say(server, "alice", mode, tmp_path, url, *SAID), "--save", str(file))
    )
    assert texts(alice.records, "sent") == list(SAID)
    assert all(record["echo_frames"] for record in alice.records)
    assert_proven(file, alice.records, server)
    assert_told_by_packets(file, alice.records)


@pytest.mark.parametrize(
    ("mode", "port"), [("starttls", "clear"), ("direct", "tls"), ("plain", "clear")]
)
def test_each_mode_makes_exactly_one_connection_with_its_own_handshake(
    server: Prosody, mode: str, port: str, tmp_path: Path
) -> None:
    file = tmp_path / "alice.pcapng"
    command = say(server, "alice", mode, tmp_path, "xmpp:bob@localhost", "one")
    _finished(chatlab(*command, "--save", str(file)))
    first = "tcp.flags.syn==1 && tcp.flags.ack==0"
    syns = tshark.fields(file, ["tcp.dstport"], display_filter=first)
    wanted = server.tls_port if port == "tls" else server.port
    assert syns == [(str(wanted),)]
    assert tshark.complaints(file) == ""


def _make_room(user: XmppUser, room: str) -> None:
    user.say(f"<presence to='{room}/carol'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    user.wait_for("code='201'")
    user.say(
        f"<iq type='set' id='open' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
        "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
    )
    user.wait_for("<iq [^>]*id=.open")


@pytest.mark.servers("profanity")
@pytest.mark.parametrize("mode", MODES)
def test_a_room_shared_with_profanity_has_the_frames_that_tshark_finds(
    server: Prosody, mode: str, tmp_path: Path
) -> None:
    file, room = tmp_path / "alice.pcapng", f"with-profanity-{mode}-{ROOM}"
    login = XmppLogin(
        jid="bob@localhost",
        password="secret",
        port=server.port,
        nick="bob",
        ca_file=server.certificate.ca_file,
    )
    command = say(server, "alice", mode, tmp_path, f"xmpp:{room}?join", *SAID)
    with (
        XmppUser(server.host, server.port, "carol", "secret", "localhost") as carol,
        profanity(tmp_path / "bob", login) as bob,
    ):
        _make_room(carol, room)
        bob.wait_for("logged in successfully")
        bob.enter(f"/join {room}")
        bob.wait_for("You have joined the room")
        with Command(*command, "--listen", "60", "--save", str(file)) as alice:
            bob.wait_for("three")
            for text in ANSWERS_TYPED:
                bob.enter(text)
            carol.wait_for(ANSWERS_TYPED[-1])
            carol.until_heard_by(f"{room}/alice")
            outcome = _finished(alice.interrupt())
    assert texts(outcome.records, "sent") == list(SAID)
    assert texts(outcome.records, "received") == list(ANSWERS_TYPED)
    assert_proven(file, outcome.records, server)
    assert_told_by_packets(file, outcome.records)
