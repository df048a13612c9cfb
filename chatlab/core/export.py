"""What a copy of a session may tell to whoever gets it: three choices, and each in one sentence."""

from dataclasses import dataclass
from enum import Enum


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
    clear_messages: int = 0
    sealed_messages: int = 0
    clear_secrets: int = 0
    """Passwords, keys and proofs of them that crossed in clear."""


def reader_can(facts: ExportFacts, choice: SecretsChoice) -> str:
    """What a reader of an exported capture can see, for this session."""
    if choice is SecretsChoice.KEEP:
        return _with_keys(facts)
    sealed = facts.sealed_connections
    stay = (
        f"{_many(sealed, 'connection')} under TLS {_verb(sealed, 'stay')} sealed" if sealed else ""
    )
    clear = facts.clear_messages
    readable = f"{_many(clear, 'message')} in clear {'is' if clear == 1 else 'are'} readable"
    words = [stay, readable if clear or not sealed else ""]
    if count := facts.clear_secrets:
        are = "is" if count == 1 else "are"
        how = "blanked" if choice is SecretsChoice.REDACT else "readable, too"
        words.append(
            f"{_many(count, 'password')} or proof{'' if count == 1 else 's'} of one {are} {how}"
        )
    return _sentence(words)


def _with_keys(facts: ExportFacts) -> str:
    clear, sealed = facts.clear_messages, facts.sealed_messages
    if not facts.sealed_connections:
        words = [f"Everything is readable: {_many(clear, 'message')}, all in clear"]
    else:
        keys = _many(facts.sealed_connections, "connection")
        words = [
            f"Everything is readable: {_many(clear, 'message')} in clear, and {sealed:,} that TLS "
            f"sealed, for the keys of {keys} are inside"
        ]
    if facts.clear_secrets:
        words.append(f"also {_many(facts.clear_secrets, 'password')} that crossed in clear")
    return _sentence(words)


def _sentence(parts: list[str]) -> str:
    words = "; ".join(part for part in parts if part)
    return f"{words[:1].upper()}{words[1:]}."


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
