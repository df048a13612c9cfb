"""Regular expressions of the user's, matched in time proportional to the text.

Messages come from strangers and patterns from people in a hurry: with backtracking, ``(a+)+$``
and thirty letters stop the window for minutes. So the pattern becomes an automaton (Thompson's
construction) whose steps are remembered as it runs. Known are characters, ``.``, classes, ``\\w \\d
\\s \\b`` and their opposites, ``^ $``, groups, ``|`` and ``* + ? {m,n}``; nothing that needs to look
back at what was matched.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from chatlab.core.errors import UsageError

MAX_LENGTH = 200
MAX_STATES = 2_000
_MAX_REPEAT = 50
_MAX_REMEMBERED = 5_000
_CLASSES: dict[str, Callable[[str], bool]] = {
    "w": lambda c: c.isalnum() or c == "_",
    "d": str.isdigit,
    "s": str.isspace,
}
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}


@dataclass(slots=True, eq=False)
class _State:
    """Where the automaton can be: it goes on past a character, past a condition, or freely."""

    takes: Callable[[str], bool] | None = None
    condition: str = ""
    """``^``, ``$``, ``b`` or ``B``: must hold here to go on."""
    nexts: list["_State"] = field(default_factory=list)


_Part = tuple[_State, _State]
"""Entrance and exit; the exit is still free."""


class Pattern:
    """A compiled pattern. Raises UsageError saying what is not understood."""

    def __init__(self, text: str, *, is_case_sensitive: bool = False) -> None:
        self._is_folding = not is_case_sensitive
        self._start, self._end = _Parser(text, is_folding=self._is_folding).parse()
        self._steps: dict[tuple[frozenset[_State], int, str], frozenset[_State] | None] = {}

    def search(self, text: str) -> bool:
        """Whether the pattern is found anywhere in ``text``."""
        text = text.casefold() if self._is_folding else text
        now: frozenset[_State] = frozenset()
        previous = ""
        for character in text:
            after = self._step(now, _place(previous, character), character)
            if after is None:
                return True
            now, previous = after, character
        return self._end in self._closure(now, _place(previous, ""))

    def _step(self, now: frozenset[_State], place: int, character: str) -> frozenset[_State] | None:
        """The states after one character more; None when the end was reached before it."""
        key = (now, place, character)
        if key in self._steps:
            return self._steps[key]
        here = self._closure(now, place)
        after: frozenset[_State] | None = None
        if self._end not in here:
            after = frozenset(
                next_
                for state in here
                if state.takes is not None and state.takes(character)
                for next_ in state.nexts
            )
        if len(self._steps) >= _MAX_REMEMBERED:
            self._steps.clear()
        self._steps[key] = after
        return after

    def _closure(self, states: frozenset[_State], place: int) -> set[_State]:
        """All that can be reached without a character; a match may begin at every place."""
        found: set[_State] = set()
        to_do = [self._start, *states]
        while to_do:
            state = to_do.pop()
            if state in found:
                continue
            found.add(state)
            if state.takes is None and _holds(state.condition, place):
                to_do += state.nexts
        return found


def _place(previous: str, next_: str) -> int:
    """What conditions look at: 1 at the start, 2 at the end, 4 between word and no word."""
    is_word = _CLASSES["w"]
    border = (is_word(previous) if previous else False) != (is_word(next_) if next_ else False)
    return (not previous) | (not next_) << 1 | border << 2


def _holds(condition: str, place: int) -> bool:
    match condition:
        case "^":
            return bool(place & 1)
        case "$":
            return bool(place & 2)
        case "b":
            return bool(place & 4)
        case "B":
            return not place & 4
        case _:
            return True


class _Parser:
    """From the text to the automaton, by recursive descent."""

    def __init__(self, text: str, *, is_folding: bool) -> None:
        if not text:
            raise UsageError("The pattern is empty.", "Type what to look for.")
        if len(text) > MAX_LENGTH:
            raise UsageError(f"The pattern has more than {MAX_LENGTH} characters.", "Shorten it.")
        self._text = text
        self._at = 0
        self._states = 0
        self._is_folding = is_folding

    def parse(self) -> _Part:
        part = self._alternatives()
        if self._at < len(self._text):
            raise self._fault("“)” closes nothing.")
        return part

    def _fault(self, words: str) -> UsageError:
        return UsageError(
            f"The pattern is not understood: {words}", "“\\” before a sign takes it as it is."
        )

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def _new(self, takes: Callable[[str], bool] | None = None, condition: str = "") -> _State:
        self._states += 1
        if self._states > MAX_STATES:
            raise UsageError("The pattern repeats too much.", "Use smaller numbers in “{…}”.")
        return _State(takes, condition)

    def _alternatives(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._take()
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        entrance, exit_ = self._new(), self._new()
        for first, last in parts:
            entrance.nexts.append(first)
            last.nexts.append(exit_)
        return entrance, exit_

    def _sequence(self) -> _Part:
        entrance = last = self._new()
        while self._peek() not in ("", "|", ")"):
            first, end = self._repeated()
            last.nexts.append(first)
            last = end
        return entrance, last

    def _repeated(self) -> _Part:
        begin = self._at
        part = self._atom()
        if not self._is_repetition():
            return part
        low, high = self._count()
        end = self._at
        part = self._repeat(part, begin, low, high)
        self._at = end
        if self._peek() == "?":
            self._take()  # Lazy or greedy: whether something is found is the same.
        if self._is_repetition():
            raise self._fault(f"“{self._peek()}” repeats a repetition.")
        return part

    def _is_repetition(self) -> bool:
        return self._peek() != "" and self._peek() in "*+?{"

    def _count(self) -> tuple[int, int | None]:
        match self._take():
            case "*":
                return 0, None
            case "+":
                return 1, None
            case "?":
                return 0, 1
        inside, brace, _ = self._text[self._at :].partition("}")
        low, comma, high = inside.partition(",")
        numbers = [number for number in (low, high) if number]
        if not brace or not low or not all(n.isascii() and n.isdigit() for n in numbers):
            raise self._fault("“{” wants numbers, as in “{2,5}”.")
        self._at += len(inside) + 1
        least = int(low)
        most = int(high) if high else (None if comma else least)
        if max(least, most or 0) > _MAX_REPEAT or (most is not None and most < least):
            raise self._fault(f"“{{{inside}}}” must go up, to {_MAX_REPEAT} at most.")
        return least, most

    def _repeat(self, part: _Part, begin: int, low: int, high: int | None) -> _Part:
        """Copies of a part are made by reading it again."""
        entrance = last = self._new()
        exit_ = self._new()
        for number in range(max(low, 1) if high is None else high):
            first, end = part if number == 0 else self._again(begin)
            if number >= low:
                last.nexts.append(exit_)
            last.nexts.append(first)
            if high is None and number == max(low, 1) - 1:
                end.nexts.append(first)
            last = end
        last.nexts.append(exit_)
        return entrance, exit_

    def _again(self, begin: int) -> _Part:
        self._at = begin
        return self._atom()

    def _atom(self) -> _Part:
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._single(self._class())
            case ".":
                return self._single(lambda c: True)
            case "^" | "$":
                return self._condition(character)
            case "\\":
                return self._escape()
            case "*" | "+" | "?" | "{":
                raise self._fault(f"“{character}” has nothing before it to repeat.")
            case _:
                return self._single(self._literal(character))

    def _group(self) -> _Part:
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                raise self._fault("“(?” is not supported.")
            self._at += 2
        part = self._alternatives()
        if self._take() != ")":
            raise self._fault("a “)” is missing.")
        return part

    def _single(self, takes: Callable[[str], bool]) -> _Part:
        state, exit_ = self._new(takes), self._new()
        state.nexts.append(exit_)
        return state, exit_

    def _condition(self, condition: str) -> _Part:
        state, exit_ = self._new(condition=condition), self._new()
        state.nexts.append(exit_)
        return state, exit_

    def _literal(self, character: str) -> Callable[[str], bool]:
        wanted = character.casefold() if self._is_folding else character
        return lambda c: c == wanted

    def _escape(self) -> _Part:
        character = self._take()
        if character in ("b", "B"):
            return self._condition(character)
        return self._single(self._escaped(character))

    def _escaped(self, character: str) -> Callable[[str], bool]:
        if known := _CLASSES.get(character.lower()):
            return known if character.islower() else lambda c: not known(c)
        if not character or (character.isalnum() and character not in _ESCAPES):
            raise self._fault(f"“\\{character}” is not supported.")
        return self._literal(_ESCAPES.get(character, character))

    def _class(self) -> Callable[[str], bool]:
        """``[a-z_]`` or ``[^…]``; the opening bracket is taken."""
        is_opposite = self._peek() == "^"
        self._at += is_opposite
        tests: list[Callable[[str], bool]] = []
        while (character := self._take()) != "]" or not tests:
            if not character:
                raise self._fault("a “]” is missing.")
            if character == "\\":
                tests.append(self._escaped(self._take()))
            elif self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("", "]"):
                self._take()
                tests.append(self._range(character, self._take()))
            else:
                tests.append(self._literal(character))
        return lambda c: any(test(c) for test in tests) != is_opposite

    def _range(self, low: str, high: str) -> Callable[[str], bool]:
        if low > high:
            raise self._fault(f"“{low}-{high}” goes down.")
        if not self._is_folding:
            return lambda c: low <= c <= high
        return lambda c: low <= c <= high or low <= c.upper() <= high
