"""Secrets that were cut, lost in part and sent again, and what lies behind TLS, in a redacted copy."""

import base64
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.core.account import Application
from chatlab.protocol.packet import parse
from tests.helpers.redacting import (
    HEADER,
    PLAIN,
    SECRET,
    XMPP_STANZAS,
    assert_same_but_blanked,
    frames_of,
    redacted,
    with_checksums,
)
from tests.helpers.tcp_talk import (
    RECEIVED,
    SENT,
    Talk,
)


def cut(said: bytes, answer: bytes, mss: int, again: set[int], lost: set[int]) -> Talk:
    """What is said in segments, some of them sent twice, some never captured; then an answer."""
    talk = Talk().handshake()
    first = len(talk.frames)
    talk.send(SENT, said, mss=mss)
    for number in sorted(again):
        if number * mss < len(said):
            talk.again(SENT, number * mss, said[number * mss : number * mss + mss + 3])
    if answer:
        talk.send(RECEIVED, answer)
    talk.frames = [f for at, f in enumerate(talk.frames) if at - first not in lost or at < first]
    return talk


def sent_bytes(file: Path) -> dict[int, int]:
    """What a capture holds of the client's stream, by offset."""
    held: dict[int, int] = {}
    for raw in frames_of(file):
        headers = parse(raw, 1)
        assert headers is not None
        if headers.source_port == 40_000:
            at = headers.sequence - 1001
            held |= {at + i: byte for i, byte in enumerate(raw[headers.payload :])}
    return held


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    secret=st.text(st.sampled_from("abcXYZ019!$%&/=?+~#äß"), min_size=8, max_size=24),
    mss=st.integers(1, 40),
    again=st.sets(st.integers(0, 20), max_size=6),
    lost=st.sets(st.integers(0, 20), max_size=3),
)
def test_no_secret_is_left_however_it_is_cut_lost_and_sent_again(
    tmp_path: Path, secret: str, mss: int, again: set[int], lost: set[int]
) -> None:
    planted = secret.encode()
    said = b"PASS " + planted + b"\r\nNICK ann\r\nPRIVMSG NickServ :IDENTIFY " + planted + b"\r\n"
    told = b":NickServ!s@s NOTICE ann :Your password is " + planted + b" - keep it.\r\n"
    talk = cut(said, told, mss, again, lost)
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng", application=Application.IRC)
    assert_same_but_blanked(before, tmp_path / "after.pcapng")
    assert not any(planted in raw for raw in frames_of(tmp_path / "after.pcapng"))
    held = sent_bytes(tmp_path / "after.pcapng")
    for start in (5, said.rindex(planted)):
        span = range(start, start + len(planted))
        assert {held[at] for at in span if at in held} <= {ord("*")}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    secret=st.text(st.sampled_from("abcXYZ019!$%/=?+~#äß"), min_size=8, max_size=24),
    mss=st.integers(9, 80),
    again=st.sets(st.integers(0, 60), max_size=6),
    lost=st.sets(st.integers(0, 60), max_size=3),
)
def test_no_secret_of_a_stanza_is_left_however_it_is_cut_lost_and_sent_again(
    tmp_path: Path, secret: str, mss: int, again: set[int], lost: set[int]
) -> None:
    planted = secret.encode()
    proof = base64.b64encode(b"\0ann\0" + planted)
    said = HEADER + b"<message to='b@t'><body>one</body></message>"
    said += XMPP_STANZAS[0].replace(PLAIN, "{}").format(proof.decode()).encode()
    said += b"".join(each.format(secret).encode() for each in XMPP_STANZAS[2:])
    said += b"<message to='b@t'><body>two</body></message>"
    talk = cut(said, b"", mss, again, lost)
    before = with_checksums(talk).write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng", application=Application.XMPP)
    assert_same_but_blanked(before, tmp_path / "after.pcapng")
    held = sent_bytes(tmp_path / "after.pcapng")
    for word in (planted, proof):
        start = said.find(word)
        while start >= 0:
            span = range(start, start + len(word))
            assert {held[at] for at in span if at in held} <= {ord("*")}
            start = said.find(word, start + 1)


def test_the_rest_of_a_line_whose_beginning_was_lost_is_blanked(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"PRIVMSG NickServ :IDENTIFY ann hunter")
    talk.send(SENT, b"twotwo\r\nPRIVMSG #lab :after it\r\n")
    del talk.frames[3]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.IRC,
    )
    assert b"twotwo" not in data
    assert b"after it" in data


def test_the_rest_of_a_stanza_whose_beginning_was_lost_is_blanked(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, HEADER + b"<iq type='set'><query xmlns='jabber:iq:register'><pass")
    talk.send(SENT, b"word>hunter")
    talk.send(SENT, b"two</password></query></iq><message to='b@t'><body>after it</body></message>")
    del talk.frames[4]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.XMPP,
    )
    assert b"two</password>" not in data
    assert b"after it" in data


def test_a_picture_made_of_colours_hides_no_password_behind_it(tmp_path: Path) -> None:
    picture = b"".join(b"\x03%d,%dx" % (n % 16, n % 7) for n in range(60))
    talk = Talk().handshake()
    talk.send(SENT, b"PRIVMSG #lab :" + picture + b"\r\n")
    talk.send(SENT, b"PRIVMSG #lab :" + picture + b"\r\n", mss=100)
    talk.send(SENT, f"PASS {SECRET}\r\n".encode())
    del talk.frames[4]
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.IRC,
    )
    assert SECRET.encode() not in data


@pytest.mark.parametrize("cut", [1, 3, 5, 40])
def test_behind_starttls_nothing_is_touched_however_its_first_record_is_cut(
    cut: int, tmp_path: Path
) -> None:
    record = b"\x16\x03\x01\x01\x00" + bytes(random.Random(7).randbytes(256))
    talk = Talk().handshake()
    talk.send(SENT, HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    talk.send(SENT, record[:cut])
    talk.send(SENT, record[cut:] + record)
    before = talk.write(tmp_path / "before.pcapng")
    redacted(before, tmp_path / "after.pcapng")
    assert frames_of(tmp_path / "after.pcapng") == frames_of(before)


def test_tls_whose_beginning_was_lost_is_left_alone(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, random.Random(7).randbytes(3000), mss=1000)
    before = talk.write(tmp_path / "before.pcapng", first=5)
    for application in (Application.IRC, Application.XMPP):
        redacted(before, tmp_path / "after.pcapng", application=application)
        assert frames_of(tmp_path / "after.pcapng") == frames_of(before)


def test_what_comes_behind_the_end_of_a_stream_is_read_as_well(tmp_path: Path) -> None:
    talk = Talk().handshake()
    last = b"<message to='b@t'><body>too late</body></message>"
    talk.send(SENT, HEADER + b"</stream:stream>" + last)
    talk.send(SENT, XMPP_STANZAS[1].format(SECRET).encode())
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.XMPP,
    )
    assert last in data
    assert SECRET.encode() not in data


def test_what_is_no_xml_is_blanked_up_to_the_next_stanza(tmp_path: Path) -> None:
    talk = Talk().handshake()
    talk.send(SENT, HEADER + b"password=hunter22 <iq <iq><message><body>after</body></message>")
    data = redacted(
        talk.write(tmp_path / "before.pcapng"),
        tmp_path / "after.pcapng",
        application=Application.XMPP,
    )
    assert b"hunter22" not in data
