"""The language between the window and the capture process."""

import json

import pytest

from chatlab.capture.control import LineBuffer, encode, flow_words, read_flow
from chatlab.core.flow import Endpoint, FlowKey, Transport

FLOW = FlowKey(Endpoint("::1", 40000), Endpoint("::1", 53), Transport.UDP)


def test_a_flow_survives_the_way() -> None:
    assert read_flow(json.loads(encode(flow_words(FLOW)))) == FLOW


def test_lines_are_whole_however_they_are_cut() -> None:
    data = encode({"sync": 1}) + encode({"secret": "line\nwith\nbreaks ✓"})
    lines = LineBuffer()
    found = [words for at in range(len(data)) for words in lines.feed(data[at : at + 1])]
    assert found == [{"sync": 1}, {"secret": "line\nwith\nbreaks ✓"}]


@pytest.mark.parametrize("data", [b"[1]\n", b"{\n", b"\xff\n", b"x" * 2_000_000])
def test_nonsense_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
        list(LineBuffer().feed(data))
