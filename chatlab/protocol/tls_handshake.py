"""What a TLS connection says in clear before it falls silent (RFC 8446, section 4; RFC 5246).

Names are spelled as Wireshark spells them. Every reader is tolerant: what is cut or malformed is
left out, because these bytes come from anybody.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from chatlab.core.flow import ByteRange

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, FINISHED, KEY_UPDATE = 1, 2, 11, 20, 24
VERSIONS = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}
HANDSHAKES = {
    0: "Hello Request",
    1: "Client Hello",
    2: "Server Hello",
    4: "New Session Ticket",
    5: "End of Early Data",
    8: "Encrypted Extensions",
    11: "Certificate",
    12: "Server Key Exchange",
    13: "Certificate Request",
    14: "Server Hello Done",
    15: "Certificate Verify",
    16: "Client Key Exchange",
    20: "Finished",
    22: "Certificate Status",
    24: "Key Update",
}
ALERT_LEVELS = {1: "Warning", 2: "Fatal"}
ALERTS = {
    0: "Close Notify",
    10: "Unexpected Message",
    20: "Bad Record MAC",
    22: "Record Overflow",
    40: "Handshake Failure",
    42: "Bad Certificate",
    43: "Unsupported Certificate",
    44: "Certificate Revoked",
    45: "Certificate Expired",
    46: "Certificate Unknown",
    47: "Illegal Parameter",
    48: "Unknown CA",
    49: "Access Denied",
    50: "Decode Error",
    51: "Decrypt Error",
    70: "Protocol Version",
    71: "Insufficient Security",
    80: "Internal Error",
    86: "Inappropriate Fallback",
    90: "User Canceled",
    109: "Missing Extension",
    112: "Unrecognized Name",
    116: "Certificate Required",
    120: "No Application Protocol",
}
CIPHERS = {
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
    0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xC0AC: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
    0xC0AD: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    0xC0AE: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
    0xC0AF: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
_SERVER_NAME, _ALPN, _ENCRYPT_THEN_MAC, _SUPPORTED_VERSIONS = 0, 16, 22, 43
_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random value that makes a ServerHello a HelloRetryRequest (RFC 8446, section 4.1.3)."""


@dataclass(frozen=True, slots=True)
class HandshakeMessage:
    """One handshake message of a record, its four-byte header included in ``span``."""

    kind: int
    body: bytes
    span: ByteRange
    """Within the bytes given to ``handshake_messages``."""

    @property
    def name(self) -> str:
        if self.kind == SERVER_HELLO and self.body[2:34] == _RETRY_RANDOM:
            return "Hello Retry Request"
        return HANDSHAKES[self.kind]


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offers; anyone on the path can read it."""

    server_name: str
    alpn: tuple[str, ...]
    versions: tuple[int, ...]
    ciphers: tuple[int, ...]
    random: bytes = b""
    """Names the connection in a key log."""


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    version: int
    cipher: int
    random: bytes = b""
    encrypt_then_mac: bool = False
    """CBC suites: the MAC is taken of what was encrypted (RFC 7366)."""

    @property
    def is_retry(self) -> bool:
        """It only asks for another ClientHello."""
        return self.random == _RETRY_RANDOM


def version_name(version: int) -> str:
    return VERSIONS.get(version, f"0x{version:04x}")


def spoken_version(version: str) -> str:
    """``TLS 1.3`` for ``TLSv1.3``; ``TLS`` where the version is not known."""
    return version.replace("v", " ") if version else "TLS"


def cipher_name(cipher: int) -> str:
    """The registered name of a cipher suite; its number where it is none of the usual ones."""
    return CIPHERS.get(cipher, f"0x{cipher:04x}")


def handshake_messages(fragment: bytes) -> tuple[HandshakeMessage, ...] | None:
    """The messages of a handshake record's fragment; None when it is not in clear.

    The last one may go on in the next record: then its body is what there is of it.
    """
    found: list[HandshakeMessage] = []
    position = 0
    while position + 4 <= len(fragment):
        kind = fragment[position]
        length = int.from_bytes(fragment[position + 1 : position + 4], "big")
        if kind not in HANDSHAKES or length > 1 << 17:
            return None
        stop = min(len(fragment), position + 4 + length)
        span = ByteRange(position, stop)
        found.append(HandshakeMessage(kind, fragment[position + 4 : stop], span))
        position = stop
    return tuple(found) or None


class _Reader:
    """Walks over length-prefixed vectors; running out of bytes ends it quietly."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size: int) -> bytes:
        data = self._data[self._position : self._position + size]
        self._position += size
        return data

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A vector whose length takes ``size`` bytes."""
        return self.take(self.number(size))

    def __bool__(self) -> bool:
        return self._position < len(self._data)


def parse_client_hello(body: bytes) -> ClientHello:
    reader = _Reader(body)
    legacy = reader.number(2)
    random = reader.take(32)
    reader.vector(1)
    ciphers = reader.vector(2)
    reader.vector(1)
    extensions = dict(_extensions(reader.vector(2)))
    name = _Reader(extensions.get(_SERVER_NAME, b""))
    name.take(3)
    protocols = _Reader(_Reader(extensions.get(_ALPN, b"")).vector(2))
    alpn: list[str] = []
    while protocols:
        alpn.append(protocols.vector(1).decode("ascii", "replace"))
    offered = _Reader(extensions.get(_SUPPORTED_VERSIONS, b"")).vector(1)
    return ClientHello(
        server_name=name.vector(2).decode("ascii", "replace"),
        alpn=tuple(alpn),
        versions=_numbers(offered) or (legacy,),
        ciphers=_numbers(ciphers),
        random=random,
    )


def parse_server_hello(body: bytes) -> ServerHello | None:
    """The server's choice; None when too little of it is there."""
    reader = _Reader(body)
    version = reader.number(2)
    random = reader.take(32)
    reader.vector(1)
    cipher = reader.take(2)
    reader.take(1)
    extensions = dict(_extensions(reader.vector(2)))
    chosen = extensions.get(_SUPPORTED_VERSIONS, b"")
    if len(cipher) < 2:
        return None
    if len(chosen) == 2:
        version = int.from_bytes(chosen, "big")
    is_behind = _ENCRYPT_THEN_MAC in extensions
    return ServerHello(version, int.from_bytes(cipher, "big"), random, is_behind)


def parse_certificates(body: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message of TLS 1.2 or older, leaf first."""
    reader = _Reader(_Reader(body).vector(3))
    found: list[bytes] = []
    while reader:
        found.append(reader.vector(3))
    return tuple(found)


def describe_alert(fragment: bytes) -> str:
    """An alert in words; ``Encrypted Alert`` when it is not in clear."""
    if len(fragment) != 2 or fragment[0] not in ALERT_LEVELS:
        return "Encrypted Alert"
    description = ALERTS.get(fragment[1], str(fragment[1]))
    return f"Alert (Level: {ALERT_LEVELS[fragment[0]]}, Description: {description})"


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    reader = _Reader(data)
    while reader:
        kind = reader.number(2)
        yield kind, reader.vector(2)


def _numbers(data: bytes) -> tuple[int, ...]:
    return tuple(number for (number,) in struct.iter_unpack(">H", data[: len(data) // 2 * 2]))


def protection(version: str, cipher: str) -> int | None:
    """Bytes that one record adds to its plaintext, header included; None where it varies.

    TLS 1.3 hides the content type inside (RFC 8446, section 5.2); GCM and CCM of TLS 1.2 send
    half of the nonce along (RFC 5288, section 3); CBC pads.
    """
    header = 5
    tag = 8 if "CCM_8" in cipher or "CCM8" in cipher else 16
    if version == "TLSv1.3":
        return header + 1 + tag
    if version == "TLSv1.2":
        if "CHACHA20" in cipher:
            return header + tag
        if "GCM" in cipher or "CCM" in cipher:
            return header + 8 + tag
    return None
