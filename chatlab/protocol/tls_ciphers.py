"""How TLS protects records, and how one is opened with its key (RFC 8446, section 5; RFC 5246, 6.2).

``ProtectionTls13`` and its sisters open one record at a given sequence number and say None where
the keys, the number or the bytes do not fit; nothing raises. Key schedules: RFC 8446, section 7,
and RFC 5246, section 6.3.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_handshake import CIPHERS

_BLOCK = 16
_NONCE = 12
_EXPLICIT = 8
"""Bytes of the nonce that GCM and CCM of TLS 1.2 send along (RFC 5288, section 3)."""
_MAC_SIZES = {"sha1": 20, "sha256": 32, "sha384": 48}


class Mode(Enum):
    """How a cipher suite encrypts records."""

    GCM = "GCM"
    CCM = "CCM"
    CCM_8 = "CCM_8"
    CHACHA20 = "CHACHA20_POLY1305"
    CBC = "CBC"


@dataclass(frozen=True, slots=True)
class Suite:
    """What of a cipher suite matters for its records."""

    mode: Mode
    key_size: int
    digest: str
    """Of the key schedule."""
    mac: str = ""
    """CBC: the digest of the MAC."""


class Opened(NamedTuple):
    """What was inside of a record."""

    content_type: int
    """As the sender meant it; TLS 1.3 hides it (RFC 8446, section 5.2)."""
    plaintext: bytes
    starts: int | None
    """Where in the record its first byte is, encrypted byte by byte; None where blocks mix them."""


class Protection(Protocol):
    """The keys of one direction from one change of keys to the next."""

    def open(self, sequence: int, record: bytes) -> Opened | None:
        """Decrypt and check a record, header included; None when it does not fit."""
        ...


class _Aead(Protocol):
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


def suite_of(cipher: int) -> Suite | None:
    """The suite of a registered number; None for one whose records cannot be opened here."""
    name = CIPHERS.get(cipher, "")
    digest = "sha384" if name.endswith("_SHA384") else "sha256"
    if "CHACHA20" in name:
        return Suite(Mode.CHACHA20, 32, digest)
    key_size = 16 if "AES_128" in name else 32 if "AES_256" in name else 0
    if not key_size:
        return None
    for mode in (Mode.GCM, Mode.CCM_8, Mode.CCM):
        if f"_{mode.value}" in name:
            return Suite(mode, key_size, digest)
    if "_CBC_" not in name:
        return None
    mac = {"SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}[name.rpartition("_")[2]]
    return Suite(Mode.CBC, key_size, digest, mac)


def _aead(suite: Suite, key: bytes) -> _Aead:
    match suite.mode:
        case Mode.CHACHA20:
            return ChaCha20Poly1305(key)
        case Mode.CCM:
            return AESCCM(key)
        case Mode.CCM_8:
            return AESCCM(key, tag_length=8)
        case _:
            return AESGCM(key)


def _decrypt(aead: _Aead, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:
    try:
        return aead.decrypt(nonce, data, associated)
    except (InvalidTag, ValueError):  # ValueError: too short to hold even the tag.
        return None


def _nonce(iv: bytes, sequence: int) -> bytes:
    """The sequence number laid over the IV (RFC 8446, section 5.3; RFC 7905, section 2)."""
    return (int.from_bytes(iv, "big") ^ sequence).to_bytes(_NONCE, "big")


# --- TLS 1.3 ------------------------------------------------------------------------------------


def expand_label(digest: str, secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446, section 7.1)."""
    name = b"tls13 " + label.encode("ascii")
    info = size.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    found, block, counter = b"", b"", 1
    while len(found) < size:
        block = hmac.digest(secret, block + info + bytes([counter]), digest)
        found, counter = found + block, counter + 1
    return found[:size]


def next_secret(digest: str, secret: bytes) -> bytes:
    """The traffic secret behind a KeyUpdate (RFC 8446, section 7.2)."""
    return expand_label(digest, secret, "traffic upd", hashlib.new(digest).digest_size)


class ProtectionTls13:
    """Records under one traffic secret of TLS 1.3."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        key = expand_label(suite.digest, secret, "key", suite.key_size)
        self._aead = _aead(suite, key)
        self._iv = expand_label(suite.digest, secret, "iv", _NONCE)

    def open(self, sequence: int, record: bytes) -> Opened | None:
        header, sealed = record[:HEADER_SIZE], record[HEADER_SIZE:]
        inner = _decrypt(self._aead, _nonce(self._iv, sequence), sealed, header)
        content = inner.rstrip(b"\0") if inner is not None else b""
        return Opened(content[-1], content[:-1], HEADER_SIZE) if content else None


# --- TLS 1.2 ------------------------------------------------------------------------------------


class KeyBlock(NamedTuple):
    """The keys of one direction (RFC 5246, section 6.3)."""

    mac: bytes
    key: bytes
    iv: bytes


def key_blocks(
    suite: Suite, master: bytes, client_random: bytes, server_random: bytes
) -> tuple[KeyBlock, KeyBlock]:
    """The keys of what the client and of what the server writes."""
    mac_size = _MAC_SIZES.get(suite.mac, 0)
    iv_size = {Mode.CBC: 0, Mode.CHACHA20: _NONCE}.get(suite.mode, _NONCE - _EXPLICIT)
    sizes = [each for size in (mac_size, suite.key_size, iv_size) for each in (size, size)]
    seed = b"key expansion" + server_random + client_random
    block = _prf(suite.digest, master, seed, sum(sizes))
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(block[:size])
        block = block[size:]
    return KeyBlock(*pieces[0::2]), KeyBlock(*pieces[1::2])


def _prf(digest: str, secret: bytes, seed: bytes, size: int) -> bytes:
    """P_hash (RFC 5246, section 5)."""
    found, chained = b"", seed
    while len(found) < size:
        chained = hmac.digest(secret, chained, digest)
        found += hmac.digest(secret, chained + seed, digest)
    return found[:size]


class ProtectionTls12:
    """Records of an AEAD suite of TLS 1.2 (RFC 5288, RFC 6655, RFC 7905)."""

    def __init__(self, suite: Suite, keys: KeyBlock) -> None:
        self._aead = _aead(suite, keys.key)
        self._iv = keys.iv
        self._explicit = 0 if suite.mode is Mode.CHACHA20 else _EXPLICIT
        self._tag = 8 if suite.mode is Mode.CCM_8 else 16

    def open(self, sequence: int, record: bytes) -> Opened | None:
        starts = HEADER_SIZE + self._explicit
        size = len(record) - starts - self._tag
        if size < 0:
            return None
        explicit = record[HEADER_SIZE:starts]
        nonce = self._iv + explicit if explicit else _nonce(self._iv, sequence)
        associated = sequence.to_bytes(8, "big") + record[:3] + size.to_bytes(2, "big")
        inner = _decrypt(self._aead, nonce, record[starts:], associated)
        return Opened(record[0], inner, starts) if inner is not None else None


class ProtectionCbc:
    """Records of a CBC suite of TLS 1.2, MAC inside or behind (RFC 5246, 6.2.3.2; RFC 7366)."""

    def __init__(self, suite: Suite, keys: KeyBlock, *, encrypt_then_mac: bool) -> None:
        self._key, self._mac_key, self._mac = keys.key, keys.mac, suite.mac
        self._mac_size = _MAC_SIZES[suite.mac]
        self._encrypt_then_mac = encrypt_then_mac

    def open(self, sequence: int, record: bytes) -> Opened | None:
        sealed = record[HEADER_SIZE:]
        if self._encrypt_then_mac:
            sealed, mac = sealed[: -self._mac_size], sealed[-self._mac_size :]
            if not self._is_right(sequence, record, sealed, mac):
                return None
        if len(sealed) < 2 * _BLOCK or len(sealed) % _BLOCK:
            return None
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(sealed[:_BLOCK])).decryptor()
        inner = decryptor.update(sealed[_BLOCK:]) + decryptor.finalize()
        padding = inner[-1] + 1
        if inner[-padding:] != bytes([inner[-1]]) * padding:
            return None
        inner = inner[:-padding]
        if not self._encrypt_then_mac:
            inner, mac = inner[: -self._mac_size], inner[-self._mac_size :]
            if not self._is_right(sequence, record, inner, mac):
                return None
        return Opened(record[0], inner, None)

    def _is_right(self, sequence: int, record: bytes, data: bytes, mac: bytes) -> bool:
        covered = sequence.to_bytes(8, "big") + record[:3] + len(data).to_bytes(2, "big") + data
        return hmac.compare_digest(mac, hmac.digest(self._mac_key, covered, self._mac))
