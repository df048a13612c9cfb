"""Logins as both ends say them, line by line, to be put into a built capture."""

import base64
from collections.abc import Callable, Sequence

from chatlab.core.flow import Direction
from tests.helpers.tcp_talk import RECEIVED, SENT

PASSWORD = "correct horse"
PLAIN = base64.b64encode(f"\0alice\0{PASSWORD}".encode())
SCRAM_FIRST = base64.b64encode(b"n,,n=alice,r=abc")
SCRAM_CHALLENGE = base64.b64encode(b"r=abcdef,s=c2FsdA==,i=4096")
SCRAM_FINAL = base64.b64encode(b"c=biws,r=abcdef,p=cHJvb2Y=")
SCRAM_VERIFIER = base64.b64encode(b"v=c2VydmVy")
Said = tuple[Direction, bytes]
Write = Callable[[Direction, bytes], object]

IRC_LINES: tuple[Said, ...] = (
    (SENT, b"CAP LS 302\r\n"),
    (SENT, b"NICK alice\r\n"),
    (SENT, b"USER al 0 * :Alice Example\r\n"),
    (RECEIVED, b":irc.example CAP * LS :sasl=PLAIN echo-message\r\n"),
    (SENT, b"CAP REQ :sasl echo-message\r\n"),
    (RECEIVED, b":irc.example CAP * ACK :sasl echo-message\r\n"),
    (SENT, b"AUTHENTICATE PLAIN\r\n"),
    (RECEIVED, b"AUTHENTICATE +\r\n"),
    (SENT, b"AUTHENTICATE " + PLAIN + b"\r\n"),
    (RECEIVED, b":irc.example 900 alice alice!al@h alice :You are now logged in\r\n"),
    (RECEIVED, b":irc.example 903 alice :SASL successful\r\n"),
    (SENT, b"CAP END\r\n"),
    (RECEIVED, b":irc.example 001 alice :Welcome\r\n"),
    (RECEIVED, b":irc.example 376 alice :End of MOTD\r\n"),
    (SENT, b"JOIN #lab secretkey\r\n"),
    (RECEIVED, b":alice!al@cloak.example JOIN #lab\r\n"),
    (RECEIVED, b":irc.example 353 alice = #lab :alice @bob!b@h2\r\n"),
    (RECEIVED, b":irc.example 366 alice #lab :End of names\r\n"),
)
IRC_MESSAGE = b"PRIVMSG #lab :Meet me at noon\r\n"
IRC_ECHO = b":alice!al@cloak.example " + IRC_MESSAGE

_STREAM = b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
XMPP_CLEAR: tuple[Said, ...] = (
    (SENT, b"<stream:stream to='chat.example' " + _STREAM),
    (RECEIVED, b"<stream:stream from='chat.example' id='1' " + _STREAM),
    (
        RECEIVED,
        b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    ),
    (SENT, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    (RECEIVED, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
)
_SASL = b" xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
XMPP_LOGIN: tuple[Said, ...] = (
    (SENT, b"<stream:stream to='chat.example' " + _STREAM),
    (RECEIVED, b"<stream:stream from='chat.example' id='2' " + _STREAM),
    (
        RECEIVED,
        b"<stream:features><mechanisms" + _SASL + b"><mechanism>SCRAM-SHA-1</mechanism>"
        b"</mechanisms></stream:features>",
    ),
    (SENT, b"<auth" + _SASL + b" mechanism='SCRAM-SHA-1'>" + SCRAM_FIRST + b"</auth>"),
    (RECEIVED, b"<challenge" + _SASL + b">" + SCRAM_CHALLENGE + b"</challenge>"),
    (SENT, b"<response" + _SASL + b">" + SCRAM_FINAL + b"</response>"),
    (RECEIVED, b"<success" + _SASL + b">" + SCRAM_VERIFIER + b"</success>"),
    (SENT, b"<stream:stream to='chat.example' " + _STREAM),
    (RECEIVED, b"<stream:stream from='chat.example' id='3' " + _STREAM),
    (
        SENT,
        b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        b"<resource>lab</resource></bind></iq>",
    ),
    (
        RECEIVED,
        b"<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        b"<jid>alice@chat.example/lab</jid></bind></iq>",
    ),
    (SENT, b"<presence><status>here</status></presence>"),
    (
        SENT,
        b"<presence to='lab@rooms.example/ally'><x xmlns='http://jabber.org/protocol/muc'/>"
        b"</presence>",
    ),
    (
        RECEIVED,
        b"<presence from='lab@rooms.example/ally'><x xmlns='http://jabber.org/protocol/muc#user'>"
        b"<status code='110'/></x></presence>",
    ),
)
XMPP_MESSAGE = (
    b"<message to='lab@rooms.example' type='groupchat' id='m'><body>Meet &amp; greet</body>"
    b"</message>"
)


def play(write: Write, lines: Sequence[Said]) -> None:
    """Have both ends say these, one after the other."""
    for direction, data in lines:
        write(direction, data)
