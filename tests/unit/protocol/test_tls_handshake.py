"""What TLS says in clear, and what its protection costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.tls import begins_record
from chatlab.protocol.tls_handshake import (
    cipher_name,
    describe_alert,
    handshake_messages,
    parse_certificates,
    parse_client_hello,
    parse_server_hello,
    protection,
    version_name,
)


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def extension(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, data)


CLIENT_HELLO = (
    b"\x03\x03"
    + bytes(32)
    + vector(1, bytes(32))
    + vector(2, b"\x13\x01\xc0\x2f")
    + vector(1, b"\0")
    + vector(
        2,
        extension(0, vector(2, b"\0" + vector(2, b"irc.example")))
        + extension(16, vector(2, vector(1, b"irc") + vector(1, b"h2")))
        + extension(43, vector(1, b"\x03\x04\x03\x03")),
    )
)
SERVER_HELLO = (
    b"\x03\x03" + bytes(32) + vector(1, b"") + b"\x13\x02\0" + vector(2, extension(43, b"\x03\x04"))
)


def test_a_client_hello_tells_what_it_offers() -> None:
    hello = parse_client_hello(CLIENT_HELLO)
    assert hello.server_name == "irc.example"
    assert hello.alpn == ("irc", "h2")
    assert [version_name(each) for each in hello.versions] == ["TLSv1.3", "TLSv1.2"]
    assert [cipher_name(each) for each in hello.ciphers] == [
        "TLS_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ]


def test_a_server_hello_tells_the_version_in_its_extension() -> None:
    chosen = parse_server_hello(SERVER_HELLO)
    assert chosen is not None
    assert (version_name(chosen.version), chosen.cipher) == ("TLSv1.3", 0x1302)
    assert parse_server_hello(SERVER_HELLO[:20]) is None
    old = parse_server_hello(SERVER_HELLO[:38])
    assert old is not None
    assert version_name(old.version) == "TLSv1.2"


def test_messages_of_a_record_are_named_and_placed() -> None:
    done = b"\x0e" + vector(3, b"")
    fragment = b"\x02" + vector(3, SERVER_HELLO) + done
    found = handshake_messages(fragment)
    assert found is not None
    assert [message.name for message in found] == ["Server Hello", "Server Hello Done"]
    assert fragment[found[1].span.start : found[1].span.stop] == done


def test_a_retry_is_told_from_a_hello() -> None:
    random = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    fragment = b"\x02" + vector(3, b"\x03\x03" + random + SERVER_HELLO[34:])
    found = handshake_messages(fragment)
    assert found is not None
    assert found[0].name == "Hello Retry Request"


def test_ciphertext_is_no_handshake_message() -> None:
    assert handshake_messages(b"\xd3\x00\x10\x00" + bytes(20)) is None
    assert handshake_messages(b"\x14\xff\xff\xff" + bytes(20)) is None
    assert handshake_messages(b"") is None


def test_certificates_come_leaf_first() -> None:
    assert parse_certificates(vector(3, vector(3, b"leaf") + vector(3, b"root"))) == (
        b"leaf",
        b"root",
    )


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        (b"\x02\x28", "Alert (Level: Fatal, Description: Handshake Failure)"),
        (b"\x01\x00", "Alert (Level: Warning, Description: Close Notify)"),
        (b"\x02\xfe", "Alert (Level: Fatal, Description: 254)"),
        (bytes(26), "Encrypted Alert"),
    ],
)
def test_alerts_are_put_into_words(fragment: bytes, words: str) -> None:
    assert describe_alert(fragment) == words


@pytest.mark.parametrize(
    ("version", "cipher", "bytes_added"),
    [
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 22),
        ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", 22),
        ("TLSv1.3", "TLS_AES_128_CCM_8_SHA256", 14),
        ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 29),
        ("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", 21),
        ("TLSv1.2", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 21),
        ("TLSv1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", None),
        ("TLSv1", "AES128-SHA", None),
    ],
)
def test_protection_costs_what_the_standards_say(
    version: str, cipher: str, bytes_added: int | None
) -> None:
    assert protection(version, cipher) == bytes_added


@pytest.mark.parametrize(
    ("data", "is_record"),
    [
        (b"\x16\x03\x01\x02\x00", True),
        (b"\x17\x03\x03\x00\x40", True),
        (b"\x17\x03\x03\x00", False),
        (b"\x16\x03\x09\x00\x10", False),
        (b"\x17\x03\x03\xff\xff", False),
        (b"PRIVMSG", False),
    ],
)
def test_a_record_is_known_by_its_header(data: bytes, is_record: bool) -> None:
    assert begins_record(data) is is_record


@given(st.binary(max_size=150), st.integers(0, len(CLIENT_HELLO)), st.integers(0, 150))
def test_cut_and_damaged_hellos_never_raise(junk: bytes, cut: int, place: int) -> None:
    for body in (junk, CLIENT_HELLO[:cut] + junk, SERVER_HELLO[:place] + junk):
        parse_client_hello(body)
        parse_server_hello(body)
        parse_certificates(body)
        handshake_messages(body)
        describe_alert(body)
