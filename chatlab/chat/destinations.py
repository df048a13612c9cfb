"""Where an account's server is: the host it names, or what DNS says of its JID's domain.

An XMPP address names a domain, and DNS names the servers of it (SRV, RFC 2782) for each way in:
``_xmpp-client`` for streams that begin in clear, ``_xmpps-client`` for direct TLS (XEP-0368). Just
the one that the account wants is asked for. A host or port that its owner filled in goes before.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatlab.chat.dns import Resolver, ServiceRecord, Watcher
from chatlab.core.account import XMPP_PORTS, Account, Application, Security
from chatlab.core.errors import ConnectError

MAX_DESTINATIONS = 8
"""Servers of a domain that are tried at one go; a hostile zone may list thousands."""
_SERVICES = {
    Security.PLAIN: "_xmpp-client._tcp",
    Security.STARTTLS: "_xmpp-client._tcp",
    Security.DIRECT_TLS: "_xmpps-client._tcp",
}
_DECLINED = {
    "_xmpp-client._tcp": "Is the address spelt right? Some domains have direct TLS only: choose it "
    "in the account.",
    "_xmpps-client._tcp": "Choose STARTTLS in the account: most servers have that.",
}

Random = Callable[[int, int], int]
"""A whole number between two, both included, as ``random.randint`` gives it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A host to look up and a port to connect to."""

    host: str
    port: int


def domain_of(account: Account) -> str:
    """The domain of the account's JID: the name that its server's certificate must show."""
    return account.jid.partition("/")[0].rpartition("@")[2]


def server_name(account: Account) -> str:
    """Whom TLS has to prove: the JID's domain, whichever host DNS leads to (RFC 6120, 13.7.2)."""
    if account.application is Application.XMPP and (domain := domain_of(account)):
        return domain.strip("[]")
    return account.host


async def destinations(
    account: Account, resolver: Resolver, watcher: Watcher, choose: Random = random.randint
) -> tuple[Destination, ...]:
    """Servers of the account in the order in which to try them; at least one.

    Raises ConnectError where the domain says that it has none.
    """
    if account.application is not Application.XMPP:
        return (Destination(account.host, account.port),)
    usual = XMPP_PORTS[account.security]
    name = account.host or server_name(account)
    if account.host or account.port:
        return (Destination(name, account.port or usual),)
    service = _SERVICES[account.security]
    records = await resolver.resolve_service(service, name, watcher)
    if not records:
        return (Destination(name, usual),)
    found = tuple(
        Destination(record.target, record.port)
        for record in in_order(records, choose)
        if record.target != "."
    )
    if not found:
        raise ConnectError(
            f"{name} says in DNS that it has no {service} server.", _DECLINED[service]
        )
    return found[:MAX_DESTINATIONS]


def in_order(records: Sequence[ServiceRecord], choose: Random) -> list[ServiceRecord]:
    """By priority; within one, drawn by weight, and those without weight rarely first (RFC 2782)."""
    ordered: list[ServiceRecord] = []
    for priority in sorted({record.priority for record in records}):
        left = sorted(
            (record for record in records if record.priority == priority),
            key=lambda record: record.weight > 0,
        )
        while left:
            drawn = choose(0, sum(record.weight for record in left))
            running = 0
            for record in left:
                running += record.weight
                if running >= drawn:
                    break
            ordered.append(record)
            left.remove(record)
    return ordered
