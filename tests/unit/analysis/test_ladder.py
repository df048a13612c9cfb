"""Handshakes as ladders: named steps, in clear, decrypted, or only as sealed records."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_talk import Place, Said
from chatlab.analysis.ladder_irc import IrcNamer
from chatlab.analysis.units import Unit
from chatlab.core.account import Application
from chatlab.core.comparison import Phase, Side
from chatlab.core.flow import ByteRange, Endpoint, FlowKey, Transport
from chatlab.core.frame import Exposure
from chatlab.core.ladder import Ladder, Reading, Step
from chatlab.core.message import Message
from tests.helpers.compared import specimen, write
from tests.helpers.logins import (
    IRC_LINES,
    IRC_MESSAGE,
    PASSWORD,
    PLAIN,
    XMPP_CLEAR,
    XMPP_LOGIN,
    XMPP_MESSAGE,
    play,
)
from tests.helpers.tcp_talk import (
    ETHERNET,
    RECEIVED,
    SENT,
    START_NS,
    Talk,
    connection,
    message,
    tls_facts,
    udp_packet,
    wire,
)
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def names(ladder: Ladder, phase: Phase) -> list[str]:
    return [step.name for step in ladder.steps if step.phase is phase]


def step(ladder: Ladder, start: str) -> Step:
    return next(each for each in ladder.steps if each.name.startswith(start))


def clear_irc(folder: Path, open_log: OpenLog) -> Ladder:
    talk = Talk().handshake()
    play(talk.send, IRC_LINES)
    start = talk.reached[SENT]
    talk.send(SENT, IRC_MESSAGE)
    talk.send(SENT, b"JOIN #later\r\n")
    said = message("m", wire(SENT, start, start + len(IRC_MESSAGE)))
    log = open_log(talk.write(folder / "c.pcapng"))
    ours = connection()
    read = specimen(log, [ours], [said])
    return Table([read]).ladder(read, ours)


def sealed(
    tls: TlsTalk,
    folder: Path,
    open_log: OpenLog,
    *messages: Message,
    with_keys: bool = True,
    application: Application = Application.IRC,
) -> Ladder:
    log = open_log(tls.talk.write(folder / "c.pcapng"))
    ours = connection(TLS_FLOW, tls=tls_facts(), application=application)
    read = specimen(log, [ours], messages, keys=tls.key_log if with_keys else "")
    return Table([read]).ladder(read, ours)


# --- in clear ------------------------------------------------------------------------------------


def test_an_irc_login_in_clear_has_every_step_by_name(tmp_path: Path, open_log: OpenLog) -> None:
    ladder = clear_irc(tmp_path, open_log)
    assert names(ladder, Phase.TCP) == ["SYN", "SYN, ACK", "ACK"]
    assert names(ladder, Phase.LOGIN) == [
        "CAP LS 302", "NICK alice", "USER al", "CAP LS", "CAP REQ", "CAP ACK",
        "AUTHENTICATE PLAIN", "AUTHENTICATE +", "AUTHENTICATE (name and password)",
        "900 logged in", "903 success", "CAP END", "welcome 001–376 (2 lines)",
    ]  # fmt: skip
    assert names(ladder, Phase.JOIN) == [
        "JOIN #lab", "JOIN #lab (confirmed)", "topic and members (2 lines)",
    ]  # fmt: skip
    assert ladder.is_ready
    assert ladder.clear_until is None
    assert {each.reading for each in ladder.steps} == {Reading.CLEAR}


def test_a_ladder_ends_before_the_first_message(tmp_path: Path, open_log: OpenLog) -> None:
    ladder = clear_irc(tmp_path, open_log)
    assert not any("later" in each.name for each in ladder.steps)


def test_steps_have_their_frames_their_times_and_their_bytes(
    tmp_path: Path, open_log: OpenLog
) -> None:
    ladder = clear_irc(tmp_path, open_log)
    first = step(ladder, "CAP LS 302")
    assert (first.frames, first.size, first.wire_bytes) == ((4,), 12, 66)
    assert first.begin_ns - (ladder.start_ns or 0) == 3_000_000
    assert [(each.frame, each.span.start, each.span.stop) for each in first.spans] == [(4, 54, 66)]
    welcome = step(ladder, "welcome")
    assert len(welcome.frames) == 2
    assert welcome.end_ns - welcome.begin_ns == 1_000_000
    assert ladder.duration_ns == ladder.steps[-1].end_ns - START_NS


def test_a_password_in_base64_is_decoded_and_marked_as_the_real_one(
    tmp_path: Path, open_log: OpenLog
) -> None:
    ladder = clear_irc(tmp_path, open_log)
    details = {each.label: each for each in step(ladder, "AUTHENTICATE (name").details}
    assert details["Login name"].value == "alice"
    assert (details["Password"].value, details["Password"].is_secret) == (PASSWORD, True)
    assert details["Base64"].is_secret
    key = step(ladder, "JOIN #lab").details[0]
    assert (key.label, key.value, key.is_secret) == ("Key", "secretkey", True)
    assert any("Base64 is no encryption" in note for note in ladder.notes)


def test_a_syn_that_is_sent_again_is_one_step(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk()
    talk.handshake()
    talk.frames.insert(1, (talk.frames[0][0] + 500_000, SENT, talk.frames[0][2]))
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    read = specimen(log, [connection()])
    ladder = Table([read]).ladder(read, connection())
    assert ladder.steps[0].frames == (1, 2)
    assert len(ladder.steps) == 3


def test_a_look_up_comes_before_the_connection(tmp_path: Path, open_log: OpenLog) -> None:
    dns = FlowKey(Endpoint("10.0.0.1", 50_000), Endpoint("10.0.0.53", 53), Transport.UDP)
    question = b"\x0a\x0b\1\0\0\1\0\0\0\0\0\0\3irc\7example\0\0\1\0\1"
    answer = (
        b"\x0a\x0b\x81\x80\0\1\0\1\0\0\0\0\3irc\7example\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
    )
    lookup = Talk(flow=dns)
    for at, direction, payload in (
        (0, SENT, question),
        (1, RECEIVED, answer + b"\x0a\0\0\2"),
    ):
        ends = dns.sender(direction), dns.sender(direction.opposite)
        raw = ETHERNET + udp_packet(*ends, payload)
        lookup.frames.append((START_NS - 2_000_000 + at * 500_000, direction, raw))
    asked = replace(
        connection(dns, name="d", application=Application.DNS), opened_ns=START_NS - 2_000_000
    )
    log = open_log(write(tmp_path / "c.pcapng", lookup, Talk().handshake()))
    ours = connection()
    read = specimen(log, [asked, ours])
    ladder = Table([read]).ladder(read, ours)
    assert names(ladder, Phase.DNS) == ["DNS query: A irc.example", "DNS answer: A irc.example"]
    assert ladder.steps[1].details[0].value == "10.0.0.2"
    assert ladder.steps[0].exposure is Exposure.READABLE
    column = Table([read]).columns()[0]
    assert column.handshake is not None
    assert column.handshake.frames == 3


# --- under TLS -----------------------------------------------------------------------------------


def test_a_tls_1_3_handshake_has_its_sealed_messages_by_name_with_the_keys(
    tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, V13)
    play(tls.write, IRC_LINES)
    ladder = sealed(tls, tmp_path, open_log)
    assert names(ladder, Phase.TLS)[:7] == [
        "Client Hello", "Server Hello", "Change Cipher Spec", "Encrypted Extensions",
        "Certificate", "Certificate Verify", "Finished",
    ]  # fmt: skip
    assert step(ladder, "Client Hello").reading is Reading.CLEAR
    certificate = step(ladder, "Certificate")
    assert (certificate.reading, certificate.exposure) == (Reading.DECRYPTED, Exposure.SEALED)
    assert certificate.details[0].value == "irc.example"
    assert names(ladder, Phase.LOGIN)[:3] == ["CAP LS 302", "NICK alice", "USER al"]
    assert step(ladder, "NICK").reading is Reading.DECRYPTED
    assert ladder.is_ready
    assert ladder.clear_until is None


def test_without_keys_sealed_steps_say_no_more_than_that(tmp_path: Path, open_log: OpenLog) -> None:
    tls = TlsTalk(tmp_path, V13)
    play(tls.write, IRC_LINES)
    ladder = sealed(tls, tmp_path, open_log, with_keys=False)
    assert names(ladder, Phase.TLS)[:3] == ["Client Hello", "Server Hello", "Change Cipher Spec"]
    assert "encrypted handshake (4 records)" in names(ladder, Phase.TLS)
    assert set(names(ladder, Phase.LOGIN)) >= {"Application Data", "Application Data × 2"}
    assert not ladder.is_ready
    assert any("keys of this connection are not at hand" in note for note in ladder.notes)


def test_tls_1_2_shows_its_certificate_and_seals_only_finished(
    tmp_path: Path, open_log: OpenLog
) -> None:
    ladder = sealed(TlsTalk(tmp_path, V12), tmp_path, open_log, with_keys=False)
    assert names(ladder, Phase.TLS) == [
        "Client Hello", "Server Hello", "Certificate", "Server Key Exchange", "Server Hello Done",
        "Client Key Exchange", "Change Cipher Spec", "Encrypted Handshake Message",
        "New Session Ticket", "Change Cipher Spec", "Encrypted Handshake Message",
    ]  # fmt: skip
    assert step(ladder, "Certificate").reading is Reading.CLEAR
    assert step(ladder, "Client Hello").details[0].value == "irc.example"


# --- XMPP ----------------------------------------------------------------------------------------


def starttls(folder: Path) -> TlsTalk:
    tls = TlsTalk(folder, V13, before=XMPP_CLEAR)
    play(tls.write, XMPP_LOGIN)
    return tls


def test_starttls_has_a_part_in_clear_and_says_where_it_ends(
    tmp_path: Path, open_log: OpenLog
) -> None:
    tls = starttls(tmp_path)
    span = tls.write(SENT, XMPP_MESSAGE)
    said = message("m", wire(SENT, span.start, span.stop))
    ladder = sealed(tls, tmp_path, open_log, said, application=Application.XMPP)
    assert names(ladder, Phase.STARTTLS) == [
        "stream header", "stream header", "stream features", "STARTTLS: <starttls/>",
        "STARTTLS: <proceed/>",
    ]  # fmt: skip
    assert ladder.clear_until == 8
    assert ladder.steps[8].name == "Client Hello"
    assert all(each.reading is Reading.CLEAR for each in ladder.steps[:8])
    assert any("take the offer of STARTTLS away" in note for note in ladder.notes)


def test_an_xmpp_login_has_every_step_by_name(tmp_path: Path, open_log: OpenLog) -> None:
    ladder = sealed(starttls(tmp_path), tmp_path, open_log, application=Application.XMPP)
    assert names(ladder, Phase.LOGIN) == [
        "stream header", "stream header", "stream features",
        "SASL: <auth> SCRAM-SHA-1 (client-first)", "SASL: <challenge> (server-first)",
        "SASL: <response> (client-final)", "SASL: <success> (server-final)",
        "stream header", "stream header", "iq set: resource binding",
        "iq result: resource binding", "presence",
    ]  # fmt: skip
    assert names(ladder, Phase.JOIN) == [
        "room: presence to lab@rooms.example/ally", "room: own presence (110)",
    ]  # fmt: skip
    assert ladder.is_ready


def test_scram_shows_name_salt_and_proof_and_says_that_the_password_is_not_sent(
    tmp_path: Path, open_log: OpenLog
) -> None:
    ladder = sealed(starttls(tmp_path), tmp_path, open_log, application=Application.XMPP)
    final = {each.label: each for each in step(ladder, "SASL: <response>").details}
    assert final["Password"].value == "not sent"
    assert not any(each.is_secret for each in final.values())
    labels = [each.label for each in step(ladder, "SASL: <challenge>").details]
    assert labels == ["Nonce", "Salt", "Iterations"]
    assert any("SCRAM never sends the password" in note for note in ladder.notes)


@pytest.mark.parametrize(("is_offered", "words"), [(True, "did not take it"), (False, "stripping")])
def test_xmpp_that_stays_in_clear_says_what_became_of_starttls(
    tmp_path: Path, open_log: OpenLog, *, is_offered: bool, words: str
) -> None:
    talk = Talk().handshake()
    play(talk.send, XMPP_CLEAR[:3] if is_offered else XMPP_LOGIN)
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    ours = connection(application=Application.XMPP)
    read = specimen(log, [ours])
    assert any(words in note for note in Table([read]).ladder(read, ours).notes)


def test_a_capture_that_began_late_counts_no_handshake(tmp_path: Path, open_log: OpenLog) -> None:
    tls = TlsTalk(tmp_path, V13)
    play(tls.write, IRC_LINES)
    log = open_log(tls.talk.write(tmp_path / "c.pcapng", first=14))
    ours = connection(TLS_FLOW, tls=tls_facts())
    read = specimen(log, [ours])
    table = Table([read])
    assert table.columns()[0].handshake is None
    assert "does not hold the beginning" in table.ladder(read, ours).notes[0]


def test_a_connection_without_frames_has_a_reason_in_place_of_steps(
    tmp_path: Path, open_log: OpenLog
) -> None:
    other = connection(FlowKey(Endpoint("10.0.0.1", 9), Endpoint("10.0.0.9", 6667)), name="x")
    log = open_log(Talk().handshake().write(tmp_path / "c.pcapng"))
    read = specimen(log, [other])
    ladder = Table([read]).ladder(read, other)
    assert (ladder.steps, ladder.start_ns, ladder.duration_ns) == ((), None, 0)
    assert ladder.notes == ("No frame of this connection was captured.",)
    assert ladder.side == Side(0, other.id)


@pytest.mark.parametrize(
    "junk", [b"\0" * 40, b"\x16\x03\x03\0\x05\x01\xff\xff\xff\0", b"<a", b"\r\n"]
)
def test_anything_is_read_quietly(junk: bytes, tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, junk)
    talk.send(RECEIVED, junk)
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    for application in (Application.IRC, Application.XMPP):
        ours = connection(application=application)
        read = specimen(log, [ours])
        assert len(Table([read]).ladder(read, ours).steps) >= 3


@pytest.mark.parametrize("text", [PLAIN.decode(), "biwsbj1hbm4scj1hYmM="])
def test_a_sasl_step_without_its_beginning_is_not_named_by_what_it_holds(text: str) -> None:
    data = f"AUTHENTICATE {text}\r\n".encode()
    span = ByteRange(0, len(data))
    said = Said(SENT, Unit(span, 0), data, span, Reading.CLEAR, (Place(span, span),))
    (named,) = IrcNamer().name(said)
    assert named.name == "AUTHENTICATE"
    assert not named.details
