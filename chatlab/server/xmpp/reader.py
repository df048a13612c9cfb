"""From bytes to stanzas: the incoming half of an XML stream (RFC 6120, section 4).

``protocol.xmpp`` cuts the bytes into units, and expat reads each when it is complete: given half a
token, the expat of some systems (with the mending of CVE-2023-52425) says nothing of it until twice
as many bytes are there. Both refuse what section 11.1 forbids: comments, processing instructions,
document types and entities; depth and size are bounded. The position behind each element is
known, since a stream starts anew in the middle of the bytes after TLS and after the login.
"""

from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from chatlab.core.flow import ByteRange
from chatlab.protocol.xmpp import StanzaSplitter, StreamFault, UnitKind
from chatlab.server.xmpp.element import Element, attribute_key
from chatlab.server.xmpp.errors import StreamError
from chatlab.server.xmpp.limits import MAX_ATTRIBUTES, MAX_DEPTH, STANZA_LENGTH
from chatlab.server.xmpp.namespaces import STREAM


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The stream’s header."""

    namespace: str
    """Of the header’s own element; ``to``, ``version`` and others are attributes."""
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """One complete first-level element."""

    element: Element
    end: int
    """Where it ends in the bytes of this ``feed``."""


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """The closing tag of the stream."""


@dataclass(frozen=True, slots=True)
class StreamFailed:
    """Nothing more can be read."""

    error: StreamError


ReaderEvent = StreamOpened | Received | StreamClosed | StreamFailed


class StreamReader:
    """Parses one stream; a new one is needed after each restart."""

    def __init__(self, max_length: int = STANZA_LENGTH) -> None:
        self._units = StanzaSplitter(max_length)
        self._events: list[ReaderEvent] = []
        self._stack: list[Element] = []
        self._depth = 0
        self._is_over = False
        self._fed = 0
        """Bytes of all feeds before the present one."""
        self._end = 0
        """Behind the unit that is being read, in the present bytes."""
        self._parser = self._make_parser()

    def feed(self, data: bytes) -> list[ReaderEvent]:
        """What ``data`` completes, in order; after a StreamFailed there is nothing more."""
        if self._is_over:
            return []
        self._events = []
        try:
            for unit in self._units.feed(data, ByteRange(self._fed, self._fed + len(data)), True):
                self._end = unit.span.stop - self._fed
                self._parser.Parse(unit.data, False)
                if unit.kind is UnitKind.CLOSED:
                    break
        except StreamError as error:
            self._fail(error)
        except StreamFault as fault:
            self._fail(StreamError(fault.condition, fault.message))
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code)
            self._fail(StreamError("not-well-formed", f"This is not XML: {words}."))
        self._fed += len(data)
        return self._events

    def _fail(self, error: StreamError) -> None:
        self._is_over = True
        self._events.append(StreamFailed(error))

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("UTF-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.XmlDeclHandler = _check_declaration
        parser.StartDoctypeDeclHandler = _refusal("document types")
        parser.CommentHandler = _refusal("comments")
        parser.ProcessingInstructionHandler = _refusal("processing instructions")
        parser.SkippedEntityHandler = _refusal("entities")
        return parser

    def _on_start(self, expanded: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
            raise StreamError("policy-violation", "The XML is nested too deeply, or too wide.")
        namespace, _, name = expanded.rpartition(" ")
        given = {attribute_key(key): value for key, value in attributes.items()}
        if self._depth == 1:
            if (namespace, name) != (STREAM, "stream"):
                raise StreamError("invalid-namespace", "This is no XMPP stream.")
            self._events.append(StreamOpened(namespace, given))
            return
        element = Element(name, namespace, given)
        if self._stack:
            self._stack[-1].children.append(element)
        self._stack.append(element)

    def _on_end(self, _expanded: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._is_over = True
            self._events.append(StreamClosed())
            return
        element = self._stack.pop()
        if not self._stack:
            self._events.append(Received(element, self._end))

    def _on_text(self, text: str) -> None:
        if self._stack:
            self._stack[-1].children.append(text)
        elif text.strip():
            raise StreamError("bad-format", "There is text between two stanzas.")


def _refusal(what: str) -> Callable[..., None]:
    def refuse(*_details: object) -> None:
        raise StreamError("restricted-xml", f"XMPP allows no {what} (RFC 6120, section 11.1).")

    return refuse


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and encoding.upper() != "UTF-8":
        raise StreamError("unsupported-encoding", "XMPP is written in UTF-8 only.")
