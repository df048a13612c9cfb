"""Numerics in words: what happened and, for an error, what to do next.

``{1}`` and so on are the numeric's parameters (``{0}`` is our own nick), ``{-1}`` the server's own
words. A numeric that is not in the table is shown as the server worded it.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.core.errors import Severity


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
    "001": Explanation("{-1}", severity=_INFO),
    "002": Explanation("{-1}", severity=_INFO),
    "003": Explanation("{-1}", severity=_INFO),
    "004": Explanation("The server {1} runs {2}.", severity=_INFO),
    "005": Explanation("The server announces: {1} and more.", severity=_INFO),
    "010": Explanation(
        "The server asks you to use {1}, port {2}: {-1}",
        "Change host and port in this account’s settings.",
    ),
    "212": Explanation("{1} was used {2} times.", severity=_INFO),
    "219": Explanation("End of the statistics “{1}”.", severity=_INFO),
    "221": Explanation("Your user modes: {1}", severity=_INFO),
    "242": Explanation("{-1}", severity=_INFO),
    "251": Explanation("{-1}", severity=_INFO),
    "252": Explanation("{1} IRC operators are online.", severity=_INFO),
    "253": Explanation("{1} connections are not registered yet.", severity=_INFO),
    "254": Explanation("{1} channels exist.", severity=_INFO),
    "255": Explanation("{-1}", severity=_INFO),
    "256": Explanation("Who runs {1}:", severity=_INFO),
    "257": Explanation("{-1}", severity=_INFO),
    "258": Explanation("{-1}", severity=_INFO),
    "259": Explanation("{-1}", severity=_INFO),
    "263": Explanation("The server is busy and did not do {1}: {-1}", "Try again in a minute."),
    "265": Explanation("{-1}", severity=_INFO),
    "266": Explanation("{-1}", severity=_INFO),
    "276": Explanation("{1} {-1}", severity=_INFO),
    "300": Explanation("{-1}", severity=_INFO),
    "301": Explanation("{1} is away: {-1}", severity=_INFO, chat=1),
    "302": Explanation("Addresses: {-1}", severity=_INFO),
    "303": Explanation("Online: {-1}", severity=_INFO),
    "305": Explanation("You are no longer marked as away.", severity=_INFO),
    "306": Explanation("You are marked as away.", severity=_INFO),
    "307": Explanation("{1} {-1}", severity=_INFO),
    "311": Explanation("{1} is {2}@{3} ({-1})", severity=_INFO),
    "312": Explanation("{1} is connected to {2} ({-1})", severity=_INFO),
    "313": Explanation("{1} {-1}", severity=_INFO),
    "314": Explanation("{1} was {2}@{3} ({-1})", severity=_INFO),
    "315": Explanation("That is everybody who matches {1}.", severity=_INFO),
    "317": Explanation("{1} has been idle for {2} s", severity=_INFO),
    "318": Explanation("That is all about {1}.", severity=_INFO),
    "319": Explanation("{1} is in {-1}", severity=_INFO),
    "320": Explanation("{1} {-1}", severity=_INFO),
    "321": Explanation("The list of channels begins.", severity=_INFO),
    "322": Explanation("{1} has {2} users. {-1}", severity=_INFO),
    "323": Explanation("The list of channels ends.", severity=_INFO),
    "324": Explanation("Modes of {1}: {2}", severity=_INFO),
    "329": Explanation("{1} was made at {2} (seconds since 1970).", severity=_INFO),
    "330": Explanation("{1} is logged in as {2}", severity=_INFO),
    "331": Explanation("{1} has no topic.", severity=_INFO, chat=1),
    "332": Explanation("The topic of {1}: {-1}", severity=_INFO),
    "333": Explanation("The topic of {1} was set by {2}.", severity=_INFO),
    "335": Explanation("{1} is a bot.", severity=_INFO),
    "336": Explanation("You are invited to {1}.", severity=_INFO),
    "337": Explanation("That is all you are invited to.", severity=_INFO),
    "338": Explanation("{1} {-1}", severity=_INFO),
    "341": Explanation("You invited {1} to {2}.", severity=_INFO, chat=2),
    "346": Explanation("May join {1} without an invitation: {2}", severity=_INFO, chat=1),
    "347": Explanation("End of the list of invitation exceptions.", severity=_INFO, chat=1),
    "348": Explanation("May join {1} in spite of a ban: {2}", severity=_INFO, chat=1),
    "349": Explanation("End of the list of ban exceptions.", severity=_INFO, chat=1),
    "351": Explanation("The server {2} runs {1}. {-1}", severity=_INFO),
    "352": Explanation("{5} is {2}@{3}, on {4}, flags {6}.", severity=_INFO),
    "353": Explanation("In {2}: {-1}", severity=_INFO),
    "364": Explanation("{1} is linked to {2}: {-1}", severity=_INFO),
    "365": Explanation("End of the list of servers.", severity=_INFO),
    "366": Explanation("End of the names of {1}.", severity=_INFO),
    "367": Explanation("Banned: {2}", severity=_INFO, chat=1),
    "368": Explanation("End of the ban list.", severity=_INFO, chat=1),
    "369": Explanation("That is all about who was {1}.", severity=_INFO),
    "371": Explanation("{-1}", severity=_INFO),
    "372": Explanation("{-1}", severity=_INFO),
    "374": Explanation("End of the server’s information.", severity=_INFO),
    "375": Explanation("{-1}", severity=_INFO),
    "376": Explanation("End of the message of the day.", severity=_INFO),
    "378": Explanation("{1} {-1}", severity=_INFO),
    "379": Explanation("{1} {-1}", severity=_INFO),
    "381": Explanation("You are an IRC operator now.", severity=_INFO),
    "382": Explanation("The server reads its configuration {1} again.", severity=_INFO),
    "391": Explanation("Time at {1}: {-1}", severity=_INFO),
    "396": Explanation("Your visible host is now {1}.", severity=_INFO),
    "400": Explanation(
        "The server could not do {1}: {-1}", "Try again; if it goes on, tell its operators."
    ),
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
    "408": Explanation("{1} cannot be written to this way: {-1}", "Choose another target."),
    "409": Explanation("The server missed the sender of a PING.", "Nothing needs to be done."),
    "411": Explanation("A message without a target was refused.", "Use /msg nick text."),
    "412": Explanation("An empty message was refused.", "Type a text."),
    "413": Explanation(
        "A message to {1} was refused: {-1}", "Name a top-level domain after the $ or #."
    ),
    "414": Explanation(
        "A message to {1} was refused: {-1}", "Name a top-level domain after the $ or #."
    ),
    "416": Explanation("The answer is too long for the server.", "Ask for less."),
    "417": Explanation("The line was too long for the server.", "Send a shorter text."),
    "421": Explanation("The server does not know the command {1}.", "Is it spelled right?"),
    "422": Explanation("The server has no message of the day.", severity=_INFO),
    "431": Explanation("No nick was given.", "Usage: /nick newnick"),
    "432": Explanation(
        "The server does not allow the nick {1}.", "Letters, digits, “-” and “_” are usual."
    ),
    "433": Explanation("The nick {1} is in use by somebody else.", "Choose another with /nick."),
    "435": Explanation(
        "You cannot change to {1} while you are banned in {2}.", "Leave {2} first.", chat=2
    ),
    "436": Explanation(
        "Somebody took the nick {1} on another server at the same time.",
        "Choose another with /nick.",
    ),
    "437": Explanation("{1} is unavailable just now: {-1}", "Try again in some minutes."),
    "438": Explanation("The nick was changed too often: {-1}", "Wait a little."),
    "441": Explanation("{1} is not in {2}.", "Check the member list.", chat=2),
    "442": Explanation("You are not in {1}.", "Join it first: /join {1}", chat=1),
    "443": Explanation("{1} is already in {2}.", "No invitation is needed.", chat=2),
    "447": Explanation("The nick cannot be changed now: {-1}", "Leave the channel first."),
    "451": Explanation("The server wants registration to finish first.", "Wait a moment."),
    "461": Explanation("{1} needs more parameters.", "/help shows how the command is used."),
    "462": Explanation("You are registered already.", "Reconnect to use another user name."),
    "463": Explanation("The server does not let you in from here: {-1}", "Ask its operators."),
    "464": Explanation(
        "The password was refused: {-1}", "Check “Server password” in this account’s settings."
    ),
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
    "483": Explanation("A server cannot be killed.", "Name a user."),
    "486": Explanation(
        "{1} takes private messages from logged-in people only: {-1}",
        "Log in, or write in a channel.",
    ),
    "489": Explanation("{1} takes only people who use TLS.", "Connect with TLS.", chat=1),
    "491": Explanation("You may not become an IRC operator from here.", "Ask the network’s staff."),
    "501": Explanation("The server does not know that user mode.", "/mode nick shows the present."),
    "502": Explanation("You cannot change somebody else’s user modes.", "Use your own nick."),
    "520": Explanation("{1} takes only IRC operators.", "Choose another channel.", chat=1),
    "524": Explanation("The server has no help on {1}.", "Try /raw HELP"),
    "525": Explanation("The key for {1} cannot be used.", "Keys have no blank and no comma."),
    "531": Explanation("{1} does not take your messages: {-1}", "Ask in a channel.", chat=1),
    "670": Explanation("The server is ready for TLS (STARTTLS).", severity=_INFO),
    "671": Explanation("{1} uses a secure connection (TLS)", severity=_INFO),
    "691": Explanation(
        "TLS could not be started: {-1}", "Use the server’s TLS port, 6697 on most networks."
    ),
    "696": Explanation(
        "{3} is no parameter for the mode {2} of {1}: {-1}", "/help mode shows examples."
    ),
    "704": Explanation("{-1}", severity=_INFO),
    "705": Explanation("{-1}", severity=_INFO),
    "706": Explanation("{-1}", severity=_INFO),
    "710": Explanation("{2} asks to be let into {1}: {-1}", severity=_WARNING, chat=1),
    "711": Explanation("Your knock on {1} was delivered.", severity=_INFO, chat=1),
    "712": Explanation("{1} was knocked on too often: {-1}", "Wait some minutes.", chat=1),
    "713": Explanation("{1} is open.", "Join it: /join {1}", severity=_INFO, chat=1),
    "714": Explanation("You are in {1} already.", "There is nobody to ask.", chat=1),
    "716": Explanation(
        "{1} takes private messages from accepted people only.", "Write in a channel.", chat=1
    ),
    "717": Explanation("{1} was told that you wrote.", severity=_INFO, chat=1),
    "723": Explanation("Your operator rights do not include {1}.", "Ask the network’s staff."),
    "728": Explanation("Quieted: {3}", severity=_INFO, chat=1),
    "730": Explanation("Online: {-1}", severity=_INFO),
    "731": Explanation("Offline: {-1}", severity=_INFO),
    "732": Explanation("You wait for: {-1}", severity=_INFO),
    "733": Explanation("End of the list of people that you wait for.", severity=_INFO),
    "734": Explanation(
        "The server watches at most {1} people for you; not added: {2}",
        "Take others off with /monitor - nick.",
    ),
    "761": Explanation("{2} of {1}: {-1}", severity=_INFO),
    "900": Explanation("Logged in as {2}.", severity=_INFO),
    "901": Explanation("You are logged out.", severity=_INFO),
    "902": Explanation("You may not use this login: {-1}", "Ask the network’s services."),
    "903": Explanation("The login succeeded.", severity=_INFO),
    "904": Explanation("The login failed: {-1}", "Check login name and password of this account."),
    "905": Explanation(
        "The login failed: the answer was too long for the server.",
        "Choose a shorter password, or SCRAM-SHA-256.",
    ),
    "906": Explanation("The login was broken off.", "Connect again to repeat it."),
    "907": Explanation("You are logged in already.", "Reconnect to log in as somebody else."),
    "908": Explanation("The server’s login methods: {1}", severity=_INFO),
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
