"""The table of commands: what a user can type, in which order Help shows it.

The parser, the completion and Help obey it; ``commands`` reads what was typed.
"""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import Application


class Verb(Enum):
    """Every command, by its first name."""

    SAY = "say"
    ME = "me"
    REPLY = "reply"
    REACT = "react"
    UNREACT = "unreact"
    RETRACT = "retract"
    CORRECT = "correct"
    MSG = "msg"
    QUERY = "query"
    NOTICE = "notice"
    JOIN = "join"
    PART = "part"
    CYCLE = "cycle"
    NICK = "nick"
    TOPIC = "topic"
    NAMES = "names"
    WHOIS = "whois"
    AWAY = "away"
    BACK = "back"
    PRESENCE = "presence"
    MONITOR = "monitor"
    INVITE = "invite"
    LIST = "list"
    WHO = "who"
    WHOWAS = "whowas"
    CLEARTOPIC = "cleartopic"
    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    KICKBAN = "kickban"
    QUIET = "quiet"
    UNQUIET = "unquiet"
    OP = "op"
    DEOP = "deop"
    VOICE = "voice"
    DEVOICE = "devoice"
    MODE = "mode"
    CTCP = "ctcp"
    PING = "ping"
    VERSION = "version"
    TIME = "time"
    LAG = "lag"
    KNOCK = "knock"
    SETNAME = "setname"
    IDENTIFY = "identify"
    REGISTER = "register"
    OPER = "oper"
    MOTD = "motd"
    LUSERS = "lusers"
    MAP = "map"
    LINKS = "links"
    STATS = "stats"
    INFO = "info"
    ADMIN = "admin"
    SEND = "send"
    DCC = "dcc"
    RAW = "raw"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    QUIT = "quit"
    SERVER = "server"
    CHANNEL = "channel"
    IGNORE = "ignore"
    UNIGNORE = "unignore"
    IGNORELIST = "ignorelist"
    MUTE = "mute"
    UNMUTE = "unmute"
    CONTACT = "contact"
    BLOCK = "block"
    UNBLOCK = "unblock"
    AFFILIATION = "affiliation"
    HISTORY = "history"
    AVATAR = "avatar"
    HIGHLIGHTS = "highlights"
    MENTIONS = "mentions"
    CLEAR = "clear"
    SEARCH = "search"
    EXPORT = "export"
    COMPARE = "compare"
    PACKETS = "packets"
    CAPTURE = "capture"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One row of the table.

    ``arguments`` names them in order: ``<needed>``, ``[optional]``; a name that ends in
    ``…`` takes the rest of the line, spaces included.
    """

    verb: Verb
    arguments: tuple[str, ...]
    help: str
    aliases: tuple[str, ...] = ()
    is_local: bool = False
    """Carried out by the window, not sent to a server."""
    only: Application | None = None
    """The protocol that has it; None where all have."""

    @property
    def explanation(self) -> str:
        """``help``, with the protocol's name before it where only one has the command."""
        return f"{self.only.name}: {self.help}" if self.only is not None else self.help

    @property
    def usage(self) -> str:
        return " ".join(["/" + self.verb.value, *self.arguments])


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        Verb.SAY, ("<text…>",), "Send the text as it is, even when it begins with “/”.", ("plain",)
    ),
    CommandSpec(Verb.ME, ("<text…>",), "Say what you are doing: /me waves."),
    CommandSpec(
        Verb.REPLY,
        ("<text…>",),
        "Answer the chosen message, or the last one that is not yours.",
        is_local=True,
    ),
    CommandSpec(
        Verb.REACT,
        ("<emoji…>",),
        "Answer the chosen message, or the last one, with a sign: /react 👍.",
        is_local=True,
    ),
    CommandSpec(
        Verb.UNREACT, ("<emoji…>",), "Take your sign off that message again.", is_local=True
    ),
    CommandSpec(
        Verb.RETRACT,
        (),
        "Take the chosen message, or your last one, back; some servers can.",
        ("redact",),
        is_local=True,
    ),
    CommandSpec(
        Verb.CORRECT,
        ("<text…>",),
        "Say it anew: the text takes the place of your last message here.",
        ("edit",),
        only=Application.XMPP,
    ),
    CommandSpec(Verb.MSG, ("<nick or #channel>", "<text…>"), "Send a message to someone.", ("m",)),
    CommandSpec(Verb.QUERY, ("<nick>", "[text…]"), "Open a private chat, and send the text."),
    CommandSpec(
        Verb.NOTICE,
        ("<nick or #channel>", "<text…>"),
        "Send a notice, which nobody answers automatically.",
    ),
    CommandSpec(Verb.JOIN, ("<#channel>", "[key]"), "Join a channel; several with commas.", ("j",)),
    CommandSpec(
        Verb.PART, ("[reason…]",), "Leave the channel or close the chat.", ("leave", "close")
    ),
    CommandSpec(Verb.CYCLE, (), "Leave the channel and join it again.", ("rejoin", "hop")),
    CommandSpec(Verb.NICK, ("<new nick>",), "Change your nick."),
    CommandSpec(Verb.TOPIC, ("[text…]",), "Show the topic, or set it. “/topic -” clears it."),
    CommandSpec(Verb.CLEARTOPIC, (), "Take the channel’s topic away."),
    CommandSpec(Verb.NAMES, (), "Ask the server who is in the channel."),
    CommandSpec(
        Verb.LIST,
        ("[filter…]",),
        "List the network’s channels: /list, /list >50, /list *lab*, /list stop.",
    ),
    CommandSpec(Verb.WHO, ("[mask]",), "Ask the server who is there: a channel, or a mask."),
    CommandSpec(Verb.WHOIS, ("<nick>",), "Ask the server about someone.", ("wi",)),
    CommandSpec(Verb.WHOWAS, ("<nick>",), "Ask the server about someone who has left."),
    CommandSpec(Verb.AWAY, ("[message…]",), "Mark yourself away; others see the message."),
    CommandSpec(Verb.BACK, (), "You are back."),
    CommandSpec(
        Verb.PRESENCE,
        ("<online|chat|away|xa|dnd>", "[words…]"),
        "How others see you: /presence dnd in a meeting.",
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.MONITOR,
        ("[+ or -]", "[nicks…]"),
        "Be told when someone comes or goes: /monitor + bob. Alone: who is online.",
        ("notify",),
    ),
    CommandSpec(Verb.INVITE, ("<nick>", "[#channel]"), "Invite someone into the channel."),
    CommandSpec(Verb.KICK, ("<nick>", "[reason…]"), "Throw someone out (operators only)."),
    CommandSpec(Verb.BAN, ("<nick or mask>",), "Ban a mask such as *!*@host, or a nick."),
    CommandSpec(Verb.UNBAN, ("<mask>",), "Lift a ban."),
    CommandSpec(
        Verb.KICKBAN, ("<nick>", "[reason…]"), "Ban someone, then throw them out.", ("kb",)
    ),
    CommandSpec(Verb.QUIET, ("<nick or mask>",), "Let someone stay, but not speak (mode +q)."),
    CommandSpec(Verb.UNQUIET, ("<mask>",), "Let a quieted mask speak again."),
    CommandSpec(Verb.OP, ("<nick…>",), "Make channel operators."),
    CommandSpec(Verb.DEOP, ("<nick…>",), "Take operator status away."),
    CommandSpec(Verb.VOICE, ("<nick…>",), "Give voice in a moderated channel."),
    CommandSpec(Verb.DEVOICE, ("<nick…>",), "Take voice away."),
    CommandSpec(Verb.MODE, ("[modes…]",), "Show or change modes: /mode +t, /mode #lab +o bob."),
    CommandSpec(Verb.CTCP, ("<nick>", "<command…>"), "Ask someone’s client, e.g. /ctcp bob TIME."),
    CommandSpec(
        Verb.PING,
        ("[nick]",),
        "Measure the way to someone and back; without a nick, to the server.",
    ),
    CommandSpec(
        Verb.VERSION, ("[nick]",), "Ask which program someone uses; without a nick, the server."
    ),
    CommandSpec(
        Verb.TIME, ("[nick]",), "Ask what time it is where someone is; without a nick, the server."
    ),
    CommandSpec(Verb.LAG, (), "Measure how long the server takes to answer.", ("lagcheck",)),
    CommandSpec(
        Verb.KNOCK,
        ("<#channel>", "[message…]"),
        "Ask the people in a channel for invited people to let you in.",
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.SETNAME,
        ("<real name…>",),
        "Change the real name that others see.",
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.IDENTIFY,
        ("[account]", "<password>"),
        "Log in with NickServ; the password is shown nowhere, but it crosses the network.",
        ("id", "auth"),
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.REGISTER,
        ("<password>", "<e-mail>"),
        "Register your nick with NickServ; networks then write you how to confirm it.",
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.OPER,
        ("<name>", "<password>"),
        "Become an operator of the server.",
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.MOTD, ("[server]",), "Read the server’s message of the day.", only=Application.IRC
    ),
    CommandSpec(
        Verb.LUSERS, (), "Ask how many people and channels there are.", only=Application.IRC
    ),
    CommandSpec(Verb.MAP, (), "Ask how the network’s servers hang together.", only=Application.IRC),
    CommandSpec(Verb.LINKS, ("[mask]",), "List the network’s servers.", only=Application.IRC),
    CommandSpec(
        Verb.STATS,
        ("[letter]", "[server]"),
        "Ask the server for statistics; “u” is how long it has been up.",
        only=Application.IRC,
    ),
    CommandSpec(Verb.INFO, ("[server]",), "Ask which program the server is.", only=Application.IRC),
    CommandSpec(Verb.ADMIN, ("[server]",), "Ask who runs the server.", only=Application.IRC),
    CommandSpec(
        Verb.SEND,
        ("<nick>", "<file…>"),
        "Send someone a file; several nicks with commas: /send ann,bob notes.pdf.",
        ("sendfile",),
    ),
    CommandSpec(
        Verb.DCC,
        ("<send|get|resume|refuse|chat|close|list>", "[nick and file…]"),
        "Files and direct chats past the server: /dcc get bob, /dcc chat bob, /dcc list.",
        only=Application.IRC,
    ),
    CommandSpec(
        Verb.RAW,
        ("<line…>",),
        "Send a protocol line, or an XMPP stanza, exactly as typed.",
        ("quote", "xml"),
    ),
    CommandSpec(Verb.CONNECT, (), "Connect this account."),
    CommandSpec(
        Verb.DISCONNECT, ("[message…]",), "Leave the server; the account stays in the list."
    ),
    CommandSpec(Verb.RECONNECT, (), "Disconnect, then connect again."),
    CommandSpec(Verb.QUIT, ("[message…]",), "Leave the server with a leave message."),
    CommandSpec(
        Verb.SERVER,
        ("<host>", "[port]"),
        "Fill in an account for a server; a + before the port means TLS.",
        is_local=True,
    ),
    CommandSpec(
        Verb.CHANNEL, (), "Change the channel: topic, modes, bans and exceptions.", is_local=True
    ),
    CommandSpec(
        Verb.IGNORE,
        ("<nick or mask>", "[what and how long…]"),
        "Show nothing, or some kinds, of someone: /ignore bob private notice 2h.",
        is_local=True,
    ),
    CommandSpec(Verb.UNIGNORE, ("<nick or mask>",), "Show someone again.", is_local=True),
    CommandSpec(Verb.IGNORELIST, (), "See and change who is ignored.", ("ignores",), is_local=True),
    CommandSpec(Verb.MUTE, (), "Count nothing in this chat as unread.", is_local=True),
    CommandSpec(Verb.UNMUTE, (), "Count unread messages here again.", is_local=True),
    CommandSpec(
        Verb.CONTACT,
        ("<add|remove|rename|groups|ask|allow|refuse|leave>", "<address>", "[words…]"),
        "Change your contacts: /contact add bob@example.org Bob, /contact groups … Work, "
        "Friends. “ask” to see when someone is there, “leave” to see it no longer; “allow” and "
        "“refuse” them to see it of you.",
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.BLOCK,
        ("<address>", "[spam or abuse]"),
        "Let nothing through from an address or a whole server, and report it if wanted.",
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.UNBLOCK, ("<address>",), "Let an address through again.", only=Application.XMPP
    ),
    CommandSpec(
        Verb.AFFILIATION,
        ("<nick or address>", "<owner|admin|member|none|outcast>"),
        "Give someone a lasting standing in the room.",
        ("affiliate",),
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.AVATAR,
        ("<file or -…>",),
        "Let your contacts see a picture of you, from a PNG file; “-” takes it away.",
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.HISTORY,
        (),
        "Load older messages of this chat from the server, a page at a time.",
        only=Application.XMPP,
    ),
    CommandSpec(
        Verb.HIGHLIGHTS, (), "Choose the words that you want to be told of.", is_local=True
    ),
    CommandSpec(Verb.MENTIONS, (), "See the messages that were meant for you.", is_local=True),
    CommandSpec(
        Verb.SEARCH,
        ("[words…]",),
        "Look for words in everything that was kept.",
        ("lastlog",),
        is_local=True,
    ),
    CommandSpec(Verb.CLEAR, (), "Empty this view; the history on disk stays.", is_local=True),
    CommandSpec(
        Verb.EXPORT,
        ("[file…]",),
        "Save what is in this chat with its frame numbers: as text, .html or .json.",
        is_local=True,
    ),
    CommandSpec(
        Verb.PACKETS,
        (),
        "Show the frames of the last message of this chat.",
        ("explain",),
        is_local=True,
    ),
    CommandSpec(
        Verb.COMPARE, (), "Put this chat beside the one of the other account.", is_local=True
    ),
    CommandSpec(
        Verb.CAPTURE,
        ("<start|stop|save>",),
        "Start or stop capturing, or save the session.",
        is_local=True,
    ),
    CommandSpec(
        Verb.HELP, ("[command]",), "Explain a command; without one, open Help.", is_local=True
    ),
)
