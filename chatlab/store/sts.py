"""Which servers demanded TLS (IRCv3 STS), remembered across restarts.

Written at once, not at exit: a policy that a crash forgets is a password in clear. The file is read
again before each change, so that two programs do not take each other's policies away.
"""

from collections.abc import Mapping
from pathlib import Path

from chatlab.core.sts import MAX_DURATION_S, StsPolicy, policy_host
from chatlab.store.migrations import SCHEMA_KEY, Schema
from chatlab.store.reading import TableReader
from chatlab.store.toml_file import TomlFile

FILE_NAME = "sts.toml"
MAX_POLICIES = 1_000
"""The oldest to expire goes first."""
_MAX_TIME_S = 1 << 40
_SCHEMA = Schema(current=1)


class StsFile:
    """Implements ``core.ports.StsStore`` in one TOML file."""

    def __init__(self, path: Path) -> None:
        self._file = TomlFile(path, _SCHEMA)
        self._policies = self._read()

    def get(self, host: str) -> StsPolicy | None:
        """The policy of a host, expired or not."""
        return self._policies.get(policy_host(host))

    def put(self, host: str, policy: StsPolicy) -> None:
        """Remember a policy. Raises FileError; it then holds for this run only."""
        self._policies = self._read() | {policy_host(host): policy}
        self._write()

    def delete(self, host: str) -> None:
        """Forget a policy. Raises FileError."""
        self._policies = self._read()
        if self._policies.pop(policy_host(host), None) is not None:
            self._write()

    def _read(self) -> dict[str, StsPolicy]:
        """Whatever of the file can be used; a damaged one is kept aside by ``TomlFile``."""
        notes: list[str] = []
        reader = TableReader(self._file.read(notes), self._file.path.name, notes)
        reader.number(SCHEMA_KEY, _SCHEMA.current, 1, 1_000_000)
        policies: dict[str, StsPolicy] = {}
        for row in reader.tables("policies"):
            host, port = row.text("host"), row.number("port", 0, 0, 65_535)
            duration_s = row.number("duration_s", 0, 0, MAX_DURATION_S)
            expires_s = row.number("expires_s", 0, 0, _MAX_TIME_S)
            if host and port and duration_s:
                policies[policy_host(host)] = StsPolicy(
                    port=port, duration_s=duration_s, expires_s=expires_s
                )
        return policies

    def _write(self) -> None:
        newest = sorted(self._policies.items(), key=lambda item: -item[1].expires_s)
        rows = [_to_row(host, policy) for host, policy in newest[:MAX_POLICIES]]
        self._file.write({"policies": rows})


def _to_row(host: str, policy: StsPolicy) -> Mapping[str, str | int]:
    return {
        "host": host,
        "port": policy.port,
        "duration_s": policy.duration_s,
        "expires_s": policy.expires_s,
    }
