"""Who connects where and how: accounts, and the rules that their fields must obey."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NewType

AccountId = NewType("AccountId", str)


class Application(Enum):
    """The protocol that one of our own connections speaks; known, never guessed from a port."""

    IRC = "irc"
    XMPP = "xmpp"
    DNS = "dns"
    DCC = "dcc"
    """A direct connection to another person’s program, settled over IRC (CTCP DCC)."""


class Security(Enum):
    """How a connection is protected on its way."""

    PLAIN = "plain"
    STARTTLS = "starttls"
    DIRECT_TLS = "tls"


IRC_PORTS = {Security.PLAIN: 6667, Security.DIRECT_TLS: 6697}
"""Registered by IANA (ircu, ircs-u; RFC 7194 for 6697)."""
XMPP_PORTS = {Security.PLAIN: 5222, Security.STARTTLS: 5222, Security.DIRECT_TLS: 5223}
"""5222: RFC 6120, section 14.7. 5223 is what servers use where no SRV record says otherwise."""


class LoginMethod(Enum):
    """How an account proves who it is; SASL mechanisms by their registered names."""

    NONE = "none"
    PLAIN = "PLAIN"
    SCRAM_SHA_1 = "SCRAM-SHA-1"
    """What every XMPP server has (RFC 6120, section 13.8), and few IRC networks."""
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    EXTERNAL = "EXTERNAL"
    ECDSA = "ECDSA-NIST256P-CHALLENGE"
    """Proves the private key of the client certificate's file; few networks still take it."""
    NICKSERV = "NickServ"
    """After registration, in a message to the network's service; where there is no SASL."""

    @property
    def is_scram(self) -> bool:
        """Proves a password without sending it (RFC 5802)."""
        return self in (LoginMethod.SCRAM_SHA_1, LoginMethod.SCRAM_SHA_256)

    @property
    def is_sasl(self) -> bool:
        return self not in (LoginMethod.NONE, LoginMethod.NICKSERV)


class SecretKind(Enum):
    """What the system keyring may hold for an account."""

    LOGIN = "login"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Autojoin:
    """A channel or room to join after login, with its key (mode +k, room password) or none."""

    channel: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as its owner filled it in; holds no password (see ``SecretKind``)."""

    id: AccountId
    name: str
    """What the sidebar shows, e.g. ``Libera.Chat``."""
    application: Application = Application.IRC
    host: str
    """The server. XMPP: empty to ask DNS for the JID's domain (SRV, RFC 6120, section 3.2)."""
    other_hosts: tuple[str, ...] = ()
    """IRC: further servers of the same network, tried in turn where one cannot be reached."""
    port: int
    """XMPP: 0 to take what DNS says, or the usual one."""
    security: Security = Security.DIRECT_TLS
    nick: str
    """XMPP: the nickname in rooms."""
    jid: str = ""
    """XMPP: who it is, ``local@domain`` (bare JID, RFC 7622); empty for IRC."""
    resource: str = ""
    """XMPP: the name of this program at the account; empty to have the server choose one."""
    alternative_nicks: tuple[str, ...] = ()
    user_name: str = ""
    real_name: str = ""
    login: LoginMethod = LoginMethod.NONE
    further_logins: tuple[LoginMethod, ...] = ()
    """What to try, in this order, where ``login`` is not offered or refused; NickServ comes
    after all SASL mechanisms, wherever it stands."""
    login_name: str = ""
    has_server_password: bool = False
    channels: tuple[Autojoin, ...] = ()
    """Channels, or rooms by their JID."""
    perform: tuple[str, ...] = ()
    """Lines as typed on the server's page, carried out after login, before channels are joined."""
    leave_message: str = ""
    ca_file: str = ""
    """PEM file that is trusted beside the system's certificate authorities."""
    pinned_sha256: str = ""
    """Lower-case hex SHA-256 of the server's certificate (DER); the only one accepted when set."""
    client_certificate: str = ""
    """PEM file with certificate and key, for SASL EXTERNAL and ECDSA-NIST256P-CHALLENGE."""
    tls_min: str = ""
    """Lowest TLS version to accept, ``"1.2"`` or ``"1.3"``; empty for the library's own."""
    tls_max: str = ""
    """Highest TLS version to offer, ``"1.2"`` or ``"1.3"``; empty for the library's own."""
    password_over_plain: bool = False
    """The owner allowed, for this account, to send passwords where anyone can read them."""
    ignores_sts: bool = False
    """Stays in clear for an experiment where the server demands TLS (IRCv3 STS); no password
    leaves then, not even one that is typed."""
    sends_typing: bool = False
    """Tell others that a message is being written (IRCv3 +typing, XEP-0085): makes packets."""
    sends_receipts: bool = True
    """XMPP: answer each message that asks for it with a receipt (XEP-0184): makes packets."""
    sends_markers: bool = False
    """Tell when a message has been read (XEP-0333, IRCv3 read-marker): makes packets."""
    answers_ctcp: bool = True
    """IRC: answer when somebody asks for our program, time or a PING (CTCP): makes packets."""
    connect_on_start: bool = False
    is_temporary: bool = False
    """Made for a lab or for one command; never stored."""

    def at_turn(self, turn: int) -> "Account":
        """The account with the server of a turn; turn 0 is its own."""
        hosts = (self.host, *self.other_hosts)
        return replace(self, host=hosts[turn % len(hosts)])

    @property
    def logins(self) -> tuple[LoginMethod, ...]:
        """Every way to log in, in the order in which they are tried; empty for none."""
        all_of_them = dict.fromkeys((self.login, *self.further_logins))
        return tuple(method for method in all_of_them if method is not LoginMethod.NONE)

    @property
    def effective_user_name(self) -> str:
        return self.user_name or self.nick

    @property
    def effective_real_name(self) -> str:
        return self.real_name or self.nick
