"""The passwords of one command, read from the files that were named; nothing is stored."""

from pathlib import Path

from chatlab.core.account import AccountId, SecretKind
from chatlab.core.errors import FileError


def read_password(file: Path, option: str) -> str:
    """The first line of a file. Raises FileError naming the option."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # Editors of Windows put a mark in front.
    except OSError as error:
        words = f"{file} cannot be read: {error.strerror or error}."
        raise FileError(words, f"Check {option}.") from error
    except UnicodeDecodeError as error:
        words = f"{file} cannot be read: it is no text in UTF-8."
        raise FileError(words, f"Check {option}.") from error
    return text.partition("\n")[0].rstrip("\r")


class GivenSecrets:
    """Implements ``core.ports.SecretStore`` for the length of one command."""

    is_lasting = False

    def __init__(self, login: str = "", server: str = "") -> None:
        self._secrets = {SecretKind.LOGIN: login, SecretKind.SERVER: server}

    def get(self, account: AccountId, kind: SecretKind) -> str | None:
        return self._secrets[kind] or None

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self._secrets[kind] = secret

    set_for_now = set

    def delete(self, account: AccountId) -> None:
        self._secrets = dict.fromkeys(self._secrets, "")
