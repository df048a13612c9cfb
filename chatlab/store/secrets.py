"""Passwords: in the system's keyring, or, where none answers, in memory until exit.

A keyring may take its time: it starts a service, or asks the user to unlock it. So it is only
spoken to from one thread of our own, and nobody waits longer than a named patience. ``ready``
is for the event loop: it fetches an account's passwords without stopping the window, after which
``get`` answers from memory.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Protocol, TypeVar

from chatlab.core.account import AccountId, SecretKind

log = logging.getLogger(__name__)
T = TypeVar("T")
SERVICE = "ChatLab"
PATIENCE_S = 2.0
"""How long a call that cannot be awaited waits for the keyring."""
READY_PATIENCE_S = 60.0
"""How long ``ready`` waits; the user may be typing the keyring's own password."""
_NOT_LASTING = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""No keyring at all, one that forgets, and ones that write passwords to plain files."""


class Backend(Protocol):
    """What we need of the keyring package."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class SessionSecrets:
    """Keeps secrets in memory and nowhere else: for labs and single commands."""

    def __init__(self) -> None:
        self._secrets: dict[tuple[AccountId, SecretKind], str] = {}

    def get(self, account: AccountId, kind: SecretKind) -> str | None:
        return self._secrets.get((account, kind))

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self._secrets[account, kind] = secret

    set_for_now = set

    def delete(self, account: AccountId) -> None:
        for kind in SecretKind:
            self._secrets.pop((account, kind), None)

    async def ready(self, account: AccountId) -> None:
        """Nothing to fetch."""

    @property
    def is_lasting(self) -> bool:
        return False


class KeyringSecrets:
    """The system keyring behind a memory; making one touches nothing."""

    def __init__(self, find_backend: Callable[[], Backend | None] | None = None) -> None:
        self._find_backend = find_backend or system_backend
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._known: dict[tuple[AccountId, SecretKind], str | None] = {}
        self._backend: Backend | None = None
        self._is_found = False
        self._has_failed = False

    def get(self, account: AccountId, kind: SecretKind) -> str | None:
        key = (account, kind)
        if key not in self._known:
            self._wait(self._submit(lambda: self._fetch(account), None), None)
        return self._known.get(key)

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        """Usable at once; written to the keyring as soon as that answers."""
        self._known[account, kind] = secret
        self._submit(lambda: self._store(account, kind, secret), None)

    def set_for_now(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        """For accounts that end with the program: the keyring is not asked."""
        self._known.update({(account, other): None for other in SecretKind if other is not kind})
        self._known[account, kind] = secret

    def delete(self, account: AccountId) -> None:
        for kind in SecretKind:
            self._known[account, kind] = None
        self._submit(lambda: self._erase(account), None)

    async def ready(self, account: AccountId) -> None:
        """Have this account's secrets in memory, as far as the keyring gives them."""
        if all((account, kind) in self._known for kind in SecretKind):
            return
        fetched = asyncio.wrap_future(self._submit(lambda: self._fetch(account), None))
        try:
            await asyncio.wait_for(asyncio.shield(fetched), READY_PATIENCE_S)
        except TimeoutError:
            log.warning("the keyring did not answer in %.0f s", READY_PATIENCE_S)

    @property
    def is_lasting(self) -> bool:
        """Whether a keyring answers; asked for the first time, it waits a moment."""
        self._wait(self._submit(self._find, None), None)
        return self._backend is not None and not self._has_failed

    def flush(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait for what is being written; False when the keyring still keeps us waiting."""
        return self._wait(self._submit(lambda: True, True), False, patience_s)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Have everything written, as far as the keyring answers in time; then rest."""
        if (worker := self._worker) is not None:
            self._worker = None
            self._jobs.put(None)
            worker.join(patience_s)

    def _submit(self, call: Callable[[], T], failed: T) -> "Future[T]":
        """Run ``call`` in the worker; the answer is ``failed`` when the keyring refuses."""
        future: Future[T] = Future()

        def job() -> None:
            try:
                future.set_result(call())
            except Exception as error:  # Backends raise what their platform raises.
                self._has_failed = True
                # The type alone: a backend's words could hold what it was asked to keep.
                log.warning("the keyring failed: %s", type(error).__name__)
                future.set_result(failed)

        if self._worker is None:
            # A daemon, so that a stuck keyring never delays the exit.
            self._worker = threading.Thread(target=self._work, name="keyring", daemon=True)
            self._worker.start()
        self._jobs.put(job)
        return future

    def _work(self) -> None:
        while job := self._jobs.get():
            job()

    def _wait(self, future: "Future[T]", default: T, patience_s: float = PATIENCE_S) -> T:
        try:
            return future.result(patience_s)
        except FutureTimeout:
            log.warning("the keyring keeps us waiting; going on without it")
            return default

    def _find(self) -> None:
        if not self._is_found:
            self._backend = self._find_backend()
            self._is_found = True

    def _fetch(self, account: AccountId) -> None:
        self._find()
        for kind in SecretKind:
            found = None
            if self._backend is not None:
                found = self._backend.get_password(SERVICE, _user(account, kind))
            # A secret that was set meanwhile is newer than what the keyring holds.
            self._known.setdefault((account, kind), found)

    def _store(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self._find()
        if self._backend is not None:
            self._backend.set_password(SERVICE, _user(account, kind), secret)

    def _erase(self, account: AccountId) -> None:
        self._find()
        for kind in SecretKind:
            user = _user(account, kind)
            if self._backend and self._backend.get_password(SERVICE, user) is not None:
                self._backend.delete_password(SERVICE, user)


def _user(account: AccountId, kind: SecretKind) -> str:
    return f"{account}/{kind.value}"


def system_backend() -> Backend | None:
    """The keyring of this system; None where there is none that keeps a secret."""
    import keyring  # Slow: it looks at every installed package.

    backend: Backend = keyring.get_keyring()
    module = type(backend).__module__
    if any(module == bad or module.startswith(bad + ".") for bad in _NOT_LASTING):
        return None
    if module == "keyring.backends.chainer" and not getattr(backend, "backends", ()):
        return None
    return backend
