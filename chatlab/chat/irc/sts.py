"""Strict transport security (IRCv3 ``sts``): a server that wants TLS gets it, and keeps getting it.

In clear, a policy names a port: the connection ends there and then, and the next one goes to that
port with TLS. Over TLS, with a certificate that was accepted for a reason, a policy names how long
that shall hold; its port is ignored then. Nothing falls back to clear text when TLS fails.
"""

from dataclasses import dataclass, replace

from chatlab.chat.irc.context import Context
from chatlab.chat.timing import Timing
from chatlab.core.account import Account, Security
from chatlab.core.errors import FileError, Severity
from chatlab.core.ports import StsStore
from chatlab.core.sts import StsPolicy, policy_host

_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class StsOffer:
    """The value of the capability ``sts``, as far as it makes sense."""

    port: int | None
    duration_s: int | None


def parse_sts(value: str) -> StsOffer:
    """``duration=2592000,port=6697``; unknown keys are ignored, nonsense is nothing."""
    keys = dict(part.partition("=")[::2] for part in value.split(","))
    port, duration = _number(keys.get("port", "")), _number(keys.get("duration", ""))
    return StsOffer(port if port and port <= _MAX_PORT else None, duration)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


class MemorySts:
    """An ``StsStore`` that forgets with the program."""

    def __init__(self) -> None:
        self._policies: dict[str, StsPolicy] = {}

    def get(self, host: str) -> StsPolicy | None:
        return self._policies.get(policy_host(host))

    def put(self, host: str, policy: StsPolicy) -> None:
        self._policies[policy_host(host)] = policy

    def delete(self, host: str) -> None:
        self._policies.pop(policy_host(host), None)


class StrictTransport:
    """One account's view of the policies; outlives its connections."""

    def __init__(self, store: StsStore, timing: Timing) -> None:
        self._store = store
        self._timing = timing
        self._demanded: tuple[str, int] | None = None
        """Host and TLS port that a server named in clear; no TLS connection confirmed it yet."""

    def apply(self, account: Account) -> Account:
        """The account as it may connect: with TLS where a policy demands it."""
        if account.security is not Security.PLAIN or account.ignores_sts:
            return account
        policy = self._store.get(account.host)
        if policy is not None and policy.holds(self._now_s()):
            return replace(account, security=Security.DIRECT_TLS, port=policy.port)
        if self._demanded is not None and self._demanded[0] == policy_host(account.host):
            return replace(account, security=Security.DIRECT_TLS, port=self._demanded[1])
        return account

    def why(self, wanted: Account, used: Account) -> str:
        """Why a connection is not as the account says; empty when it is, or when it was told."""
        if used.security is wanted.security or self._demanded is not None:
            return ""
        return (
            f"{used.host} has demanded TLS before (STS): connecting to port {used.port} with TLS, "
            f"not to {wanted.port} in clear."
        )

    def take(self, context: Context, value: str) -> bool:
        """The server offers ``sts``. True: the connection was ended for one with TLS."""
        offer = parse_sts(value)
        if context.account.security is not Security.PLAIN:
            self._keep(context, offer)
            return False
        if offer.port is None:
            return False
        if context.account.ignores_sts:
            context.inform(
                "This server demands TLS (STS). The account stays in clear for an experiment, so "
                "anyone on the way reads along, and no password is sent.",
                severity=Severity.WARNING,
                hint="Take the exception back in this account’s settings when you are done.",
                code="sts",
            )
            return False
        self._demanded = (policy_host(context.account.host), offer.port)
        context.upgrade(
            f"{context.account.host} demands TLS (STS): connecting again, to port {offer.port}."
        )
        return True

    def connection_ended(self, account: Account) -> None:
        """Let the policy's time begin anew, as the specification says. Raises FileError."""
        policy = self._store.get(account.host)
        if account.security is Security.PLAIN or policy is None:
            return
        if policy.port == account.port and policy.holds(self._now_s()):
            self._store.put(account.host, policy.renewed(self._now_s()))

    def _keep(self, context: Context, offer: StsOffer) -> None:
        account = context.account
        if offer.duration_s is None or not context.link.is_trusted:
            return
        try:
            if offer.duration_s == 0:
                self._demanded = None
                self._store.delete(account.host)
            else:
                policy = StsPolicy.starting_at(self._now_s(), account.port, offer.duration_s)
                self._store.put(account.host, policy)
        except FileError as error:
            context.inform(
                f"That {account.host} demands TLS holds until ChatLab closes: {error.message}",
                severity=Severity.WARNING,
                hint=error.hint,
                code="sts",
            )

    def _now_s(self) -> int:
        return self._timing.clock_ns() // 1_000_000_000
