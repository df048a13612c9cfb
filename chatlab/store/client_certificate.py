"""Makes and reads certificates of one’s own, for SASL EXTERNAL (RFC 4422, appendix A).

Self-signed: servers compare the fingerprint, nobody checks a chain. Key and certificate stand in one
PEM file that only its owner can read. Importing this loads ``cryptography``.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chatlab.core.client_certificate import ClientCertificate, Digest
from chatlab.core.errors import FileError
from chatlab.store.files import write_whole

VALIDITY = timedelta(days=3653)
"""Ten years: nobody wants to register anew, and the owner can revoke it at any time."""
_CLOCK_SKEW = timedelta(days=1)
_MAX_NAME = 64
"""Characters of a common name (RFC 5280, appendix A.1: ub-common-name)."""
_MAX_FILE = 1 << 20
_DIGESTS: dict[Digest, hashes.HashAlgorithm] = {
    Digest.SHA_512: hashes.SHA512(),
    Digest.SHA_256: hashes.SHA256(),
    Digest.SHA_1: hashes.SHA1(),  # Names a certificate, proves nothing.
}


def make_client_certificate(folder: Path, account: str, name: str) -> ClientCertificate:
    """Make a key and a certificate for it. No file is ever replaced. Raises FileError."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MAX_NAME] or "ChatLab")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path = _free_place(folder, account)
    write_whole(path, pem)
    return _facts(path, certificate)


def read_client_certificate(path: Path) -> ClientCertificate:
    """What is in a PEM file. Raises FileError when it would not do for logging in."""
    try:
        with path.open("rb") as file:
            pem = file.read(_MAX_FILE)
    except OSError as error:
        raise FileError(
            f"{path.name} cannot be read: {error.strerror or error}.", "Choose another file."
        ) from error
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise FileError(
            f"{path.name} holds no certificate in PEM form.", "Choose another, or make one."
        ) from error
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:  # TypeError: it is locked by a password.
        raise FileError(
            f"{path.name} holds no private key that can be used without a password.",
            "Put certificate and key into one PEM file.",
        ) from error
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise FileError(
            f"Certificate and key in {path.name} do not belong together.", "Choose another file."
        )
    return _facts(path, certificate)


def _free_place(folder: Path, account: str) -> Path:
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", account)[:_MAX_NAME] or "account"
    place, count = folder / f"{stem}.pem", 2
    while place.exists():
        place, count = folder / f"{stem}-{count}.pem", count + 1
    return place


def _facts(path: Path, certificate: x509.Certificate) -> ClientCertificate:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return ClientCertificate(
        file=str(path),
        subject=str(names[0].value) if names else "",
        not_after=f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        fingerprints={
            digest: certificate.fingerprint(method).hex() for digest, method in _DIGESTS.items()
        },
    )
