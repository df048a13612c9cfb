"""The lab's certificates: valid for what they should be, private, and not reused for too long."""

import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chatlab.core.errors import FileError
from chatlab.server.authority import issue, reuse_or_issue


def test_the_certificate_is_for_the_local_names_and_those_asked_for(tmp_path: Path) -> None:
    made = issue(tmp_path, ["192.0.2.5", "lab.example.org"])

    certificate = x509.load_pem_x509_certificate(made.certificate_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = set(names.get_values_for_type(x509.IPAddress))
    assert {"localhost", "lab.example.org"} <= set(names.get_values_for_type(x509.DNSName))
    assert {ip_address(text) for text in ("127.0.0.1", "::1", "192.0.2.5")} <= addresses
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(made.ca_file.read_bytes()))


def test_the_fingerprint_is_the_one_that_clients_pin(tmp_path: Path) -> None:
    made = issue(tmp_path)

    certificate = x509.load_pem_x509_certificate(made.certificate_file.read_bytes())
    der = certificate.public_bytes(Encoding.DER)
    assert made.fingerprint == hashlib.sha256(der).hexdigest()


def test_it_is_valid_now_and_not_for_long(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(issue(tmp_path).certificate_file.read_bytes())

    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now
    assert certificate.not_valid_after_utc < now + timedelta(days=8)


@pytest.mark.only_on("linux")
def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    made = issue(tmp_path / "lab")

    for path in (made.ca_file, made.certificate_file, made.key_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "lab").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == [
        "ca.pem",
        "server-key.pem",
        "server.pem",
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match="file"):
        issue(tmp_path / "file" / "lab")


def test_python_trusts_the_server_strictly_by_its_authority(tmp_path: Path) -> None:
    made = issue(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate_file, made.key_file)
    client = ssl.create_default_context(cafile=str(made.ca_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT

    for name in ("localhost", "127.0.0.1", "::1"):
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        left = client.wrap_bio(to_client, to_server, server_hostname=name)
        right = server.wrap_bio(to_server, to_client, server_side=True)
        for side in (left, right, left, right):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        assert left.version() == "TLSv1.3"


def test_a_class_keeps_its_authority_over_a_restart(tmp_path: Path) -> None:
    first = reuse_or_issue(tmp_path, ["192.0.2.5"])
    again = reuse_or_issue(tmp_path, ["192.0.2.5"])

    assert again.fingerprint == first.fingerprint
    assert set(again.names) == set(first.names)


@pytest.mark.parametrize("damage", ["ca.pem", "server.pem", "server-key.pem"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: str) -> None:
    first = reuse_or_issue(tmp_path)
    (tmp_path / damage).write_bytes(b"")

    assert reuse_or_issue(tmp_path).fingerprint != first.fingerprint


def test_new_names_another_authority_or_little_time_left_make_it_anew(tmp_path: Path) -> None:
    first = reuse_or_issue(tmp_path)
    second = reuse_or_issue(tmp_path, ["192.0.2.5"])
    other = issue(tmp_path / "other", ["192.0.2.5"])
    other.ca_file.replace(second.ca_file)
    third = reuse_or_issue(tmp_path, ["192.0.2.5"])
    short = issue(tmp_path, validity=timedelta(hours=2))

    prints = [made.fingerprint for made in (first, second, third, short, reuse_or_issue(tmp_path))]
    assert len(set(prints)) == len(prints)
