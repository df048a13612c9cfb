"""Accounts, presets and certificates for tests of the window."""

from dataclasses import dataclass

from chatlab.core.account import Account, AccountId, Autojoin, LoginMethod, Security
from chatlab.core.errors import CertificateError, CertificateInfo


@dataclass(frozen=True)
class Preset:
    """A network as the account form wants it."""

    name: str
    host: str
    tls_port: int | None
    plain_port: int | None
    note: str


PRESETS = (
    Preset("Libera.Chat", "irc.libera.chat", 6697, 6667, "TLS on 6697, plain text on 6667."),
    Preset("hackint", "irc.hackint.org", 6697, None, "TLS only."),
    Preset("EFnet", "irc.efnet.org", None, 6667, "Plain text only."),
)
PLAIN_ACCOUNT = Account(
    id=AccountId("lab"),
    name="Lab plain",
    host="127.0.0.1",
    port=6667,
    security=Security.PLAIN,
    nick="first_last",
    other_hosts=("127.0.0.2", "irc.lab.example"),
    alternative_nicks=("first_l", "fl"),
    user_name="firstname.lastname",
    real_name="Éva Last",
    login=LoginMethod.PLAIN,
    login_name="first",
    channels=(Autojoin("#lab"), Autojoin("#secret", "k3y")),
    leave_message="Good-bye, all",
    pinned_sha256="ab" * 32,
    tls_min="1.2",
    tls_max="1.2",
    perform=("/mode +x",),
    answers_ctcp=False,
    connect_on_start=True,
)
LEAF = CertificateInfo(
    subject="CN=irc.lab.example",
    issuer="CN=ChatLab run-time CA",
    names=("irc.lab.example", "localhost", "127.0.0.1"),
    not_before="2026-01-31T12:00:00Z",
    not_after="2026-03-31T12:00:00Z",
    sha256="1f2e3d4c5b6a79880102030405060708090a0b0c0d0e0f101112131415161718",
    key="EC P-256",
)


def refused(host: str = "irc.lab.example", *chain: CertificateInfo) -> CertificateError:
    """A refusal as the TLS layer reports it."""
    return CertificateError(
        f"The certificate of {host} was refused.",
        "Ask the person who runs the server.",
        reason="no authority that this system trusts has signed it",
        host=host,
        chain=chain or (LEAF,),
    )
