"""IRC lines: read as everybody reads them, written so that nothing can be smuggled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parser_tests import data as shared_tests

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError
from chatlab.core.flow import ByteRange
from chatlab.protocol.irc import (
    CaseMapping,
    IrcLine,
    LineFramer,
    Source,
    decode,
    escape_tag,
    format_line,
    parse,
    parse_spans,
    split_source,
    unescape_tag,
)

SPLIT_TESTS = shared_tests.msg_split["tests"]
JOIN_TESTS = shared_tests.msg_join["tests"]
USERHOST_TESTS = shared_tests.userhost_split["tests"]


@pytest.mark.parametrize("case", SPLIT_TESTS, ids=lambda case: case["input"])
def test_lines_are_read_as_the_shared_parser_tests_demand(case: dict) -> None:  # type: ignore[type-arg]
    atoms = case["atoms"]
    line = parse(case["input"])
    assert line == IrcLine(
        atoms.get("tags") or {},
        atoms.get("source") or "",
        atoms["verb"],
        tuple(atoms.get("params", ())),
    )


@pytest.mark.parametrize("case", JOIN_TESTS, ids=lambda case: case["desc"])
def test_lines_are_written_as_the_shared_parser_tests_demand(case: dict) -> None:  # type: ignore[type-arg]
    atoms = case["atoms"]
    line = format_line(
        atoms["verb"],
        *atoms.get("params", ()),
        source=atoms.get("source") or "",
        tags=atoms.get("tags"),
    )
    assert line.decode() in case["matches"]


@pytest.mark.parametrize("case", USERHOST_TESTS, ids=lambda case: case["source"])
def test_sources_are_split_as_the_shared_parser_tests_demand(case: dict) -> None:  # type: ignore[type-arg]
    atoms = case["atoms"]
    assert split_source(case["source"]) == Source(
        atoms.get("nick", ""), atoms.get("user", ""), atoms.get("host", "")
    )


@pytest.mark.parametrize("line", ["", " ", "   ", "@a=b", ":source", "@a :b ", "@", ":"])
def test_a_line_without_a_command_is_refused(line: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse(line)


@pytest.mark.parametrize("sign", ["\0", "\r", "\n"])
def test_a_line_with_a_forbidden_sign_inside_is_refused(sign: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse(f"PRIVMSG #lab :a{sign}b")


@given(st.text())
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        line = parse(text)
    except RemoteProtocolError:
        return
    assert line.command


@given(st.binary(max_size=80))
def test_the_spans_of_a_line_say_what_the_parser_says(raw: bytes) -> None:
    text, is_utf8 = decode(raw)
    try:
        line = parse(text)
    except RemoteProtocolError:
        return
    parts = {part.name: part for part in parse_spans(raw)}
    assert parts["Command"].value == line.command
    values = tuple(part.value for name, part in parts.items() if name.startswith("Parameter"))
    assert values == line.parameters
    encoding = "utf-8" if is_utf8 else "latin-1"
    for part in parts.values():
        assert raw[part.span.start : part.span.stop].decode(encoding) == part.value


def test_spans_count_bytes_and_hold_each_tag() -> None:
    raw = "@time=1;msgid=é :ann!a@b PRIVMSG #lab :häh?".encode()
    tags, source, command, target, text = parse_spans(raw)
    assert [(tag.name, tag.value) for tag in tags.fields] == [("time", "1"), ("msgid", "é")]
    for part in (*tags.fields, source, command, target, text):
        value = raw[part.span.start : part.span.stop].decode()
        assert value in (part.value, f"{part.name}={part.value}")
    assert text.span.stop == len(raw)


@pytest.mark.parametrize(
    "parameters",
    [
        ("#lab", "a\rQUIT :gone"),
        ("#lab", "a\nb"),
        ("#lab", "a\0b"),
        ("#a b c", "text"),
        ("", "text"),
        (":x", "text"),
        ("#a\rb", "text"),
        ("#lab", "\ud800"),
    ],
)
def test_what_the_grammar_forbids_is_never_written(parameters: tuple[str, ...]) -> None:
    with pytest.raises(LocalProtocolError):
        format_line("PRIVMSG", *parameters)


@pytest.mark.parametrize("command", ["", "A B", "PRIVMSG\r\nQUIT", "ÄÖ", ":X"])
def test_a_command_is_letters_or_digits(command: str) -> None:
    with pytest.raises(LocalProtocolError):
        format_line(command)


def test_a_line_may_have_512_bytes_with_its_end_and_no_more() -> None:
    room = 512 - 2 - len("PRIVMSG #lab :")
    assert len(format_line("PRIVMSG", "#lab", "x" * room)) == 510
    with pytest.raises(LocalProtocolError, match="513"):
        format_line("PRIVMSG", "#lab", "x" * (room + 1))


def test_tags_have_a_room_of_their_own() -> None:
    text = "x" * 400
    assert format_line("PRIVMSG", "#lab", text, tags={"+note": "y" * 4000}).endswith(text.encode())
    with pytest.raises(LocalProtocolError):
        format_line("PRIVMSG", "#lab", text, tags={"+note": "y" * 4095})
    with pytest.raises(LocalProtocolError):
        format_line("PRIVMSG", "#lab", text, tags={"bad key": ""})


def test_a_text_gets_its_colon_even_when_one_word() -> None:
    assert format_line("PRIVMSG", "#lab", "hi") == b"PRIVMSG #lab :hi"
    assert format_line("JOIN", "#lab") == b"JOIN #lab"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_tag_value_survives_escaping(value: str) -> None:
    assert unescape_tag(escape_tag(value)) == value


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=80))
def test_a_written_text_is_read_back_as_it_was(text: str) -> None:
    line = parse(format_line("PRIVMSG", "#lab", text).decode())
    assert line.parameters == ("#lab", text)


def test_text_that_is_not_utf_8_is_read_as_latin_1() -> None:
    assert decode("grün".encode()) == ("grün", True)
    assert decode(b"gr\xfcn") == ("grün", False)


def test_case_mappings_differ_in_the_signs_beyond_letters() -> None:
    assert CaseMapping.ASCII.fold("A[]\\~Ä") == "a[]\\~Ä"
    assert CaseMapping.RFC1459.fold("A[]\\~Ä") == "a{}|^Ä"
    assert CaseMapping.RFC1459_STRICT.fold("A[]\\~Ä") == "a{}|~Ä"


@given(
    st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=8),
    st.integers(1, 7),
    st.integers(0, 1000),
)
def test_each_line_has_exactly_its_bytes_however_tcp_cuts_them(
    lines: list[bytes], size: int, offset: int
) -> None:
    stream = b"".join(line + b"\r\n" for line in lines)
    framer = LineFramer()
    framed = []
    for at in range(0, len(stream), size):
        piece = stream[at : at + size]
        origin = ByteRange(offset + at, offset + at + len(piece))
        framed += framer.feed(piece, origin, True)
    assert [found.line for found in framed] == [
        line.rstrip(b"\r") for line in lines if line.rstrip(b"\r")
    ]
    for found in framed:
        raw = stream[found.span.start - offset : found.span.stop - offset]
        assert raw.rstrip(b"\r\n") == found.line
        assert raw.endswith(b"\r\n")


def test_a_line_out_of_tls_spans_the_records_that_carried_it() -> None:
    framer = LineFramer()
    first, second, third = ByteRange(100, 130), ByteRange(130, 160), ByteRange(200, 230)
    assert [found.span for found in framer.feed(b"A\r\nB\r\nC", first, False)] == [first, first]
    assert framer.feed(b"CC", second, False) == []
    (line,) = framer.feed(b"C\r\n", third, False)
    assert line.line == b"CCCC"
    assert line.span == ByteRange(100, 230)


def test_an_endless_line_is_cut_and_the_next_one_is_whole() -> None:
    framer = LineFramer()
    chunk = b"x" * 65536
    for index in range(100):
        assert framer.feed(chunk, ByteRange(index * 65536, (index + 1) * 65536), True) == []
    cut, whole = framer.feed(b"\nPING a\n", ByteRange(6553600, 6553608), True)
    assert cut.is_too_long
    assert len(cut.line) == LineFramer.LIMIT
    assert cut.span == ByteRange(0, 6553601)
    assert whole == (b"PING a", ByteRange(6553601, 6553608), False)
