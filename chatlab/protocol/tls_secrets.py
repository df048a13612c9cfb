"""Secrets of TLS connections as programs note them down: the key log of NSS (SSLKEYLOGFILE).

One line per secret, ``LABEL <random of the ClientHello> <secret>``, both in hex
(draft-ietf-tls-keylogfile). Whoever has such lines reads everything that the connections carried.
"""

from collections.abc import Iterable

MASTER_SECRET = "CLIENT_RANDOM"
"""TLS 1.2 and older: the master secret, under the label that the others have the random's name for."""
CLIENT_HANDSHAKE = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
SERVER_HANDSHAKE = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
CLIENT_TRAFFIC = "CLIENT_TRAFFIC_SECRET_0"
SERVER_TRAFFIC = "SERVER_TRAFFIC_SECRET_0"
LABELS = frozenset(
    {MASTER_SECRET, CLIENT_HANDSHAKE, SERVER_HANDSHAKE, CLIENT_TRAFFIC, SERVER_TRAFFIC}
)
MAX_SECRETS = 200_000
"""Kept at most: a browser's log of years has fewer."""
MAX_LINE = 1_000
_RANDOM_SIZE = 32
_SECRET_SIZES = range(32, 65)


class KeyLog:
    """Secrets by label and ClientHello random; lines that say something else are passed over."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._secrets: dict[tuple[str, bytes], bytes] = {}
        for line in lines:
            self.add(line)

    def __len__(self) -> int:
        return len(self._secrets)

    def add(self, line: str) -> bool:
        """Take one line; whether it held a secret that is new."""
        words = line.split() if len(line) <= MAX_LINE else []
        if len(words) != 3 or words[0] not in LABELS or len(self._secrets) >= MAX_SECRETS:
            return False
        try:
            random, secret = bytes.fromhex(words[1]), bytes.fromhex(words[2])
        except ValueError:
            return False
        key = words[0], random
        if len(random) != _RANDOM_SIZE or len(secret) not in _SECRET_SIZES or key in self._secrets:
            return False
        self._secrets[key] = secret
        return True

    def update(self, other: "KeyLog") -> None:
        """Take what another one has, as far as there is room; what is known already stays."""
        for key, secret in other._secrets.items():
            if len(self._secrets) >= MAX_SECRETS:
                return
            self._secrets.setdefault(key, secret)

    def lines_of(self, random: bytes) -> list[str]:
        """The lines of one connection, as they stand in a key log."""
        return [
            f"{label} {random.hex()} {secret.hex()}"
            for label in sorted(LABELS)
            if (secret := self.secret(label, random)) is not None
        ]

    def secret(self, label: str, random: bytes) -> bytes | None:
        """The secret of the connection whose ClientHello had this random."""
        return self._secrets.get((label, random))
