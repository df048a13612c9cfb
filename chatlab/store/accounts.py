"""Accounts on disk, as their owner filled them in. Passwords are elsewhere (``secrets``)."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum
from pathlib import Path

from chatlab.core.account import (
    IRC_PORTS,
    XMPP_PORTS,
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    Security,
)
from chatlab.store.migrations import ACCOUNTS, SCHEMA_KEY
from chatlab.store.reading import Loaded, Table, TableReader
from chatlab.store.toml_file import TomlFile

MAX_ACCOUNTS = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TLS_VERSIONS = ("", "1.2", "1.3")
_FIELDS = (
    "id", "name", "application", "host", "port", "security", "nick", "jid", "resource",
    "user_name", "real_name",
    "login", "login_name", "has_server_password", "leave_message", "ca_file", "pinned_sha256",
    "client_certificate", "tls_min", "tls_max", "password_over_plain", "ignores_sts",
    "sends_typing", "sends_receipts", "sends_markers", "answers_ctcp", "connect_on_start",
)  # fmt: skip
_DEFAULTS = {field.name: field.default for field in fields(Account)}


def new_account_id() -> AccountId:
    """An id that no account ever had; names may change, ids do not."""
    return AccountId(uuid.uuid4().hex[:12])


class AccountStore:
    """The list of accounts on disk."""

    def __init__(self, path: Path) -> None:
        self._file = TomlFile(path, ACCOUNTS)

    def load(self) -> Loaded[tuple[Account, ...]]:
        """All accounts that can be used. Never raises.

        When one cannot, the file is copied aside first: the next ``save`` would lose it.
        """
        notes: list[str] = []
        reader = TableReader(self._file.read(notes), self._file.path.name, notes)
        reader.number(SCHEMA_KEY, ACCOUNTS.current, 1, 1_000_000)
        accounts: dict[AccountId, Account] = {}
        rows = list(reader.tables("accounts"))
        for row in rows:
            account = _read_account(row)
            if account is not None and account.id in accounts:
                row.note("a second account with the same id is left out.")
            elif account is not None:
                accounts[account.id] = account
        reader.finish()
        used = tuple(accounts.values())[:MAX_ACCOUNTS]
        if len(used) < len(accounts):
            reader.note(f"only the first {MAX_ACCOUNTS} of {len(accounts)} accounts are used.")
        if len(used) < len(rows):
            self._file.keep_copy("damaged" if len(accounts) < len(rows) else "whole", notes)
        return Loaded(used, tuple(notes))

    def save(self, accounts: Iterable[Account]) -> None:
        """Write all but temporary accounts. Raises FileError; the old file then stays."""
        lasting = [account for account in accounts if not account.is_temporary]
        self._file.write({"accounts": [account_to_table(account) for account in lasting]})


_NOT_SHARED = ("perform", "ca_file", "client_certificate")
"""Lines that may hold passwords, and files that only this computer has."""


def shared_accounts(accounts: Iterable[Account]) -> str:
    """Accounts as TOML for somebody else's eyes: nothing that lets one in anywhere."""
    import tomli_w  # Only needed when something is saved.

    tables: list[Table] = []
    for account in accounts:
        table = account_to_table(account)
        for name in _NOT_SHARED:
            table.pop(name, None)
        if account.channels:
            table["channels"] = [{"channel": channel.channel} for channel in account.channels]
        tables.append(table)
    return tomli_w.dumps({SCHEMA_KEY: ACCOUNTS.current, "accounts": tables})


def read_shared_accounts(table: Table) -> tuple[Account, ...]:
    """Those of ``shared_accounts`` that can be understood."""
    notes: list[str] = []
    rows = TableReader(table, "accounts", notes).tables("accounts")
    found = [account for row in rows if (account := _read_account(row)) is not None]
    return tuple({account.id: account for account in found}.values())[:MAX_ACCOUNTS]


def account_to_table(account: Account) -> Table:
    """The TOML form; values that say nothing are left out."""
    table: Table = {}
    for name in _FIELDS:
        value = getattr(account, name)
        if isinstance(value, Enum):
            table[name] = value.value
        elif value != _DEFAULTS[name]:
            table[name] = value
    if account.other_hosts:
        table["other_hosts"] = list(account.other_hosts)
    if account.alternative_nicks:
        table["alternative_nicks"] = list(account.alternative_nicks)
    if account.further_logins:
        table["further_logins"] = [login.value for login in account.further_logins]
    if account.perform:
        table["perform"] = list(account.perform)
    if account.channels:
        table["channels"] = [_channel_to_table(channel) for channel in account.channels]
    return table


def _channel_to_table(channel: Autojoin) -> dict[str, str]:
    """A key is what lets people into a channel; the owner typed it to be remembered."""
    return {"channel": channel.channel} | ({"key": channel.key} if channel.key else {})


def _read_account(row: TableReader) -> Account | None:
    """None when what makes an account is missing: an id, and a host and a nick, or a JID."""
    application = row.choice("application", Application.IRC)
    security = row.choice("security", Security.DIRECT_TLS)
    is_xmpp = application is Application.XMPP
    identity, host, jid = row.text("id"), row.text("host").strip(), row.text("jid")
    nick = row.text("nick") or jid.partition("@")[0]
    if not (identity and nick and (jid if is_xmpp else host)):
        what = "“jid”" if is_xmpp else "“host” and “nick”"
        row.note(f"this account needs “id” and {what}; it is left out.")
        return None
    account = Account(
        id=AccountId(identity),
        name=row.text("name") or jid or host,
        application=application,
        host=host,
        port=_read_port(row, security, is_xmpp=is_xmpp, has_host=bool(host)),
        security=security,
        nick=nick,
        jid=jid,
        resource=row.text("resource"),
        other_hosts=row.texts("other_hosts"),
        alternative_nicks=row.texts("alternative_nicks"),
        user_name=row.text("user_name"),
        real_name=row.text("real_name"),
        login=row.choice("login", LoginMethod.NONE),
        further_logins=_read_further_logins(row),
        login_name=row.text("login_name"),
        has_server_password=row.flag("has_server_password", False),
        channels=_read_channels(row),
        perform=row.texts("perform"),
        leave_message=row.text("leave_message"),
        ca_file=row.text("ca_file"),
        pinned_sha256=_read_pin(row),
        client_certificate=row.text("client_certificate"),
        tls_min=_read_tls_version(row, "tls_min"),
        tls_max=_read_tls_version(row, "tls_max"),
        password_over_plain=row.flag("password_over_plain", False),
        ignores_sts=row.flag("ignores_sts", False),
        sends_typing=row.flag("sends_typing", False),
        sends_receipts=row.flag("sends_receipts", True),
        sends_markers=row.flag("sends_markers", False),
        answers_ctcp=row.flag("answers_ctcp", True),
        connect_on_start=row.flag("connect_on_start", False),
    )
    row.finish()
    return account


def _read_port(row: TableReader, security: Security, *, is_xmpp: bool, has_host: bool) -> int:
    """0, which leaves the port to DNS, where the server's name is left to it as well."""
    if is_xmpp:
        return row.number("port", XMPP_PORTS[security] if has_host else 0, 0, 65_535)
    return row.number("port", IRC_PORTS.get(security, IRC_PORTS[Security.DIRECT_TLS]), 1, 65_535)


def _read_further_logins(row: TableReader) -> tuple[LoginMethod, ...]:
    known = {method.value: method for method in LoginMethod if method is not LoginMethod.NONE}
    names = row.texts("further_logins")
    for name in names:
        if name not in known:
            row.note(
                f"“further_logins”: “{name}” is no way to log in that is known here and is left out."
            )
    return tuple(known[name] for name in names if name in known)


def _read_channels(row: TableReader) -> tuple[Autojoin, ...]:
    channels: list[Autojoin] = []
    for entry in row.tables("channels"):
        if name := entry.text("channel"):
            channels.append(Autojoin(name, entry.text("key")))
        entry.finish()
    return tuple(channels)


def _read_pin(row: TableReader) -> str:
    """A pin that is no SHA-256 is dropped, which means the usual, stricter check."""
    pin = row.text("pinned_sha256").replace(":", "").replace(" ", "").lower()
    if pin and not _SHA256.fullmatch(pin):
        row.note("“pinned_sha256” is no SHA-256 fingerprint and is ignored.")
        return ""
    return pin


def _read_tls_version(row: TableReader, key: str) -> str:
    version = row.text(key)
    if version not in _TLS_VERSIONS:
        row.note(f"“{key}” must be “1.2” or “1.3”; it is ignored.")
        return ""
    return version
