"""Real TLS inside a built capture: OpenSSL at both ends, our own segments between them."""

import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatlab.core.flow import ByteRange, Direction, Endpoint, FlowKey
from tests.helpers.tcp_talk import LOCAL, RECEIVED, SENT, Talk

TLS_FLOW = FlowKey(LOCAL, Endpoint("10.0.0.2", 6697))


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate with its key, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "irc.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return file


class TlsTalk:
    """Both ends of a TLS connection; what they write becomes segments of ``talk``."""

    def __init__(
        self,
        folder: Path,
        version: ssl.TLSVersion,
        before: Sequence[tuple[Direction, bytes]] = (),
    ) -> None:
        """``before``: what is said in clear before TLS begins (STARTTLS)."""
        self.talk = Talk(flow=TLS_FLOW).handshake()
        for direction, data in before:
            self.talk.send(direction, data)
        self.keys = folder / "keys.txt"
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(make_certificate(folder))
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.maximum_version = version
        client.keylog_filename = str(self.keys)
        self._wires = {direction: ssl.MemoryBIO() for direction in Direction}
        sent, received = self._wires[SENT], self._wires[RECEIVED]
        # Each end writes into a store of its own first, so that a write becomes one segment.
        self._out = {direction: ssl.MemoryBIO() for direction in Direction}
        self._ends = {
            SENT: client.wrap_bio(received, self._out[SENT], server_hostname="irc.example"),
            RECEIVED: server.wrap_bio(sent, self._out[RECEIVED], server_side=True),
        }
        self._shake_hands()

    def _shake_hands(self) -> None:
        waiting = set(Direction)
        while waiting:
            for direction in list(Direction):
                try:
                    self._ends[direction].do_handshake()
                    waiting.discard(direction)
                except ssl.SSLWantReadError:
                    pass
                self._flush(direction)

    def _flush(self, direction: Direction) -> ByteRange:
        data = self._out[direction].read()
        start = self.talk.reached[direction]
        if data:
            self.talk.send(direction, data)
            self.talk.ack(direction.opposite)
            self._wires[direction].write(data)
        return ByteRange(start, start + len(data))

    def write(self, direction: Direction, line: bytes) -> ByteRange:
        """One line as one record; the bytes of the stream that carry it."""
        self._ends[direction].write(line)
        span = self._flush(direction)
        assert self._ends[direction.opposite].read(65_536) == line
        return span

    @property
    def cipher(self) -> str:
        cipher = self._ends[SENT].cipher()
        assert cipher is not None
        return cipher[0]

    @property
    def key_log(self) -> str:
        return self.keys.read_text("ascii")
