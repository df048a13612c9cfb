"""TLS over memory: records in, plaintext out, one record at a time (RFC 8446, RFC 5246).

``ssl.MemoryBIO`` keeps sockets out of the TLS library, so encryption happens inside the call that
asks for it. Whoever holds both ends of the pipe therefore knows which ciphertext bytes carry which
plaintext: that is what the attribution of encrypted messages rests on.
"""

import os
import ssl
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from chatlab.core.account import Account, Application, LoginMethod
from chatlab.core.connection import TlsFacts
from chatlab.core.errors import CertificateError, CertificateInfo, ConnectError

_READ_SIZE = 64 * 1024
_KEYS_PREFIX, _KEYS_SUFFIX = "chatlab-", ".keys"
_OPEN_FILES = Path("/proc/self/fd")
_STALE_S = 60.0
"""Younger ones may be about to be opened by a program that runs."""
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_FAULTS = {
    9: "it is not valid yet; is this computer’s clock right",
    10: "it has expired",
    18: "it is self-signed: nobody else vouches for it",
    19: "its chain ends in a self-signed certificate that is not trusted here",
    20: "its issuer is not known here",
    21: "it came without the certificates that lead to a trusted issuer",
    62: "it is for another host name",
    64: "it is for another IP address",
}
"""OpenSSL's X509_V_ERR_ codes in words (x509_vfy.h)."""
USUAL_PORTS = {
    Application.IRC: "6697 is usual; 6667 is plain text.",
    Application.XMPP: "5223 is usual; 5222 begins in clear text (STARTTLS).",
}
"""Where TLS is spoken from the first byte on."""

_NO_COMMON_VERSION = frozenset(
    {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}
    | {"VERSION_TOO_LOW", "WRONG_SSL_VERSION", "SSLV3_ALERT_PROTOCOL_VERSION"}
)
_WANTS_CERTIFICATE = frozenset(
    {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"}
)
_IS_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})


class TlsLayer:
    """The client's end of one TLS connection, without a socket."""

    def __init__(
        self,
        account: Account,
        *,
        server_name: str = "",
        alpn: tuple[str, ...] = (),
        accepts_any_certificate: bool = False,
    ) -> None:
        """``server_name``: what the certificate must be for; the account's host if not given.

        ``alpn``: application protocols to offer (RFC 7301); the server may ignore them.
        """
        self._account = account
        self._host = server_name or account.host
        self._alpn = alpn
        self._accepts_any = accepts_any_certificate
        self._key_log = _KeyLogFile()
        try:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            context = self._context()
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        except (OSError, ValueError) as error:
            self._key_log.close()
            raise ConnectError(
                f"TLS could not be set up for {self._host}: {error}.",
                "Check the CA file, the client certificate and the TLS versions of the account.",
            ) from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._account.ca_file:
            context.load_verify_locations(self._account.ca_file)
        if self._account.client_certificate and _holds_certificate(self._account):
            context.load_cert_chain(self._account.client_certificate)
        self._limit_versions(context)
        if self._alpn:
            context.set_alpn_protocols(self._alpn)
        if self._account.pinned_sha256 or self._accepts_any:
            # The handshake may finish with any certificate; check_certificate() then decides,
            # before a byte of ours is encrypted.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self._key_log.follow(context)
        return context

    def _limit_versions(self, context: ssl.SSLContext) -> None:
        """Raises ValueError for a range with nothing in it."""
        lowest, highest = self._account.tls_min, self._account.tls_max
        if lowest and highest and lowest > highest:
            raise ValueError(f"TLS {lowest} is demanded, and TLS {highest} at most")
        if lowest:
            context.minimum_version = _VERSIONS[lowest]
        if highest:
            context.maximum_version = _VERSIONS[highest]

    def handshake(self) -> bool:
        """Go on with what has been fed; True when the handshake is complete.

        Raises CertificateError or ConnectError. ``pending()`` holds what must be sent, alerts
        included, in every case.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise self._refusal(error.verify_code, error.verify_message) from error
        except ssl.SSLError as error:
            raise self._handshake_error(error) from error
        self._check_pin()
        return True

    def feed(self, record: bytes) -> bytes:
        """Decrypt one record; empty for handshake records such as session tickets.

        Raises EOFError when it is the peer's close_notify, ssl.SSLError when it is broken.
        """
        self._incoming.write(record)
        plaintext = bytearray()
        while True:
            try:
                if not (chunk := self._tls.read(_READ_SIZE)):
                    raise EOFError
            except ssl.SSLWantReadError:
                return bytes(plaintext)
            except ssl.SSLZeroReturnError:
                raise EOFError from None
            plaintext += chunk

    def feed_handshake(self, data: bytes) -> None:
        self._incoming.write(data)

    def encrypt(self, plaintext: bytes) -> bytes:
        """The records that carry ``plaintext``; more than one above 16 KiB."""
        view = memoryview(plaintext)
        while view:
            view = view[self._tls.write(view) :]
        return self._outgoing.read()

    def pending(self) -> bytes:
        """What TLS itself wants to send: handshake, KeyUpdate, alerts."""
        return self._outgoing.read()

    def close_notify(self) -> bytes:
        with suppress(ssl.SSLError):  # WantRead: nobody waits for the peer's (RFC 8446, 6.1).
            self._tls.unwrap()
        return self._outgoing.read()

    def take_secrets(self) -> tuple[str, ...]:
        """Key log lines (NSS format) that appeared since the last call."""
        return self._key_log.take()

    def forget(self) -> None:
        """Remove the key log file; the connection is over."""
        self._key_log.close()

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this connection (RFC 5929); empty where there are none."""
        if name == "tls-unique" and self._tls.version() == "TLSv1.2":
            # TLS 1.3 has no such value (RFC 8446, appendix C.5).
            return self._tls.get_channel_binding("tls-unique") or b""
        if name == "tls-server-end-point":
            return _end_point(_peer_chain(self._tls))
        return b""

    def facts(self) -> TlsFacts:
        cipher = self._tls.cipher()
        trust = "verified"
        if self._account.pinned_sha256:
            trust = "pinned"
        elif self._accepts_any:
            trust = "unverified"
        return TlsFacts(
            version=self._tls.version() or "TLS",
            cipher=cipher[0] if cipher else "",
            server_name=self._host,
            chain=self._chain(),
            trust=trust,
        )

    def _chain(self) -> tuple[CertificateInfo, ...]:
        return tuple(describe_certificate(der) for der in _peer_chain(self._tls))

    def _check_pin(self) -> None:
        wanted = self._account.pinned_sha256.lower().replace(":", "")
        if not wanted:
            return
        chain = self._chain()
        if not chain or chain[0].sha256 != wanted:
            raise CertificateError(
                f"{self._host} shows another certificate than the one you trusted.",
                "Someone may be listening in, or the server was renewed: ask its operator for "
                "the new fingerprint before you trust it.",
                reason="the certificate is not the pinned one",
                host=self._host,
                chain=chain,
            )

    def _refusal(self, code: int, words: str) -> CertificateError:
        reason = _FAULTS.get(code, words)
        chain = self._chain()
        if code in (62, 64) and chain:
            reason += f" ({', '.join(chain[0].names) or chain[0].subject}), not for {self._host}"
        return CertificateError(
            f"The certificate of {self._host} was refused: {reason}.",
            "Nothing of yours was sent. If this is your own lab server, compare the fingerprint "
            "and trust it in the account.",
            reason=reason,
            host=self._host,
            chain=chain,
        )

    def _handshake_error(self, error: ssl.SSLError) -> ConnectError:
        wanted = self._account.tls_min or "1.2"
        # A Python that is older than its OpenSSL knows some reasons by their words only.
        if error.reason in _NO_COMMON_VERSION or "legacy sigalg" in str(error):
            limit = "" if not self._account.tls_max else f" and at most {self._account.tls_max}"
            return ConnectError(
                f"{self._host} and this account have no TLS version in common: the account wants "
                f"TLS {wanted} or newer{limit}.",
                "TLS 1.0 and 1.1 are broken (RFC 8996) and not used here. Ask the server’s "
                "operator to offer TLS 1.2 or 1.3, or check “Lowest TLS” in the account.",
            )
        if error.reason in _WANTS_CERTIFICATE:
            return ConnectError(
                f"{self._host} lets nobody in without a client certificate.",
                "Choose or make one in the account: Login, “Certificate (SASL EXTERNAL)”.",
            )
        if error.reason in _IS_NOT_TLS:
            where = f" on port {self._account.port}" if self._account.port else ""
            return ConnectError(
                f"{self._host} does not answer in TLS{where}.",
                f"Is this the server’s TLS port? {USUAL_PORTS[self._account.application]}",
            )
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return ConnectError(
            f"The TLS handshake with {self._host} failed: {reason}.",
            "The server may be too old for TLS 1.2, or it wants a client certificate.",
        )


def _holds_certificate(account: Account) -> bool:
    """False for a file with nothing but the key for ECDSA-NIST256P-CHALLENGE."""
    if LoginMethod.ECDSA not in account.logins:
        return True
    return b"-----BEGIN CERTIFICATE-----" in Path(account.client_certificate).read_bytes()


class _KeyLogFile:
    """Where OpenSSL leaves the secrets: memory on Linux, elsewhere a private file."""

    def __init__(self) -> None:
        self._path: Path | None = None
        handle = _unnamed()
        if handle < 0:
            _clear_stale()
            handle, name = tempfile.mkstemp(prefix=_KEYS_PREFIX, suffix=_KEYS_SUFFIX)
            self._path = Path(name)
        self._file = os.fdopen(handle, "rb")
        self._rest = b""

    def follow(self, context: ssl.SSLContext) -> None:
        """Have the secrets of ``context`` written here."""
        context.keylog_filename = str(self._path or _OPEN_FILES / str(self._file.fileno()))
        if os.name == "posix" and self._path is not None:
            self._path.unlink()  # OpenSSL holds it open: it needs no name any more.

    def take(self) -> tuple[str, ...]:
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        lines = [line.decode("ascii", "replace").strip() for line in whole]
        return tuple(line for line in lines if line and not line.startswith("#"))

    def close(self) -> None:
        self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _unnamed() -> int:
    """Memory that can be opened like a file, so that a kill leaves nothing behind; -1 without."""
    if not hasattr(os, "memfd_create"):
        return -1
    try:
        handle = os.memfd_create("chatlab-keys", os.MFD_CLOEXEC)
    except OSError:  # A sandbox forbids it.
        return -1
    if os.access(_OPEN_FILES / str(handle), os.W_OK):
        return handle
    os.close(handle)  # /proc is not mounted.
    return -1


@cache
def _clear_stale() -> None:
    """Once a run, remove what programs that were killed have left; what is in use, Windows keeps."""
    for file in Path(tempfile.gettempdir()).glob(f"{_KEYS_PREFIX}*{_KEYS_SUFFIX}"):
        with suppress(OSError):
            if time.time() - file.lstat().st_mtime > _STALE_S:
                file.unlink()


def _peer_chain(tls: ssl.SSLObject) -> list[bytes]:
    """DER certificates as the server sent them, leaf first, also after a refused handshake."""
    if hasattr(tls, "get_unverified_chain"):
        return list(tls.get_unverified_chain() or ())
    inner = tls._sslobj  # type: ignore[attr-defined]  # public only from Python 3.13 on
    chain = inner.get_unverified_chain() or ()
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


def _end_point(chain: list[bytes]) -> bytes:
    """``tls-server-end-point`` (RFC 5929, section 4.1): the certificate by the hash that signs it."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    if not chain:
        return b""
    certificate = x509.load_der_x509_certificate(chain[0])
    try:
        used = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return b""
    if used is None:
        return b""  # Ed25519 and the like: RFC 5929 says nothing about them.
    is_weak = isinstance(used, (hashes.MD5, hashes.SHA1))
    return certificate.fingerprint(hashes.SHA256() if is_weak else used)


def describe_certificate(der: bytes) -> CertificateInfo:
    """What a person needs to judge the certificate ``der``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    certificate = x509.load_der_x509_certificate(der)
    names: list[str] = []
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = [str(name.value) for name in extension.value]
    except (x509.ExtensionNotFound, ValueError):
        pass  # No names, or names nobody can read: the empty tuple says so.
    key = certificate.public_key()
    kind = type(key).__name__.removesuffix("PublicKey").lstrip("_")
    if isinstance(key, rsa.RSAPublicKey):
        kind = f"RSA {key.key_size}"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = f"EC {key.curve.name}"
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string() or "(no subject)",
        issuer=certificate.issuer.rfc4514_string() or "(no issuer)",
        names=tuple(names),
        not_before=certificate.not_valid_before_utc.isoformat(),
        not_after=certificate.not_valid_after_utc.isoformat(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        key=kind,
    )
