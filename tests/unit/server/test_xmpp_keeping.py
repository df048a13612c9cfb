"""Accounts that outlive the server of a class."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from chatlab.core.errors import FileError
from chatlab.server.service import ACCOUNTS_FILE, ServiceOptions, start
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.keeping import Keeper
from tests.unit.server.xmpp_harness import Lab


def _loaded(file: Path, accounts: dict[str, str] | None = None) -> Lab:
    lab = Lab(accounts or {})
    Keeper(lab.host, file).load()
    return lab


def test_accounts_and_contacts_come_back_and_passwords_are_not_in_the_file(tmp_path: Path) -> None:
    lab, file = Lab({"alice": "correct horse", "bob": "pencil"}), tmp_path / "accounts.json"
    alice = lab.connect().login("alice", "home", "correct horse")
    alice.say("<presence/>")
    lab.befriend(alice, lab.online("bob"))
    Keeper(lab.host, file).save()
    assert "correct horse" not in file.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    again = _loaded(file)
    assert again.host.accounts.names == ("alice", "bob")
    roster = (
        again.connect()
        .login("alice", "home", "correct horse")
        .ask("get", "<query xmlns='jabber:iq:roster'/>")
    )
    assert "bob@localhost" in str(roster)
    assert "subscription='both'" in str(roster)


def test_a_password_given_at_the_start_counts(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    Keeper(Host({"alice": "old"}), file).save()
    lab = _loaded(file, {"alice": "new"})
    assert lab.connect().login("alice", "home", "new").jid


def test_nothing_is_written_when_nothing_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    keeper = Keeper(Host({"alice": "pencil"}), file)
    keeper.save()
    file.unlink()
    keeper.save()
    assert not file.exists()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2, "accounts": []}', '{"schema": 1, "accounts": [{"name": 1}]}'],
)
def test_a_file_that_is_not_ours_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="cannot be read") as raised:
        _loaded(file)
    assert "Move the file away" in raised.value.hint


def test_a_class_keeps_its_accounts_and_a_lab_does_not(tmp_path: Path) -> None:
    async def serve(*, keeps_accounts: bool) -> None:
        options = ServiceOptions(
            directory=tmp_path, accounts={"ann": "pencil"}, keeps_accounts=keeps_accounts
        )
        await (await start(options)).stop()

    asyncio.run(serve(keeps_accounts=False))
    assert not (tmp_path / ACCOUNTS_FILE).exists()
    asyncio.run(serve(keeps_accounts=True))
    assert '"ann"' in (tmp_path / ACCOUNTS_FILE).read_text(encoding="utf-8")
