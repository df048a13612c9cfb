"""XMPP addresses (JIDs): their parts, and why a text cannot be one (RFC 7622).

``local@domain/resource``. The local part is a user name that ignores case (PRECIS
UsernameCaseMapped, RFC 8265), the resource an opaque text, the domain a host name or an address.
"""

import ipaddress
import unicodedata
from dataclasses import dataclass

from chatlab.core.errors import UsageError
from chatlab.core.nick import NameProblem

MAX_PART_BYTES = 1023
"""Of each part, in UTF-8 (RFC 7622, sections 3.2 to 3.4)."""
_MAX_LABEL = 63
_NOT_IN_LOCAL = "\"&'/:<>@"
"""RFC 7622, section 3.3.1."""
_NO_USER_NAME = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
"""Categories of Unicode that PRECIS keeps out of user names (RFC 8264, section 4.2)."""
_NO_OPAQUE = frozenset({"Cc", "Cn", "Cs", "Zl", "Zp"})
_EXAMPLE = "An address looks like alice@example.org."


@dataclass(frozen=True, slots=True, order=True)
class Jid:
    """An address in its normal form: local part and domain in lower case."""

    local: str
    domain: str
    resource: str = ""

    @property
    def bare(self) -> str:
        return f"{self.local}@{self.domain}" if self.local else self.domain

    def __str__(self) -> str:
        return f"{self.bare}/{self.resource}" if self.resource else self.bare


def split_jid(text: str) -> tuple[str, str, str]:
    """Local part, domain and resource as they are written; nothing is checked."""
    bare, _, resource = text.partition("/")
    local, at, domain = bare.partition("@")
    return (local, domain, resource) if at else ("", bare, resource)


def bare_of(text: str) -> str:
    """An address without its resource."""
    return text.partition("/")[0]


def parse_jid(text: str) -> Jid:
    """Take an address apart and bring it into its normal form. Raises UsageError with the reason."""
    local, domain, resource = split_jid(text.strip())
    if problem := _problem(text.strip(), needs_local=False):
        hint = f"Did you mean {problem.suggestion}?" if problem.suggestion else _EXAMPLE
        raise UsageError(f"“{text}” is no XMPP address. {problem.reason}", hint)
    return Jid(_fold(local), _fold_domain(domain), unicodedata.normalize("NFC", resource))


def check_jid(text: str) -> NameProblem | None:
    """What keeps ``text`` from being somebody's bare address, or None when nothing does.

    The suggestion is empty where there is none that is surely meant.
    """
    if "/" in text:
        return NameProblem(
            "What follows the “/” names one program at the account; it has a field of its own.",
            text.partition("/")[0],
        )
    return _problem(text, needs_local=True)


def check_room(text: str) -> NameProblem | None:
    """What keeps ``text`` from being the address of a room: ``room@service``."""
    problem = check_jid(text)
    if problem and "@" not in text:
        return NameProblem(
            "A room has an address: its name, “@”, and the service that keeps it.", ""
        )
    return problem


def check_resource(text: str) -> NameProblem | None:
    """What keeps ``text`` from being a resource, or a nickname in a room; both are opaque texts."""
    if reason := _resource_fault(text):
        return NameProblem(reason, _without(text, _NO_OPAQUE).strip())
    return None


def legal_local(text: str) -> str:
    """The nearest legal local part to ``text``: ``Anna Maria`` becomes ``anna_maria``."""
    folded = unicodedata.normalize("NFC", text.strip()).lower()
    kept = "".join(
        "_" if char.isspace() or char in _NOT_IN_LOCAL else char
        for char in folded
        if char.isspace() or unicodedata.category(char) not in _NO_USER_NAME
    )
    return kept


def _problem(text: str, *, needs_local: bool) -> NameProblem | None:
    if not text:
        return NameProblem("An address is needed: a name, “@”, and a server.", "")
    local, domain, resource = split_jid(text)
    if needs_local and "@" not in text:
        return NameProblem("The server is missing: name@server.", "")
    if not local and ("@" in text.partition("/")[0]):
        return NameProblem("The name before the “@” is missing.", "")
    if reason := _local_fault(local):
        mended = legal_local(local)
        is_whole = mended and not _local_fault(mended) and not _domain_fault(domain)
        return NameProblem(reason, f"{mended}@{domain}" if is_whole else "")
    if reason := _domain_fault(domain):
        mended = domain.strip().rstrip(".,;").lower()
        is_whole = mended != domain and not _domain_fault(mended)
        return NameProblem(reason, f"{local}@{mended}" if is_whole and local else "")
    if "/" in text and not resource:
        return NameProblem("Nothing follows the “/”.", text.rstrip("/"))
    if resource and (reason := _resource_fault(resource)):
        return NameProblem(reason, text.partition("/")[0])
    return None


def _local_fault(local: str) -> str:
    """Empty when the local part is legal, or missing."""
    for char in local:
        if char.isspace():
            return "A blank cannot be in the name before the “@” (RFC 7622, section 3.3)."
        if char in _NOT_IN_LOCAL:
            return (
                f"“{char}” cannot be in the name before the “@”; dots, dashes and "
                "underscores can (RFC 7622, section 3.3.1)."
            )
        if unicodedata.category(char) in _NO_USER_NAME:
            return f"The character U+{ord(char):04X} cannot be in a name: nobody could see it."
    if len(_fold(local).encode()) > MAX_PART_BYTES:
        return f"The name before the “@” is longer than {MAX_PART_BYTES} bytes."
    return ""


def _domain_fault(domain: str) -> str:
    if not domain:
        return "The server is missing: name@server."
    if domain.startswith("[") or domain.replace(".", "").isdecimal():
        return "" if _is_address(domain) else f"“{domain}” is no address of a server."
    if "@" in domain:
        return "There is more than one “@” in it."
    if any(char.isspace() for char in domain):
        return "A server’s name has no blank in it."
    labels = domain.removesuffix(".").split(".")
    if not all(labels):
        return f"“{domain}” is no name of a server: between two dots there is nothing."
    for label in labels:
        if odd := next((c for c in label if not (c.isalnum() or c in "-_" or _is_mark(c))), ""):
            return f"“{odd}” cannot be in the name of a server."
        if label.startswith("-") or label.endswith("-"):
            return f"“{label}” cannot be part of a server’s name: it has a dash at its end."
        if len(_ascii(label)) > _MAX_LABEL:
            return f"A part of the server’s name is longer than {_MAX_LABEL} characters."
    if len(domain.encode()) > MAX_PART_BYTES:
        return f"The server’s name is longer than {MAX_PART_BYTES} bytes."
    return ""


def _resource_fault(text: str) -> str:
    if not text.strip():
        return "A name is needed; blanks alone are none."
    if odd := next((char for char in text if unicodedata.category(char) in _NO_OPAQUE), ""):
        return f"The character U+{ord(odd):04X} is a control character: it cannot be used here."
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PART_BYTES:
        return f"It is longer than {MAX_PART_BYTES} bytes."
    return ""


def _is_mark(char: str) -> bool:
    """Combining marks, which scripts such as Devanagari write vowels with."""
    return unicodedata.category(char) in ("Mn", "Mc")


def _is_address(domain: str) -> bool:
    try:
        address = ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return (address.version == 6) == domain.startswith("[")


def _ascii(label: str) -> str:
    try:
        return label.encode("idna").decode()
    except UnicodeError:
        return label if label.isascii() else "x" * (_MAX_LABEL + 1)


def _fold(local: str) -> str:
    return unicodedata.normalize("NFC", local.lower())


def _fold_domain(domain: str) -> str:
    return unicodedata.normalize("NFC", domain.removesuffix(".").lower())


def _without(text: str, categories: frozenset[str]) -> str:
    return "".join(char for char in text if unicodedata.category(char) not in categories)
