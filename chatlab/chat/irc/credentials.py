"""What an account may prove itself with on one connection: the one place that judges passwords.

Nothing here is sent; what must not be sent is refused before the connection is made.
"""

from dataclasses import dataclass

from chatlab.core.account import Account, LoginMethod, SecretKind, Security
from chatlab.core.errors import ConnectError, LocalProtocolError
from chatlab.core.ports import SecretStore

_OPEN_LOGIN_HINT = (
    "Choose TLS, or allow passwords over plain text in this account’s settings: anyone on the "
    "way can then read it."
)
_STS_HINT = (
    "The server demands TLS, and this account stays in clear for an experiment: log in over TLS."
)
_SENT_AS_IT_IS = frozenset({LoginMethod.PLAIN, LoginMethod.NICKSERV})


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords of one attempt; empty where none is needed."""

    server: str = ""
    login: str = ""
    mechanisms: tuple[LoginMethod, ...] = ()
    """SASL mechanisms that may be tried, in the account's order."""
    uses_nickserv: bool = False


def read_credentials(account: Account, secrets: SecretStore) -> Credentials:
    """Fetch what the account needs. Raises ConnectError when it must not, or cannot, be sent."""
    server = _server_password(account, secrets) if account.has_server_password else ""
    methods = _usable_methods(account)
    login = ""
    if any(method.is_scram or method in _SENT_AS_IT_IS for method in methods):
        login = secrets.get(account.id, SecretKind.LOGIN) or ""
        if not login:
            raise ConnectError("The login password is not stored.", "Enter it in the account.")
    mechanisms = tuple(method for method in methods if method.is_sasl)
    return Credentials(server, login, mechanisms, LoginMethod.NICKSERV in methods)


def is_readable(account: Account) -> bool:
    """Whether anyone on the way could read a password, and the owner did not allow just that."""
    in_clear = account.security is Security.PLAIN
    return in_clear and (account.ignores_sts or not account.password_over_plain)


def _hint(account: Account) -> str:
    return _STS_HINT if account.ignores_sts else _OPEN_LOGIN_HINT


def _server_password(account: Account, secrets: SecretStore) -> str:
    if is_readable(account):
        raise ConnectError(
            "The server password would cross the network in plain text.", _hint(account)
        )
    if not (password := secrets.get(account.id, SecretKind.SERVER)):
        raise ConnectError("The server password is not stored.", "Enter it in the account.")
    return password


def _usable_methods(account: Account) -> tuple[LoginMethod, ...]:
    """The account's ways to log in without those that would betray it on this connection."""
    refused: dict[LoginMethod, ConnectError] = {}
    for method in account.logins:
        if error := _fault(account, method):
            refused[method] = error
    usable = tuple(method for method in account.logins if method not in refused)
    if refused and not usable:
        raise next(iter(refused.values()))
    return usable


def _fault(account: Account, method: LoginMethod) -> ConnectError | None:
    if method is LoginMethod.EXTERNAL and account.security is Security.PLAIN:
        return ConnectError(
            "SASL EXTERNAL proves who you are by a TLS certificate, and this connection has no TLS.",
            "Choose TLS for this account.",
        )
    if method is LoginMethod.ECDSA and not account.client_certificate:
        return ConnectError(
            "SASL ECDSA-NIST256P-CHALLENGE needs a private key, and the account names no file.",
            "Choose the file of the client certificate in this account’s settings.",
        )
    if method is LoginMethod.PLAIN and is_readable(account):
        return ConnectError(
            "SASL PLAIN would send the password in plain text.",
            f"SCRAM-SHA-256 keeps it secret even here. {_hint(account)}",
        )
    if method is LoginMethod.NICKSERV and is_readable(account):
        return ConnectError(
            "The password for NickServ would cross the network in plain text.", _hint(account)
        )
    return None


def keep_password_in(account: Account, is_password: bool) -> None:
    """Refuse a password where the owner chose clear text against the server's will.

    Raises LocalProtocolError.
    """
    if is_password and account.ignores_sts and account.security is Security.PLAIN:
        raise LocalProtocolError(
            "This looks like a password, and this account stays in clear for an experiment: "
            "it was not sent.",
            "Take the exception from TLS (STS) back in the account’s settings first.",
        )
