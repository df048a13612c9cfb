"""A certificate made by the account form's button, in real TLS: SASL EXTERNAL by its fingerprint."""

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlab.core.client_certificate import ClientCertificate, Digest
from chatlab.store.client_certificate import make_client_certificate
from tests.helpers.connecting import TIMEOUT_S, ConnectClient
from tests.helpers.servers import inspircd
from tests.helpers.tls_talk import make_certificate


@pytest.fixture
def own(tmp_path: Path) -> ClientCertificate:
    return make_client_certificate(tmp_path / "certificates", "libera", "ann")


class CertFpServer:
    """Knows one account by the SHA-256 of its certificate, as services with CERT ADD do."""

    def __init__(self, folder: Path, own: ClientCertificate, known: str) -> None:
        folder.mkdir()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = make_certificate(folder)
        self.context.load_cert_chain(pem)
        # This library asks for a certificate only with somebody to vouch for it: it vouches itself.
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(own.file)
        # OpenSSL lets a certificate that is no authority vouch for itself, when it may be partial.
        self.context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        der = ssl.PEM_cert_to_DER_cert(_only_certificate(pem))
        self.pin = hashlib.sha256(der).hexdigest()
        self._known = known
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(TIMEOUT_S)
        self.port = self._socket.getsockname()[1]
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            plain, _ = self._socket.accept()
            plain.settimeout(TIMEOUT_S)
            with self.context.wrap_socket(plain, server_side=True) as peer:
                der = peer.getpeercert(binary_form=True) or b""
                self._talk(peer, hashlib.sha256(der).hexdigest())

    def _talk(self, peer: ssl.SSLSocket, fingerprint: str) -> None:
        answers = {
            "CAP LS": ["CAP * LS :sasl=EXTERNAL"],
            "CAP REQ": ["CAP * ACK :sasl"],
            "AUTHENTICATE EXTERNAL": ["AUTHENTICATE +"],
            "AUTHENTICATE +": ["900 ann ann!a@h libera-ann :You are logged in", "903 ann :Done"]
            if fingerprint == self._known
            else ["904 ann :SASL authentication failed"],
            "CAP END": ["001 ann :Welcome", "376 ann :End of MOTD"],
        }
        for line in peer.makefile(encoding="utf-8"):
            self.lines.append(line.strip())
            for start, said in answers.items():
                if line.startswith(start):
                    peer.sendall("".join(f"{words}\r\n" for words in said).encode())

    def close(self) -> None:
        self._socket.close()
        self._thread.join(TIMEOUT_S)


def _only_certificate(pem: Path) -> str:
    text = pem.read_text("ascii")
    return text[text.index("-----BEGIN CERTIFICATE-----") :]


@contextlib.contextmanager
def meeting(
    folder: Path, own: ClientCertificate, known: str
) -> Iterator[tuple[CertFpServer, ConnectClient]]:
    server = CertFpServer(folder / "server", own, known)
    options = ("--nick", "ann", "--sasl", "EXTERNAL", "--client-cert", str(own.file))
    url = f"ircs://127.0.0.1:{server.port}"
    client = ConnectClient(url, *options, "--pin", server.pin, "--state-dir", str(folder / "state"))
    try:
        yield server, client
    finally:
        client.close()
        server.close()


def test_the_certificate_of_our_own_button_logs_in(tmp_path: Path, own: ClientCertificate) -> None:
    known = own.fingerprints[Digest.SHA_256]
    with meeting(tmp_path, own, known) as (_, client):
        assert client.event("informed", code="900")["text"] == "Logged in as libera-ann."
        client.event("link-changed", state="online")
        client.end_input()
        client.event("link-changed", state="offline")


def test_a_certificate_that_nobody_registered_is_refused_once(
    tmp_path: Path, own: ClientCertificate
) -> None:
    with meeting(tmp_path, own, "0" * 64) as (server, client):
        assert "failed" in str(client.event("link-changed", state="offline")["detail"])
        assert client.wait() == 1
        assert sum(line.startswith("AUTHENTICATE EXTERNAL") for line in server.lines) == 1


@pytest.mark.servers
def test_inspircd_sees_the_fingerprint_that_the_form_shows(
    tmp_path: Path, own: ClientCertificate
) -> None:
    with inspircd(tmp_path / "inspircd") as server:
        assert server.certificate is not None
        with ConnectClient(
            server.url("ann", "#lab", tls=True),
            *("--ca", str(server.certificate.ca_file), "--client-cert", str(own.file)),
            *("--state-dir", str(tmp_path / "state")),
        ) as client:
            client.event("members-listed", chat="#lab")
            client.type("/whois ann")
            told = str(client.event("informed", code="276")["text"]).lower()
            assert own.fingerprints[Digest.SHA_256] in told
