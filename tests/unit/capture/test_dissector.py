"""What the window believes of the dissection process, and the words for values."""

import pytest

from chatlab.capture.dissect_words import Part, parts, value_text
from chatlab.capture.dissector import MAX_NODES, read_layers
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange


def test_layers_become_values() -> None:
    fields = [["Flags", "0x002 (SYN)", 46, 48, [["Syn", "Set", 46, 48, []]]]]
    (layer,) = read_layers([["TCP", "Src Port: 1", 34, 54, fields]], 60)
    assert layer.span == ByteRange(34, 54)
    assert layer.fields[0].fields[0].name == "Syn"


@pytest.mark.parametrize(
    "words",
    [
        None,
        [1],
        [["too short"]],
        [["outside", "", 0, 61, []]],
        [["backwards", "", 5, 4, []]],
        [["negative", "", -1, 4, []]],
        [["not numbers", "", "0", "1", []]],
        [["many", "", 0, 1, [["f", "", 0, 1, []]] * (MAX_NODES + 1)]],
    ],
)
def test_nonsense_from_the_process_is_refused(words: object) -> None:
    with pytest.raises(ChatlabError):
        read_layers(words, 60)


def test_bottomless_fields_are_refused() -> None:
    field: list[object] = ["f", "", 0, 1, []]
    for _ in range(20):
        field = ["f", "", 0, 1, [field]]
    with pytest.raises(ChatlabError):
        read_layers([["deep", "", 0, 1, [field]]], 60)


@pytest.mark.parametrize(
    ("layer", "field", "value", "text"),
    [
        ("TCP", "flags", 0x18, "0x018 (PSH, ACK)"),
        ("TCP", "dataofs", 8, "32 bytes (8)"),
        ("IP", "flags", 2, "0x2 (DF)"),
        ("IP", "tos", 0xB8, "0xb8 (DSCP: EF, ECN: Not-ECT)"),
        ("DNS", "rcode", 3, "No such name (3)"),
        ("DNS", "rcode", 11, "Unknown (11)"),
    ],
)
def test_values_read_as_in_wireshark(layer: str, field: str, value: int, text: str) -> None:
    assert value_text(layer, field, value, str(value)) == text


def test_tcp_options_are_named_with_their_places() -> None:
    options = bytes.fromhex("020405b4 0402 080a 00000001 00000002 01 030307")
    assert list(parts("TCP", "options", [], options)) == [
        Part("Maximum segment size", "1460 bytes", 0, 4),
        Part("SACK permitted", "", 4, 6),
        Part("Timestamps", "TSval 1, TSecr 2", 6, 16),
        Part("No-Operation (NOP)", "", 16, 17),
        Part("Window scale", "7 (multiply by 128)", 17, 20),
    ]


@pytest.mark.parametrize("options", [b"\x02", b"\x02\x00", b"\x02\x09abc", b"\x08\x01"])
def test_malformed_tcp_options_end_the_list(options: bytes) -> None:
    (part,) = parts("TCP", "options", [], options)
    assert part.name == "Malformed option"
