"""Data forms (XEP-0004): what is asked, and what came back."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import DATA_FORMS


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form."""

    name: str
    kind: str
    """A field type of section 3.3, e.g. ``text-single``, ``boolean``, ``list-single``."""
    label: str = ""
    value: str | bool | Iterable[str] = ""
    is_required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """Label and value of each choice."""

    def element(self) -> Element:
        children = [Element("required", DATA_FORMS)] if self.is_required else []
        for label, value in self.options:
            shown = Element("value", DATA_FORMS, None, value)
            children.append(Element("option", DATA_FORMS, {"label": label}, shown))
        children += [Element("value", DATA_FORMS, None, value) for value in self._values()]
        attributes = {"var": self.name, "type": self.kind or None, "label": self.label or None}
        return Element("field", DATA_FORMS, attributes, *children)

    def _values(self) -> list[str]:
        if isinstance(self.value, bool):
            return ["1" if self.value else "0"]
        if isinstance(self.value, str):
            return [self.value] if self.value else []
        return list(self.value)


def form(
    form_type: str, fields: Iterable[Field], *, kind: str = "form", title: str = "", words: str = ""
) -> Element:
    """A form to fill in, or with ``kind="result"`` a report."""
    hidden = Field("FORM_TYPE", "hidden", value=form_type)
    head = [Element("title", DATA_FORMS, None, title)] if title else []
    if words:
        head.append(Element("instructions", DATA_FORMS, None, words))
    shown = [one.element() for one in (hidden, *fields)]
    return Element("x", DATA_FORMS, {"type": kind}, *head, *shown)


def submitted(x: Element) -> dict[str, list[str]]:
    """The values that a client filled in, by field."""
    return {
        field.get("var"): [value.text for value in field.all("value")]
        for field in x.all("field", DATA_FORMS)
    }


def as_bool(values: list[str]) -> bool:
    return bool(values) and values[0].strip().lower() in ("1", "true")
