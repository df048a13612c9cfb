"""Accounts on disk: whole, without passwords, and none lost by a bad neighbour."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from chatlab.core.account import Account, AccountId, Application, Autojoin, LoginMethod, Security
from chatlab.store.accounts import MAX_ACCOUNTS, AccountStore, account_to_table, new_account_id

FULL = Account(
    id=AccountId("a1"),
    name="Libera.Chat",
    application=Application.IRC,
    host="irc.libera.chat",
    port=6667,
    security=Security.PLAIN,
    nick="first_last",
    other_hosts=("irc2.libera.chat",),
    alternative_nicks=("first_last2", "fl"),
    user_name="flast",
    real_name="Éva Last",
    login=LoginMethod.SCRAM_SHA_256,
    further_logins=(LoginMethod.PLAIN, LoginMethod.EXTERNAL),
    login_name="first",
    has_server_password=True,
    channels=(Autojoin("#lab"), Autojoin("#secret", "k3y")),
    perform=("/mode +x", "/msg bot hello"),
    leave_message="Bye “all”",
    ca_file="/etc/lab.pem",
    pinned_sha256="ab" * 32,
    client_certificate="/home/me/me.pem",
    tls_min="1.2",
    tls_max="1.2",
    password_over_plain=True,
    ignores_sts=True,
    answers_ctcp=False,
    connect_on_start=True,
)
XMPP = Account(
    id=AccountId("x1"),
    name="alice@localhost",
    application=Application.XMPP,
    host="",
    port=0,
    security=Security.STARTTLS,
    nick="alice",
    jid="alice@localhost",
    resource="lab",
    login=LoginMethod.SCRAM_SHA_1,
    channels=(Autojoin("lab@rooms.localhost", "pw"),),
    sends_typing=True,
    sends_receipts=False,
    sends_markers=True,
)
PLAIN = Account(id=AccountId("a2"), name="Lab", host="::1", port=6697, nick="me")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.toml"


def test_every_field_comes_back(path: Path) -> None:
    AccountStore(path).save([FULL, PLAIN, XMPP])
    loaded = AccountStore(path).load()
    assert loaded.value == (FULL, PLAIN, XMPP)
    assert loaded.notes == ()


def test_no_field_is_forgotten_when_accounts_grow() -> None:
    not_stored = {"is_temporary"}
    stored = set(account_to_table(FULL)) | set(account_to_table(XMPP))
    assert stored == {field.name for field in fields(Account)} - not_stored


def test_temporary_accounts_are_not_stored(path: Path) -> None:
    AccountStore(path).save([replace(PLAIN, is_temporary=True), FULL])
    assert AccountStore(path).load().value == (FULL,)


def test_one_bad_account_harms_no_other_and_is_not_lost(path: Path) -> None:
    text = (
        '[[accounts]]\nid = "x"\nnick = "me"\n\n[[accounts]]\nid = "y"\nnick = "me"\nhost = "h"\n'
    )
    path.write_text(text)
    loaded = AccountStore(path).load()
    assert [account.id for account in loaded.value] == ["y"]
    assert [copy.read_text() for copy in path.parent.glob("accounts.damaged-*")] == [text]
    assert any("accounts 1" in note for note in loaded.notes)


def test_accounts_beyond_the_limit_are_told_and_not_lost(path: Path) -> None:
    many = [replace(PLAIN, id=AccountId(f"n{number}")) for number in range(MAX_ACCOUNTS + 1)]
    AccountStore(path).save(many)
    text = path.read_text()
    loaded = AccountStore(path).load()
    assert loaded.value == tuple(many[:-1])
    assert any("only the first 100 of 101" in note for note in loaded.notes)
    assert [copy.read_text() for copy in path.parent.glob("accounts.whole-*")] == [text]


def test_a_missing_port_follows_the_security(path: Path) -> None:
    path.write_text('[[accounts]]\nid = "x"\nnick = "me"\nhost = "h"\nsecurity = "plain"\n')
    assert AccountStore(path).load().value[0].port == 6667


def test_a_line_end_in_a_value_cannot_become_a_second_command(path: Path) -> None:
    path.write_text(
        '[[accounts]]\nid = "x"\nnick = "me"\nhost = "h"\nleave_message = "bye\\r\\nQUIT\\u0000"\n'
    )
    loaded = AccountStore(path).load()
    assert loaded.value[0].leave_message == "byeQUIT"
    assert loaded.notes


def test_a_pin_is_a_fingerprint_or_nothing(path: Path) -> None:
    grouped = ":".join(["AB"] * 32)
    path.write_text(
        f'[[accounts]]\nid = "x"\nnick = "m"\nhost = "h"\npinned_sha256 = "{grouped}"\n'
        '[[accounts]]\nid = "y"\nnick = "m"\nhost = "h"\npinned_sha256 = "any"\n'
    )
    loaded = AccountStore(path).load()
    assert [account.pinned_sha256 for account in loaded.value] == ["ab" * 32, ""]
    assert any("fingerprint" in note for note in loaded.notes)


def test_the_same_id_twice_is_noted(path: Path) -> None:
    AccountStore(path).save([PLAIN, PLAIN])
    loaded = AccountStore(path).load()
    assert loaded.value == (PLAIN,)
    assert loaded.notes


def test_ids_are_never_the_same() -> None:
    assert len({new_account_id() for _ in range(100)}) == 100
