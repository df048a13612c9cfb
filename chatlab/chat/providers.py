"""XMPP servers that make accounts, read from ``resources/providers.toml``: data, not code."""

import tomllib
from dataclasses import dataclass
from datetime import date

from chatlab import resources
from chatlab.core.errors import FileError

_FILE = "providers.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One server as the dialog offers it."""

    domain: str
    is_in_app: bool
    """The account can be made here (XEP-0077); otherwise on a web page."""
    has_captcha: bool = False
    file_mb: int | None = None
    """Largest file to share, in megabytes."""
    archive_days: int | None = None
    """How long messages are kept for one's other devices; 0 where nothing is promised."""
    country: str = ""
    software: str = ""
    verified: date
    """When the data were published; a server may have changed its mind since."""


def read_providers() -> tuple[Provider, ...]:
    """All of them, in the order of the file."""
    return parse_providers(resources.text(_FILE))


def parse_providers(text: str) -> tuple[Provider, ...]:
    """The providers in a TOML text. Raises FileError naming the row at fault."""
    try:
        table = tomllib.loads(text)
        verified, rows = table["verified"], table["provider"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise FileError(f"{_FILE} cannot be read: {error}.", "Install ChatLab again.") from error
    if not isinstance(verified, date):
        raise FileError(f"“verified” in {_FILE} is no date.", "Write it as 2026-07-22.")
    return tuple(_read_row(row, verified) for row in rows)


def _read_row(row: dict[str, object], verified: date) -> Provider:
    domain, is_in_app = row.get("domain"), row.get("in_app")
    captcha, country, software = (
        row.get("captcha", False),
        row.get("country", ""),
        row.get("software", ""),
    )
    if not (
        isinstance(domain, str)
        and domain
        and isinstance(is_in_app, bool)
        and isinstance(captcha, bool)
        and isinstance(country, str)
        and isinstance(software, str)
    ):
        raise FileError(
            f"The provider {domain!r} in {_FILE} lacks a field, or one has the wrong type.",
            "The file’s first lines say what belongs into a row.",
        )
    return Provider(
        domain=domain,
        is_in_app=is_in_app,
        has_captcha=captcha,
        file_mb=_read_number(row, "file_mb"),
        archive_days=_read_number(row, "days"),
        country=country,
        software=software,
        verified=verified,
    )


def _read_number(row: dict[str, object], key: str) -> int | None:
    value = row.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise FileError(f"“{key}” of {row.get('domain')} in {_FILE} is no number.", "Mend the file.")
