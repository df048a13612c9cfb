"""Network presets are data that the account form can rely on."""

import pytest

from chatlab.chat.networks import parse_networks, read_networks
from chatlab.core.account import LoginMethod, Security
from chatlab.core.errors import FileError


def test_libera_chat_comes_first_and_offers_both_ways() -> None:
    first = read_networks()[0]
    assert first.name == "Libera.Chat"
    assert first.security is Security.DIRECT_TLS
    assert (first.port(Security.DIRECT_TLS), first.port(Security.PLAIN)) == (6697, 6667)
    assert first.login_methods == (LoginMethod.PLAIN, LoginMethod.EXTERNAL)


def test_every_preset_is_complete_and_named_once() -> None:
    presets = read_networks()
    assert len({preset.name for preset in presets}) == len(presets)
    for preset in presets:
        assert preset.host
        assert preset.note
        assert preset.port(preset.security)
        assert preset.verified.year >= 2024


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[network]",
        '[[network]]\nname = "x"',
        '[[network]]\nname = "x"\nhost = "h"\nverified = 2026-01-01',
        '[[network]]\nname = "x"\nhost = "h"\ntls = 70000\nverified = 2026-01-01',
        '[[network]]\nname = "x"\nhost = "h"\ntls = "6697"\nverified = 2026-01-01',
        '[[network]]\nname = "x"\nhost = "h"\ntls = 1\nverified = "yesterday"',
    ],
)
def test_a_faulty_file_is_named(text: str) -> None:
    with pytest.raises(FileError, match=r"networks\.toml"):
        parse_networks(text)
