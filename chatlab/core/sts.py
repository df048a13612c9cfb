"""Strict transport security of IRC servers (IRCv3 ``sts``): a policy and how long it holds."""

from dataclasses import dataclass, replace

MAX_DURATION_S = 10 * 365 * 86_400
"""Ten years; a server that says more means for ever, and a clock has its limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StsPolicy:
    """What a server demanded over a verified TLS connection."""

    port: int
    """Where that TLS connection was."""
    duration_s: int
    expires_s: int
    """Seconds since the epoch."""

    @classmethod
    def starting_at(cls, now_s: int, port: int, duration_s: int) -> "StsPolicy":
        duration_s = min(duration_s, MAX_DURATION_S)
        return cls(port=port, duration_s=duration_s, expires_s=now_s + duration_s)

    def renewed(self, now_s: int) -> "StsPolicy":
        """The same policy from now on: its time begins anew when a connection ends."""
        return replace(self, expires_s=now_s + self.duration_s)

    def holds(self, now_s: int) -> bool:
        return now_s < self.expires_s


def policy_host(host: str) -> str:
    """The form of a host name by which policies are kept."""
    return host.lower().rstrip(".")
