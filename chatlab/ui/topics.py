"""The help topics of ``resources/help/topics.toml``."""

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache

from chatlab import resources
from chatlab.ui.action_table import ActionId
from chatlab.ui.shortcuts import how_to

_SHORTCUT = re.compile(r"\{shortcut:([a-z-]+)\}")


@dataclass(frozen=True, slots=True)
class Topic:
    """A short answer."""

    id: str
    title: str
    text: str
    keywords: str


def topics() -> tuple[Topic, ...]:
    """All topics, in the file's order, with the keys of now."""
    return tuple(replace(topic, text=_with_keys(topic.text)) for topic in _read())


@cache
def _read() -> tuple[Topic, ...]:
    """Read once, when Help or the palette first opens."""
    table = tomllib.loads(resources.text("help/topics.toml"))
    return tuple(
        Topic(row["id"], row["title"], row["text"].strip(), row["keywords"])
        for row in table["topics"]
    )


def _with_keys(text: str) -> str:
    return _SHORTCUT.sub(lambda found: how_to(ActionId(found[1])), text)
