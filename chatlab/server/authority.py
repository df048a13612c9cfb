"""A certificate authority for one lab: made at run time, trusted by nobody who was not given it.

The authority signs one server certificate and forgets its own key, which never touches the
disk: its PEM file may be handed to a whole class, and nobody can sign anything else with it.
EC P-256 throughout, valid for days.
"""

import hashlib
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chatlab.core.errors import FileError

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
DEFAULT_VALIDITY = timedelta(days=7)
_CLOCK_SKEW = timedelta(hours=1)
"""Classroom clocks differ: the certificates are valid from a little before they were made."""
_MIN_REST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LabCertificate:
    """Where the files of a lab's authority are, and how to recognise its server."""

    ca_file: Path
    """To be handed to clients."""
    certificate_file: Path
    key_file: Path
    fingerprint: str
    """Lower-case hex SHA-256 over the server certificate's DER form, as for pinning."""
    names: tuple[str, ...]
    """DNS names and IP addresses that the server certificate is valid for."""


def issue(
    directory: Path, names: Iterable[str] = (), validity: timedelta = DEFAULT_VALIDITY
) -> LabCertificate:
    """Make an authority and a server certificate and write them, readable by the owner only.

    The certificate is for the local names, this machine's name and ``names`` (for a
    classroom: the addresses that the others use). Raises FileError.
    """
    all_names = _all_names(names)
    now = datetime.now(UTC)
    period = (now - _CLOCK_SKEW, now + validity)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _make_authority(ca_key, period)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _make_server_certificate(key, ca, ca_key, all_names, period)
    files = _files(directory)
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(files.key_file, key_pem)
        _write_private(files.certificate_file, certificate.public_bytes(Encoding.PEM))
        _write_private(files.ca_file, ca.public_bytes(Encoding.PEM))
    except OSError as error:
        raise FileError(
            f"The lab’s certificates cannot be written to {directory}: {error.strerror}.",
            "Name a folder that you may write to.",
        ) from error
    return _described(files, certificate, all_names)


def reuse_or_issue(
    directory: Path, names: Iterable[str] = (), validity: timedelta = DEFAULT_VALIDITY
) -> LabCertificate:
    """The certificate in ``directory`` if it still serves, else a new one.

    A class that was given the authority's file keeps it when the server is restarted.
    """
    wanted = _all_names(names)
    files = _files(directory)
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate_file.read_bytes())
        authority = x509.load_pem_x509_certificate(files.ca_file.read_bytes())
        certificate.verify_directly_issued_by(authority)
        is_complete = files.key_file.stat().st_size > 0
    except (OSError, ValueError, TypeError, x509.InvalidVersion, InvalidSignature):
        return issue(directory, wanted, validity)
    rest = certificate.not_valid_after_utc - datetime.now(UTC)
    if is_complete and rest > _MIN_REST and set(wanted) <= set(_names_of(certificate)):
        return _described(files, certificate, _names_of(certificate))
    return issue(directory, wanted, validity)


def _files(directory: Path) -> LabCertificate:
    return LabCertificate(
        directory / "ca.pem", directory / "server.pem", directory / "server-key.pem", "", ()
    )


def _described(
    files: LabCertificate, certificate: x509.Certificate, names: Sequence[str]
) -> LabCertificate:
    fingerprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    return replace(files, fingerprint=fingerprint, names=tuple(names))


def _all_names(names: Iterable[str]) -> tuple[str, ...]:
    machine = socket.gethostname()
    candidates = (*LOCAL_NAMES, *([machine] if _is_name(machine) else []), *names)
    return tuple(dict.fromkeys(candidates))


def _is_name(text: str) -> bool:
    """Whether a certificate can carry it; host names with “_” or beyond ASCII cannot."""
    return text.isascii() and bool(text) and all(c.isalnum() or c in ".-" for c in text)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*extension.value.get_values_for_type(x509.DNSName), *map(str, addresses))


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ChatLab"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(
    key: ec.EllipticCurvePrivateKey, period: tuple[datetime, datetime]
) -> x509.Certificate:
    name = _subject("ChatLab lab authority")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), *period)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_server_certificate(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    period: tuple[datetime, datetime],
) -> x509.Certificate:
    public_key = key.public_key()
    ca_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        x509.CertificateBuilder(
            ca.subject,
            _subject("ChatLab lab server"),
            public_key,
            x509.random_serial_number(),
            *period,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _write_private(path: Path, content: bytes) -> None:
    """Replace ``path`` at once, never readable by others, not even for a moment."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)
