"""What TLS says before it falls silent, and what its records say all the time: their lengths."""

from chatlab.analysis.compare_talk import Said
from chatlab.analysis.ladder_tls import certificates
from chatlab.analysis.observer_words import Heard, shown
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Reading
from chatlab.core.observing import Topic
from chatlab.protocol.certificate_names import certificate_names
from chatlab.protocol.tls_handshake import (
    CERTIFICATE,
    CLIENT_HELLO,
    HANDSHAKE,
    SERVER_HELLO,
    HandshakeMessage,
    cipher_name,
    handshake_messages,
    parse_client_hello,
    parse_server_hello,
    version_name,
)

_RANDOM_END = 34
"""Where a hello's session id begins: behind version and random."""
_HEADER = 4
_SNI_WORDS = (
    "The server’s name stands in the Client Hello (SNI, RFC 6066), so that a machine with many names "
    "knows which certificate to send."
)
_ALPN_WORDS = (
    "The application protocol stands in the Client Hello (ALPN, RFC 7301): this is a chat."
)


class TlsEar:
    """Listens to the TLS records of one connection."""

    def __init__(self) -> None:
        self.version = ""
        self.cipher = ""

    def hear(self, said: Said) -> list[Heard]:
        """What a record says that lies open; spans are within its inside."""
        if said.data is None or said.content_type != HANDSHAKE:
            return []
        found: list[Heard] = []
        for message in handshake_messages(said.data) or ():
            heard = self._message(message, said.direction, is_open=said.reading is Reading.CLEAR)
            found += [
                each._replace(span=each.span.shifted(message.span.start + _HEADER))
                for each in heard
            ]
        return found

    def _message(
        self, message: HandshakeMessage, direction: Direction, *, is_open: bool
    ) -> list[Heard]:
        if message.kind == CLIENT_HELLO and is_open:
            return _client_hello(message.body)
        if message.kind == SERVER_HELLO and (chosen := parse_server_hello(message.body)):
            self.version, self.cipher = version_name(chosen.version), cipher_name(chosen.cipher)
            if message.name != "Server Hello":
                return []
            start = _behind_session(message.body)
            words = "What the server chose; it says how many bytes each record is longer."
            value = f"{self.version}, {self.cipher}"
            return [Heard(Topic.CIPHERS, value, ByteRange(start, start + 2), words)]
        if message.kind == CERTIFICATE and direction is Direction.RECEIVED:
            return self._certificate(message.body)
        return []

    def _certificate(self, body: bytes) -> list[Heard]:
        is_tls13 = self.version == "TLSv1.3"
        chain = certificates(body, is_tls13=is_tls13)
        if not chain:
            return []
        der, start = chain[0]
        words = (
            "A name that the server’s certificate is for. TLS 1.3 sends it encrypted."
            if is_tls13
            else "A name that the server’s certificate is for: TLS 1.2 sends it in clear."
        )
        return [
            Heard(Topic.CERTIFICATE, shown(name.value), name.span.shifted(start), words)
            for name in certificate_names(der)
        ]


def _client_hello(body: bytes) -> list[Heard]:
    hello = parse_client_hello(body)
    found: list[Heard] = []
    if hello.server_name and (span := _find(body, hello.server_name)) is not None:
        found.append(Heard(Topic.SERVER_NAME, shown(hello.server_name), span, _SNI_WORDS))
    for name in hello.alpn:
        if name and (span := _find(body, name)) is not None:
            found.append(Heard(Topic.PROTOCOL, shown(name), span, _ALPN_WORDS))
    start = _behind_session(body) + 2
    stop = min(len(body), start + 2 * len(hello.ciphers))
    if hello.ciphers:
        words = "Which cipher suites, in which order: much like a fingerprint of the program."
        value = f"{len(hello.ciphers)} offered"
        found.append(Heard(Topic.CIPHERS, value, ByteRange(start, stop), words))
    return found


def _behind_session(body: bytes) -> int:
    """Where a hello goes on behind its session id."""
    size = body[_RANDOM_END] if len(body) > _RANDOM_END else 0
    return min(len(body), _RANDOM_END + 1 + size)


def _find(body: bytes, text: str) -> ByteRange | None:
    """Where a name stands behind the random bytes of a hello."""
    data = text.encode("ascii", "replace")
    start = body.find(data, _behind_session(body))
    return ByteRange(start, start + len(data)) if start >= 0 else None
