"""The steps of a TLS handshake: in clear, from inside with the keys, or as sealed records."""

from chatlab.analysis.compare_talk import Said
from chatlab.analysis.ladder_words import Named
from chatlab.core.comparison import Phase
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Detail, Reading
from chatlab.protocol.certificate_names import certificate_names
from chatlab.protocol.tls_handshake import (
    ALERT,
    CERTIFICATE,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    HANDSHAKE,
    HANDSHAKES,
    SERVER_HELLO,
    HandshakeMessage,
    cipher_name,
    describe_alert,
    parse_certificates,
    parse_client_hello,
    parse_server_hello,
    version_name,
)

_HEADER = 4
"""Bytes before the body of a handshake message."""
_MAX_MESSAGE = 1 << 17
_GREASE = 0x0A0A
_CLOSE_NOTIFY = b"\0"
_WORDS = {
    "Client Hello": "Opens the handshake: versions and cipher suites to choose from, and in clear "
    "the name of the server that is wanted (SNI).",
    "Server Hello": "The server’s choice, and its half of the key exchange. From here on TLS 1.3 "
    "encrypts.",
    "Hello Retry Request": "The server asks for another Client Hello, with a key exchange that it "
    "knows: one more round trip.",
    "Encrypted Extensions": "What the server answers to the offers, already encrypted.",
    "Certificate": "Who the server says it is. TLS 1.2 shows it to everybody, TLS 1.3 does not.",
    "Certificate Request": "The server wants a certificate from us, too.",
    "Certificate Verify": "A signature: whoever sent the certificate has its private key.",
    "Certificate Status": "What the authority says about the certificate (OCSP).",
    "Server Key Exchange": "The server’s half of the key exchange, signed.",
    "Server Hello Done": "The server has said all; it is our turn.",
    "Client Key Exchange": "Our half of the key exchange. Both sides can now compute the keys.",
    "Finished": "A check sum of the whole handshake: nobody has changed anything on the way.",
    "New Session Ticket": "For a shorter handshake next time.",
    "Key Update": "New keys from here on.",
}


class TlsNamer:
    """Names TLS records of both directions; handshake messages may go over several of them."""

    def __init__(self) -> None:
        self._rest: dict[Direction, tuple[bytes, tuple[ByteRange, ...]]] = {}
        self._is_tls13 = False
        self._has_answered = False
        """The client has sent a sealed record: its part of the handshake is done."""
        self._has_data = False

    def name(self, said: Said) -> tuple[Named, ...]:
        if said.reading is Reading.SEALED or said.data is None:
            named = self._sealed(said)
            return (named,) if named is not None else ()
        if said.content_type == CHANGE_CIPHER_SPEC:
            words = (
                "Means nothing any more in TLS 1.3: sent for the sake of old equipment."
                if self._is_tls13
                else "What this side sends from here on is encrypted."
            )
            return (Named("Change Cipher Spec", Phase.TLS, words),)
        if said.content_type == ALERT:
            if said.data[1:2] == _CLOSE_NOTIFY:
                return ()
            return (Named(describe_alert(said.data), Phase.TLS, "Why TLS ends, or goes on."),)
        return self._messages(said) if said.content_type == HANDSHAKE else ()

    def _sealed(self, said: Said) -> Named | None:
        """A record that stays closed: only the order of things tells what it must be."""
        is_sent = said.direction is Direction.SENT
        if said.content_type == HANDSHAKE:
            words = "Sealed by the new keys. At this place it must be Finished (RFC 5246, 7.4.9)."
            return Named("Encrypted Handshake Message", Phase.TLS, words)
        if said.content_type == ALERT and self._has_data:
            return None  # The end of the connection is no part of its beginning.
        if said.content_type == ALERT:
            return Named("Encrypted Alert", Phase.TLS, "A sealed alert, mostly the end of TLS.")
        if self._is_tls13 and not self._has_answered:
            self._has_answered = is_sent
            words = (
                "Sealed under content type 23, as TLS 1.3 does. At this place it is the end of "
                "our handshake: Finished, before it perhaps a certificate."
                if is_sent
                else "Sealed under content type 23, as TLS 1.3 does. At this place it is the "
                "server’s handshake: extensions, certificate, signature, Finished."
            )
            return Named(
                "encrypted handshake", Phase.TLS, words, merge="sealed handshake",
                many="encrypted handshake ({} records)",
            )  # fmt: skip
        self._has_data = True
        words = "Sealed: length and time show, nothing else. Login and joining are among these."
        return Named(
            "Application Data", Phase.LOGIN, words, merge="sealed", many="Application Data × {}"
        )

    # --- handshake messages --------------------------------------------------------------------

    def _messages(self, said: Said) -> tuple[Named, ...]:
        assert said.data is not None
        before, spans = self._rest.pop(said.direction, (b"", ()))
        data = before + said.data
        found: list[Named] = []
        position = 0
        while position + _HEADER <= len(data):
            kind = data[position]
            size = _HEADER + int.from_bytes(data[position + 1 : position + _HEADER], "big")
            if kind not in HANDSHAKES or size > _MAX_MESSAGE or position + size > len(data):
                break
            body = data[position + _HEADER : position + size]
            part = ByteRange(position, position + size).shifted(-len(before))
            here = said.spans(part.intersection(ByteRange(0, len(said.data))))
            message = HandshakeMessage(kind, body, part)
            found.append(self._message(message, (*spans, *here) if position == 0 else here, size))
            position += size
            spans = ()
        if position < len(data) and data[position] in HANDSHAKES:
            start = max(0, position - len(before))
            more = said.spans(ByteRange(start, len(said.data)))
            self._rest[said.direction] = data[position:], (*spans, *more)
        return tuple(found)

    def _message(self, message: HandshakeMessage, spans: tuple[ByteRange, ...], size: int) -> Named:
        details: tuple[Detail, ...] = ()
        words = _WORDS.get(message.name, "")
        if message.kind == CLIENT_HELLO:
            details = _client_hello(message.body)
        elif message.kind == SERVER_HELLO:
            chosen = parse_server_hello(message.body)
            if chosen is not None:
                self._is_tls13 = chosen.version >= 0x0304
                details = (
                    Detail(label="Version", value=version_name(chosen.version)),
                    Detail(label="Cipher suite", value=cipher_name(chosen.cipher)),
                )
            if not self._is_tls13 and message.name == "Server Hello":
                words = "The server’s choice of version and cipher suite."
        elif message.kind == CERTIFICATE:
            details = tuple(_certificate(message.body, is_tls13=self._is_tls13))
        return Named(message.name, Phase.TLS, words, details, spans=spans, size=size)


def _client_hello(body: bytes) -> tuple[Detail, ...]:
    hello = parse_client_hello(body)
    versions = [version_name(each) for each in hello.versions if each & 0x0F0F != _GREASE]
    words = "Everybody on the path reads it."
    return (
        Detail(label="Server name", value=hello.server_name or "not sent", words=words),
        Detail(label="Application protocol", value=", ".join(hello.alpn) or "not sent"),
        Detail(label="Versions", value=", ".join(versions)),
        Detail(label="Cipher suites", value=f"{len(hello.ciphers)} offered"),
    )


def certificates(body: bytes, *, is_tls13: bool) -> tuple[tuple[bytes, int], ...]:
    """The DER certificates of a Certificate message, leaf first, and where each begins in it."""
    if is_tls13:
        # A context, then each certificate with extensions of its own (RFC 8446, section 4.4.2).
        found: list[tuple[bytes, int]] = []
        position = 1 + (body[0] if body else 0) + 3
        while position + 3 <= len(body):
            size = int.from_bytes(body[position : position + 3], "big")
            start = position + 3
            found.append((body[start : start + size], start))
            extensions = int.from_bytes(body[start + size : start + size + 2], "big")
            position = start + size + 2 + extensions
        return tuple(found)
    listed: list[tuple[bytes, int]] = []
    position = 3
    for der in parse_certificates(body):
        listed.append((der, position + 3))
        position += 3 + len(der)
    return tuple(listed)


def _certificate(body: bytes, *, is_tls13: bool) -> list[Detail]:
    chain = certificates(body, is_tls13=is_tls13)
    names = certificate_names(chain[0][0]) if chain else ()
    values = dict.fromkeys(f"{name.value}" for name in names)
    found = [Detail(label="Certificates", value=str(len(chain)))]
    if values:
        found.insert(0, Detail(label="For", value=", ".join(values)))
    return found
