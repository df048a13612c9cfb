"""XMPP conversations in rows and layers, however TCP and TLS cut them up."""

import base64
import ssl
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.byte_source import CapturedBytes
from chatlab.analysis.units import Speech, Units
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange, Endpoint, FlowKey
from chatlab.core.frame import Exposure, Field
from tests.helpers.tcp_talk import LOCAL, RECEIVED, SENT, Talk
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.helpers.xmpp_talk import (
    CLIENT_HEADER,
    FEATURES,
    FLOW,
    HELLO,
    PROCEED,
    REPLY,
    SERVER_HEADER,
    STARTTLS,
    Views,
    sasl,
)
from tests.unit.analysis.conftest import OpenLog


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
    units = Units(CapturedBytes(streams, streams.direction(0, 0)), Application.XMPP)
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
