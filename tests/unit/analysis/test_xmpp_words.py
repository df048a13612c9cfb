"""XMPP conversations in sentences and in saved files: plain, STARTTLS, direct TLS."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.session_file import message_records, read_session, restore
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk, connection, tls_facts
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.helpers.xmpp_talk import (
    CLIENT_HEADER,
    FEATURES,
    FLOW,
    HELLO,
    PROCEED,
    REPLY,
    SASL,
    SERVER_HEADER,
    STARTTLS,
    Views,
    sasl,
    xmpp,
)
from tests.unit.analysis.conftest import OpenLog

STEPS = [
    (CLIENT_HEADER, "Opens a stream to lab.test (RFC 6120, section 4.2)"),
    (FEATURES, "stream features, RFC 6120, 4.3.2): STARTTLS, which it demands"),
    (STARTTLS, "Asks to go on in TLS (STARTTLS, RFC 6120, section 5)"),
    (PROCEED, "the next bytes are the TLS handshake"),
    (
        sasl("auth", "n,,n=alice,r=abcdef", "SCRAM-SHA-1"),
        "the name “alice” (n=) and a random number of 6 characters (r=); no password (RFC 5802)",
    ),
    (
        sasl("challenge", "r=abcdefxyz,s=QSXCR+Q6sek8bf92,i=4096"),
        "a salt of 12 bytes (s=) and 4096 rounds (i=)",
    ),
    (sasl("response", "c=biws,r=abcdefxyz,p=cHJvb2Y="), "without sending it (SCRAM, RFC 5802)"),
    (sasl("success", "v=cHJvb2Y="), "knows the password (v=, RFC 5802)"),
    (
        f"<failure xmlns='{SASL}'><not-authorized/></failure>".encode(),
        "The login failed: not-authorized",
    ),
    (
        b"<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        b"<jid>alice@lab.test/desk</jid></bind></iq>",
        "its full address: alice@lab.test/desk (bind, RFC 6120, 7)",
    ),
    (b"<r xmlns='urn:xmpp:sm:3'/>", "how many stanzas have arrived (stream management, XEP-0198)"),
    (b"<a xmlns='urn:xmpp:sm:3' h='5'/>", "“5 stanzas have arrived here”"),
    (b" ", "A blank between stanzas keeps the connection alive"),
    (
        HELLO,
        f"Message stanza to bob@lab.test, {len(HELLO)} bytes, of which 11 are the text; nobody "
        "needs a key to read it.",
    ),
    (
        b"<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        + REPLY
        + b"</forwarded></received></message>",
        "(carbon, XEP-0280)",
    ),
    (
        b"<message><result xmlns='urn:xmpp:mam:2' id='1'><forwarded xmlns='urn:xmpp:forward:0'>"
        + REPLY
        + b"</forwarded></result></message>",
        "A message out of the archive (MAM, XEP-0313)",
    ),
    (
        b"<message to='b@l'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
        "“your message has arrived here” (receipt, XEP-0184)",
    ),
    (
        b"<message to='b@l'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "the sender is writing (chat state, XEP-0085)",
    ),
    (
        b"<message to='b@l'><encrypted xmlns='eu.siacs.conversations.axolotl'/><body>no</body>"
        b"</message>",
        "encrypted end to end",
    ),
    (b"<presence type='unavailable'/>", "This account goes offline"),
    (
        b"<iq type='get' to='lab.test'><ping xmlns='urn:xmpp:ping'/></iq>",
        "Asks for ping (XEP-0199)",
    ),
]


def test_every_step_of_a_stream_is_explained(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    numbers = [talk.send(SENT, step)[0] for step, _ in STEPS]
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    for number, (_, words) in zip(numbers, STEPS, strict=True):
        assert words in views.told(number)
    sealed = views.row(numbers[-3])
    assert sealed.exposure is Exposure.END_TO_END


def test_a_message_in_clear_is_explained_with_the_bytes_of_its_text(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    talk.send(SENT, HELLO)
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    start = len(CLIENT_HEADER)
    told = xmpp("m1", start, start + len(HELLO), "hello café")
    assert told.wire is not None
    views.correlator.assign(told.id, told.wire)
    assert views.explainer.message(told).startswith(
        f"Sent as 1 frame, {len(HELLO) + 54} bytes: {len(HELLO)} of your stanza (11 of them the "
        "text), 54 of headers. Anyone on the path can read it."
    )


@pytest.mark.parametrize("mode", ["plain", "STARTTLS", "direct TLS"])
def test_messages_of_every_mode_are_saved_and_read_again(
    tmp_path: Path, open_log: OpenLog, mode: str
) -> None:
    before = [(SENT, CLIENT_HEADER + STARTTLS), (RECEIVED, SERVER_HEADER + FEATURES + PROCEED)]
    if mode == "plain":
        talk = Talk(flow=FLOW).handshake()
        talk.send(SENT, CLIENT_HEADER)
        said = ByteRange(len(CLIENT_HEADER), len(CLIENT_HEADER) + len(HELLO))
        (frame,) = talk.send(SENT, HELLO)
        heard = ByteRange(0, len(REPLY))
        talk.send(RECEIVED, REPLY)
        flow, facts, keys = FLOW, None, ""
    else:
        tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3, before if mode == "STARTTLS" else ())
        tls.write(SENT, CLIENT_HEADER)
        said, heard = tls.write(SENT, HELLO), tls.write(RECEIVED, REPLY)
        talk, flow, keys = tls.talk, TLS_FLOW, tls.key_log
        facts, frame = tls_facts("TLSv1.3", tls.cipher), len(talk.frames) - 3
    log = open_log(talk.write(tmp_path / "live.pcapng"))
    correlator = Correlator(Streams(log))
    correlator.opened(connection(flow, tls=facts, application=Application.XMPP))
    sent = xmpp("m1", said.start, said.stop, "hello café")
    got = replace(xmpp("m22", heard.start, heard.stop, "hi", is_sent=False), is_corrected=True)
    for each in (sent, got):
        assert each.wire is not None
        correlator.assign(each.id, each.wire)
    correlator.update()
    blocks = session_blocks(Contents(log, correlator, [sent, got], keys, "ChatLab test"))
    file = tmp_path / "saved.pcapng"
    file.write_bytes(b"".join(blocks))

    saved_log = open_log(file)
    saved = read_session(saved_log)
    assert saved.messages == (sent, got)
    again = Correlator(Streams(saved_log))
    restore(saved, again)
    again.update()
    first, second = message_records(saved.messages, again)
    assert (first["protocol"], first["text"], first["delivery"]) == (
        "xmpp",
        "hello café",
        "delivered",
    )
    assert first["frames"] == [frame]
    assert first["bytes"] == [said.start, said.stop]
    assert first["tls"] == (None if mode == "plain" else "TLSv1.3")
    assert second["direction"] == "received"
    assert list(saved_log.comments(frame))[-1].startswith(
        "Sent: alice@lab.test → bob@lab.test: hello café\nchatlab-message {"
    )
