"""Data forms, as servers and rooms ask for things with them (XEP-0004)."""

from dataclasses import dataclass, field
from enum import Enum


class FieldKind(Enum):
    """Field types by their registered names (XEP-0004, section 3.3)."""

    BOOLEAN = "boolean"
    FIXED = "fixed"
    """Words between the fields; nothing to fill in."""
    HIDDEN = "hidden"
    """Goes back as it came."""
    JID_MULTI = "jid-multi"
    JID_SINGLE = "jid-single"
    LIST_MULTI = "list-multi"
    LIST_SINGLE = "list-single"
    TEXT_MULTI = "text-multi"
    TEXT_PRIVATE = "text-private"
    TEXT_SINGLE = "text-single"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One question of a form, and its answer so far."""

    name: str
    """``var``; empty for fixed words."""
    kind: FieldKind = FieldKind.TEXT_SINGLE
    label: str = ""
    description: str = ""
    is_required: bool = False
    values: tuple[str, ...] = ()
    """The default or the answer; a boolean is ``"1"`` or ``"0"``."""
    options: tuple[tuple[str, str], ...] = ()
    """Of a list: (label, value)."""
    media: tuple[bytes, ...] = ()
    """Pictures that belong to the question, e.g. a CAPTCHA (XEP-0221, XEP-0231)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataForm:
    """A form to fill in."""

    title: str = ""
    instructions: str = ""
    fields: tuple[FormField, ...] = field(default_factory=tuple)

    def missing(self) -> tuple[FormField, ...]:
        """Required fields without an answer."""
        return tuple(f for f in self.fields if f.is_required and not any(f.values))
