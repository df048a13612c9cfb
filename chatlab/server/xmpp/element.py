"""An XML element as XMPP needs it: names with namespaces, and text that is escaped.

Elements are shared between everybody whom a stanza reaches, so they are never changed once
they have been handed on: ``with_attributes`` and ``with_children`` make shallow copies.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Union

from chatlab.server.xmpp.namespaces import CLIENT, STREAM, XML

Node = Union["Element", str]
LANG = "xml:lang"

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "'": "&apos;",
        "\r": "&#13;",
        "\n": "&#10;",
        "\t": "&#9;",
    }
)


class Element:
    """One element; attributes outside any namespace go by name, others by ``uri name``."""

    __slots__ = ("attributes", "children", "name", "namespace")

    def __init__(
        self,
        name: str,
        namespace: str,
        attributes: Mapping[str, str | None] | None = None,
        *children: Node,
    ) -> None:
        """Attributes that are None are left out, as are children that are empty text."""
        self.name = name
        self.namespace = namespace
        given = attributes or {}
        self.attributes = {key: value for key, value in given.items() if value is not None}
        self.children: list[Node] = [child for child in children if child != ""]

    def get(self, attribute: str, default: str = "") -> str:
        return self.attributes.get(attribute, default)

    def is_(self, name: str, namespace: str) -> bool:
        return self.name == name and self.namespace == namespace

    @property
    def elements(self) -> Iterator["Element"]:
        return (child for child in self.children if isinstance(child, Element))

    def child(self, name: str, namespace: str | None = None) -> "Element | None":
        """The first child of that name; in our own namespace unless another is given."""
        wanted = self.namespace if namespace is None else namespace
        return next((child for child in self.elements if child.is_(name, wanted)), None)

    def all(self, name: str, namespace: str | None = None) -> "Iterator[Element]":
        wanted = self.namespace if namespace is None else namespace
        return (child for child in self.elements if child.is_(name, wanted))

    def has(self, name: str, namespace: str | None = None) -> bool:
        return self.child(name, namespace) is not None

    @property
    def first(self) -> "Element | None":
        return next(self.elements, None)

    @property
    def text(self) -> str:
        return "".join(child for child in self.children if isinstance(child, str))

    def text_of(self, name: str, namespace: str | None = None) -> str:
        found = self.child(name, namespace)
        return found.text if found else ""

    def with_attributes(self, **changes: str | None) -> "Element":
        """A shallow copy; ``from_`` stands for ``from``, None removes an attribute."""
        renamed = {key.rstrip("_"): value for key, value in changes.items()}
        return self._copy({**self.attributes, **renamed}, self.children)

    def with_children(self, *more: Node) -> "Element":
        """A shallow copy with children added at the end."""
        return self._copy(self.attributes, [*self.children, *more])

    def without(self, name: str, namespace: str) -> "Element":
        """A shallow copy that lacks the children of that name."""
        rest = [
            child
            for child in self.children
            if not (isinstance(child, Element) and child.is_(name, namespace))
        ]
        return self._copy(self.attributes, rest)

    def _copy(self, attributes: Mapping[str, str | None], children: list[Node]) -> "Element":
        return Element(self.name, self.namespace, attributes, *children)

    def to_bytes(self) -> bytes:
        """As it stands in a client’s stream, whose default namespace is ``jabber:client``."""
        parts: list[str] = []
        _write(self, CLIENT, parts)
        return "".join(parts).encode()

    def __repr__(self) -> str:
        return self.to_bytes().decode()


def _write(element: Element, outer: str, parts: list[str]) -> None:
    namespace, name = element.namespace, element.name
    if namespace == STREAM:
        # Declared with its prefix in the stream’s header; some clients know no other form.
        name, inner = f"stream:{name}", outer
    else:
        inner = namespace
    parts.append(f"<{name}")
    if inner != outer:
        parts.append(f" xmlns='{inner.translate(_VALUE)}'")
    prefixes = count(1)
    for key, value in element.attributes.items():
        uri, _, local = key.rpartition(" ")
        if uri:
            prefix = f"a{next(prefixes)}"
            parts.append(f" xmlns:{prefix}='{uri.translate(_VALUE)}'")
            local = f"{prefix}:{local}"
        parts.append(f" {local}='{value.translate(_VALUE)}'")
    if not element.children:
        parts.append("/>")
        return
    parts.append(">")
    for child in element.children:
        if isinstance(child, Element):
            _write(child, inner, parts)
        else:
            parts.append(child.translate(_TEXT))
    parts.append(f"</{name}>")


def escape_value(text: str) -> str:
    """For an attribute in single quotes."""
    return text.translate(_VALUE)


def attribute_key(expanded: str) -> str:
    """An attribute’s key from expat’s ``uri name``."""
    uri, _, local = expanded.rpartition(" ")
    return f"xml:{local}" if uri == XML else expanded
