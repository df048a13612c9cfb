"""The help topics of ``resources/help/topics.toml``."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from chatlab import resources
from chatlab.ui.actions import ActionId, key_text, spec_of

_SHORTCUT = re.compile(r"\{shortcut:([a-z-]+)\}")


@dataclass(frozen=True, slots=True)
class Topic:
    """A short answer."""

    id: str
    title: str
    text: str
    keywords: str


@cache
def topics() -> tuple[Topic, ...]:
    """All topics, in the file's order; read once, when Help or the palette first opens."""
    table = tomllib.loads(resources.text("help/topics.toml"))
    return tuple(
        Topic(row["id"], row["title"], _with_keys(row["text"].strip()), row["keywords"])
        for row in table["topics"]
    )


def _with_keys(text: str) -> str:
    return _SHORTCUT.sub(lambda found: key_text(spec_of(ActionId(found[1])).shortcuts[0]), text)
