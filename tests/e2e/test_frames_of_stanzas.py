"""The frames of every message stanza, both ways, are those that tshark finds: in all three modes."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.proof import Command, Fact, _listed, chatlab
from tests.helpers.prosody import ROOMS, Prosody, prosody
from tests.helpers.tshark import CarriedLine
from tests.helpers.xmpp_user import XmppUser

pytestmark = pytest.mark.servers
PASSWORD = "pencil"
TEXTS = ("hello bob", "caf\u00e9 <b> & \u201cquotes\u201d \U0001f600", "last one")
REPLIES = ("one", "two & <three>", "\u00e4" * 70_000, "the end")
MODES = ("plain", "starttls", "direct")


def say(
    server: Prosody, folder: Path, mode: str, file: Path, whom: str = "bob@localhost"
) -> Command:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    port = server.tls_port if mode == "direct" else server.port
    return Command(
        *("say", f"xmpp:{whom}", *TEXTS, "--account", "alice@localhost"),
        *("--password-file", str(secret), "--server", f"{server.host}:{port}"),
        *("--security", mode, "--ca", str(server.certificate.ca_file)),
        *("--listen", "60", "--json", "--save", str(file)),
    )


def answer(user: XmppUser) -> None:
    """Read all that alice says, then answer: several stanzas in one write, one of many segments."""
    jid = ""
    for _ in TEXTS:
        start = user.wait_for(r"<message [^>]*from=['\"](alice@localhost/[^'\"]+)['\"]")
        jid = start[1]
        user.wait_for("</message>")
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in REPLIES]
    user.say(
        *(f"<message to='{jid}' type='chat'><body>{text}</body></message>" for text in escaped)
    )
    user.until_heard_by(jid)


def body(line: CarriedLine) -> tuple[str, str]:
    """Sender and words of a message stanza, by an XML parser that is not ours."""
    element = ET.fromstring(line.text)
    return element.get("from", "").partition("/")[0], element.findtext("body") or ""


def seen(line: CarriedLine) -> Fact:
    return Fact(
        body(line)[1],
        line.tls or None,
        line.stream,
        (line.start, line.stop),
        line.frames,
        line.repeats,
        line.acks,
        "offset",
    )


def in_order(records: list[MessageRecord], direction: str) -> list[Fact]:
    chosen = [record for record in records if record["direction"] == direction]
    return [_listed(each) for each in sorted(chosen, key=lambda each: each["bytes"] or [])]


@pytest.mark.parametrize("mode", MODES)
def test_message_stanzas_have_the_frames_that_tshark_finds(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "talk.pcapng"
    with (
        prosody(tmp_path / "server", {"alice": PASSWORD, "bob": PASSWORD}) as server,
        XmppUser(server.host, server.port, "bob", PASSWORD, "localhost") as bob,
        say(server, tmp_path, mode, file) as command,
    ):
        answer(bob)
        outcome = command.interrupt()
    assert outcome.exit_code == 0, outcome.error
    records = outcome.records
    assert {record["protocol"] for record in records} == {"xmpp"}
    assert [record["text"] for record in records if record["direction"] == "sent"] == list(TEXTS)
    lines = [line for line in tshark.carried_messages(file) if body(line)[1]]
    from_bob = [line for line in lines if body(line)[0] == "bob@localhost"]
    from_alice = [line for line in lines if not body(line)[0]]
    assert len(from_bob) == len(REPLIES)
    assert len(from_alice) == len(TEXTS)
    assert in_order(records, "sent") == [seen(line) for line in from_alice]
    assert in_order(records, "received") == [seen(line) for line in from_bob]
    again = chatlab("messages", str(file), "--json").records
    assert [(each["id"], each["frames"], each["bytes"]) for each in again] == [
        (each["id"], each["frames"], each["bytes"]) for each in records
    ]
    assert tshark.complaints(file) == ""


@pytest.mark.parametrize("mode", ["plain", "starttls"])
def test_what_a_room_reflects_has_the_frames_that_tshark_finds(tmp_path: Path, mode: str) -> None:
    file, room = tmp_path / "room.pcapng", f"lab@{ROOMS}"
    with (
        prosody(tmp_path / "server", {"alice": PASSWORD, "bob": PASSWORD}) as server,
        XmppUser(server.host, server.port, "bob", PASSWORD, "localhost") as bob,
    ):
        bob.say(f"<presence to='{room}/bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        bob.wait_for("code='201'")
        bob.say(
            f"<iq type='set' to='{room}' id='open'>"
            "<query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
        )
        bob.wait_for("<iq [^>]*open")
        with say(server, tmp_path, mode, file, f"{room}?join") as command:
            for _ in TEXTS:
                bob.wait_for(r"<message [^>]*type='groupchat'[^>]*>")
                bob.wait_for("<body>")
            bob.say(f"<message to='{room}' type='groupchat'><body>welcome</body></message>")
            bob.wait_for("welcome")
            bob.until_heard_by(f"{room}/alice")
            outcome = command.interrupt()
    assert outcome.exit_code == 0, outcome.error
    lines = [line for line in tshark.carried_messages(file) if body(line)[1]]
    received = [line for line in lines if body(line)[0]]
    reflected = [line for line in received if body(line)[1] in TEXTS]
    assert len(reflected) == len(TEXTS)
    records = outcome.records
    sent = sorted((r for r in records if r["direction"] == "sent"), key=lambda r: r["bytes"] or [])
    assert [_listed(each) for each in sent] == [seen(line) for line in lines if not body(line)[0]]
    assert [tuple(each["echo_frames"]) for each in sent] == [line.frames for line in reflected]
    others = [seen(line) for line in received if line not in reflected]
    assert in_order(records, "received") == others
    assert [each.text for each in others] == ["welcome"]
