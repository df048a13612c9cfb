"""Messages of captures that were made elsewhere: found in the packets, and nowhere else."""

import ssl
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.finding import find_messages
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.attribution import Attribution, Evidence
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Direction, Endpoint, FlowKey
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.protocol import pcapng
from chatlab.protocol.tls_secrets import KeyLog
from tests.helpers.tcp_talk import ETHERNET, LOCAL, RECEIVED, SENT, Talk
from tests.helpers.tls_talk import TlsTalk
from tests.helpers.xmpp_talk import CLIENT_HEADER, FEATURES, PROCEED, SERVER_HEADER, STARTTLS
from tests.unit.analysis.conftest import OpenLog

Lines = Sequence[tuple[Direction, bytes]]
WELCOME: Lines = (
    (SENT, b"CAP LS 302\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n"),
    (RECEIVED, b":irc.example CAP * LS :echo-message server-time batch\r\n"),
    (SENT, b"CAP REQ :echo-message\r\nCAP END\r\n"),
    (
        RECEIVED,
        b":irc.example CAP * ACK :echo-message\r\n:irc.example NOTICE * :*** Looking up\r\n",
    ),
    (RECEIVED, b":irc.example 001 alice :Welcome\r\n"),
)
SAID: Lines = (
    (SENT, b"PRIVMSG #lab :hello all\r\n"),
    (RECEIVED, b"@time=2026-01-02T03:04:05.678Z;msgid=m1 :alice!a@h PRIVMSG #lab :hello all\r\n"),
    (RECEIVED, b":bob!b@h PRIVMSG #lab :hi Alice\r\n:bob!b@h PRIVMSG alice :in private\r\n"),
    (RECEIVED, b":bob!b@h PRIVMSG alice :\x01VERSION\x01\r\nPING :x\r\n"),
    (SENT, b"PONG :x\r\nPRIVMSG bob :\x01ACTION waves\x01\r\n"),
)


class Search:
    """What is found in a capture."""

    def __init__(self, log: FrameLog, key_log: str = "") -> None:
        log.pull()
        self.correlator = Correlator(Streams(log))
        self.correlator.update()
        keys = KeyLog(key_log.splitlines())
        contents = Contents(self.correlator.streams, self.correlator, keys)
        self.connections: list[Connection] = []
        found: dict[MessageId, Message] = {}
        for each in find_messages(contents, self.correlator.streams, self.correlator):
            self.connections += [each.connection] if each.connection is not None else []
            for message in each.messages:
                found[message.id] = message
                assert message.wire is not None
                self.correlator.assign(message.id, message.wire, message.echo)
        self.messages = list(found.values())

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    def attribution(self, at: int) -> Attribution:
        return self.correlator.attribution(self.messages[at].id)


def spoken(lines: Lines, talk: Talk | None = None) -> Talk:
    made = talk if talk is not None else Talk().handshake()
    for direction, data in lines:
        made.send(direction, data)
        made.ack(direction.opposite)
    return made


def search(talk: Talk, tmp_path: Path, open_log: OpenLog, first: int = 1) -> Search:
    return Search(open_log(talk.write(tmp_path / "a.pcapng", first)))


def test_irc_is_told_as_its_client_would(tmp_path: Path, open_log: OpenLog) -> None:
    found = search(spoken([*WELCOME, *SAID]), tmp_path, open_log)
    (ours,) = found.connections
    assert (ours.account, ours.host) == ("alice on irc.example", "irc.example")
    assert (ours.application, ours.flow.local) == (Application.IRC, LOCAL)
    assert [(m.direction, m.sender, m.target, m.text, m.kind) for m in found.messages] == [
        (SENT, "alice", "#lab", "hello all", MessageKind.MESSAGE),
        (RECEIVED, "bob", "#lab", "hi Alice", MessageKind.MESSAGE),
        (RECEIVED, "bob", "bob", "in private", MessageKind.MESSAGE),
        (SENT, "alice", "bob", "waves", MessageKind.ACTION),
    ]
    hello, named, *_, waves = found.messages
    assert (hello.delivery, hello.msgid) == (Delivery.ECHOED, "m1")
    assert hello.time_ns == 1_767_323_045_678_000_000
    assert named.is_highlight
    assert waves.delivery is Delivery.ACKNOWLEDGED
    known = found.attribution(0)
    assert known.evidence is Evidence.PACKETS
    assert known.is_complete
    (frame,), (echo,) = known.frames, known.echo_frames
    assert frame < known.acks[0] < echo


def test_several_lines_in_a_frame_keep_their_bytes(tmp_path: Path, open_log: OpenLog) -> None:
    talk = spoken([*WELCOME, *SAID])
    found = search(talk, tmp_path, open_log)
    one, two = found.messages[1].wire, found.messages[2].wire
    assert one is not None
    assert two is not None
    assert one.span.stop == two.span.start
    assert found.attribution(1).frames == found.attribution(2).frames


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_under_tls_the_secrets_decide(
    version: ssl.TLSVersion, tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, version)
    spans = {line: tls.write(direction, line) for direction, line in (*WELCOME, *SAID)}
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    assert Search(log).connections == []
    found = Search(log, tls.key_log)
    assert found.texts == ["hello all", "hi Alice", "in private", "waves"]
    (ours,) = found.connections
    assert ours.tls is not None
    assert (ours.tls.version, ours.tls.cipher) == (
        "TLSv1.2" if version is ssl.TLSVersion.TLSv1_2 else "TLSv1.3",
        tls.cipher.replace("ECDHE-ECDSA-AES256-GCM", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM").replace(
            "GCM-SHA", "GCM_SHA"
        ),
    )
    assert ours.tls.server_name == "irc.example"
    for message, (_, line) in zip(found.messages[:2], (SAID[0], SAID[2]), strict=True):
        assert message.wire is not None
        assert message.wire.span == spans[line]


def test_starttls_changes_from_lines_to_records(tmp_path: Path, open_log: OpenLog) -> None:
    clear = [(SENT, b"STARTTLS\r\n"), (RECEIVED, b":irc.example 670 * :STARTTLS successful\r\n")]
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3, before=clear)
    for direction, line in (*WELCOME, *SAID):
        tls.write(direction, line)
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    assert Search(log, tls.key_log).texts == ["hello all", "hi Alice", "in private", "waves"]
    assert Search(log).texts == []


# --- XMPP -----------------------------------------------------------------------------------------

BOUND = (
    b"<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
    b"<jid>alice@lab.test/one</jid></bind></iq>"
)
TALK: Lines = (
    (SENT, CLIENT_HEADER),
    (RECEIVED, SERVER_HEADER + b"<stream:features/>"),
    (RECEIVED, BOUND),
    (SENT, b"<presence to='room@muc.lab.test/Al'><x xmlns='http://jabber.org/protocol/muc'/></presence>"),
    (SENT, b"<message to='bob@lab.test/x' id='1' type='chat'><body>hi bob</body></message>"),
    (RECEIVED, b"<message from='bob@lab.test/x' to='alice@lab.test/one' id='2' type='chat'>"
     b"<body>/me nods</body></message>"),
    (SENT, b"<message to='room@muc.lab.test' id='3' type='groupchat'><body>all</body></message>"),
    (RECEIVED, b"<message from='room@muc.lab.test/Al' id='3' type='groupchat'><body>all</body>"
     b"<stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.lab.test' id='s3'/></message>"),
    (RECEIVED, b"<message from='room@muc.lab.test/Bo' id='4' type='groupchat'><body>yes</body>"
     b"</message>"),
    (RECEIVED, b"<message from='bob@lab.test/x' id='5' type='chat'><composing "
     b"xmlns='http://jabber.org/protocol/chatstates'/></message>"),
    (RECEIVED, b"<message from='bob@lab.test/x' id='6' type='chat'><body>nods twice</body>"
     b"<replace xmlns='urn:xmpp:message-correct:0' id='2'/></message>"),
    (RECEIVED, b"<message from='eve@lab.test/x' type='groupchat'><body>a room</body></message>"),
    (RECEIVED, b"<message from='eve@lab.test/x' id='7'><received xmlns='urn:xmpp:carbons:2'>"
     b"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
     b"from='bob@lab.test/x' to='alice@lab.test'><body>forged</body></message></forwarded>"
     b"</received></message>"),
)  # fmt: skip
WANTED = [
    (SENT, "alice@lab.test", "bob@lab.test", "hi bob", MessageKind.MESSAGE),
    (RECEIVED, "bob@lab.test", "bob@lab.test", "nods twice", MessageKind.ACTION),
    (SENT, "Al", "room@muc.lab.test", "all", MessageKind.MESSAGE),
    (RECEIVED, "Bo", "room@muc.lab.test", "yes", MessageKind.MESSAGE),
    (RECEIVED, "x", "eve@lab.test", "a room", MessageKind.MESSAGE),
]


def test_xmpp_is_told_as_its_client_would(tmp_path: Path, open_log: OpenLog) -> None:
    found = search(spoken(TALK), tmp_path, open_log)
    (ours,) = found.connections
    assert (ours.account, ours.host) == ("alice@lab.test", "lab.test")
    told = [(m.direction, m.sender, m.target, m.text, m.kind) for m in found.messages]
    assert told == WANTED
    assert (found.messages[2].delivery, found.messages[2].msgid) == (Delivery.ECHOED, "s3")
    assert found.messages[1].is_corrected


def test_what_became_of_a_message_is_read_too(tmp_path: Path, open_log: OpenLog) -> None:
    lines = [
        *TALK[:3],
        (SENT, b"<enable xmlns='urn:xmpp:sm:3'/>"),
        *((SENT, TALK[4][1].replace(b"id='1'", b"id='%d'" % n)) for n in (1, 2, 3)),
        (RECEIVED, b"<a xmlns='urn:xmpp:sm:3' h='%s'/>" % (b"9" * 5_000)),
        (RECEIVED, b"<a xmlns='urn:xmpp:sm:3' h='2'/>"),
        (RECEIVED, b"<message from='bob@lab.test/x'><received xmlns='urn:xmpp:receipts' id='1'/>"
         b"</message><message from='eve@lab.test/x'><received xmlns='urn:xmpp:receipts' id='2'/>"
         b"</message>"),
    ]  # fmt: skip
    found = search(spoken(lines), tmp_path, open_log)
    assert [message.delivery for message in found.messages] == [
        Delivery.DELIVERED,
        Delivery.ECHOED,
        Delivery.ACKNOWLEDGED,
    ]


def test_xmpp_behind_starttls(tmp_path: Path, open_log: OpenLog) -> None:
    clear = [(SENT, CLIENT_HEADER), (RECEIVED, SERVER_HEADER + FEATURES), (SENT, STARTTLS)]
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3, before=[*clear, (RECEIVED, PROCEED)])
    for direction, data in TALK:
        tls.write(direction, data)
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    found = Search(log, tls.key_log)
    assert [(m.direction, m.sender, m.target, m.text, m.kind) for m in found.messages] == WANTED


# --- any link, any port, any beginning -------------------------------------------------------------


def packet_of(raw: bytes) -> bytes:
    return raw[len(ETHERNET) :]


LINKS = {
    "VLAN": (1, lambda raw: raw[:12] + b"\x81\x00\x00\x05\x08\x00" + packet_of(raw)),
    "raw IP": (101, packet_of),
    "raw IPv4": (228, packet_of),
    "null": (0, lambda raw: b"\2\0\0\0" + packet_of(raw)),
    "null, other order": (0, lambda raw: b"\0\0\0\2" + packet_of(raw)),
    "loop": (108, lambda raw: b"\0\0\0\2" + packet_of(raw)),
    "SLL": (113, lambda raw: b"\0\0\0\1\0\6" + bytes(8) + b"\x08\x00" + packet_of(raw)),
    "SLL2": (276, lambda raw: b"\x08\x00" + bytes(18) + packet_of(raw)),
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("is_pcap", [True, False], ids=["pcap", "pcapng"])
def test_any_link_layer_will_do(
    name: str, is_pcap: bool, tmp_path: Path, open_log: OpenLog
) -> None:
    link_type, wrap = LINKS[name]
    frames = [(t, wrap(raw)) for t, _, raw in spoken([*WELCOME, *SAID]).frames]
    if is_pcap:
        data = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, link_type) + b"".join(
            struct.pack("<IIII", t // 10**9, t % 10**9, len(raw), len(raw)) + raw
            for t, raw in frames
        )
    else:
        data = pcapng.section_header() + pcapng.interface("any", link_type, 262_144)
        data += b"".join(pcapng.enhanced_packet(0, t, raw) for t, raw in frames)
    file = tmp_path / "a.pcap"
    file.write_bytes(data)
    found = Search(open_log(file))
    assert found.texts == ["hello all", "hi Alice", "in private", "waves"]
    assert found.messages[0].direction is SENT


def test_no_port_is_needed(tmp_path: Path, open_log: OpenLog) -> None:
    flow = FlowKey(Endpoint("10.0.0.1", 443), Endpoint("10.0.0.2", 44_444))
    found = search(spoken([*WELCOME, *SAID], Talk(flow=flow).handshake()), tmp_path, open_log)
    assert found.texts == ["hello all", "hi Alice", "in private", "waves"]
    assert found.connections[0].flow == flow


def test_the_end_that_connected_is_the_client(tmp_path: Path, open_log: OpenLog) -> None:
    """Whoever is captured first: of a talk whose SYN is missing, the lines tell."""
    talk = spoken([*WELCOME, *SAID])
    for first in (1, 2, 3, 4, 5):
        found = search(talk, tmp_path, open_log, first)
        assert found.connections[0].flow.local == LOCAL, first
        assert found.texts == ["hello all", "hi Alice", "in private", "waves"]


def test_a_capture_that_began_late_is_attributed_all_the_same(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = spoken(WELCOME)
    first = len(talk.frames) + 1
    spoken(SAID, talk)
    whole = search(talk, tmp_path, open_log)
    late = search(talk, tmp_path, open_log, first)
    assert late.texts == whole.texts
    assert late.messages[0].sender == "alice"
    for at in range(len(late.messages)):
        want, have = whole.attribution(at), late.attribution(at)
        assert have.frames == tuple(number - first + 1 for number in want.frames)
        assert have.evidence is Evidence.PACKETS


def test_messages_behind_lost_frames_are_found(tmp_path: Path, open_log: OpenLog) -> None:
    talk = spoken(WELCOME)
    (lost,) = talk.send(SENT, b"PRIVMSG #lab :never seen PRIVMSG ")
    talk.send(SENT, b"#lab :the rest of it\r\n")
    spoken([(SENT, b"PRIVMSG #lab :and this\r\n")], talk)
    del talk.frames[lost - 1]
    assert search(talk, tmp_path, open_log).texts == ["and this"]


def test_the_rest_of_a_line_is_no_line(tmp_path: Path, open_log: OpenLog) -> None:
    """It was said in quotes, and must not be told as somebody's message."""
    talk = spoken(WELCOME)
    (lost,) = talk.send(RECEIVED, b":bob!b@h PRIVMSG #lab :look: ")
    talk.send(RECEIVED, b":eve!e@h PRIVMSG #lab :forged\r\n:bob!b@h PRIVMSG #lab :true\r\n")
    del talk.frames[lost - 1]
    assert search(talk, tmp_path, open_log).texts == ["true"]


NOISE = {
    "binary on 5222": (5222, bytes(range(256)) * 8),
    "binary on 6667": (6667, bytes(range(255, -1, -1)) * 8),
    "HTTP on 6667": (6667, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a page about IRC": (
        80,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: now\r\nServer: x\r\n"
        b"Age: 1\r\nVary: *\r\nETag: 1\r\nVia: x\r\nWarning: 1\r\nAllow: *\r\n\r\n"
        b"NICK alice\r\nHere is how one talks on IRC:\r\nPRIVMSG #lab :hello\r\nand so on\r\n",
    ),
    "HTML on 5222": (5222, b"<html><body><message>hello</message></body></html>"),
    "mail": (25, b"220 mx ESMTP\r\n250 OK\r\n354 go on\r\nUSER alice\r\n"),
}


@pytest.mark.parametrize("name", NOISE)
def test_what_is_no_chat_gives_no_message(name: str, tmp_path: Path, open_log: OpenLog) -> None:
    port, data = NOISE[name]
    talk = Talk(flow=FlowKey(LOCAL, Endpoint("10.0.0.2", port))).handshake()
    for direction in (SENT, RECEIVED):
        talk.send(direction, data)
    found = search(talk, tmp_path, open_log)
    assert (found.connections, found.messages) == ([], [])


# --- IRC's longer forms -----------------------------------------------------------------------------


def test_a_message_of_several_lines_is_one(tmp_path: Path, open_log: OpenLog) -> None:
    batch = (
        b"BATCH +r draft/multiline #lab\r\n@batch=r PRIVMSG #lab :one\r\n"
        b"@batch=r PRIVMSG #lab :two\r\n@batch=r;draft/multiline-concat PRIVMSG #lab :more\r\n"
        b"BATCH -r\r\n"
    )
    heard = b"".join(
        line.replace(b" PRIVMSG", b" :bob!b@h PRIVMSG").replace(b"BATCH", b":irc.example BATCH")
        for line in batch.splitlines(keepends=True)
    )
    talk = spoken([*WELCOME])
    start = talk.reached[SENT]
    found = search(spoken([(SENT, batch), (RECEIVED, heard)], talk), tmp_path, open_log)
    assert found.texts == ["one\ntwomore"] * 2
    sent = found.messages[0].wire
    assert sent is not None
    assert sent.span == ByteRange(start, start + len(batch))


def test_replayed_history_is_marked_and_told_once(tmp_path: Path, open_log: OpenLog) -> None:
    old = b"@batch=h;msgid=a;time=2026-01-01T00:00:00Z :bob!b@h PRIVMSG #lab :long ago\r\n"
    lines = b":irc.example BATCH +h chathistory #lab\r\n" + old + b":irc.example BATCH -h\r\n"
    found = search(spoken([*WELCOME, (RECEIVED, lines + lines)]), tmp_path, open_log)
    assert [(m.text, m.is_history) for m in found.messages] == [("long ago", True)]


def test_a_nick_that_changes_is_followed(tmp_path: Path, open_log: OpenLog) -> None:
    lines = [
        *WELCOME,
        (SENT, b"NICK carol\r\n"),
        (RECEIVED, b":alice!a@h NICK :carol\r\n:bob!b@h NICK :dave\r\n"),
        (SENT, b"PRIVMSG #lab :it is me\r\n"),
        (RECEIVED, b":carol!a@h PRIVMSG #lab :it is me\r\n"),
        (SENT, b"PRIVMSG NickServ :IDENTIFY hunter2\r\n"),
    ]
    found = search(spoken(lines), tmp_path, open_log)
    assert [(m.sender, m.text) for m in found.messages] == [
        ("carol", "it is me"),
        ("carol", "IDENTIFY ••••"),
    ]


def test_connections_of_our_own_are_left_alone(tmp_path: Path, open_log: OpenLog) -> None:
    log = open_log(spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng"))
    first = Search(log)
    correlator = Correlator(Streams(log))
    correlator.opened(replace(first.connections[0]))
    correlator.update()
    contents = Contents(correlator.streams, correlator)
    found = list(find_messages(contents, correlator.streams, correlator))
    assert not any(each.connection or each.messages for each in found)
