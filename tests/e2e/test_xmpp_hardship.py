"""Frames of XMPP messages on a line that loses, doubles and reorders, in all three modes.

A real prosody and another user are on one machine, ChatLab on another; both say much at once, so
that TCP cuts the streams where it likes. tshark judges: none wrong, none missing, none too many.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.netns import Impairment, Network, entered, joined_namespaces
from tests.helpers.proof import Command, Fact, Outcome, _listed, chatlab, texts
from tests.helpers.prosody import Prosody, prosody
from tests.helpers.xmpp_user import XmppUser

pytestmark = [
    pytest.mark.network,
    pytest.mark.capture,
    pytest.mark.only_on("linux"),
    pytest.mark.servers("prosody", "tshark"),
]

COUNT = 200
BAD_LINE = Impairment(loss=0.05, duplicate=0.06, reorder=0.1, hold_s=0.015, delay_s=0.004)
OURS = [f"out {number} <&> {'-' * (7 * number % 300)}." for number in range(COUNT)]
THEIRS = [f"in {number} ]]> é {'+' * (11 * number % 700)}." for number in range(COUNT)]
USERS = {"alice": "secret", "bob": "secret"}
_MESSAGE = re.compile(rb"<message\b[^>]*>.*?<body>(.*?)</body>", re.DOTALL)


def talk(
    network: Network, server: Prosody, folder: Path, mode: str, interval: str
) -> tuple[Path, Outcome]:
    """``say`` on one machine; on the other bob, who answers everything at once."""
    file, secret = folder / "lossy.pcapng", folder / "password"
    secret.write_text("secret\n", encoding="utf-8")
    port = server.tls_port if mode == "direct" else server.port
    arguments = ["say", "xmpp:bob@localhost", *OURS, "--account", "alice@localhost"]
    arguments += ["--server", f"{server.host}:{port}", "--security", mode, "--json"]
    arguments += ["--ca", str(server.certificate.ca_file), "--password-file", str(secret)]
    arguments += ["--interval", interval, "--listen", "60", "--save", str(file)]
    with entered(network.server):
        bob = XmppUser(server.host, server.port, "bob", "secret", "localhost")
    network.impairment = BAD_LINE
    with bob, Command(*arguments, prefix=network.client.prefix) as command:
        jid = bob.wait_for(r"<message [^>]*from=['\"](alice@localhost/[^'\"]+)['\"]")[1]
        bob.say(
            *(
                f"<message to='{jid}' type='chat'><body>{escape(text)}</body></message>"
                for text in THEIRS
            )
        )
        bob.wait_for(rf"out {COUNT - 1} .*?</message>")
        bob.until_heard_by(jid)
        network.impairment = Impairment()
        return file, command.interrupt()


def is_said(line: tshark.CarriedLine) -> bool:
    """Whether it is a message in its own right, rather than one out of the archive."""
    return _MESSAGE.match(line.text) is not None and b"urn:xmpp:mam:2" not in line.text


def seen(line: tshark.CarriedLine) -> Fact:
    body = _MESSAGE.match(line.text)
    assert body is not None
    return Fact(
        unescape(body[1].decode()),
        line.tls or None,
        line.stream,
        (line.start, line.stop),
        line.frames,
        line.repeats,
        line.acks,
        "offset",
    )


def in_order(records: Sequence[MessageRecord], direction: str) -> list[Fact]:
    chosen = [record for record in records if record["direction"] == direction]
    return [_listed(each) for each in sorted(chosen, key=lambda each: each["bytes"] or [])]


@pytest.mark.parametrize(
    ("mode", "interval"), [("plain", "0"), ("starttls", "0.01"), ("direct", "0")]
)
def test_no_stanza_has_a_wrong_or_missing_frame_on_a_bad_line(
    tmp_path: Path, mode: str, interval: str
) -> None:
    with joined_namespaces() as network:
        here, prefix = network.server.address, network.server.prefix
        with prosody(tmp_path / "server", USERS, host=here, prefix=prefix) as server:
            file, outcome = talk(network, server, tmp_path, mode, interval)
            port = str(server.tls_port if mode == "direct" else server.port)
        carried = network.carried

    assert (outcome.exit_code, outcome.error) == (0, "")
    records = outcome.records
    assert texts(records, "sent") == OURS
    assert texts(records, "received") == THEIRS
    lines = [line for line in tshark.carried_messages(file) if is_said(line)]
    to_server = [line for line in lines if line.receiver.rpartition(":")[2] == port]
    from_server = [line for line in lines if line.sender.rpartition(":")[2] == port]
    assert in_order(records, "sent") == [seen(line) for line in to_server]
    assert in_order(records, "received") == [seen(line) for line in from_server]
    assert chatlab("messages", str(file), "--json").records == records
    assert any(record["retransmissions"] for record in records)
    assert any(len(r["frames"]) > len(r["retransmissions"]) + 1 for r in records)
    assert min(carried.lost, carried.duplicated, carried.reordered) > 0
    assert tshark.complaints(file) == ""
