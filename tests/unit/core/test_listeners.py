"""Who is told of what, and that ending it in the middle disturbs nobody."""

from collections.abc import Callable
from enum import Enum

import pytest

from chatlab.core.listeners import Listeners


class News(Enum):
    RAIN = 1
    SUN = 2
    SNOW = 3


Told = Callable[[str], None]


def test_each_hears_what_it_asked_for_and_who_asked_for_nothing_hears_all() -> None:
    listeners = Listeners[News, Told](News)
    heard: list[str] = []
    listeners.add(lambda words: heard.append(f"all: {words}"))
    listeners.add(lambda words: heard.append(f"wet: {words}"), (News.RAIN, News.SNOW))
    for news in News:
        for listener in listeners.of(news):
            listener(news.name)
    assert heard == ["all: RAIN", "wet: RAIN", "all: SUN", "all: SNOW", "wet: SNOW"]


def test_who_ends_it_while_being_told_takes_the_word_from_nobody() -> None:
    listeners = Listeners[News, Told](News)
    heard: list[str] = []

    def once(words: str) -> None:
        heard.append(f"once: {words}")
        end()

    end = listeners.add(once)
    listeners.add(lambda words: heard.append(f"always: {words}"), (News.SUN,))
    for words in ("first", "second"):
        for listener in listeners.of(News.SUN):
            listener(words)
    assert heard == ["once: first", "always: first", "always: second"]
    assert len(listeners) == 1


def test_there_is_nothing_to_hear_of_what_is_no_news() -> None:
    with pytest.raises(KeyError):
        Listeners[str, Told](["rain"]).add(print, ("sun",))
