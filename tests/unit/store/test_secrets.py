"""Secrets: in the keyring when one answers, in memory otherwise, and never in anyone's way."""

import asyncio
import importlib
import logging
import threading
from collections.abc import Callable, Iterator

import keyring
import pytest

from chatlab.core.account import AccountId, SecretKind
from chatlab.core.ports import SecretStore
from chatlab.store import secrets
from chatlab.store.secrets import SERVICE, KeyringSecrets, SessionSecrets, system_backend

ME = AccountId("a1")


class FakeKeyring:
    """A backend that may be slow or broken."""

    def __init__(self) -> None:
        self.passwords: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def _answer(self, username: str) -> None:
        self.gate.wait(10)
        self.asked.append(username)
        if self.error:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._answer(username)
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._answer(username)
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._answer(username)
        del self.passwords[service, username]


Opener = Callable[[Callable[[], FakeKeyring | None]], KeyringSecrets]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Makes stores, and ends their threads."""
    stores: list[KeyringSecrets] = []

    def make(find: Callable[[], FakeKeyring | None]) -> KeyringSecrets:
        stores.append(KeyringSecrets(find))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def test_a_secret_lasts_longer_than_the_store(opened: Opener) -> None:
    keyring = FakeKeyring()
    first: SecretStore = opened(lambda: keyring)
    first.set(ME, SecretKind.LOGIN, "s3cret")
    assert first.is_lasting
    second = opened(lambda: keyring)
    assert second.get(ME, SecretKind.LOGIN) == "s3cret"
    assert second.get(ME, SecretKind.SERVER) is None


def test_closing_writes_what_was_typed_last() -> None:
    keyring = FakeKeyring()
    store = KeyringSecrets(lambda: keyring)
    store.set(ME, SecretKind.LOGIN, "s3cret")
    store.close()
    assert keyring.passwords == {(SERVICE, "a1/login"): "s3cret"}


def test_delete_takes_both_secrets_of_an_account_and_no_others(opened: Opener) -> None:
    keyring = FakeKeyring()
    store = opened(lambda: keyring)
    for kind in SecretKind:
        store.set(ME, kind, "mine")
    store.set(AccountId("other"), SecretKind.LOGIN, "theirs")
    store.delete(ME)
    assert store.flush()
    assert keyring.passwords == {(SERVICE, "other/login"): "theirs"}
    assert store.get(ME, SecretKind.LOGIN) is None


@pytest.mark.parametrize("has_keyring_package", [True, False])
def test_without_a_keyring_secrets_live_until_exit(
    has_keyring_package: bool, opened: Opener
) -> None:
    store: SecretStore = opened(lambda: None) if has_keyring_package else SessionSecrets()
    store.set(ME, SecretKind.LOGIN, "s3cret")
    assert store.get(ME, SecretKind.LOGIN) == "s3cret"
    assert not store.is_lasting


def test_a_broken_keyring_becomes_memory_and_says_nothing_secret(
    caplog: pytest.LogCaptureFixture, opened: Opener
) -> None:
    keyring = FakeKeyring()
    keyring.error = RuntimeError("could not store s3cret")
    store = opened(lambda: keyring)
    with caplog.at_level(logging.DEBUG):
        store.set(ME, SecretKind.LOGIN, "s3cret")
        assert store.get(ME, SecretKind.LOGIN) == "s3cret"
        assert not store.is_lasting
    assert "RuntimeError" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_locked_keyring_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    monkeypatch.setattr(secrets, "PATIENCE_S", 0.01)
    keyring = FakeKeyring()
    keyring.gate.clear()
    store = opened(lambda: keyring)
    store.set(ME, SecretKind.LOGIN, "typed now")
    assert store.get(ME, SecretKind.LOGIN) == "typed now"
    assert not store.flush(0.01)
    keyring.gate.set()
    assert store.flush(5)
    assert keyring.passwords == {(SERVICE, "a1/login"): "typed now"}


def test_the_loop_runs_on_while_the_keyring_is_unlocked(opened: Opener) -> None:
    keyring = FakeKeyring()
    keyring.passwords[SERVICE, "a1/login"] = "s3cret"
    keyring.gate.clear()
    store = opened(lambda: keyring)

    async def unlock_meanwhile() -> None:
        waiting = asyncio.create_task(store.ready(ME))
        await asyncio.sleep(0)
        assert not waiting.done()
        keyring.gate.set()
        await waiting

    asyncio.run(unlock_meanwhile())
    asked = len(keyring.asked)
    assert store.get(ME, SecretKind.LOGIN) == "s3cret"
    assert len(keyring.asked) == asked


def test_what_is_typed_while_the_keyring_answers_wins(opened: Opener) -> None:
    keyring = FakeKeyring()
    keyring.passwords[SERVICE, "a1/login"] = "old"
    keyring.gate.clear()
    store = opened(lambda: keyring)

    async def type_meanwhile() -> None:
        waiting = asyncio.create_task(store.ready(ME))
        await asyncio.sleep(0)
        store.set(ME, SecretKind.LOGIN, "new")
        keyring.gate.set()
        await waiting

    asyncio.run(type_meanwhile())
    assert store.get(ME, SecretKind.LOGIN) == "new"


def test_making_a_store_touches_no_keyring() -> None:
    def find() -> None:
        raise AssertionError("asked too early")

    KeyringSecrets(find)


@pytest.mark.parametrize("module", ["keyring.backends.fail", "keyring.backends.null"])
def test_a_keyring_that_keeps_nothing_is_none(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = importlib.import_module(module).Keyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert system_backend() is None


def test_a_keyring_that_writes_passwords_to_a_plain_file_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class PlaintextKeyring(FakeKeyring):
        __module__ = "keyrings.alt.file"

    monkeypatch.setattr(keyring, "get_keyring", PlaintextKeyring)
    assert system_backend() is None
    monkeypatch.setattr(keyring, "get_keyring", FakeKeyring)
    assert system_backend() is not None


def test_a_secret_for_now_never_meets_the_keyring(opened: Opener) -> None:
    keyring = FakeKeyring()
    store = opened(lambda: keyring)
    store.set_for_now(ME, SecretKind.LOGIN, "lab")
    asyncio.run(store.ready(ME))
    assert (store.get(ME, SecretKind.LOGIN), store.get(ME, SecretKind.SERVER)) == ("lab", None)
    assert store.flush()
    assert keyring.asked == []
