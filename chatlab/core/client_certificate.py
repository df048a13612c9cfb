"""A certificate of one’s own, for SASL EXTERNAL: what its owner has to know of it."""

from dataclasses import dataclass
from enum import Enum


class Digest(Enum):
    """How networks write fingerprints down; the value is the usual name."""

    SHA_512 = "SHA-512"
    SHA_256 = "SHA-256"
    SHA_1 = "SHA-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A PEM file with a certificate and its key."""

    file: str
    subject: str
    """The common name, as its owner chose it."""
    not_after: str
    """ISO 8601, UTC."""
    fingerprints: dict[Digest, str]
    """Lower-case hex over the DER form, without colons: what NickServ’s CERT ADD takes."""


def digest_of(host: str) -> Digest:
    """The digest that a network’s services use, as far as it is known; else the common one."""
    host = host.lower().rstrip(".")
    known = {"libera.chat": Digest.SHA_512, "oftc.net": Digest.SHA_1}
    for network, digest in known.items():
        if host == network or host.endswith(f".{network}"):
            return digest
    return Digest.SHA_256


def cert_add(fingerprint: str) -> str:
    """What is typed, once, while logged in by password, so that the certificate is known."""
    return f"/msg NickServ CERT ADD {fingerprint}"
