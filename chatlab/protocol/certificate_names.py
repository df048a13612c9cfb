"""Names in an X.509 certificate, with the bytes that say them (RFC 5280, section 4.1).

A certificate of TLS 1.2 crosses the wire in clear, so anyone on the path reads these. Only the
subject's common name and the alternative names are looked for; DER that is cut or malformed ends
the reading quietly.
"""

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

from chatlab.core.flow import ByteRange

_COMMON_NAME = bytes.fromhex("550403")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_MAIL, _DNS, _ADDRESS = 0x81, 0x82, 0x87
_EXTENSIONS = 0xA3
_MAX_ELEMENTS = 5_000


class CertificateName(NamedTuple):
    """One name that a certificate is for."""

    kind: str
    """``CN`` or ``SAN``."""
    value: str
    span: ByteRange
    """Its bytes within the certificate."""


class _Value(NamedTuple):
    """One element of DER."""

    tag: int
    content: ByteRange


def certificate_names(der: bytes) -> tuple[CertificateName, ...]:
    """The subject's common name and the alternative names, in this order."""
    outer = next(_values(der, ByteRange(0, len(der))), None)
    body = next(_values(der, outer.content), None) if outer is not None else None
    if body is None:
        return ()
    fields = [each for each in _values(der, body.content) if each.tag != 0xA0]
    # Serial number, algorithm, issuer, validity, subject, key, then what is tagged.
    subject = fields[4:5]
    extensions = [each for each in fields if each.tag == _EXTENSIONS]
    names = [name for each in subject for name in _common_names(der, each)]
    names += [name for each in extensions for name in _alternative_names(der, each)]
    return tuple(names)


def _common_names(der: bytes, subject: _Value) -> Iterator[CertificateName]:
    for part in _values(der, subject.content):
        for pair in _values(der, part.content):
            found = list(_values(der, pair.content))
            if len(found) == 2 and _bytes(der, found[0]) == _COMMON_NAME:
                value = _bytes(der, found[1]).decode("utf-8", "replace")
                yield CertificateName("CN", value, found[1].content)


def _alternative_names(der: bytes, extensions: _Value) -> Iterator[CertificateName]:
    for listed in _values(der, extensions.content):
        for extension in _values(der, listed.content):
            found = list(_values(der, extension.content))
            if not found or _bytes(der, found[0]) != _ALTERNATIVE_NAMES:
                continue
            for inner in _values(der, found[-1].content):
                for name in _values(der, inner.content):
                    if (text := _general_name(name.tag, _bytes(der, name))) is not None:
                        yield CertificateName("SAN", text, name.content)


def _general_name(tag: int, data: bytes) -> str | None:
    if tag in (_DNS, _MAIL):
        return data.decode("ascii", "replace")
    if tag == _ADDRESS and len(data) in (4, 16):
        return str(ipaddress.ip_address(data))
    return None


def _bytes(der: bytes, value: _Value) -> bytes:
    return der[value.content.start : value.content.stop]


def _values(der: bytes, span: ByteRange) -> Iterator[_Value]:
    """The elements that lie one after the other in ``span``."""
    position = span.start
    for _ in range(_MAX_ELEMENTS):
        if position + 2 > span.stop:
            return
        tag, length = der[position], der[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[position : position + size], "big")
            position += size
            if not 1 <= size <= 4:
                return
        stop = position + length
        if stop > span.stop:
            return
        yield _Value(tag, ByteRange(position, stop))
        position = stop
