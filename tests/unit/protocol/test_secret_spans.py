"""Which bytes of a line or a stanza are secret: enough, and not more."""

from itertools import pairwise

import pytest

from chatlab.protocol.irc_masking import secret_spans
from chatlab.protocol.xmpp_element import parse_stanza
from chatlab.protocol.xmpp_masking import blanked_spans


def blanked(line: str) -> str:
    data = bytearray(line.encode())
    for span in secret_spans(bytes(data)):
        data[span.start : span.stop] = b"*" * len(span)
    return data.decode()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("PASS secret", "PASS ******"),
        ("pass :two words", "pass :*********"),
        ("OPER root secret", "OPER root ******"),
        ("JOIN #a,#b one,two", "JOIN #a,#b *******"),
        ("MODE #lab +lk 5 key", "MODE #lab +lk 5 ***"),
        (":srv MODE #lab -o+k ann key", ":srv MODE #lab -o+k ann ***"),
        (":srv 324 ann #lab +ntk key", ":srv 324 ann #lab +ntk ***"),
        ("MODE #lab +gk word key", "MODE #lab +gk **** ***"),
        ("MODE #lab +ak key", "MODE #lab +ak ***"),
        ("AUTHENTICATE AGFubgBzZWNyZXQ=", "AUTHENTICATE ****************"),
        ("PRIVMSG NickServ :IDENTIFY ann secret", "PRIVMSG NickServ :IDENTIFY **********"),
        ("PRIVMSG NickServ :SET PASSWORD secret", "PRIVMSG NickServ :SET PASSWORD ******"),
        ("PRIVMSG NickServ :idnetify secret", "PRIVMSG NickServ :idnetify ******"),
        ("PRIVMSG ChanServ :REGISTER #lab secret", "PRIVMSG ChanServ :REGISTER ***********"),
        ("NICKSERV IDENTIFY ann secret", "NICKSERV IDENTIFY **********"),
        ("CS IDENTIFY #lab secret", "CS IDENTIFY ***********"),
        (
            ":NickServ!s@s NOTICE ann :Your password is \x02secret\x02 - keep it.",
            ":NickServ!s@s NOTICE ann :Your password is \x02******\x02 - keep it.",
        ),
        ("@label=x PASS secret", "@label=x PASS ******"),
    ],
)
def test_secrets_of_a_line_are_found(line: str, shown: str) -> None:
    assert blanked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "NICK ann",
        "PRIVMSG #lab :my PASS is none of your business",
        "JOIN #lab",
        ":ann!a@h JOIN #lab account :Ann Example",
        "MODE #lab +o ann",
        "MODE #lab -l",
        "AUTHENTICATE SCRAM-SHA-256",
        "AUTHENTICATE +",
        "AUTHENTICATE *",
        "PRIVMSG NickServ HELP",
        "PRIVMSG NickServ :INFO ann",
        "PRIVMSG ChanServ :OP #lab ann",
        ":srv REGISTER SUCCESS ann :Welcome",
        ":NickServ!s@s NOTICE ann :Password accepted, you are now recognized.",
        "",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert blanked(line) == line


@pytest.mark.parametrize("line", ["PASS a\0b", "\r", "@tags-only"])
def test_what_cannot_be_read_counts_as_one_secret(line: str) -> None:
    assert set(blanked(line)) <= {"*"} | set("\r")


def test_a_line_that_is_cut_off_gives_nothing_away() -> None:
    head, secret = "PRIVMSG NickServ :IDENTIFY ", "ann secret"
    for stop in range(1, len(secret)):
        assert blanked(head + secret[:stop]) == head + "*" * stop


SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"


@pytest.mark.parametrize(
    ("stanza", "shown"),
    [
        (
            f"<auth {SASL} mechanism='PLAIN'>AGE=</auth>",
            f"<auth {SASL} mechanism='PLAIN'>****</auth>",
        ),
        (f"<challenge {SASL}>cj1h</challenge>", f"<challenge {SASL}>****</challenge>"),
        (f"<success {SASL}>dj1h</success>", f"<success {SASL}>****</success>"),
        (
            "<success xmlns='urn:xmpp:sasl:2'><additional-data>dj1h</additional-data></success>",
            "<success xmlns='urn:xmpp:sasl:2'><additional-data>****</additional-data></success>",
        ),
        (
            "<iq><query xmlns='jabber:iq:register'><password>a&amp;b</password></query></iq>",
            "<iq><query xmlns='jabber:iq:register'><password>*******</password></query></iq>",
        ),
        ("<x password='abc'/>", "<x password='***'/>"),
        ("<message><body>challenge</body></message>", "<message><body>challenge</body></message>"),
    ],
)
def test_secrets_of_a_stanza_are_found(stanza: str, shown: str) -> None:
    data = bytearray(stanza.encode())
    spans = blanked_spans(bytes(data), parse_stanza(bytes(data)))
    for span in spans:
        data[span.start : span.stop] = b"*" * len(span)
    assert data.decode() == shown
    assert all(one.stop <= other.start for one, other in pairwise(spans))
