"""A certificate of one's own: private, whole, never replaced, and refused when it would not do."""

import hashlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatlab.core.client_certificate import Digest, cert_add, digest_of
from chatlab.core.errors import FileError
from chatlab.store.client_certificate import make_client_certificate, read_client_certificate


def test_it_can_be_used_at_once_and_read_again(tmp_path: Path) -> None:
    made = make_client_certificate(tmp_path / "certificates", "libera", "alice")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(made.file)
    assert read_client_certificate(Path(made.file)) == made
    assert made.subject == "alice"
    assert Path(made.file).name == "libera.pem"


def test_its_fingerprints_are_those_that_others_compute(tmp_path: Path) -> None:
    made = make_client_certificate(tmp_path, "libera", "alice")
    pem = Path(made.file).read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END CERTIFICATE-----") + 25])
    assert made.fingerprints == {
        Digest.SHA_512: hashlib.sha512(der).hexdigest(),
        Digest.SHA_256: hashlib.sha256(der).hexdigest(),
        Digest.SHA_1: hashlib.sha1(der).hexdigest(),
    }


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    made = make_client_certificate(tmp_path / "certificates", "libera", "alice")
    if os.name != "posix":
        return  # Windows keeps a user's folders from others in its own way.
    assert os.stat(made.file).st_mode & 0o777 == 0o600
    assert os.stat(tmp_path / "certificates").st_mode & 0o777 == 0o700


def test_a_certificate_that_is_registered_somewhere_is_never_replaced(tmp_path: Path) -> None:
    first = make_client_certificate(tmp_path, "libera", "alice")
    before = Path(first.file).read_bytes()
    second = make_client_certificate(tmp_path, "libera", "alice")
    assert Path(second.file).name == "libera-2.pem"
    assert Path(first.file).read_bytes() == before


def test_it_is_valid_for_ten_years(tmp_path: Path) -> None:
    made = make_client_certificate(tmp_path, "libera", "alice")
    until = datetime.fromisoformat(made.not_after)
    assert timedelta(days=3652) < until - datetime.now(UTC) < timedelta(days=3654)


@pytest.mark.parametrize("account", ["../../etc/passwd", "", "a b/ç", "x" * 300])
def test_an_accounts_name_does_not_choose_the_folder(tmp_path: Path, account: str) -> None:
    made = make_client_certificate(tmp_path, account, "n" * 300)
    assert Path(made.file).parent == tmp_path
    assert len(made.subject) == 64


def part(pem: str, name: str) -> str:
    start, end = f"-----BEGIN {name}-----", f"-----END {name}-----"
    return pem[pem.index(start) : pem.index(end) + len(end)] + "\n"


def test_what_would_not_do_is_refused_with_the_reason(tmp_path: Path) -> None:
    one = Path(make_client_certificate(tmp_path, "one", "alice").file).read_text()
    other = Path(make_client_certificate(tmp_path, "other", "bob").file).read_text()
    cases = {
        "holds no certificate": part(one, "PRIVATE KEY"),
        "holds no private key": part(one, "CERTIFICATE"),
        "do not belong together": part(one, "CERTIFICATE") + part(other, "PRIVATE KEY"),
    }
    file = tmp_path / "case.pem"
    for words, text in cases.items():
        file.write_text(text)
        with pytest.raises(FileError, match=words):
            read_client_certificate(file)
    with pytest.raises(FileError, match="cannot be read"):
        read_client_certificate(tmp_path / "missing.pem")


def test_networks_are_told_the_digest_that_they_want() -> None:
    assert digest_of("irc.libera.chat") is Digest.SHA_512
    assert digest_of("IRC.OFTC.net.") is Digest.SHA_1
    assert digest_of("irc.example.org") is Digest.SHA_256
    assert digest_of("notlibera.chat") is Digest.SHA_256
    assert cert_add("ab12") == "/msg NickServ CERT ADD ab12"
