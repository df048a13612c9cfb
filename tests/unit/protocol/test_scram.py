"""SCRAM: the examples of RFC 5802 and 7677, both sides against one another, and hostile peers."""

import pytest

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError
from chatlab.protocol.scram import SHA_1, ScramClient, ScramKeys, ScramServer, saslprep

_RFC_SALT = bytes.fromhex("5b6d99689d12358eeca04b141236fa81")
_RFC_SERVER_FIRST = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
_RFC_CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
_RFC_SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def _rfc_client() -> ScramClient:
    return ScramClient("user", "pencil", lambda: "rOprNGfwEbeRWgbNEkqO")


def _server(user: str = "user", password: str = "pencil") -> ScramServer:
    keys = ScramKeys.derive(password)
    return ScramServer({user: keys}.get)


def test_the_client_repeats_the_example_of_rfc_7677() -> None:
    client = _rfc_client()

    assert client.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.final(_RFC_SERVER_FIRST) == _RFC_CLIENT_FINAL
    client.verify(_RFC_SERVER_FINAL)


def test_the_server_repeats_the_example_of_rfc_7677() -> None:
    keys = ScramKeys.derive("pencil", _RFC_SALT, 4096)
    server = ScramServer({"user": keys}.get, lambda: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")

    assert server.first(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == _RFC_SERVER_FIRST
    assert server.final(_RFC_CLIENT_FINAL) == _RFC_SERVER_FINAL
    assert server.user == "user"


def test_both_sides_repeat_the_example_of_rfc_5802_with_sha_1() -> None:
    nonce, salt = "fyko+d2lbbFgONRv9qkxdawL", bytes.fromhex("4125c247e43ab1e93c6dff76")
    client = ScramClient("user", "pencil", lambda: nonce, SHA_1)
    keys = ScramKeys.derive("pencil", salt, 4096, SHA_1)
    server = ScramServer({"user": keys}.get, lambda: "3rfcNHYJY1ZVvWVs7j", SHA_1)

    server_first = server.first(client.first())
    client_final = client.final(server_first)
    server_final = server.final(client_final)
    client.verify(server_final)

    assert server_first == f"r={nonce}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096".encode()
    assert client_final.endswith(b",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
    assert server_final == b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="


@pytest.mark.parametrize("user", ["ada", "a,b=c", "Å"])
@pytest.mark.parametrize("password", ["pencil", "with space,=", "pässwörd"])
def test_both_sides_agree_on_any_name_and_password(user: str, password: str) -> None:
    client, server = ScramClient(user, password), _server(saslprep(user), password)

    client.verify(server.final(client.final(server.first(client.first()))))

    assert server.user == saslprep(user)


@pytest.mark.parametrize(("user", "password"), [("user", "wrong"), ("nobody", "pencil")])
def test_a_wrong_password_and_an_unknown_name_fail_alike(user: str, password: str) -> None:
    client, server = ScramClient(user, password), _server()
    final = client.final(server.first(client.first()))

    with pytest.raises(RemoteProtocolError, match="wrong, or there is no such account"):
        server.final(final)


@pytest.mark.parametrize(
    "server_first",
    [
        b"",
        b"r=short,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=***,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=5000000",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=" + b"9" * 4000,
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=",
        b"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,r=rOprNGfwEbeRWgbNEkqOx",
        b"\xff\xfe",
        b"r=" + b"x" * 5000,
    ],
)
def test_the_client_refuses_a_hostile_server_first(server_first: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        _rfc_client().final(server_first)


@pytest.mark.parametrize("server_final", [b"", b"v=", b"v=AAAA", b"e=invalid-proof", b"x"])
def test_the_client_refuses_a_server_that_proves_nothing(server_final: bytes) -> None:
    client = _rfc_client()
    client.final(_RFC_SERVER_FIRST)

    with pytest.raises(RemoteProtocolError):
        client.verify(server_final)


def test_the_client_refuses_an_end_without_a_beginning() -> None:
    with pytest.raises(RemoteProtocolError, match="before its first step"):
        _rfc_client().verify(_RFC_SERVER_FINAL)


@pytest.mark.parametrize(
    "client_first",
    [
        b"",
        b"n,,",
        b"n,,r=x,n=user",
        b"n,,n=user,r=",
        b"p=tls-unique,,n=user,r=x",
        b"n,b,n=u,r=x",
        b"n,,n=us=er,r=x",
        b"n,,m=1,n=user,r=x",
        b"\xff,,n=user,r=x",
        b"n,,n=user",
    ],
)
def test_the_server_refuses_a_malformed_client_first(client_first: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        _server().first(client_first)


@pytest.mark.parametrize(
    "client_final",
    [b"", b"c=biws,r=other,p=AAAA", b"c=biws,r=xy", b"c=eSws,r=xy,p=AAAA", b"c=biws,r=xy,p=AAAA"],
)
def test_the_server_refuses_a_malformed_client_final(client_final: bytes) -> None:
    server = ScramServer({"user": ScramKeys.derive("pencil")}.get, lambda: "y")
    server.first(b"n,,n=user,r=x")

    with pytest.raises(RemoteProtocolError):
        server.final(client_final)


def test_the_server_refuses_a_final_message_alone() -> None:
    with pytest.raises(RemoteProtocolError, match="no first message"):
        _server().final(_RFC_CLIENT_FINAL)


def test_keys_accept_the_password_they_were_made_of_and_no_other() -> None:
    keys = ScramKeys.derive("pencil")

    assert keys.accept("pencil")
    assert not keys.accept("pencils")
    assert not keys.accept("pen\x00cil")


@pytest.mark.parametrize(
    ("text", "prepared"), [("I\u00adX", "IX"), ("user", "user"), ("\u00aa", "a"), ("\u2168", "IX")]
)
def test_names_are_prepared_as_rfc_4013_shows(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u0627\u0031", "a\u0627"])
def test_prohibited_characters_are_refused_as_rfc_4013_shows(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        saslprep(text)
