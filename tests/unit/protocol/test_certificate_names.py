"""Names in certificates, and the bytes that say them."""

import datetime
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.certificate_names import certificate_names


@pytest.fixture(scope="module")
def der() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab"),
        x509.NameAttribute(NameOID.COMMON_NAME, "irc.example"),
    ])  # fmt: skip
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Some authority")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName("irc.example"),
        x509.DNSName("*.chat.example"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def test_the_subject_s_names_are_found_and_not_the_issuer_s(der: bytes) -> None:
    assert [(name.kind, name.value) for name in certificate_names(der)] == [
        ("CN", "irc.example"),
        ("SAN", "irc.example"),
        ("SAN", "*.chat.example"),
        ("SAN", "127.0.0.1"),
        ("SAN", "::1"),
    ]


def test_each_name_stands_where_it_is_said_to_stand(der: bytes) -> None:
    for name in certificate_names(der)[:3]:
        assert der[name.span.start : name.span.stop] == name.value.encode()


def test_a_cut_certificate_is_read_quietly(der: bytes) -> None:
    whole = set(certificate_names(der))
    for stop in range(0, len(der), 7):
        assert set(certificate_names(der[:stop])) <= whole


@given(st.binary(max_size=200))
def test_any_bytes_are_read_quietly(data: bytes) -> None:
    certificate_names(data)
