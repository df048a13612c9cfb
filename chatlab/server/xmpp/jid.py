"""JIDs as the server compares them (RFC 7622): ``local@domain/resource``."""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from chatlab.server.xmpp.errors import StanzaError

_MAX_PART = 1023
"""Bytes of each of the three parts."""
_NOT_IN_LOCAL = frozenset("\"&'/:<>@ ")


class Jid(NamedTuple):
    """Two JIDs are the same if they are equal: parts are normalised when parsed."""

    local: str
    domain: str
    resource: str = ""

    @property
    def bare(self) -> "Jid":
        return self._replace(resource="") if self.resource else self

    @property
    def is_bare(self) -> bool:
        return not self.resource

    def with_resource(self, resource: str) -> "Jid":
        return self._replace(resource=resource)

    def __str__(self) -> str:
        local = f"{self.local}@" if self.local else ""
        resource = f"/{self.resource}" if self.resource else ""
        return f"{local}{self.domain}{resource}"


@lru_cache(4096)
def parse_jid(text: str) -> Jid:
    """Raises StanzaError (``jid-malformed``)."""
    address, slash, resource = text.partition("/")
    local, at, domain = address.rpartition("@")
    if (at and not local) or (slash and not resource) or not domain:
        raise _malformed(text)
    return Jid(
        prepare_local(local) if local else "",
        _prepare_domain(domain),
        prepare_resource(resource) if resource else "",
    )


def prepare_local(text: str) -> str:
    """A user’s name: case does not count. Raises StanzaError."""
    prepared = unicodedata.normalize("NFC", text.lower())
    if not prepared or _NOT_IN_LOCAL & set(prepared) or not _is_decent(prepared):
        raise _malformed(text)
    return prepared


def prepare_resource(text: str) -> str:
    """A resource, or a nick in a room: spaces are fine, case counts. Raises StanzaError."""
    prepared = unicodedata.normalize("NFC", text)
    if not prepared.strip() or not _is_decent(prepared):
        raise _malformed(text)
    return prepared


def _prepare_domain(text: str) -> str:
    prepared = unicodedata.normalize("NFC", text.lower().removesuffix("."))
    if not prepared or not all(char.isalnum() or char in "-._:[]" for char in prepared):
        raise _malformed(text)
    return prepared


def _is_decent(text: str) -> bool:
    if len(text.encode()) > _MAX_PART:
        return False
    return all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in text)


def _malformed(text: str) -> StanzaError:
    return StanzaError("jid-malformed", f"“{text[:100]}” is not an address.")
