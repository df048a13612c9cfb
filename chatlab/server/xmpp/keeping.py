"""Accounts that outlive the server: a JSON file with proofs of passwords and contact lists.

For a class: who has registered once need not do so after each restart. The file holds what
SCRAM servers store (RFC 5802, section 3), no passwords; it is readable by its owner only.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from chatlab.core.errors import FileError
from chatlab.protocol.scram import SHA_1, SHA_256, ScramKeys
from chatlab.server.xmpp.accounts import Account, RosterItem, Subscription
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import parse_jid

log = logging.getLogger(__name__)

_SCHEMA = 1


class Keeper:
    """One file for one host."""

    def __init__(self, host: Host, file: Path) -> None:
        self._host = host
        self._file = file
        self._written = ""

    def load(self) -> None:
        """Take the accounts of an earlier run; those that the host has keep their password.

        Raises FileError for a file that is not one of ours.
        """
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error
        try:
            content = json.loads(text)
            if content["schema"] != _SCHEMA:
                raise ValueError("another version of ChatLab wrote it")
            for described in content["accounts"]:
                self._restore(described)
        except (ValueError, KeyError, TypeError, AttributeError, StanzaError) as error:
            raise self._unreadable(error) from error
        self._written = text

    def save(self) -> None:
        """Write the file anew if something has changed. Raises FileError."""
        accounts = [_describe(account) for account in self._host.accounts]
        text = json.dumps({"schema": _SCHEMA, "accounts": accounts}, indent=1, ensure_ascii=False)
        if text == self._written:
            return
        temporary = self._file.with_name(self._file.name + ".new")
        try:
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(self._file)
        except OSError as error:
            raise FileError(
                f"The lab’s accounts cannot be written to {self._file}: {error.strerror}.",
                "They last as long as the server runs.",
            ) from error
        self._written = text

    def _unreadable(self, error: Exception) -> FileError:
        words = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        return FileError(
            f"The lab’s accounts in {self._file} cannot be read: {words}.",
            "Move the file away to begin with none.",
        )

    def _restore(self, described: Mapping[str, object]) -> None:
        name, keys, roster = described["name"], described["keys"], described["roster"]
        if not (isinstance(name, str) and isinstance(keys, dict) and isinstance(roster, list)):
            raise ValueError("an account is incomplete")
        account = self._host.accounts.find(name)
        if account is None:
            restored = {
                hash_name: _keys(hash_name, keys[hash_name]) for hash_name in (SHA_1, SHA_256)
            }
            account = self._host.accounts.restore(name, restored)
        for one in roster:
            item = RosterItem(
                parse_jid(one["jid"]).bare,
                str(one["name"]),
                tuple(map(str, one["groups"])),
                Subscription(one["subscription"]),
                bool(one["is_asking"]),
                bool(one["is_approved"]),
            )
            account.roster[item.jid] = item


def _keys(hash_name: str, kept: Mapping[str, str]) -> ScramKeys:
    salt, stored, server = (bytes.fromhex(kept[part]) for part in ("salt", "stored", "server"))
    return ScramKeys(salt, int(kept["iterations"]), stored, server, hash_name)


def _describe(account: Account) -> dict[str, object]:
    keys = {hash_name: account.keys(hash_name) for hash_name in (SHA_1, SHA_256)}
    return {
        "name": account.name,
        "keys": {
            hash_name: {
                "salt": one.salt.hex(),
                "iterations": one.iterations,
                "stored": one.stored_key.hex(),
                "server": one.server_key.hex(),
            }
            for hash_name, one in keys.items()
        },
        "roster": [
            {
                "jid": str(item.jid),
                "name": item.name,
                "groups": item.groups,
                "subscription": item.subscription.value,
                "is_asking": item.is_asking,
                "is_approved": item.is_approved,
            }
            for item in account.roster.values()
        ],
    }
