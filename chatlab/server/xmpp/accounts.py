"""The accounts of the lab: proof of their passwords, and what the server keeps for them."""

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from chatlab.core.errors import LocalProtocolError
from chatlab.protocol.scram import SHA_1, SHA_256, ScramKeys
from chatlab.server.xmpp.archive import Archive
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.jid import Jid, prepare_local
from chatlab.server.xmpp.limits import DOMAIN, MAX_ACCOUNTS, MAX_OFFLINE


class Subscription(Enum):
    """Who sees whose presence (RFC 6121, section 2.1.2.5), from the roster owner’s side."""

    NONE = "none"
    TO = "to"
    FROM = "from"
    BOTH = "both"

    @property
    def has_to(self) -> bool:
        """The owner sees the contact’s presence."""
        return self in (Subscription.TO, Subscription.BOTH)

    @property
    def has_from(self) -> bool:
        """The contact sees the owner’s presence."""
        return self in (Subscription.FROM, Subscription.BOTH)

    def changed(self, *, to: bool | None = None, from_: bool | None = None) -> "Subscription":
        sees = self.has_to if to is None else to
        is_seen = self.has_from if from_ is None else from_
        if sees and is_seen:
            return Subscription.BOTH
        if sees:
            return Subscription.TO
        return Subscription.FROM if is_seen else Subscription.NONE


@dataclass(slots=True)
class RosterItem:
    """One contact in somebody’s roster."""

    jid: Jid
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: Subscription = Subscription.NONE
    is_asking: bool = False
    """The owner has asked to see the contact’s presence and has no answer yet."""
    is_approved: bool = False
    """The owner agreed beforehand to be seen (pre-approval)."""


@dataclass(slots=True)
class Node:
    """One PEP node (XEP-0163)."""

    items: OrderedDict[str, Element] = field(default_factory=OrderedDict)
    """By id, oldest first."""
    config: dict[str, str] = field(default_factory=dict)


class Account:
    """One account with everything that the server keeps for it."""

    def __init__(self, name: str, keys: Mapping[str, ScramKeys]) -> None:
        """``keys`` by the name of their hash, both that this server knows."""
        self.name = name
        self.jid = Jid(name, DOMAIN)
        self._keys = keys
        self.roster: dict[Jid, RosterItem] = {}
        self.requests: dict[Jid, Element] = {}
        """Who wants to see this account’s presence and waits for an answer."""
        self.offline: deque[Element] = deque(maxlen=MAX_OFFLINE)
        self.archive = Archive()
        self.archive_default = "always"
        self.vcard: Element | None = None
        self.private: dict[tuple[str, str], Element] = {}
        self.blocked: set[Jid] = set()
        self.nodes: dict[str, Node] = {}

    def set_password(self, password: str) -> None:
        """Raises StanzaError for a password that cannot be typed (RFC 4013)."""
        self._keys = _derive(password)

    def keys(self, hash_name: str) -> ScramKeys:
        return self._keys[hash_name]

    def accepts(self, password: str) -> bool:
        return self._keys[SHA_256].accept(password)

    def archives(self, peer: Jid) -> bool:
        """Whether messages with that JID are archived (XEP-0313, section 7)."""
        if self.archive_default == "roster":
            return peer.bare in self.roster
        return self.archive_default == "always"

    def blocks(self, jid: Jid) -> bool:
        """Whether a JID falls under a blocked one (XEP-0191, section 2)."""
        if not self.blocked or jid.bare == self.jid:
            return False
        domain = Jid("", jid.domain)
        forms = {jid, jid.bare, domain, domain.with_resource(jid.resource)}
        return not forms.isdisjoint(self.blocked)


class Accounts:
    """All accounts by name."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        """Raises ValueError for a name or password that cannot be."""
        self._accounts: dict[str, Account] = {}
        for name, password in passwords.items():
            try:
                self.create(name, password)
            except StanzaError as error:
                raise ValueError(f"The account “{name}” cannot be made. {error}") from error

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._accounts)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def create(self, name: str, password: str) -> Account:
        """Raises StanzaError when there is such an account, or cannot be."""
        self._check_free(name)
        return self.restore(name, _derive(password))

    def restore(self, name: str, keys: Mapping[str, ScramKeys]) -> Account:
        """An account of an earlier run. Raises StanzaError as ``create`` does."""
        prepared = self._check_free(name)
        account = self._accounts[prepared] = Account(prepared, keys)
        return account

    def _check_free(self, name: str) -> str:
        prepared = prepare_local(name)
        if prepared in self._accounts:
            raise StanzaError("conflict", "This name is taken: choose another.")
        if len(self._accounts) >= MAX_ACCOUNTS:
            raise StanzaError("resource-constraint", "There are too many accounts here.")
        return prepared

    def remove(self, account: Account) -> None:
        del self._accounts[account.name]

    def find(self, name: str) -> Account | None:
        """By the name that somebody typed."""
        try:
            return self._accounts.get(prepare_local(name))
        except StanzaError:
            return None

    def at(self, jid: Jid) -> Account | None:
        """Whose address that is, whatever its resource."""
        return self._accounts.get(jid.local) if jid.domain == DOMAIN else None


def _derive(password: str) -> dict[str, ScramKeys]:
    """Raises StanzaError."""
    if not password:
        raise StanzaError("not-acceptable", "A password is needed.")
    try:
        return {name: ScramKeys.derive(password, hash_name=name) for name in (SHA_1, SHA_256)}
    except LocalProtocolError as error:
        raise StanzaError("not-acceptable", str(error)) from error
