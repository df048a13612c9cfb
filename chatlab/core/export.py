"""What a copy of a session may tell to whoever gets it: three choices, and each in one sentence."""

from dataclasses import dataclass
from enum import Enum

_NOTHING = "no message is in it"


class SecretsChoice(Enum):
    """What becomes of keys and passwords in an exported capture."""

    KEEP = "keep"
    """The TLS keys are inside: it decrypts by itself."""
    DROP = "drop"
    """No keys, and no word about what TLS sealed: what an observer on the path saw."""
    REDACT = "redact"
    """As ``DROP``, and passwords that crossed in clear are blanked as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """What there is to be read in one session, counted."""

    frames: int = 0
    sealed_connections: int = 0
    opened_connections: int = 0
    """Those of them whose keys are known."""
    clear_messages: int = 0
    sealed_messages: int = 0
    clear_secrets: int = 0
    """Passwords, keys of channels and steps of SASL that crossed in clear."""


def reader_can(facts: ExportFacts, choice: SecretsChoice) -> str:
    """What a reader of an exported capture can see, for this session."""
    parts = _with_keys(facts) if choice is SecretsChoice.KEEP else _without_keys(facts, choice)
    words = "; ".join(parts)
    return f"{words[:1].upper()}{words[1:]}."


def _with_keys(facts: ExportFacts) -> list[str]:
    opened, closed = facts.opened_connections, facts.sealed_connections - facts.opened_connections
    what = "readable" if closed else "everything is readable"
    counted = _counted(facts)
    if opened:
        words = f"{what}: {counted}" if counted else what
        parts = [f"{words}, for the keys of {_many(opened, 'connection')} are inside"]
    else:
        parts = [f"{what}: {counted}" if counted else _NOTHING]
    if facts.clear_secrets:
        parts.append(f"also {_secrets(facts)} that crossed in clear")
    if closed:
        parts.append(f"{_stay(closed)}, for want of keys")
    return parts


def _counted(facts: ExportFacts) -> str:
    """Messages by how they crossed; empty where there are none."""
    clear, sealed = facts.clear_messages, facts.sealed_messages
    if not facts.opened_connections:
        return f"{_many(clear, 'message')}, all in clear" if clear else ""
    if clear and sealed:
        return f"{_many(clear, 'message')} in clear, and {sealed:,} that TLS sealed"
    if clear:
        return f"{_many(clear, 'message')} in clear"
    return f"{_many(sealed, 'message')} that TLS sealed" if sealed else ""


def _without_keys(facts: ExportFacts, choice: SecretsChoice) -> list[str]:
    sealed, clear, secrets = facts.sealed_connections, facts.clear_messages, facts.clear_secrets
    parts: list[str] = []
    if sealed:
        parts.append(_stay(sealed))
    if clear:
        parts.append(f"{_many(clear, 'message')} in clear {_are(clear)} readable")
    elif not sealed:
        parts.append(_NOTHING)
    if secrets:
        how = "blanked" if choice is SecretsChoice.REDACT else "readable, too"
        parts.append(f"{_secrets(facts)} {_are(secrets)} {how}")
    return parts


def _stay(count: int) -> str:
    return f"{_many(count, 'connection')} under TLS {'stays' if count == 1 else 'stay'} sealed"


def _secrets(facts: ExportFacts) -> str:
    count = facts.clear_secrets
    return f"{_many(count, 'password')} or login {'step' if count == 1 else 'steps'}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
