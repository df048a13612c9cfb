"""``--server`` of the commands: a host, and a port that can be one."""

import pytest

from chatlab.cli.xmpp_account import _read_server
from chatlab.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ("", 0)),
        ("localhost", ("localhost", 0)),
        ("localhost:5223", ("localhost", 5223)),
        ("[::1]:5222", ("::1", 5222)),
    ],
)
def test_a_server_is_a_host_and_perhaps_a_port(text: str, place: tuple[str, int]) -> None:
    assert _read_server(text) == place


@pytest.mark.parametrize("text", ["localhost:0", "localhost:65536", "::1:5222", "[::1"])
def test_what_is_no_server_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        _read_server(text)
