"""Network presets, read from ``resources/networks.toml``: data, so that anyone can correct them."""

import tomllib
from dataclasses import dataclass
from datetime import date

from chatlab import resources
from chatlab.core.account import LoginMethod, Security
from chatlab.core.errors import FileError

_FILE = "networks.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPreset:
    """One network as the account form offers it."""

    name: str
    host: str
    tls_port: int | None
    plain_port: int | None
    login: tuple[str, ...]
    """SASL mechanisms by their registered names, or the service that does it instead."""
    note: str
    verified: date
    """When the newest published source for it was written; a network may be gone since."""

    @property
    def security(self) -> Security:
        """TLS wherever the network has it."""
        return Security.PLAIN if self.tls_port is None else Security.DIRECT_TLS

    def port(self, security: Security) -> int | None:
        """The port for a kind of connection; None where the network does not offer it."""
        return self.plain_port if security is Security.PLAIN else self.tls_port

    @property
    def login_methods(self) -> tuple[LoginMethod, ...]:
        """What of ``login`` this program can do by itself."""
        return tuple(method for method in LoginMethod if method.value in self.login)


def read_networks() -> tuple[NetworkPreset, ...]:
    """All presets, in the order of the file."""
    return parse_networks(resources.text(_FILE))


def parse_networks(text: str) -> tuple[NetworkPreset, ...]:
    """The presets in a TOML text. Raises FileError naming the row at fault."""
    try:
        rows = tomllib.loads(text)["network"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise FileError(f"{_FILE} cannot be read: {error}.", "Install ChatLab again.") from error
    return tuple(_read_row(row) for row in rows)


def _read_row(row: dict[str, object]) -> NetworkPreset:
    name, host, note = row.get("name"), row.get("host"), row.get("note", "")
    login, verified = row.get("login", []), row.get("verified")
    if not (
        isinstance(name, str)
        and isinstance(host, str)
        and isinstance(note, str)
        and isinstance(login, list)
        and isinstance(verified, date)
    ):
        raise FileError(
            f"The network {name!r} in {_FILE} lacks a field, or one has the wrong type.",
            "The file’s first lines say what belongs into a row.",
        )
    preset = NetworkPreset(
        name=name,
        host=host,
        tls_port=_read_port(row, "tls"),
        plain_port=_read_port(row, "plain"),
        login=tuple(str(method) for method in login),
        note=note,
        verified=verified,
    )
    if preset.tls_port is None and preset.plain_port is None:
        raise FileError(f"The network {name!r} in {_FILE} has no port.", "Add “tls” or “plain”.")
    return preset


def _read_port(row: dict[str, object], key: str) -> int | None:
    port = row.get(key)
    if port is None or (isinstance(port, int) and 0 < port < 65536):
        return port
    raise FileError(f"“{port}” is not a port ({row.get('name')} in {_FILE}).", "1 to 65535.")
