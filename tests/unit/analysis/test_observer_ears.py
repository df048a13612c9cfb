"""What single lines and stanzas tell: the value, its bytes, and who gets to know it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.analysis.observer_irc import IrcEar, line_text
from chatlab.analysis.observer_words import Heard
from chatlab.analysis.observer_xmpp import XmppEar, body_span
from chatlab.core.flow import Direction
from chatlab.core.observing import Topic
from chatlab.protocol.xmpp import UnitKind
from tests.helpers.tcp_talk import RECEIVED, SENT

SECRET = base64.b64encode(b"\0alice\0pass").decode()
AUTH = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{SECRET}</auth>"
Fact = tuple[Topic, str, bytes]
"""Topic, value, and the bytes that say it."""


def told(heard: list[Heard], data: bytes) -> list[Fact]:
    return [(each.topic, each.value, data[each.span.start : each.span.stop]) for each in heard]


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (
            f"AUTHENTICATE {SECRET}",
            [(Topic.LOGIN, "alice", SECRET.encode()), (Topic.PASSWORD, "pass", SECRET.encode())],
        ),
        ("AUTHENTICATE plain", [(Topic.PROTOCOL, "SASL plain", b"plain")]),
        ("REGISTER ann * hush", [(Topic.PASSWORD, "hush", b"hush")]),
        ("NS IDENTIFY ann hush", [(Topic.PASSWORD, "hush", b"hush")]),
        ("NICKSERV HELP", []),
        ("NICK ann", [(Topic.NICK, "ann", b"ann")]),
        ("USER a 0 * :Ann B", [(Topic.USER, "a", b"a"), (Topic.REAL_NAME, "Ann B", b"Ann B")]),
        ("PASS hush", [(Topic.PASSWORD, "hush", b"hush")]),
        ("OPER ann hush", [(Topic.PASSWORD, "hush", b"hush")]),
        (
            "JOIN #a,#bc k1",
            [
                (Topic.CHANNEL, "#a", b"#a"),
                (Topic.CHANNEL, "#bc", b"#bc"),
                (Topic.KEY, "k1", b"k1"),
            ],
        ),
        (
            "PRIVMSG #lab :hi you",
            [(Topic.CHANNEL, "#lab", b"#lab"), (Topic.TEXT, "hi you", b"hi you")],
        ),
        ("PRIVMSG bob :hi", [(Topic.CONTACT, "bob", b"bob"), (Topic.TEXT, "hi", b"hi")]),
        (
            "PRIVMSG bob :\x01ACTION waves\x01",
            [(Topic.CONTACT, "bob", b"bob"), (Topic.TEXT, "waves", b"waves")],
        ),
        (
            "PRIVMSG NickServ :IDENTIFY ann hush",
            [
                (Topic.CONTACT, "NickServ", b"NickServ"),
                (Topic.PASSWORD, "IDENTIFY ann hush", b"IDENTIFY ann hush"),
            ],
        ),
        (
            "NOTICE bob :\x01VERSION ChatLab\x01",
            [
                (Topic.CONTACT, "bob", b"bob"),
                (Topic.RESOURCE, "VERSION ChatLab", b"\x01VERSION ChatLab\x01"),
            ],
        ),
        ("@+typing=active TAGMSG #lab", [(Topic.TYPING, "active", b"+typing=active")]),
        ("AWAY :at lunch", [(Topic.PRESENCE, "at lunch", b"at lunch")]),
        ("QUIT :bye", [(Topic.PRESENCE, "bye", b"bye")]),
        ("WHO #lab %tcuhnfa,152", [(Topic.CHANNEL, "#lab", b"#lab")]),
        ("MONITOR + bob,eve", [(Topic.CONTACT, "bob", b"bob"), (Topic.CONTACT, "eve", b"eve")]),
        ("WHOIS bob", [(Topic.CONTACT, "bob", b"bob")]),
        ("PING x", []),
        ("", []),
        ("MONITOR", []),
        ("USER", []),
    ],
)
def test_a_line_of_ours_tells(line: str, facts: list[Fact]) -> None:
    data = line.encode() + b"\r\n"
    assert told(IrcEar().hear(SENT, data), data) == facts


def test_what_the_server_says_depends_on_who_we_are() -> None:
    ear = IrcEar()
    ear.hear(RECEIVED, b":irc.x 001 ann :Welcome\r\n")
    names = b":irc.x 353 ann = #lab :ann @bob!b@h +eve\r\n"
    assert told(ear.hear(RECEIVED, names), names) == [
        (Topic.CONTACT, "bob", b"bob"),
        (Topic.CONTACT, "eve", b"eve"),
    ]
    ours = b":ann!a@cloak PRIVMSG #lab :hi\r\n"
    echoed = ear.hear(RECEIVED, ours)
    assert told(echoed, ours) == [
        (Topic.HOST, "a@cloak", b"a@cloak"),
        (Topic.CHANNEL, "#lab", b"#lab"),
        (Topic.TEXT, "hi", b"hi"),
    ]
    assert all(each.is_passed_on for each in echoed)
    theirs = b":bob!b@h PRIVMSG ann :psst\r\n"
    heard = ear.hear(RECEIVED, theirs)
    assert told(heard, theirs) == [(Topic.CONTACT, "bob", b"bob"), (Topic.TEXT, "psst", b"psst")]
    assert not any(each.is_passed_on for each in heard)


def test_a_sasl_message_in_pieces_is_put_together() -> None:
    ear = IrcEar()
    long = base64.b64encode(b"\0alice\0" + b"p" * 400).decode()
    first, second = long[:400], long[400:]
    assert [each.value for each in ear.hear(SENT, b"AUTHENTICATE PLAIN\r\n")] == ["SASL PLAIN"]
    assert ear.hear(SENT, f"AUTHENTICATE {first}\r\n".encode()) == []
    heard = ear.hear(SENT, f"AUTHENTICATE {second}\r\n".encode())
    assert [(each.topic, each.value) for each in heard] == [
        (Topic.LOGIN, "alice"),
        (Topic.PASSWORD, "p" * 400),
    ]


def element(data: str, direction: Direction = SENT, ear: XmppEar | None = None) -> list[Fact]:
    raw = data.encode()
    return told((ear or XmppEar()).hear(direction, UnitKind.ELEMENT, raw), raw)


@pytest.mark.parametrize(
    ("stanza", "direction", "facts"),
    [
        (
            "<message to='bob@x'><body>hi</body></message>",
            SENT,
            [(Topic.CONTACT, "bob@x", b"bob@x"), (Topic.TEXT, "hi", b"hi")],
        ),
        (
            "<message from='lab@r/eve' type='groupchat'><body>hi</body></message>",
            RECEIVED,
            [(Topic.CHANNEL, "lab@r", b"lab@r"), (Topic.TEXT, "hi", b"hi")],
        ),
        (
            "<presence><show>away</show></presence>",
            SENT,
            [
                (Topic.PRESENCE, "away", b"away"),
                (Topic.PRESENCE, "available", b"<presence><show>away</show></presence>"),
            ],
        ),
        (
            "<iq type='result' id='1'><query xmlns='jabber:iq:roster'><item jid='eve@x'/></query></iq>",
            RECEIVED,
            [(Topic.CONTACT, "eve@x", b"eve@x")],
        ),
        (
            "<iq type='set' id='1'><query xmlns='jabber:iq:register'><password>hush</password>"
            "</query></iq>",
            SENT,
            [(Topic.PASSWORD, "hush", b"hush")],
        ),
        (
            AUTH,
            SENT,
            [
                (
                    Topic.PROTOCOL,
                    "SASL PLAIN",
                    AUTH.encode(),
                ),
                (Topic.LOGIN, "alice", SECRET.encode()),
                (Topic.PASSWORD, "pass", SECRET.encode()),
            ],
        ),
        ("<iq", SENT, []),
    ],
)
def test_a_stanza_tells(stanza: str, direction: Direction, facts: list[Fact]) -> None:
    assert element(stanza, direction) == facts


def test_end_to_end_encryption_hides_the_words_and_not_whom_they_are_for() -> None:
    stanza = (
        "<message to='bob@x'><encrypted xmlns='eu.siacs.conversations.axolotl'/>"
        "<body>cannot be read</body></message>"
    )
    heard = XmppEar().hear(SENT, UnitKind.ELEMENT, stanza.encode())
    assert [(each.topic, each.value, each.is_learnt) for each in heard] == [
        (Topic.CONTACT, "bob@x", True),
        (Topic.TEXT, "", False),
    ]


def test_words_have_their_place_in_lines_and_stanzas() -> None:
    line = "@id=1 :a!b@c PRIVMSG #lab :grüße\r\n".encode()
    span = line_text(line)
    assert span is not None
    assert line[span.start : span.stop].decode() == "grüße"
    stanza = b"<message><subject>x</subject><body>a &amp; b</body></message>"
    body = body_span(stanza)
    assert body is not None
    assert stanza[body.start : body.stop] == b"a &amp; b"
    assert line_text(b"JOIN #lab\r\n") is None
    assert body_span(b"<presence/>") is None


@given(st.binary(max_size=120), st.sampled_from(list(Direction)))
def test_any_bytes_are_heard_quietly_and_within_themselves(
    data: bytes, direction: Direction
) -> None:
    irc, xmpp = IrcEar(), XmppEar()
    found = irc.hear(direction, data) + irc.hear(direction, b"PRIVMSG #a :" + data)
    for kind in UnitKind:
        found += xmpp.hear(direction, kind, data)
    assert all(0 <= each.span.start <= each.span.stop <= len(data) + 12 for each in found)
