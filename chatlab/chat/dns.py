"""Look-ups by our own sockets, so that they are in the capture (RFC 1035, RFC 3596, RFC 2782).

The system's resolver would ask through sockets that are not ours, often in another process. It is
still used where it alone knows the answer: for names without a dot, for ``.local`` (multicast DNS)
and when no name server answers us.
"""

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from chatlab.chat.sockets import bound_towards
from chatlab.core.errors import ConnectError
from chatlab.core.flow import FlowKey

DNS_PORT = 53
_TIMEOUT_S = 3.0
_TRIES = 2
_MAX_ANSWER = 65_535
_CONCLUSIVE = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
"""Answers about the name, not about the server that was asked."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Addresses in the order in which to try them, and how they were learnt."""

    addresses: tuple[str, ...]
    source: str
    """``literal``, ``hosts file``, ``system`` or the name server that was asked."""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One SRV record: a server of a domain's service (RFC 2782)."""

    priority: int
    """The lowest is tried first."""
    weight: int
    """Share of the connections among those of one priority."""
    port: int
    target: str
    """Host name; ``.`` where the domain says that it does not have the service."""


class Watcher(Protocol):
    """Told about every look-up socket before its first packet, and after its last."""

    async def opened(self, sock: socket.socket, flow: FlowKey, name: str) -> None: ...

    def closed(self, flow: FlowKey) -> None: ...


class Resolver:
    """Turns host names into addresses. Raises ConnectError in words."""

    def __init__(
        self,
        nameservers: tuple[str, ...] | None = None,
        hosts_file: Path | None = None,
        port: int = DNS_PORT,
    ) -> None:
        """Without arguments: what this system is set up to use."""
        self._nameservers = nameservers
        self._hosts_file = hosts_file or _system_hosts_file()
        self._port = port

    async def resolve(self, host: str, watcher: Watcher) -> Resolution:
        try:
            ip_address(host.partition("%")[0])
            return Resolution((host,), "literal")
        except ValueError:
            pass  # A name, then.
        if found := self._from_hosts_file(host):
            return Resolution(found, "hosts file")
        if _is_local_name(host):
            return await self._from_system(host)
        for server in self._servers():
            answers = await self._ask(server, host, ("A", "AAAA"), watcher)
            addresses = _addresses(answers)
            if addresses is not None:
                if not addresses:
                    raise _no_such_host(host)
                return Resolution(_interleaved(addresses), server)
        return await self._from_system(host)

    async def resolve_service(
        self, service: str, domain: str, watcher: Watcher
    ) -> tuple[ServiceRecord, ...]:
        """The SRV records of a service such as ``_xmpp-client._tcp``, as they came.

        Empty where there are none, and where nobody was asked: for a literal address, a name
        without a dot, and a name that the hosts file of this computer knows better.
        """
        if _is_local_name(domain) or ":" in domain or domain.replace(".", "").isdigit():
            return ()
        if self._from_hosts_file(domain):
            return ()
        for server in self._servers():
            answers = await self._ask(server, f"{service}.{domain}", ("SRV",), watcher)
            if any(answer.rcode() in _CONCLUSIVE for answer in answers):
                return _services(answers)
        return ()

    def _servers(self) -> tuple[str, ...]:
        if self._nameservers is not None:
            return self._nameservers
        try:
            configured = dns.resolver.Resolver(configure=True).nameservers
        except (dns.resolver.NoResolverConfiguration, OSError):
            return ()
        return tuple(
            server for server in configured if isinstance(server, str) and "/" not in server
        )

    def _from_hosts_file(self, host: str) -> tuple[str, ...]:
        wanted = host.rstrip(".").lower()
        try:
            lines = self._hosts_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        found = []
        for line in lines:
            address, *names = line.partition("#")[0].lower().split() or [""]
            if wanted in names:
                found.append(address)
        return _interleaved(found)

    async def _ask(
        self, server: str, host: str, kinds: tuple[str, ...], watcher: Watcher
    ) -> list[dns.message.Message]:
        """What one server answers about a name; empty when it does not answer."""
        try:
            name = dns.name.from_text(host)
        except dns.exception.DNSException as error:
            raise ConnectError(
                f"“{host}” is not a host name: {error}.", "Check the spelling in the account."
            ) from error
        queries = [dns.message.make_query(name, kind) for kind in kinds]
        try:
            sock, flow = bound_towards(server, self._port, socket.SOCK_DGRAM)
        except OSError:
            return []
        with sock:
            await watcher.opened(sock, flow, host)
            try:
                sock.connect((server, self._port))
                return await self._exchange(sock, queries)
            except OSError:
                return []
            finally:
                watcher.closed(flow)

    async def _exchange(
        self, sock: socket.socket, queries: list[dns.message.QueryMessage]
    ) -> list[dns.message.Message]:
        loop = asyncio.get_running_loop()
        waiting = {query.id: query for query in queries}
        answers: list[dns.message.Message] = []
        for _ in range(_TRIES):
            for query in waiting.values():
                await loop.sock_sendall(sock, query.to_wire())
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    while waiting:
                        answer = _parsed(await loop.sock_recv(sock, _MAX_ANSWER))
                        if (
                            answer
                            and answer.id in waiting
                            and waiting[answer.id].is_response(answer)
                        ):
                            del waiting[answer.id]
                            answers.append(answer)
            except TimeoutError:
                continue
            break
        return answers

    async def _from_system(self, host: str) -> Resolution:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _no_such_host(host) from error
        return Resolution(tuple(dict.fromkeys(str(info[4][0]) for info in found)), "system")


def _parsed(data: bytes) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(data)
    except dns.exception.DNSException:
        return None  # Not an answer of ours; the time-out goes on.


def _addresses(answers: list[dns.message.Message]) -> list[str] | None:
    """All addresses in the answers; empty for NXDOMAIN; None when nothing can be concluded."""
    found: list[str] = []
    usable = False
    for answer in answers:
        usable |= answer.rcode() in _CONCLUSIVE
        for rrset in answer.answer:
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                found.extend(str(record) for record in rrset)
    return found if usable else None


def _services(answers: list[dns.message.Message]) -> tuple[ServiceRecord, ...]:
    return tuple(
        ServiceRecord(
            record.priority, record.weight, record.port, record.target.to_text(omit_final_dot=True)
        )
        for answer in answers
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.SRV
        for record in rrset
    )


def _is_local_name(host: str) -> bool:
    """Whether only this system knows who that is: no dot, or multicast DNS."""
    return "." not in host.rstrip(".") or host.rstrip(".").lower().endswith(".local")


def _interleaved(addresses: list[str]) -> tuple[str, ...]:
    """IPv6 and IPv4 in turn, IPv6 first (RFC 8305, section 4)."""
    unique = dict.fromkeys(addresses)
    six = [address for address in unique if ":" in address]
    four = [address for address in unique if ":" not in address]
    pairs = [address for pair in zip(six, four, strict=False) for address in pair]
    return (*pairs, *six[len(four) :], *four[len(six) :])


def _no_such_host(host: str) -> ConnectError:
    return ConnectError(f"There is no host called {host}.", "Check the spelling and your network.")


def _system_hosts_file() -> Path:
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root, "System32", "drivers", "etc", "hosts")
    return Path("/etc/hosts")
