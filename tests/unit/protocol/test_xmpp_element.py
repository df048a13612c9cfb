"""A stanza is read with its bytes, shown without its secrets, and named by what it carries."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.errors import LocalProtocolError
from chatlab.core.flow import ByteRange
from chatlab.protocol.xmpp import MAX_DEPTH, StanzaSplitter, StreamFault, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import (
    MAX_ELEMENTS,
    attribute_spans,
    check_typed,
    parse_header,
    parse_stanza,
)
from chatlab.protocol.xmpp_masking import mask_stanza, pretty
from chatlab.protocol.xmpp_words import body_of, describe, payloads, read_unit, sasl_text

MESSAGE = (
    "<message to='bob@lab.test' type=\"chat\" xml:lang='en'><body>caf\u00e9 &lt;3</body>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    "<request xmlns='urn:xmpp:receipts'/></message>"
).encode()


def described(data: bytes) -> str:
    (unit,) = StanzaSplitter(is_inside=not data.startswith(b"<stream:stream")).feed(
        data, ByteRange(0, len(data)), True
    )
    return describe(unit, read_unit(unit))


def test_every_element_knows_its_bytes() -> None:
    message = parse_stanza(MESSAGE)
    assert (message.name, message.namespace) == ("message", "jabber:client")
    assert message.span == ByteRange(0, len(MESSAGE))
    assert (message.get("to"), message.get("xml:lang")) == ("bob@lab.test", "en")
    body = message.child("body")
    assert body is not None
    assert body.text == "caf\u00e9 <3"
    assert MESSAGE[body.content.start : body.content.stop].decode() == "caf\u00e9 &lt;3"
    state = message.children[1]
    assert MESSAGE[state.span.start : state.span.stop].endswith(b"chatstates'/>")
    assert not len(state.content)
    spans = attribute_spans(MESSAGE, message)
    assert MESSAGE[spans["to"].start : spans["to"].stop] == b"bob@lab.test"
    assert MESSAGE[spans["xml:lang"].start : spans["xml:lang"].stop] == b"en"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<message><body>", "no end: <body> is open"),
        (b"<a/><", "not well-formed"),
        (b"<a/><!--", "not well-formed"),
        (b"<message></iq>", "mismatched tag"),
        (b"<a/><b/>", "More than one"),
        (b"hello", "Text outside"),
        (b"", "no element"),
        (b"<a/></stream:stream>", "without a beginning"),
        (b"<x:a/>", "unbound prefix"),
        (b"<a b='1' b='2'/>", "duplicate attribute"),
        (b"<a><!-- --></a>", "a comment"),
        (b"<a>&lol;</a>", "undefined entity"),
        (b"<a>" * MAX_DEPTH, "deep"),
        (b"<a>\x01</a>", "invalid token"),
    ],
)
def test_what_is_no_stanza_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(StreamFault, match=reason):
        parse_stanza(data)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("<message>hi", "no end: <message> is open"),
        ("<message/><presence/>", "More than one"),
        ("hello", "Text outside"),
        ("<a>\ud800</a>", "surrogate"),
        ("<!DOCTYPE x>", "not well-formed|DOCTYPE"),
        ("<message to=bob/>", "line 1, column 13"),
    ],
)
def test_what_is_typed_wrong_is_refused_with_its_place(typed: str, reason: str) -> None:
    with pytest.raises(LocalProtocolError, match=reason):
        check_typed(typed)
    assert check_typed("<presence/>").name == "presence"


@given(st.binary(max_size=200))
def test_nothing_but_a_stream_fault_comes_out_of_any_bytes(data: bytes) -> None:
    for read in (parse_stanza, parse_header, mask_stanza, pretty):
        with suppress(StreamFault):
            read(data)
    with suppress(StreamFault):
        list(StanzaSplitter().feed(data, ByteRange(0, len(data)), True))


PLAIN = base64.b64encode(b"\0alice\0correct horse").decode()


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        (
            f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{PLAIN}</auth>",
            PLAIN,
        ),
        ("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Yz1wPXByb29m</response>", "Yz1wPXBy"),
        (
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>"
            f"{PLAIN}</initial-response></authenticate>",
            PLAIN,
        ),
        (
            "<iq type='set'><query xmlns='jabber:iq:register'><username>alice</username>"
            "<password>correct horse</password></query></iq>",
            "correct horse",
        ),
        (
            "<iq type='set'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data'>"
            "<field var='password'><value>correct horse</value></field></x></query></iq>",
            "correct horse",
        ),
        (
            "<presence to='room@muc.lab.test/a'><x xmlns='http://jabber.org/protocol/muc'>"
            "<password>correct horse</password></x></presence>",
            "correct horse",
        ),
        (
            "<message><x xmlns='jabber:x:conference' jid='r@m' password='correct horse'/></message>",
            "correct horse",
        ),
        ("<iq><password>correct horse</iq>", "correct horse"),
    ],
)
def test_what_proves_somebody_is_never_shown(data: str, secret: str) -> None:
    shown = mask_stanza(data.encode()).decode()
    assert secret not in shown
    assert "••••" in shown


def test_what_is_no_secret_stays_byte_for_byte() -> None:
    first = base64.b64encode(b"n,,n=alice,r=abc").decode()
    auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>{first}</auth>"
    for data in (MESSAGE, auth.encode(), b"<message><body>my password is x</body></message>"):
        assert mask_stanza(data) == data
    assert sasl_text(parse_stanza(auth.encode())) == "n,,n=alice,r=abc"


def test_a_stanza_is_shown_one_element_per_line() -> None:
    data = b"<iq type='get' id='1'><query xmlns='x'><a>one</a><b/></query><p>t<i>x</i> u</p></iq>"
    assert pretty(data).splitlines() == [
        "<iq type='get' id='1'>",
        "  <query xmlns='x'>",
        "    <a>one</a>",
        "    <b/>",
        "  </query>",
        "  <p>t<i>x</i> u</p>",
        "</iq>",
    ]
    assert pretty(b"<stream:stream to='lab.test'>") == "<stream:stream to='lab.test'>"
    assert pretty(b"<a><b></a>") == "<a><b></a>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<message to='bob@localhost' type='chat'><body>hello</body></message>",
         "message > bob@localhost: hello"),
        ("<message from='room@muc/bob' to='a@l' type='groupchat'><body>hi</body></message>",
         "message (groupchat) < room@muc/bob: hi"),
        ("<message to='b@l'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
         "message > b@l [chat state: composing]"),
        ("<message from='b@l' type='error'><error type='cancel'><item-not-found "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
         "message (error) < b@l [error: item-not-found]"),
        ("<presence><show>away</show><status>lunch</status></presence>", "presence [away, lunch]"),
        ("<iq type='get' to='lab.test' id='2'><ping xmlns='urn:xmpp:ping'/></iq>",
         "iq (get) > lab.test [ping]"),
        ("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
         "iq (set) [resource binding]"),
        ("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
         "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>"
         "<mechanism>PLAIN</mechanism></mechanisms></stream:features>",
         "stream features: STARTTLS (required), SASL (SCRAM-SHA-1 PLAIN)"),
        ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>x</auth>",
         "SASL auth PLAIN"),
        ("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
         "SASL failure: not-authorized"),
        ("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "STARTTLS proceed"),
        ("<a xmlns='urn:xmpp:sm:3' h='7'/>", "SM a h=7"),
        ("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
         "stream error: conflict"),
        ("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
         "to='lab.test'>", "stream header > lab.test"),
        (" \n", "keep-alive (2 blanks)"),
        ("</stream:stream>", "stream end"),
    ],
)  # fmt: skip
def test_a_unit_is_named_as_analysers_do_and_says_its_words(data: str, words: str) -> None:
    assert described(data.encode()) == words


def test_the_words_inside_a_carbon_copy_and_an_archived_message_are_found() -> None:
    inner = "<message xmlns='jabber:client' from='b@l'><body>hi</body></message>"
    forwarded = f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded>"
    carbon = f"<message><received xmlns='urn:xmpp:carbons:2'>{forwarded}</received></message>"
    archived = f"<message><result xmlns='urn:xmpp:mam:2' id='1'>{forwarded}</result></message>"
    for data, name in ((carbon, "carbon copy: received"), (archived, "archived message")):
        element = parse_stanza(data.encode())
        assert body_of(element) == "hi"
        assert payloads(element) == (name,)


def test_a_stanza_of_too_many_elements_is_not_looked_at() -> None:
    data = b"<a>" + b"<password/>" * MAX_ELEMENTS + b"</a>"
    with pytest.raises(StreamFault, match="20,000 elements"):
        parse_stanza(data)
    assert mask_stanza(data).decode() == "••••"
    unit = StreamUnit(UnitKind.ELEMENT, data, ByteRange(0, len(data)))
    assert describe(unit, None) == f"a stanza that cannot be read ({len(data):,} bytes)"
