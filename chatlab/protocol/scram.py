"""SCRAM, both sides (RFC 5802, RFC 7677): proving a password without sending it.

Sans-IO: each method takes the other side's message and returns our next one, as raw bytes;
how a protocol carries them (Base64 in ``AUTHENTICATE``, an XML element) is its own business.

    client-first   n,,n=user,r=CNONCE
    server-first   r=CNONCE+SNONCE,s=SALT,i=ITERATIONS
    client-final   c=biws,r=CNONCE+SNONCE,p=PROOF
    server-final   v=SIGNATURE

Without channel binding the GS2 header is ``n,,`` (``biws`` in Base64). With it (``…-PLUS``) the
client proves which TLS connection it sees, too; our server does not offer that. The server keeps
StoredKey and ServerKey only: whoever reads them can neither log in nor learn the password.
"""

import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError

SHA_1 = "sha1"
"""SCRAM-SHA-1, which every XMPP server must have (RFC 6120, section 13.8)."""
SHA_256 = "sha256"
MIN_ITERATIONS = 4096
"""RFC 7677, section 4; fewer would make a stolen exchange cheap to guess from."""
MAX_ITERATIONS = 600_000
"""A server that asks for more could stop a client for as long as it likes."""
MAX_MESSAGE_LENGTH = 4096
_GS2_HEADER = "n,,"
_SALT_LENGTH = 16

NonceFactory = Callable[[], str]


def make_nonce() -> str:
    """A fresh nonce: printable ASCII without a comma (RFC 5802, section 5.1)."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What a server stores instead of a password (RFC 5802, section 3)."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes
    hash_name: str = SHA_256

    @classmethod
    def derive(
        cls,
        password: str,
        salt: bytes | None = None,
        iterations: int = MIN_ITERATIONS,
        hash_name: str = SHA_256,
    ) -> "ScramKeys":
        """Keys of ``password``; a random salt unless one is given."""
        salt = secrets.token_bytes(_SALT_LENGTH) if salt is None else salt
        salted = _salted_password(password, salt, iterations, hash_name)
        stored_key = _hash(_hmac(salted, b"Client Key", hash_name), hash_name)
        server_key = _hmac(salted, b"Server Key", hash_name)
        return cls(salt, iterations, stored_key, server_key, hash_name)

    def accept(self, password: str) -> bool:
        """Whether ``password`` is the one these keys were derived from (for SASL PLAIN)."""
        try:
            other = ScramKeys.derive(password, self.salt, self.iterations, self.hash_name)
        except LocalProtocolError:
            return False
        return hmac.compare_digest(other.stored_key, self.stored_key)


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """What ties a login to one TLS connection (RFC 5802, section 6; RFC 5929)."""

    name: str
    """Its registered name, e.g. ``tls-unique``."""
    data: bytes


class ScramClient:
    """The side that knows the password: ``first``, ``final``, ``verify``, in this order."""

    def __init__(
        self,
        user: str,
        password: str,
        nonce_factory: NonceFactory = make_nonce,
        hash_name: str = SHA_256,
        binding: ChannelBinding | None = None,
    ) -> None:
        self._password = password
        self._gs2_header = f"p={binding.name},," if binding is not None else _GS2_HEADER
        self._binding = binding.data if binding is not None else b""
        self._hash_name = hash_name
        self._nonce = nonce_factory()
        self._first_bare = f"n={_escape_name(saslprep(user))},r={self._nonce}"
        self._server_signature = b""

    def first(self) -> bytes:
        """The client-first message."""
        return (self._gs2_header + self._first_bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """The client-final message.

        Takes up to a second of CPU when the server asks for many iterations. Raises
        RemoteProtocolError when the message is malformed, repeats no nonce of ours or asks
        for a number of iterations outside 4096 to 600000.
        """
        text = _decode(server_first)
        fields = _fields(text, "server-first")
        nonce, salt = fields.get("r", ""), _base64(fields.get("s", ""), "salt")
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise RemoteProtocolError("The server’s SCRAM nonce does not continue ours.")
        iterations = _iterations(fields.get("i", ""))
        name = self._hash_name
        salted = _salted_password(self._password, salt, iterations, name)
        channel = b64encode(self._gs2_header.encode() + self._binding).decode()
        without_proof = f"c={channel},r={nonce}"
        auth_message = f"{self._first_bare},{text},{without_proof}".encode()
        client_key = _hmac(salted, b"Client Key", name)
        signature = _hmac(_hash(client_key, name), auth_message, name)
        self._server_signature = _hmac(_hmac(salted, b"Server Key", name), auth_message, name)
        proof = b64encode(_xor(client_key, signature)).decode()
        return f"{without_proof},p={proof}".encode()

    def verify(self, server_final: bytes) -> None:
        """Check that the server knows the password's keys, too.

        Raises RemoteProtocolError when it does not, or reports an error (``e=``).
        """
        fields = _fields(_decode(server_final), "server-final")
        if "e" in fields:
            raise RemoteProtocolError(f"The server refused the SCRAM login: {fields['e']}.")
        signature = _base64(fields.get("v", ""), "signature")
        if not self._server_signature:
            raise RemoteProtocolError("The server ended the SCRAM login before its first step.")
        if not hmac.compare_digest(signature, self._server_signature):
            raise RemoteProtocolError(
                "The server could not prove that it knows this account.",
                "It may be an impostor: do not enter the password anywhere else on it.",
            )


class ScramServer:
    """The side that holds the keys: ``first``, then ``final``; then ``user`` is proven."""

    def __init__(
        self,
        keys_of: Callable[[str], ScramKeys | None],
        nonce_factory: NonceFactory = make_nonce,
        hash_name: str = SHA_256,
    ) -> None:
        """``keys_of`` gives keys of the hash ``hash_name``."""
        self._keys_of = keys_of
        self._hash_name = hash_name
        self._nonce_factory = nonce_factory
        self._keys: ScramKeys | None = None
        self._is_known = False
        self._gs2_header = ""
        self._first_exchange = ""
        self._nonce = ""
        self.user = ""
        """Whom the client claims to be; proven once ``final`` has returned."""

    def first(self, client_first: bytes) -> bytes:
        """The server-first message. Raises RemoteProtocolError when malformed.

        An unknown user gets keys that nobody has the password of, and fails at the end like
        a wrong password: the exchange does not tell who has an account.
        """
        text = _decode(client_first)
        self._gs2_header, bare = _split_gs2(text)
        fields = _fields(bare, "client-first")
        client_nonce = fields.get("r", "")
        if not client_nonce or not bare.startswith("n="):
            raise RemoteProtocolError("The SCRAM client-first message lacks a name or a nonce.")
        self.user = _unescape_name(fields["n"])
        keys = self._keys_of(self.user)
        self._is_known = keys is not None
        self._keys = keys or ScramKeys.derive(secrets.token_urlsafe(), hash_name=self._hash_name)
        self._nonce = client_nonce + self._nonce_factory()
        salt = b64encode(self._keys.salt).decode()
        server_first = f"r={self._nonce},s={salt},i={self._keys.iterations}"
        self._first_exchange = f"{bare},{server_first}"
        return server_first.encode()

    def final(self, client_final: bytes) -> bytes:
        """The server-final message; raises RemoteProtocolError unless the proof is right."""
        if self._keys is None:
            raise RemoteProtocolError("The SCRAM login has no first message.")
        text = _decode(client_final)
        fields = _fields(text, "client-final")
        without_proof, separator, _ = text.rpartition(",p=")
        if fields.get("r") != self._nonce or fields.get("c") != _gs2_base64(self._gs2_header):
            raise RemoteProtocolError("The SCRAM client-final message does not fit the first.")
        proof = _base64(fields.get("p", ""), "proof")
        auth_message = f"{self._first_exchange},{without_proof}".encode()
        name = self._hash_name
        signature = _hmac(self._keys.stored_key, auth_message, name)
        if not separator or len(proof) != len(signature):
            raise RemoteProtocolError("The SCRAM proof has the wrong form.")
        stored_key = _hash(_xor(proof, signature), name)
        is_right = hmac.compare_digest(stored_key, self._keys.stored_key)
        if not (is_right and self._is_known):
            raise RemoteProtocolError("The password is wrong, or there is no such account.")
        return b"v=" + b64encode(_hmac(self._keys.server_key, auth_message, name))


def saslprep(text: str) -> str:
    """Prepare a name or password for comparison (RFC 4013).

    Raises LocalProtocolError when it holds what the profile prohibits. Unassigned code
    points pass, as for a query.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    for char in prepared:
        if any(table(char) for table in _PROHIBITED):
            raise LocalProtocolError(
                f"The character U+{ord(char):04X} is not allowed in a name or password.",
                "Choose one without control or private-use characters.",
            )
    if any(map(stringprep.in_table_d1, prepared)) and (
        any(map(stringprep.in_table_d2, prepared))
        or not stringprep.in_table_d1(prepared[0])
        or not stringprep.in_table_d1(prepared[-1])
    ):
        raise LocalProtocolError(
            "A name or password may not mix left-to-right and right-to-left letters (RFC 4013)."
        )
    return prepared


_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _salted_password(password: str, salt: bytes, iterations: int, hash_name: str) -> bytes:
    return hashlib.pbkdf2_hmac(hash_name, saslprep(password).encode(), salt, iterations)


def _hash(data: bytes, hash_name: str) -> bytes:
    return hashlib.new(hash_name, data).digest()


def _hmac(key: bytes, data: bytes, hash_name: str) -> bytes:
    return hmac.digest(key, data, hash_name)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _gs2_base64(header: str) -> str:
    return b64encode(header.encode()).decode()


def _escape_name(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")


def _unescape_name(text: str) -> str:
    if text.replace("=2C", "").replace("=3D", "").count("="):
        raise RemoteProtocolError("The SCRAM name holds a bare “=”.")
    return text.replace("=2C", ",").replace("=3D", "=")


def _split_gs2(text: str) -> tuple[str, str]:
    """GS2 header and the bare message (RFC 5802, section 7: ``gs2-cbind-flag,[a=name],``)."""
    flag, _, rest = text.partition(",")
    authorization, separator, bare = rest.partition(",")
    if flag not in ("n", "y") or not separator:
        raise RemoteProtocolError("This SCRAM login wants a channel binding, or is malformed.")
    if authorization and not authorization.startswith("a="):
        raise RemoteProtocolError("The SCRAM authorization name is malformed.")
    return f"{flag},{authorization},", bare


def _decode(message: bytes) -> str:
    if len(message) > MAX_MESSAGE_LENGTH:
        raise RemoteProtocolError("A SCRAM message is too long.")
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError("A SCRAM message is not UTF-8.") from None


def _fields(text: str, name: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in text.split(","):
        key, separator, value = part.partition("=")
        if len(key) != 1 or not separator or key in fields:
            raise RemoteProtocolError(f"The SCRAM {name} message is malformed.")
        fields[key] = value
    if "m" in fields:
        # RFC 5802, section 5.1: reserved for extensions that must be understood.
        raise RemoteProtocolError(f"The SCRAM {name} message wants an unknown extension.")
    return fields


def _iterations(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    iterations = int(text) if is_number else 0
    if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
        raise RemoteProtocolError(
            f"The server asks for {text or 'no'} SCRAM iterations; "
            f"{MIN_ITERATIONS} to {MAX_ITERATIONS} are acceptable.",
            "Ask the operators of the server, or choose another login method.",
        )
    return iterations


def _base64(text: str, name: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise RemoteProtocolError(f"The SCRAM {name} is missing or not Base64.")
    return decoded
