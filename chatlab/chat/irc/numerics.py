"""Numerics in words: what happened and, for an error, what to do next.

``{1}`` and so on are the numeric's parameters (``{0}`` is our own nick), ``{-1}`` the server's own
words. A numeric that is not in the table is shown as the server worded it.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.core.events import Severity


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row: a numeric for a person."""

    text: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    chat: int = 0
    """Number of the parameter that names the chat it belongs to; 0: none."""


@dataclass(frozen=True, slots=True)
class Said:
    """A numeric turned into words."""

    text: str
    hint: str
    severity: Severity
    chat: str


_INFO = Severity.INFO
_WARNING = Severity.WARNING

NUMERICS: dict[str, Explanation] = {
    "221": Explanation("Your user modes: {1}", severity=_INFO),
    "265": Explanation("{-1}", severity=_INFO),
    "266": Explanation("{-1}", severity=_INFO),
    "301": Explanation("{1} is away: {-1}", severity=_INFO, chat=1),
    "305": Explanation("You are no longer marked as away.", severity=_INFO),
    "306": Explanation("You are marked as away.", severity=_INFO),
    "331": Explanation("{1} has no topic.", severity=_INFO, chat=1),
    "341": Explanation("You invited {1} to {2}.", severity=_INFO, chat=2),
    "367": Explanation("Banned: {2}", severity=_INFO, chat=1),
    "368": Explanation("End of the ban list.", severity=_INFO, chat=1),
    "381": Explanation("You are an IRC operator now.", severity=_INFO),
    "391": Explanation("Time at {1}: {-1}", severity=_INFO),
    "396": Explanation("Your visible host is now {1}.", severity=_INFO),
    "401": Explanation(
        "There is nobody (and no channel) called {1}.", "Check the spelling.", chat=1
    ),
    "402": Explanation("There is no server called {1}.", "Check the spelling."),
    "403": Explanation(
        "There is no channel called {1}.", "A channel begins with #; /join makes a new one.", chat=1
    ),
    "404": Explanation(
        "{1} does not take your message: {-1}",
        "Join the channel first; in a moderated one ask an operator for voice.",
        chat=1,
    ),
    "405": Explanation(
        "You are in too many channels to join {1}.", "Leave one with /part.", chat=1
    ),
    "406": Explanation("Nobody called {1} was here lately.", "Check the spelling."),
    "407": Explanation("{1} names too many targets.", "Send to fewer at once."),
    "411": Explanation("A message without a target was refused.", "Use /msg nick text."),
    "412": Explanation("An empty message was refused.", "Type a text."),
    "416": Explanation("The answer is too long for the server.", "Ask for less."),
    "417": Explanation("The line was too long for the server.", "Send a shorter text."),
    "421": Explanation("The server does not know the command {1}.", "Is it spelled right?"),
    "431": Explanation("No nick was given.", "Usage: /nick newnick"),
    "435": Explanation(
        "You cannot change to {1} while you are banned in {2}.", "Leave {2} first.", chat=2
    ),
    "438": Explanation("The nick was changed too often: {-1}", "Wait a little."),
    "441": Explanation("{1} is not in {2}.", "Check the member list.", chat=2),
    "442": Explanation("You are not in {1}.", "Join it first: /join {1}", chat=1),
    "443": Explanation("{1} is already in {2}.", "No invitation is needed.", chat=2),
    "447": Explanation("The nick cannot be changed now: {-1}", "Leave the channel first."),
    "451": Explanation("The server wants registration to finish first.", "Wait a moment."),
    "461": Explanation("{1} needs more parameters.", "/help shows how the command is used."),
    "462": Explanation("You are registered already.", "Reconnect to use another user name."),
    "465": Explanation("You are banned from this server: {-1}", "Ask its operators."),
    "467": Explanation("The key of {1} is set already.", "Remove it first: /mode -k", chat=1),
    "470": Explanation("{1} forwards to {2}: {-1}", severity=_WARNING, chat=2),
    "471": Explanation("{1} is full (mode +l).", "Try again later.", chat=1),
    "472": Explanation("The server does not know the mode {1}.", "/help mode shows examples."),
    "473": Explanation("{1} is for invited people only (mode +i).", "Ask for an /invite.", chat=1),
    "474": Explanation("You are banned from {1} (mode +b).", "Ask one of its operators.", chat=1),
    "475": Explanation(
        "{1} needs a key (mode +k), and it was missing or wrong.", "/join {1} key", chat=1
    ),
    "476": Explanation("{1} is not a channel’s name.", "Begin with #, without blank or comma."),
    "477": Explanation(
        "{1} takes only people who are logged in: {-1}",
        "Register your nick with the network’s services, then log in (SASL).",
        chat=1,
    ),
    "478": Explanation("The list of {1} is full.", "Remove an entry first.", chat=1),
    "479": Explanation("{1} is not a channel’s name.", "Begin with #, without blank or comma."),
    "481": Explanation("Only IRC operators may do that.", "Ask one of the network’s staff."),
    "482": Explanation("Only an operator of {1} may do that.", "Ask one (marked @).", chat=1),
    "489": Explanation("{1} takes only people who use TLS.", "Connect with TLS.", chat=1),
    "491": Explanation("You may not become an IRC operator from here.", "Ask the network’s staff."),
    "501": Explanation("The server does not know that user mode.", "/mode nick shows the present."),
    "502": Explanation("You cannot change somebody else’s user modes.", "Use your own nick."),
    "520": Explanation("{1} takes only IRC operators.", "Choose another channel.", chat=1),
    "524": Explanation("The server has no help on {1}.", "Try /raw HELP"),
    "531": Explanation("{1} does not take your messages: {-1}", "Ask in a channel.", chat=1),
    "716": Explanation(
        "{1} takes private messages from accepted people only.", "Write in a channel.", chat=1
    ),
    "717": Explanation("{1} was told that you wrote.", severity=_INFO, chat=1),
    "728": Explanation("Quieted: {3}", severity=_INFO, chat=1),
}

JOIN_REFUSALS = frozenset(
    {"403", "405", "407", "437", "470", "471", "473", "474", "475", "476", "477", "479", "489"}
    | {"520"}
)
"""Numerics that end an attempt to join the channel they name."""
MESSAGE_REFUSALS = frozenset(
    {"401", "402", "403", "404", "407", "408", "411", "412", "413", "414", "417", "477", "486"}
    | {"531", "716"}
)
"""Numerics that may refuse a PRIVMSG or NOTICE; parameter 1 is its target where they have one."""


class _Parameters(string.Formatter):
    """Fills in parameters; one that is missing is an ellipsis."""

    def __init__(self, parameters: Sequence[str]) -> None:
        self._parameters = parameters

    def get_value(self, key: int | str, args: object, kwargs: object) -> str:
        try:
            return self._parameters[int(key)]
        except IndexError:
            return "…"


def explain(code: str, parameters: Sequence[str]) -> Said:
    """A numeric in words."""
    row = NUMERICS.get(code)
    if row is None:
        text = " ".join(parameters[1:]) or f"The server sent {code} without a word."
        is_error = code.isdigit() and 400 <= int(code) <= 599
        return Said(text, "", Severity.ERROR if is_error else Severity.INFO, "")
    fill = _Parameters(parameters)
    chat = parameters[row.chat] if row.chat and row.chat < len(parameters) else ""
    return Said(fill.format(row.text), fill.format(row.hint), row.severity, chat)
