"""Certificates of one's own, made and read in a thread: the library behind it takes its time to load."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from chatlab.core.account import AccountId
from chatlab.core.errors import FileError
from chatlab.store.paths import find_paths
from chatlab.ui.ports import CertificateAnswer

Show = Callable[[CertificateAnswer], None]


async def make(account: AccountId, name: str, show: Show) -> None:
    """Make one beside the settings."""
    folder = find_paths().certificates

    def work() -> CertificateAnswer:
        from chatlab.store.client_certificate import make_client_certificate

        return make_client_certificate(folder, account, name)

    show(await _answer(work))


async def read(file: Path, show: Show) -> None:
    """Tell what is in one."""

    def work() -> CertificateAnswer:
        from chatlab.store.client_certificate import read_client_certificate

        return read_client_certificate(file)

    show(await _answer(work))


async def _answer(work: Callable[[], CertificateAnswer]) -> CertificateAnswer:
    try:
        return await asyncio.to_thread(work)
    except FileError as error:
        return error
