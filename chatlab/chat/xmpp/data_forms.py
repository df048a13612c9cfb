"""Data forms between stanzas and ``core.forms`` (XEP-0004), pictures included (XEP-0221)."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from chatlab.core.forms import DataForm, FieldKind, FormField

FORM = "jabber:x:data"
_MEDIA = "urn:xmpp:media-element"
MAX_FIELDS = 500
MAX_OPTIONS = 1_000
MAX_PICTURE = 512 * 1024
"""Bytes of a CAPTCHA; those in use have some 20 KiB."""
_KINDS = {kind.value: kind for kind in FieldKind}


def read_form(form: ET.Element, pictures: Mapping[str, bytes] | None = None) -> DataForm:
    """A form to fill in; ``pictures`` are data by their content ids (XEP-0231)."""
    known = dict(pictures or {})
    fields = [_read_field(field, known) for field in form.findall(f"{{{FORM}}}field")[:MAX_FIELDS]]
    instructions = (each.text or "" for each in form.iterfind(f"{{{FORM}}}instructions"))
    return DataForm(
        title=form.findtext(f"{{{FORM}}}title") or "",
        instructions="\n".join(instructions),
        fields=tuple(fields),
    )


def write_form(form: DataForm, kind: str = "submit") -> ET.Element:
    """The answers; what is fixed, or was left empty and need not be filled in, stays out."""
    element = ET.Element(f"{{{FORM}}}x", type=kind)
    for field in form.fields:
        if not field.name or field.kind is FieldKind.FIXED:
            continue
        if not any(field.values) and field.kind is not FieldKind.HIDDEN and not field.is_required:
            # An emptied field is told as empty: the server would keep its default otherwise.
            ET.SubElement(element, f"{{{FORM}}}field", var=field.name)
            continue
        answer = ET.SubElement(element, f"{{{FORM}}}field", var=field.name)
        for value in _lines(field):
            ET.SubElement(answer, f"{{{FORM}}}value").text = value
    return element


def answers_of(form: DataForm) -> dict[str, str]:
    """First values by name, for forms that are no data forms."""
    return {field.name: field.values[0] for field in form.fields if field.name and field.values}


def _lines(field: FormField) -> tuple[str, ...]:
    if field.kind is FieldKind.TEXT_MULTI:
        return tuple(line for value in field.values for line in value.split("\n"))
    return field.values


def _read_field(field: ET.Element, pictures: Mapping[str, bytes]) -> FormField:
    kind = _KINDS.get(field.get("type", ""), FieldKind.TEXT_SINGLE)
    values = tuple(value.text or "" for value in field.iterfind(f"{{{FORM}}}value"))
    if kind is FieldKind.TEXT_MULTI and len(values) > 1:
        values = ("\n".join(values),)
    if kind is FieldKind.BOOLEAN:
        values = ("1" if values[:1] in (("1",), ("true",)) else "0",)
    options = (
        (
            option.get("label", "") or option.findtext(f"{{{FORM}}}value") or "",
            option.findtext(f"{{{FORM}}}value") or "",
        )
        for option in field.findall(f"{{{FORM}}}option")[:MAX_OPTIONS]
    )
    return FormField(
        name=field.get("var", ""),
        kind=kind,
        label=field.get("label", ""),
        description=field.findtext(f"{{{FORM}}}desc") or "",
        is_required=field.find(f"{{{FORM}}}required") is not None,
        values=values,
        options=tuple(options),
        media=_pictures_of(field, pictures),
    )


def _pictures_of(field: ET.Element, pictures: Mapping[str, bytes]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for uri in field.iterfind(f"{{{_MEDIA}}}media/{{{_MEDIA}}}uri"):
        if not uri.get("type", "").startswith("image/"):
            continue
        address = (uri.text or "").strip()
        if address.startswith("cid:") and (data := pictures.get(address[4:])):
            found.append(data)
    return tuple(found)


def decode_picture(text: str) -> bytes:
    """Base64 of a picture; empty when it is none, or too large."""
    compact = "".join(text.split())
    if len(compact) > MAX_PICTURE * 4 // 3 + 4:
        return b""
    try:
        return b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return b""
