"""The list of XMPP servers that make accounts."""

from datetime import date

import pytest

from chatlab.chat.providers import parse_providers, read_providers
from chatlab.core.errors import FileError


def test_the_list_that_comes_with_the_program_can_be_read() -> None:
    providers = read_providers()
    assert len({provider.domain for provider in providers}) == len(providers)
    in_app = [provider for provider in providers if provider.is_in_app]
    assert len(in_app) == 13
    assert sum(provider.has_captcha for provider in in_app) == 8
    assert {provider.verified for provider in providers} == {date(2026, 7, 22)}


def test_what_is_not_known_stays_unknown() -> None:
    row = 'verified = 2026-01-02\n[[provider]]\ndomain = "a.example"\nin_app = false\n'
    (provider,) = parse_providers(row)
    assert provider.file_mb is None
    assert provider.archive_days is None
    assert not provider.country


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("verified = 3\nprovider = []", "no date"),
        ("verified = 2026-01-02\n[[provider]]\nin_app = true", "lacks a field"),
        ('verified = 2026-01-02\n[[provider]]\ndomain = "a"\nin_app = 1', "wrong type"),
        (
            'verified = 2026-01-02\n[[provider]]\ndomain = "a"\nin_app = true\nfile_mb = -1',
            "no number",
        ),
        ("verified = [", "cannot be read"),
    ],
)
def test_a_damaged_list_names_the_fault(text: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        parse_providers(text)
