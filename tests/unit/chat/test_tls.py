"""TLS as an account asks for it: versions, certificates of one's own, and faults in words."""

import contextlib
import os
import ssl
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.chat import tls
from chatlab.chat.tls import TlsLayer
from chatlab.core.account import Account, LoginMethod
from chatlab.core.errors import ConnectError
from tests.helpers.irc_play import ACCOUNT
from tests.helpers.tls_talk import make_certificate

KEY_START = b"-----BEGIN PRIVATE KEY-----"
KEY_END = b"-----END PRIVATE KEY-----\n"


class Server:
    """The other end, in memory."""

    def __init__(self, folder: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(make_certificate(folder))
        self.secrets: tuple[str, ...] = ()
        """What the client knew of the last handshake."""

    def meet(self, account: Account) -> TlsLayer:
        """A handshake. Raises what the client says about a failed one."""
        client = TlsLayer(account, accepts_any_certificate=True)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self.context.wrap_bio(incoming, outgoing, server_side=True)
        is_done = False
        try:
            for _ in range(6):
                is_done = is_done or client.handshake()
                incoming.write(client.pending())
                with contextlib.suppress(ssl.SSLError):  # What is wrong is in its answer.
                    server.do_handshake()
                client.feed_handshake(outgoing.read())
        finally:
            self.secrets = client.take_secrets()
            client.forget()
        assert is_done
        return client


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_the_lowest_and_highest_version_are_obeyed(server: Server) -> None:
    assert server.meet(ACCOUNT).facts().version == "TLSv1.3"
    assert server.meet(replace(ACCOUNT, tls_max="1.2")).facts().version == "TLSv1.2"
    server.context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert server.meet(replace(ACCOUNT, tls_min="1.2")).facts().version == "TLSv1.2"
    with pytest.raises(ConnectError, match=r"no TLS version in common.*TLS 1\.3 or newer"):
        server.meet(replace(ACCOUNT, tls_min="1.3"))


def test_a_range_with_nothing_in_it_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConnectError, match="demanded, and TLS"):
        TlsLayer(replace(ACCOUNT, tls_min="1.3", tls_max="1.2"))


def test_a_server_of_tls_1_0_is_refused_in_words(server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.context.minimum_version = ssl.TLSVersion.TLSv1
        server.context.maximum_version = ssl.TLSVersion.TLSv1
    server.context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ConnectError) as caught:
        server.meet(ACCOUNT)
    assert "TLS 1.2 or newer" in caught.value.message
    assert "RFC 8996" in caught.value.hint


def test_what_is_no_tls_is_called_so() -> None:
    client = TlsLayer(ACCOUNT)
    client.handshake()
    client.feed_handshake(b":irc.test NOTICE * :*** Looking up your hostname\r\n")
    with pytest.raises(ConnectError, match="does not answer in TLS"):
        client.handshake()
    client.forget()


def test_a_file_with_a_key_alone_proves_by_ecdsa_and_is_no_certificate(
    server: Server, tmp_path: Path
) -> None:
    pem = make_certificate(tmp_path).read_bytes()
    key = tmp_path / "key.pem"
    start = pem.index(KEY_START)
    key.write_bytes(pem[start : pem.index(KEY_END) + len(KEY_END)])
    account = replace(ACCOUNT, client_certificate=str(key))
    assert server.meet(replace(account, login=LoginMethod.ECDSA))
    with pytest.raises(ConnectError, match="could not be set up"):
        server.meet(replace(account, login=LoginMethod.EXTERNAL))
    with pytest.raises(ConnectError, match="could not be set up"):
        server.meet(
            replace(ACCOUNT, login=LoginMethod.ECDSA, client_certificate=str(tmp_path / "gone"))
        )


@pytest.mark.parametrize("has_memory", [True, False])
def test_secrets_never_lie_in_a_file_that_a_kill_would_leave(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_memory: bool
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    if not has_memory:
        monkeypatch.setattr(tls, "_unnamed", lambda: -1)
    layer = tls.TlsLayer(ACCOUNT)
    if os.name == "posix":
        assert list(folder.iterdir()) == []
    layer.forget()
    server.meet(ACCOUNT)
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in server.secrets)
    assert list(folder.iterdir()) == []


def test_what_a_killed_program_has_left_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tls, "_unnamed", lambda: -1)
    stale, other = tmp_path / "chatlab-abc.keys", tmp_path / "mine.keys"
    for file in (stale, other):
        file.touch()
        os.utime(file, (0, 0))
    tls._clear_stale.cache_clear()
    tls.TlsLayer(ACCOUNT).forget()
    assert list(tmp_path.iterdir()) == [other]
