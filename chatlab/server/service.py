"""One lab server from its options: certificate, accounts, listeners; and what it exposes.

IRC and XMPP are served side by side, with one certificate and the same accounts.
"""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from chatlab.core.errors import ConnectError, UsageError
from chatlab.server.authority import LabCertificate, issue, reuse_or_issue
from chatlab.server.irc.listener import IrcServer
from chatlab.server.irc.network import Network
from chatlab.server.irc.sasl import Accounts
from chatlab.server.listener import tls_context
from chatlab.server.xmpp import listener as xmpp
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.keeping import Keeper
from chatlab.server.xmpp.roster import introduce_all

LOOPBACK = "127.0.0.1"
ACCOUNTS_FILE = "xmpp-accounts.json"
_GROUP = "Lab"
"""Under which the lab's accounts find one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """What to serve, where."""

    directory: Path
    """Where the certificates go."""
    bind: str = LOOPBACK
    plain_port: int = 0
    tls_port: int = 0
    """0 takes a free port."""
    xmpp_port: int = 0
    """In clear, with STARTTLS for those who want it."""
    xmpp_tls_port: int = 0
    names: tuple[str, ...] = ()
    """More names and addresses for the certificate, beside the local ones."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Name to password, for SASL: IRC’s and XMPP’s."""
    keeps_certificate: bool = False
    """Use the directory's certificate again while it is valid."""
    keeps_accounts: bool = False
    """Keep XMPP accounts and their contacts in the directory, too."""
    asks_captcha: bool = False
    """Who makes an XMPP account has to read digits in a picture (XEP-0158)."""
    introduces_accounts: bool = False
    """The XMPP accounts have one another as contacts from the start."""


class Service:
    """A running lab server."""

    def __init__(
        self,
        server: IrcServer,
        xmpp_server: xmpp.XmppServer,
        certificate: LabCertificate,
        address: str,
    ) -> None:
        self._server = server
        self._xmpp_server = xmpp_server
        self.certificate = certificate
        self.address = address
        self.plain_port = server.plain_port
        self.tls_port = server.tls_port
        self.xmpp_port = xmpp_server.plain_port
        self.xmpp_tls_port = xmpp_server.tls_port

    @property
    def account_names(self) -> tuple[str, ...]:
        return self._server.network.accounts.names

    async def stop(self) -> None:
        await self._xmpp_server.stop()
        await self._server.stop()


async def start(options: ServiceOptions) -> Service:
    """Serve; returns when all ports listen.

    Raises UsageError for a wrong address or account, FileError, or ConnectError.
    """
    address = bind_address(options.bind)
    try:
        accounts = Accounts(options.accounts)
    except ValueError as error:
        raise UsageError(str(error)) from error
    names = (*reachable_addresses(address), *options.names)
    make = reuse_or_issue if options.keeps_certificate else issue
    certificate = make(options.directory, names)
    xmpp_server = _xmpp_server(options, certificate)
    server = IrcServer(Network(accounts))
    tls = tls_context(certificate.certificate_file, certificate.key_file)
    await server.start(address, options.plain_port, options.tls_port, tls)
    xmpp_tls = xmpp.tls_context(certificate.certificate_file, certificate.key_file)
    try:
        await xmpp_server.start(address, options.xmpp_port, options.xmpp_tls_port, xmpp_tls)
    except ConnectError:
        await server.stop()
        raise
    return Service(server, xmpp_server, certificate, address)


def _xmpp_server(options: ServiceOptions, certificate: LabCertificate) -> xmpp.XmppServer:
    try:
        aliases = _aliases(certificate.names)
        host = Host(options.accounts, aliases=aliases, asks_captcha=options.asks_captcha)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if options.introduces_accounts:
        introduce_all(host, _GROUP)
    if not options.keeps_accounts:
        return xmpp.XmppServer(host)
    keeper = Keeper(host, options.directory / ACCOUNTS_FILE)
    keeper.load()
    return xmpp.XmppServer(host, keeper=keeper)


def _aliases(names: Iterable[str]) -> list[str]:
    """Under which further domains clients may look for the accounts: IPv6 in brackets."""
    return [f"[{name}]" if ":" in name else name for name in names]


def bind_address(text: str) -> str:
    """The IP address to listen on. Raises UsageError for anything else."""
    if text == "localhost":
        return LOOPBACK
    try:
        return str(ip_address(text))
    except ValueError:
        raise UsageError(
            f"“{text}” is not an IP address.",
            "Name one of this machine’s addresses, or 0.0.0.0 for all of them.",
        ) from None


def reachable_addresses(bind: str) -> tuple[str, ...]:
    """Under which addresses others reach a server bound to ``bind``; loopback stays loopback."""
    address = ip_address(bind)
    if not address.is_unspecified:
        return (bind,)
    found = [LOOPBACK if address.version == 4 else "::1"]
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    probe = "192.0.2.1" if address.version == 4 else "2001:db8::1"
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        try:
            # Asks the routing table for the local address; connecting UDP sends nothing.
            udp.connect((probe, 9))
            found.insert(0, udp.getsockname()[0])
        except OSError:
            # No network: only this machine itself can reach the server, which the list says.
            return tuple(found)
    return tuple(dict.fromkeys(found))
