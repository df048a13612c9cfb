"""What works on this machine and what does not: for ``doctor``, ``--selftest`` and the window."""

import platform
import ssl
import tempfile
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version

from chatlab import __version__
from chatlab.app import root
from chatlab.capture.permission import check as check_permission
from chatlab.core.errors import FileError
from chatlab.store.paths import find_paths, make_private
from chatlab.store.secrets import KeyringSecrets

_PARTS = ("PySide6-Essentials", "qasync", "irc", "scapy", "dnspython", "cryptography", "keyring")


class Verdict(Enum):
    OK = "ok"
    INFO = "info"
    """Nothing was tried; it is good to know."""
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``remedy`` is what mends it on this system."""

    name: str
    verdict: Verdict
    words: str
    remedy: str = ""


def check_all() -> tuple[Check, ...]:
    """Look at everything. Blocks for some hundred milliseconds; sends nothing."""
    return (*_versions(), *_user(), *_capture(), _authorities(), _folder(), _keyring())


def is_fit(checks: tuple[Check, ...]) -> bool:
    """Whether ChatLab can do its main work; a warning does not stop it."""
    return all(check.verdict is not Verdict.FAILED for check in checks)


def _versions() -> list[Check]:
    system = f"ChatLab {__version__}, Python {platform.python_version()}, {platform.platform()}"
    found = [Check("System", Verdict.OK, system)]
    missing = []
    parts = []
    for name in _PARTS:
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    found.append(Check("Libraries", Verdict.OK, ", ".join(parts)))
    if missing:
        words = f"Missing: {', '.join(missing)}."
        found.append(Check("Libraries", Verdict.FAILED, words, "python3 dev.py setup"))
    return found


def _capture() -> list[Check]:
    permission = check_permission()
    rows = []
    for state in permission.states:
        verdict = Verdict.OK if state.is_possible else Verdict.WARNING
        if state.is_possible or permission.best is None:
            rows.append(
                Check(f"Capture: {state.backend.value}", verdict, state.detail, state.remedy)
            )
    if permission.best is None:
        words = "Without frames, the bytes of a message are shown as ChatLab wrote or read them."
        rows.append(Check("Capture: byte stream", Verdict.WARNING, words))
    for note in permission.notes:
        if note.is_trouble:
            rows.append(Check(note.name, Verdict.WARNING, note.words, note.remedy))
        else:
            words = f"{note.words} {note.remedy}".rstrip()
            rows.append(Check(note.name, Verdict.INFO, words))
    return rows


def _user() -> list[Check]:
    if not root.is_root():
        return []
    words = f"{root.WORDS} What it shows comes from strangers."
    remedy = "Start ChatLab as yourself; “chatlab doctor --fix” lets you capture."
    return [Check("User", Verdict.WARNING, words, remedy)]


def _authorities() -> Check:
    count = ssl.create_default_context().cert_store_stats()["x509_ca"]
    paths = ssl.get_default_verify_paths()
    if count or paths.capath:
        words = f"{count} loaded" if count else f"looked up in {paths.capath}"
        return Check("Certificate authorities", Verdict.OK, f"{words}; {ssl.OPENSSL_VERSION}.")
    return Check(
        "Certificate authorities",
        Verdict.FAILED,
        "None is known, so no server’s certificate can be verified.",
        "Install the system’s certificates (Debian: sudo apt-get install ca-certificates).",
    )


def _folder() -> Check:
    paths = find_paths()
    try:
        with tempfile.TemporaryFile(dir=make_private(paths.data)) as file:
            file.write(b"ChatLab")
    except FileError as error:
        return Check("Folder", Verdict.FAILED, error.message, error.hint)
    except OSError as error:
        words = f"Nothing can be written to {paths.data}: {error.strerror or error}."
        return Check("Folder", Verdict.FAILED, words, "Set CHATLAB_HOME to a folder of yours.")
    return Check("Folder", Verdict.OK, str(paths.data))


def _keyring() -> Check:
    secrets = KeyringSecrets()
    is_lasting = secrets.is_lasting
    secrets.close()
    if is_lasting:
        return Check("Keyring", Verdict.OK, "Passwords are kept in the system’s keyring.")
    return Check(
        "Keyring",
        Verdict.WARNING,
        "No keyring answers: passwords are asked for again after each start.",
        "Log in to a desktop session with a keyring (GNOME Keyring, KWallet).",
    )
