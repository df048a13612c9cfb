"""XMPP conversations in rows, layers, sentences and saved files: plain, STARTTLS, direct TLS."""

import base64
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import FrameRow, RowBuilder
from chatlab.analysis.session_file import message_records, read_session, restore, session_blocks
from chatlab.analysis.streams import Streams
from chatlab.analysis.units import Speech, Units
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange, Endpoint, FlowKey
from chatlab.core.frame import Exposure, Field
from chatlab.core.message import Delivery, Message
from tests.helpers.tcp_talk import LOCAL, RECEIVED, SENT, Talk, connection, message, tls_facts, wire
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

FLOW = FlowKey(LOCAL, Endpoint("10.0.0.2", 5222))
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
CLIENT_HEADER = (
    b"<?xml version='1.0'?><stream:stream to='lab.test' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
SERVER_HEADER = CLIENT_HEADER.replace(b"to='lab.test'", b"from='lab.test' id='s1'")
FEATURES = (
    b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
    b"</stream:features>"
)
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
HELLO = (
    "<message to='bob@lab.test' id='m1' type='chat'><body>hello caf\u00e9</body></message>".encode()
)
REPLY = b"<message from='bob@lab.test/x' to='alice@lab.test'><body>hi</body></message>"


def sasl(name: str, text: str, mechanism: str = "") -> bytes:
    attribute = f" mechanism='{mechanism}'" if mechanism else ""
    payload = base64.b64encode(text.encode()).decode()
    return f"<{name} xmlns='{SASL}'{attribute}>{payload}</{name}>".encode()


class Views:
    """A talk in a file, looked at as the window would."""

    def __init__(self, log: FrameLog, *, flow: FlowKey = FLOW, is_ours: bool = True) -> None:
        self.correlator = Correlator(Streams(log))
        if is_ours:
            self.correlator.opened(connection(flow, application=Application.XMPP))
        self.correlator.update()
        shared = log, self.correlator.streams, self.correlator
        self.rows, self.layers = RowBuilder(*shared), LayerBuilder(*shared)
        self.explainer = Explainer(*shared)

    def row(self, number: int) -> FrameRow:
        return self.rows.row(number)

    def told(self, number: int) -> str:
        return self.explainer.frame(number)


def xmpp(name: str, start: int, stop: int, text: str, *, is_sent: bool = True) -> Message:
    direction = SENT if is_sent else RECEIVED
    made = message(name, wire(direction, start, stop), text=text, direction=direction)
    return replace(
        made,
        application=Application.XMPP,
        sender="alice@lab.test" if is_sent else "bob@lab.test",
        target="bob@lab.test",
        delivery=Delivery.DELIVERED if is_sent else None,
    )


def test_stanzas_are_named_with_whom_and_what_they_say(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    (opened,) = talk.send(SENT, CLIENT_HEADER)
    (answered,) = talk.send(RECEIVED, SERVER_HEADER + FEATURES)
    (said,) = talk.send(SENT, HELLO)
    (heard,) = talk.send(RECEIVED, b" " + REPLY + b"<r xmlns='urn:xmpp:sm:3'/>")
    (alive,) = talk.send(SENT, b" ")
    (count,) = talk.send(SENT, b"<a xmlns='urn:xmpp:sm:3' h='1'/>")
    (left,) = talk.send(SENT, b"</stream:stream>")
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert views.row(opened).info == "XML declaration ┊ stream header > lab.test"
    assert views.row(answered).info.endswith("stream features: STARTTLS (required)")
    assert (views.row(said).info, views.row(said).protocol, views.row(said).exposure) == (
        "message > bob@lab.test: hello café",
        "XMPP",
        Exposure.READABLE,
    )
    assert views.row(heard).info == ("keep-alive (1 blank) ┊ message < bob@lab.test/x: hi ┊ SM r")
    assert [views.row(each).exposure for each in (alive, count)] == [Exposure.PLUMBING] * 2
    assert [views.row(each).why for each in (opened, said, alive, count, left)] == [
        "opening the stream",
        "message",
        "keep-alive (blank)",
        "stream management (XEP-0198)",
        "leaving (stream end)",
    ]


def test_a_stanza_in_several_frames_is_named_in_each(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    frames = talk.send(SENT, HELLO + REPLY, mss=50)
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    infos = [views.row(number).info for number in frames]
    assert infos[0] == "message > bob@lab.test: hello café…"
    assert infos[1] == "…message > bob@lab.test: hello café ┊ message < bob@lab.test/x: hi…"
    assert infos[-1] == "…message < bob@lab.test/x: hi"
    (layer,) = views.layers.layers(frames[0], {})
    assert "continues in frame" in layer.fields[0].value


def test_half_a_stanza_at_the_end_of_a_capture_is_said_to_be_half(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    first, second = talk.send(SENT, (b"<presence/>" + HELLO)[:40], mss=20)
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    assert views.row(first).info == "presence ┊ part of a stanza…"
    assert views.row(second).info == "…part of a stanza…"


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_capture_that_began_late_finds_its_stanzas_again(
    tmp_path: Path, open_log: OpenLog, is_ours: bool
) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    late, *_ = talk.send(SENT, HELLO, mss=80)
    (said,) = talk.send(SENT, HELLO)
    log = open_log(talk.write(tmp_path / "a.pcapng", late + 1))
    assert Views(log, is_ours=is_ours).row(said - late).info == "message > bob@lab.test: hello café"


def test_a_foreign_stream_is_xmpp_by_what_it_says(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FlowKey(LOCAL, Endpoint("10.0.0.2", 4711))).handshake()
    (opened,) = talk.send(SENT, CLIENT_HEADER)
    talk.send(RECEIVED, b"<html><body>no</body></html>")
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")), is_ours=False)
    assert (views.row(opened).protocol, views.row(opened).why) == ("XMPP", "")
    assert views.row(opened + 1).protocol == "TCP"


def test_starttls_in_mid_stream_turns_stanzas_into_records(
    tmp_path: Path, open_log: OpenLog
) -> None:
    before = [(SENT, CLIENT_HEADER), (RECEIVED, SERVER_HEADER + FEATURES), (SENT, STARTTLS)]
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3, [*before, (RECEIVED, PROCEED)])
    said = tls.write(SENT, HELLO)
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    views = Views(log, flow=TLS_FLOW)
    infos = [views.row(number).info for number in range(1, len(log) + 1)]
    assert infos[5:7] == ["STARTTLS request", "STARTTLS proceed"]
    assert infos[7] == "Client Hello (SNI=irc.example)"
    streams = views.correlator.streams
    units = Units(streams, streams.direction(0, 0), Application.XMPP)
    found = units.overlapping(ByteRange(0, 1 << 40))
    assert units.speech is Speech.RECORDS
    clear = len(CLIENT_HEADER + STARTTLS)
    first_record = next(unit for unit in found if unit.is_record)
    assert first_record.span.start == clear
    assert found[-1].span == said
    (sealed,) = [row for row in map(views.row, range(1, len(log) + 1)) if row.length == 54 + len(said)
                 and row.info == "Application Data" and row.direction is SENT][-1:]  # fmt: skip
    assert (sealed.exposure, sealed.protocol) == (Exposure.SEALED, "TLSv1.3")


def fields_of(fields: tuple[Field, ...]) -> dict[str, Field]:
    return {each.name: each for each in fields}


def test_the_tree_shows_a_stanza_with_its_bytes(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    (said,) = talk.send(SENT, HELLO)
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    (layer,) = Views(log).layers.layers(said, {})
    assert (layer.name, layer.summary) == ("XMPP Protocol", "MESSAGE")
    inner = fields_of(layer.fields[0].fields)
    raw = log.raw(said)
    for name, value in (("to", b"bob@lab.test"), ("body", b"<body>hello caf\xc3\xa9</body>")):
        span = inner[name].span
        assert raw[span.start : span.stop] == value
    assert inner["body"].value == "hello café"
    text = inner["body"].fields[0].span
    assert raw[text.start : text.stop] == "hello café".encode()


def test_no_view_shows_a_password(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    (login,) = talk.send(SENT, sasl("auth", "\0alice\0correct horse", "PLAIN"))
    (changed,) = talk.send(
        SENT,
        b"<iq type='set'><query xmlns='jabber:iq:register'><username>alice</username>"
        b"<password>correct horse</password></query></iq>",
    )
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    encoded = base64.b64encode(b"\0alice\0correct horse").decode()
    for number in (login, changed):
        layers = views.layers.layers(number, {})
        shown = f"{views.row(number).info} {views.told(number)} {layers}"
        assert "correct horse" not in shown
        assert encoded not in shown
        assert "••••" in str(layers)
    assert "the name “alice” and the password, 13 characters" in views.told(login)


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


PIECES = st.sampled_from(
    [
        *(CLIENT_HEADER, SERVER_HEADER, FEATURES, STARTTLS, PROCEED, HELLO, REPLY, b" ", b"\n"),
        *(b"<a>", b"</a>", b"<![CDATA[", b"]]>", b"<!--", b"&lol;", b"</stream:stream>", b"\xff"),
        *(b"\x16\x03\x03\x00\x02ab", b"\x17\x03\x03\x00", b"<iq type='", b"<a " + b"b='' " * 40),
        sasl("auth", "\0a\0b", "PLAIN"),
        sasl("challenge", "s=?,i=x"),
    ]
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(st.tuples(st.booleans(), st.one_of(PIECES, st.binary(min_size=1, max_size=30)))),
    st.integers(1, 60),
    st.integers(0, 6),
    st.booleans(),
)
def test_nothing_that_crosses_a_wire_breaks_its_description(
    tmp_path: Path,
    open_log: OpenLog,
    pieces: list[tuple[bool, bytes]],
    mss: int,
    lost: int,
    is_ours: bool,
) -> None:
    talk = Talk(flow=FLOW).handshake()
    for is_sent, piece in pieces:
        talk.send(SENT if is_sent else RECEIVED, piece, mss)
    del talk.frames[lost : lost + 2]
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    views = Views(log, is_ours=is_ours)
    for number in range(1, len(log) + 1):
        assert views.row(number).info
        assert views.told(number)
        payload = views.correlator.streams.place(number)
        for layer in views.layers.layers(number, {}):
            assert payload is not None
            assert payload.payload.start <= layer.span.start <= layer.span.stop
            assert layer.span.stop <= payload.payload.stop


def test_a_stanza_of_hundreds_of_frames_is_read_once(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk(flow=FLOW).handshake()
    talk.send(SENT, CLIENT_HEADER)
    big = b"<message to='bob@lab.test'><body>" + b"x" * 600_000 + b"</body></message>"
    frames = talk.send(SENT, big)
    views = Views(open_log(talk.write(tmp_path / "a.pcapng")))
    # Half a megabyte is walked over per question; so the first row may know a piece only.
    infos = [views.row(number).info for number in (frames[0], frames[200], frames[-1])]
    assert "part of a stanza" in infos[0]
    assert infos[-1].startswith("…message > bob@lab.test: xxx")
    assert views.row(frames[0]).info.endswith("…")
    assert views.row(frames[0]).info.startswith("message > bob@lab.test: xxx")


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
    blocks = session_blocks(
        log, correlator, [sent, got], keys, application="ChatLab test", with_secrets=True
    )
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
        "alice@lab.test → bob@lab.test: hello café\nchatlab-message {"
    )
