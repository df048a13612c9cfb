"""Who learns what: every claim stands on bytes, and nothing is claimed without them."""

import ssl
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.observer import ObserverReader
from chatlab.core.account import Application
from chatlab.core.connection import Connection
from chatlab.core.flow import Endpoint, FlowKey, Transport
from chatlab.core.observing import Certainty, Claim, FrameView, Observer, ObserverView, Topic
from tests.helpers.compared import specimen, write
from tests.helpers.logins import (
    IRC_ECHO,
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
WORDS = "Meet me at noon"
_IN_BYTES = frozenset(
    {Topic.NICK, Topic.USER, Topic.REAL_NAME, Topic.HOST, Topic.CHANNEL, Topic.CONTACT, Topic.KEY}
    | {Topic.TEXT, Topic.JID, Topic.SERVER_NAME, Topic.PRESENCE}
)
"""Their values stand in the bytes letter by letter (on IRC in clear)."""


class Scene:
    """One connection, and the three who look at it."""

    def __init__(self, read: Specimen, ours: Connection) -> None:
        self.read, self.ours = read, ours
        self.reader = ObserverReader(read)

    def view(self, observer: Observer) -> ObserverView:
        return self.reader.observe(self.ours, observer)

    def frame(self, number: int, observer: Observer) -> FrameView:
        return self.reader.frame(number, observer)

    def bytes_of(self, claim: Claim) -> list[bytes]:
        return [
            self.read.log.raw(each.frame)[each.span.start : each.span.stop]
            for each in claim.evidence
        ]


def values(claims: Iterable[Claim], topic: Topic) -> list[str]:
    return [claim.value for claim in claims if claim.topic is topic]


def hidden(view: ObserverView) -> set[Topic]:
    return {claim.topic for claim in view.hidden}


def in_clear(folder: Path, open_log: OpenLog) -> Scene:
    talk = Talk().handshake()
    play(talk.send, [*IRC_LINES, (SENT, IRC_MESSAGE), (RECEIVED, IRC_ECHO)])
    log = open_log(talk.write(folder / "c.pcapng"))
    return Scene(specimen(log, [connection()]), connection())


def under_tls(tls: TlsTalk, folder: Path, open_log: OpenLog, *, with_keys: bool = True) -> Scene:
    play(tls.write, IRC_LINES)
    span = tls.write(SENT, IRC_MESSAGE)
    tls.write(RECEIVED, IRC_ECHO)
    said = message("m", wire(SENT, span.start, span.stop), text=WORDS)
    log = open_log(tls.talk.write(folder / "c.pcapng"))
    ours = connection(TLS_FLOW, tls=tls_facts())
    return Scene(specimen(log, [ours], [said], keys=tls.key_log if with_keys else ""), ours)


def xmpp(folder: Path, open_log: OpenLog, *, shows_jids: bool = False) -> Scene:
    tls = TlsTalk(folder, V13, before=XMPP_CLEAR)
    lines = list(XMPP_LOGIN)
    if shows_jids:
        lines[-1] = (RECEIVED, lines[-1][1].replace(b"<status", b"<status code='100'/><status"))
    play(tls.write, [*lines, (SENT, XMPP_MESSAGE)])
    log = open_log(tls.talk.write(folder / "c.pcapng"))
    ours = connection(TLS_FLOW, tls=tls_facts(), application=Application.XMPP)
    return Scene(specimen(log, [ours], keys=tls.key_log), ours)


# --- in clear ------------------------------------------------------------------------------------


def test_in_clear_the_network_learns_everything_the_password_included(
    tmp_path: Path, open_log: OpenLog
) -> None:
    view = in_clear(tmp_path, open_log).view(Observer.NETWORK)
    expected = {
        Topic.TEXT: [WORDS],
        Topic.NICK: ["alice"],
        Topic.USER: ["al"],
        Topic.REAL_NAME: ["Alice Example"],
        Topic.LOGIN: ["alice"],
        Topic.PASSWORD: [PASSWORD],
        Topic.KEY: ["secretkey"],
        Topic.CHANNEL: ["#lab"],
        Topic.CONTACT: ["bob"],
        Topic.HOST: ["al@cloak.example"],
        Topic.SERVER_NAME: ["irc.example"],
        Topic.ADDRESS: ["10.0.0.1", "10.0.0.2"],
        Topic.PORT: ["6667"],
    }
    assert {topic: values(view.learnt, topic) for topic in expected} == expected
    assert not view.is_sealed
    assert not view.hidden
    secrets = {claim.topic for claim in view.claims if claim.is_secret}
    assert secrets == {Topic.PASSWORD, Topic.KEY}


def test_every_claim_of_the_network_stands_in_the_bytes_it_names(
    tmp_path: Path, open_log: OpenLog
) -> None:
    scene = in_clear(tmp_path, open_log)
    checked = 0
    for claim in scene.view(Observer.NETWORK).learnt:
        assert claim.evidence
        assert claim.certainty is Certainty.SEEN
        if claim.topic in _IN_BYTES:
            checked += 1
            assert set(scene.bytes_of(claim)) == {claim.value.encode()}
    assert checked >= len(_IN_BYTES) - 2
    (secret,) = (
        claim for claim in scene.view(Observer.NETWORK).claims if claim.topic is Topic.PASSWORD
    )
    assert scene.bytes_of(secret) == [PLAIN]


def test_one_frame_shows_its_legible_bytes_and_what_they_say(
    tmp_path: Path, open_log: OpenLog
) -> None:
    scene = in_clear(tmp_path, open_log)
    number = len(scene.read.log) - 1
    view = scene.frame(number, Observer.NETWORK)
    raw = scene.read.log.raw(number)
    legible = b"".join(raw[span.start : span.stop] for span in view.legible)
    assert legible.endswith(IRC_MESSAGE)
    assert values(view.claims, Topic.TEXT) == [WORDS]
    assert "everybody on the path reads them" in view.words
    person = scene.frame(number, Observer.PERSON)
    assert [raw[span.start : span.stop] for span in person.legible] == [b"#lab", WORDS.encode()]


def test_the_other_person_gets_no_password_and_no_address_but_the_cloak(
    tmp_path: Path, open_log: OpenLog
) -> None:
    view = in_clear(tmp_path, open_log).view(Observer.PERSON)
    assert values(view.learnt, Topic.HOST) == ["al@cloak.example"]
    assert values(view.learnt, Topic.TEXT) == [WORDS]
    assert hidden(view) == {Topic.PASSWORD, Topic.ADDRESS}
    assert not any(claim.is_secret for claim in view.claims)
    (text,) = (claim for claim in view.claims if claim.topic is Topic.TEXT)
    assert text.certainty is Certainty.SEEN  # The echo is what the others get.
    (address,) = (claim for claim in view.hidden if claim.topic is Topic.ADDRESS)
    assert "“cloak.example”" in address.words


# --- under TLS -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "shows_certificate"), [(V12, True), (V13, False)])
def test_under_tls_the_network_keeps_names_offers_lengths_and_times(
    version: ssl.TLSVersion, tmp_path: Path, open_log: OpenLog, *, shows_certificate: bool
) -> None:
    scene = under_tls(TlsTalk(tmp_path, version), tmp_path, open_log)
    view = scene.view(Observer.NETWORK)
    learnt = {claim.topic for claim in view.learnt}
    assert learnt - {Topic.CERTIFICATE} == {
        Topic.SERVER_NAME, Topic.CIPHERS, Topic.ADDRESS, Topic.PORT, Topic.SIZE, Topic.TIME,
    }  # fmt: skip
    assert (Topic.CERTIFICATE in learnt) is shows_certificate
    assert {Topic.TEXT, Topic.NICK, Topic.PASSWORD, Topic.CHANNEL} <= hidden(view)
    assert view.is_sealed
    assert "but not the words" in view.words
    (name,) = (claim for claim in view.learnt if claim.topic is Topic.SERVER_NAME)
    assert scene.bytes_of(name) == [b"irc.example"]


def test_what_is_sealed_never_shows_in_the_network_s_claims(
    tmp_path: Path, open_log: OpenLog
) -> None:
    scene = under_tls(TlsTalk(tmp_path, V13), tmp_path, open_log)
    told = repr(scene.view(Observer.NETWORK))
    told += "".join(
        repr(scene.frame(number, Observer.NETWORK)) for number in range(1, len(scene.read.log) + 1)
    )
    for secret in (WORDS, PASSWORD, "alice", "#lab", "Alice Example"):
        assert secret not in told


def test_lengths_under_tls_are_those_of_the_lines(tmp_path: Path, open_log: OpenLog) -> None:
    scene = under_tls(TlsTalk(tmp_path, V13), tmp_path, open_log, with_keys=False)
    sizes = values(scene.view(Observer.NETWORK).learnt, Topic.SIZE)
    assert sizes[0].endswith(f"{len(IRC_MESSAGE)} bytes")
    assert sizes[1].endswith(f"{len(IRC_ECHO)} bytes")
    number = len(scene.read.log) - 3
    assert values(scene.frame(number, Observer.NETWORK).claims, Topic.SIZE)[-1] == (
        f"sent: {len(IRC_MESSAGE)} bytes"
    )


def test_the_server_reads_what_tls_seals_byte_by_byte(tmp_path: Path, open_log: OpenLog) -> None:
    scene = under_tls(TlsTalk(tmp_path, V13), tmp_path, open_log)
    view = scene.view(Observer.SERVER)
    assert values(view.learnt, Topic.PASSWORD) == [PASSWORD]
    assert values(view.learnt, Topic.TEXT) == [WORDS]
    assert values(view.learnt, Topic.ADDRESS) == ["10.0.0.1"]
    (text,) = (claim for claim in view.learnt if claim.topic is Topic.TEXT)
    assert text.certainty is Certainty.DECRYPTED
    # A stream cipher: the words have as many bytes sealed as in clear, and none of them.
    assert {len(data) for data in scene.bytes_of(text)} == {len(WORDS)}
    assert WORDS.encode() not in scene.bytes_of(text)


def test_without_keys_only_what_our_own_end_wrote_is_claimed(
    tmp_path: Path, open_log: OpenLog
) -> None:
    scene = under_tls(TlsTalk(tmp_path, V13), tmp_path, open_log, with_keys=False)
    view = scene.view(Observer.SERVER)
    assert "keys of this connection are not at hand" in view.problem
    (text,) = (claim for claim in view.learnt if claim.topic is Topic.TEXT)
    assert (text.value, text.certainty) == (WORDS, Certainty.KNOWN)
    assert not values(view.learnt, Topic.PASSWORD)
    outside = scene.view(Observer.NETWORK)
    assert hidden(outside) == {Topic.TEXT}


# --- XMPP ----------------------------------------------------------------------------------------


def test_starttls_gives_the_network_the_server_s_name_twice(
    tmp_path: Path, open_log: OpenLog
) -> None:
    view = xmpp(tmp_path, open_log).view(Observer.NETWORK)
    assert values(view.learnt, Topic.SERVER_NAME) == ["chat.example", "irc.example"]
    assert {Topic.TEXT, Topic.JID, Topic.PASSWORD, Topic.LOGIN} <= hidden(view)


def test_with_scram_not_even_the_server_gets_the_password(
    tmp_path: Path, open_log: OpenLog
) -> None:
    view = xmpp(tmp_path, open_log).view(Observer.SERVER)
    assert values(view.learnt, Topic.LOGIN) == ["alice"]
    assert values(view.learnt, Topic.JID) == ["alice@chat.example/lab"]
    assert values(view.learnt, Topic.TEXT) == ["Meet & greet"]
    assert values(view.learnt, Topic.PASSWORD) == []
    (password,) = view.hidden
    assert "sends a proof" in password.words


@pytest.mark.parametrize("shows_jids", [False, True])
def test_a_room_shows_the_nickname_and_the_jid_only_where_it_says_so(
    tmp_path: Path, open_log: OpenLog, *, shows_jids: bool
) -> None:
    view = xmpp(tmp_path, open_log, shows_jids=shows_jids).view(Observer.PERSON)
    assert values(view.learnt, Topic.NICK) == ["ally"]
    assert values(view.learnt, Topic.JID) == (["alice@chat.example/lab"] if shows_jids else [])
    assert (Topic.JID in hidden(view)) is not shows_jids
    assert Topic.ADDRESS in hidden(view)
    assert values(view.learnt, Topic.TEXT) == ["Meet & greet"]


# --- live, and nothing ----------------------------------------------------------------------------


def test_views_grow_with_the_capture_and_keys_that_come_late_open_it(
    tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, V13)
    play(tls.write, IRC_LINES)
    file = tls.talk.write(tmp_path / "c.pcapng")
    log = open_log(file, is_growing=True)
    ours = connection(TLS_FLOW, tls=tls_facts())
    scene = Scene(specimen(log, [ours]), ours)
    assert scene.view(Observer.SERVER).problem
    for line in tls.key_log.splitlines():
        scene.read.keys.add(line)
    assert values(scene.view(Observer.SERVER).learnt, Topic.NICK) == ["alice"]
    tls.write(SENT, IRC_MESSAGE)
    file.write_bytes(tls.talk.blocks())
    scene.read.correlator.update()
    view = scene.view(Observer.SERVER)
    assert (view.problem, values(view.learnt, Topic.TEXT)) == ("", [WORDS])


def test_a_connection_without_frames_is_said_to_have_none(
    tmp_path: Path, open_log: OpenLog
) -> None:
    log = open_log(Talk().handshake().write(tmp_path / "c.pcapng"))
    other = replace(connection(TLS_FLOW), id=connection(name="other").id)
    view = Scene(specimen(log, [other]), other).view(Observer.NETWORK)
    assert view.problem.startswith("No frame of this connection was captured")
    assert view.claims == ()


def test_a_frame_that_is_not_ours_is_said_not_to_be(tmp_path: Path, open_log: OpenLog) -> None:
    log = open_log(Talk().handshake().write(tmp_path / "c.pcapng"))
    view = Scene(specimen(log, []), connection()).frame(1, Observer.NETWORK)
    assert (view.claims, view.legible) == ((), ())
    assert "no connection of ours" in view.words


def test_a_look_up_in_clear_is_the_network_s_business_only(
    tmp_path: Path, open_log: OpenLog
) -> None:
    dns = FlowKey(Endpoint("10.0.0.1", 50_000), Endpoint("10.0.0.53", 53), Transport.UDP)
    question = b"\x0a\x0b\1\0\0\1\0\0\0\0\0\0\3irc\7example\0\0\1\0\1"
    lookup = Talk(flow=dns)
    raw = ETHERNET + udp_packet(dns.local, dns.remote, question)
    lookup.frames.append((START_NS - 1_000_000, SENT, raw))
    asked = connection(dns, name="d", application=Application.DNS, opened_ns=START_NS - 1_000_000)
    log = open_log(write(tmp_path / "c.pcapng", lookup, Talk().handshake()))
    scene = Scene(specimen(log, [asked, connection()]), connection())
    view = scene.frame(1, Observer.NETWORK)
    assert values(view.claims, Topic.SERVER_NAME) == ["irc.example"]
    assert [raw[span.start : span.stop] for span in view.legible] == [b"\3irc\7example\0"]
    for observer in (Observer.SERVER, Observer.PERSON):
        assert scene.frame(1, observer).legible == ()
    assert values(scene.view(Observer.NETWORK).learnt, Topic.SERVER_NAME) == ["irc.example"]
    assert values(scene.view(Observer.SERVER).learnt, Topic.SERVER_NAME) == []


def test_a_direct_connection_goes_past_the_server(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    (number,) = talk.send(SENT, b"hello\n")
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    ours = connection(application=Application.DCC)
    scene = Scene(specimen(log, [ours]), ours)
    assert scene.frame(number, Observer.SERVER).legible == ()
    for observer in (Observer.NETWORK, Observer.PERSON):
        (span,) = scene.frame(number, observer).legible
        assert log.raw(number)[span.start : span.stop] == b"hello\n"
