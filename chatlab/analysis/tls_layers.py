"""Handshake messages of TLS as fields of the detail tree."""

from chatlab.analysis.byte_views import Clip
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Field
from chatlab.protocol.tls_handshake import (
    CERTIFICATE,
    CLIENT_HELLO,
    SERVER_HELLO,
    HandshakeMessage,
    cipher_name,
    parse_certificates,
    parse_client_hello,
    parse_server_hello,
    version_name,
)

_MAX_CIPHERS = 64


def handshake_field(message: HandshakeMessage, clip: Clip, before: int) -> Field:
    """A handshake message with what a person would look for in it.

    ``before``: how many bytes lie before the fragment in what ``clip`` counts from.
    """
    start, stop = message.span.start + before, message.span.stop + before
    body = clip(start + 4, stop)
    fields: list[Field] = []
    if message.kind == CLIENT_HELLO:
        fields = _client_hello(message, body)
    elif message.kind == SERVER_HELLO and (chosen := parse_server_hello(message.body)):
        fields = [
            Field("Version", version_name(chosen.version), body),
            Field("Cipher Suite", cipher_name(chosen.cipher), body),
        ]
    elif message.kind == CERTIFICATE:
        chain = parse_certificates(message.body)
        fields = [
            Field(f"Certificate {n}", f"{len(each):,} bytes (DER)", body)
            for n, each in enumerate(chain, 1)
        ]
    size = stop - start
    return Field(f"Handshake: {message.name}", f"{size:,} bytes", clip(start, stop), tuple(fields))


def _client_hello(message: HandshakeMessage, body: ByteRange) -> list[Field]:
    hello = parse_client_hello(message.body)
    versions = ", ".join(version_name(each) for each in hello.versions if each & 0x0F0F != 0x0A0A)
    ciphers = tuple(Field("Cipher Suite", cipher_name(each), body) for each in hello.ciphers)
    return [
        Field("Server Name", hello.server_name or "not sent", body),
        Field("Application Protocols", ", ".join(hello.alpn) or "not sent", body),
        Field("Versions", versions, body),
        Field("Cipher Suites", f"{len(ciphers)} offered", body, ciphers[:_MAX_CIPHERS]),
    ]
