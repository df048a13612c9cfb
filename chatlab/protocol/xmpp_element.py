"""One stanza as a small immutable tree that knows which of its bytes say what.

For those who look at a stanza once (the wire pane, the console, checks of what was typed): what
``protocol.xmpp`` found is read by expat, under the same limits and prohibitions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from chatlab.core.errors import LocalProtocolError
from chatlab.core.flow import ByteRange
from chatlab.protocol.xmpp import MAX_ATTRIBUTES, MAX_DEPTH, MAX_STANZA, StreamFault

CLIENT_NAMESPACE = "jabber:client"
STREAMS_NAMESPACE = "http://etherx.jabber.org/streams"
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
MAX_ELEMENTS = 20_000
"""Elements of one stanza that is looked at; a roster of thousands has fewer."""
_NOWHERE = ByteRange(0, 0)
_START_TAG = re.compile(rb"<[^\"'>]*(?:(?:\"[^\"]*\"|'[^']*')[^\"'>]*)*>")
_ATTRIBUTE = re.compile(
    rb"[ \t\r\n]([^ \t\r\n=<>\"'/]+)[ \t\r\n]*=[ \t\r\n]*(?:\"([^\"]*)\"|'([^']*)')"
)


@dataclass(frozen=True, slots=True)
class Element:
    """An XML element as namespaces mean it (XML Namespaces 1.0), with its place in the bytes."""

    name: str
    """Without prefix."""
    namespace: str
    attributes: dict[str, str] = field(default_factory=dict)
    """Without namespace declarations; ``xml:lang`` under that name."""
    children: tuple["Element", ...] = ()
    text: str = ""
    """Its own text, the children's left out."""
    span: ByteRange = _NOWHERE
    """From its start tag to its end tag, both included."""
    content: ByteRange = _NOWHERE
    """What lies between the tags."""
    depth: int = 0

    def get(self, attribute: str, default: str = "") -> str:
        return self.attributes.get(attribute, default)

    def child(self, name: str, namespace: str | None = None) -> "Element | None":
        """The first child of that name; of any namespace where none is given."""
        for each in self.children:
            if each.name == name and namespace in (None, each.namespace):
                return each
        return None

    def text_of(self, name: str) -> str:
        """The text of the first child of that name; empty where there is none."""
        found = self.child(name)
        return found.text if found is not None else ""

    def walk(self) -> Iterator["Element"]:
        """The element and everything in it, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)


@dataclass(slots=True)
class _Open:
    """An element whose end has not been read."""

    name: str
    attributes: dict[str, str]
    start: int
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def parse_stanza(
    data: bytes, namespace: str = CLIENT_NAMESPACE, limit: int = MAX_STANZA
) -> Element:
    """Read exactly one complete element, as it stands in a stream of ``namespace``.

    Raises StreamFault in words.
    """
    return _Reader(data, namespace, limit).read()


def check_typed(text: str) -> Element:
    """The element that somebody typed to have it sent: exactly one, and well-formed.

    Raises LocalProtocolError in words, with the place of the fault.
    """
    try:
        return parse_stanza(_encoded(text))
    except StreamFault as fault:
        raise LocalProtocolError(
            fault.message, "Nothing was sent: a server would end the connection. Mend it."
        ) from fault


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LocalProtocolError(
            "The text holds half a character (a lone surrogate), which UTF-8 cannot carry.",
            "Type or paste it again.",
        ) from error


def parse_header(data: bytes) -> Element:
    """Read the start tag of a stream. Raises StreamFault."""
    stripped = data.rstrip()
    if stripped.endswith(b"/>") or not stripped.endswith(b">"):
        raise StreamFault("This is no stream header.", "bad-format")
    return _Reader(stripped[:-1] + b"/>", "", len(data) + 1).read()


class _Reader:
    """Has expat read one element inside a stream made up for it."""

    def __init__(self, data: bytes, namespace: str, limit: int) -> None:
        self._data = data
        self._limit = limit
        self._prologue = b""
        if namespace:
            declared = f"<stream:stream xmlns='{namespace}' xmlns:stream='{STREAMS_NAMESPACE}'>"
            self._prologue = declared.encode()
        self._open: list[_Open] = []
        self._count = 0
        self._found: Element | None = None
        self._is_inside = False
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        self._parser.CharacterDataHandler = self._on_text
        self._parser.CommentHandler = lambda _: self._refuse("a comment")
        self._parser.ProcessingInstructionHandler = lambda *_: self._refuse(
            "a processing instruction"
        )
        self._parser.StartDoctypeDeclHandler = lambda *_: self._refuse("a DOCTYPE")

    def read(self) -> Element:
        if len(self._data) > self._limit:
            raise StreamFault(
                f"The stanza has {len(self._data):,} bytes; {self._limit:,} are allowed.",
                "policy-violation",
            )
        try:
            self._parser.Parse(self._prologue, False)
            self._is_inside = True
            self._parser.Parse(self._data, not self._prologue)
            self._is_inside = False
            if self._found is not None and self._prologue:
                self._parser.Parse(b"</stream:stream>", True)
        except expat.ExpatError as error:
            raise StreamFault(
                f"This is not well-formed XML: {_fault(error, len(self._prologue))}.",
                "not-well-formed",
            ) from error
        if self._found is None:
            raise StreamFault(
                f"The stanza has no end: <{self._open[-1].name.rpartition(' ')[2]}> is open."
                if self._open
                else "There is no element.",
                "not-well-formed",
            )
        return self._found

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._is_inside:
            return
        if self._found is not None:
            raise StreamFault("More than one stanza.", "not-well-formed")
        if len(self._open) >= MAX_DEPTH - 1:
            raise StreamFault(f"Nested more than {MAX_DEPTH} deep.", "policy-violation")
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise StreamFault(f"More than {MAX_ELEMENTS:,} elements.", "policy-violation")
        if len(attributes) > MAX_ATTRIBUTES:
            raise StreamFault(f"More than {MAX_ATTRIBUTES} attributes.", "policy-violation")
        shown = {_attribute_name(key): value for key, value in attributes.items()}
        start = self._parser.CurrentByteIndex - len(self._prologue)
        self._open.append(_Open(name, shown, start))

    def _on_end(self, _: str) -> None:
        if not self._open and not self._is_inside:
            return
        if not self._open:
            raise StreamFault("An end tag without a beginning.", "not-well-formed")
        done = self._open.pop()
        index = self._parser.CurrentByteIndex - len(self._prologue)
        tag = _START_TAG.match(self._data, done.start)
        inner = tag.end() if tag else index
        is_empty = self._data[inner - 2 : inner] == b"/>"
        end = inner if is_empty else self._data.find(b">", index) + 1
        namespace, _, name = done.name.rpartition(" ")
        element = Element(
            name,
            namespace,
            done.attributes,
            tuple(done.children),
            "".join(done.text),
            ByteRange(done.start, end),
            ByteRange(inner, inner if is_empty else index),
            len(self._open),
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._found = element

    def _on_text(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)
        elif text.strip():
            raise StreamFault(f"Text outside of a stanza: “{text[:40]}”.", "not-well-formed")

    def _refuse(self, what: str) -> None:
        raise StreamFault(
            f"It holds {what}, which XMPP forbids (RFC 6120, section 11.1).", "restricted-xml"
        )


def attribute_spans(data: bytes, element: Element) -> dict[str, ByteRange]:
    """Where the value of each attribute lies, by its name as written, prefix included."""
    tag = _START_TAG.match(data, element.span.start)
    if tag is None:
        return {}
    found: dict[str, ByteRange] = {}
    for attribute in _ATTRIBUTE.finditer(data, tag.start(), tag.end()):
        group = 2 if attribute[2] is not None else 3
        found[attribute[1].decode("utf-8", "replace")] = ByteRange(*attribute.span(group))
    return found


def _attribute_name(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    if namespace == _XML_NAMESPACE:
        return f"xml:{local}"
    return f"{{{namespace}}}{local}" if namespace else local


def _fault(error: expat.ExpatError, prologue: int) -> str:
    column = error.offset - (prologue if error.lineno == 1 else 0)
    return f"{expat.ErrorString(error.code)}, line {error.lineno}, column {max(column, 0) + 1}"
