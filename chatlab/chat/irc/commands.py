"""What a user types, carried out: one method per row of ``core/commands.py``."""

from collections.abc import Callable, Sequence
from typing import Protocol

from chatlab.chat.irc.describing import features_of
from chatlab.chat.irc.state import ServerState
from chatlab.core.account import Application
from chatlab.core.commands import Command, Verb, spec_of
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.message import MessageKind
from chatlab.core.nick import check_channel, check_nick
from chatlab.protocol.ctcp import encode_ctcp

_USUAL_CHANNEL_LENGTH = 200
MAX_PINGS = 100
"""CTCP PINGs of ours whose answer is remembered as such."""


class Engine(Protocol):
    """What the commands ask of the connection."""

    @property
    def state(self) -> ServerState: ...

    @property
    def is_online(self) -> bool: ...

    def say(self, chat: str, text: str, kind: MessageKind) -> None: ...

    def put(self, command: str, *parameters: str) -> None:
        """Send a line at the account's pace. Raises LocalProtocolError."""
        ...

    def put_raw(self, line: str) -> None: ...

    def join(self, channels: str, keys: str) -> None: ...

    def set_away(self, message: str) -> None:
        """Away with a message, also after a reconnect; back with an empty one."""
        ...

    def monitor(self, sign: str, nicks: Sequence[str]) -> None:
        """Wait for people (``+``), no longer (``-``), or ask about all (no nicks)."""
        ...

    def list_channels(self, words: str) -> None:
        """Ask for the network's channels. Raises UsageError."""
        ...

    def ask_about(self, nick: str, chat: str) -> None:
        """Remember that answers to WHOIS ``nick`` belong into ``chat``."""
        ...

    def ctcp_ping_token(self) -> str: ...

    def start(self) -> None: ...

    def stop_soon(self, reason: str) -> None: ...

    def restart_soon(self) -> None: ...


class Commands:
    """Carries out commands for one account."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.table: dict[Verb, Callable[[Command, str], None]] = {
            Verb.SAY: self._say,
            Verb.ME: self._me,
            Verb.MSG: self._msg,
            Verb.QUERY: self._query,
            Verb.NOTICE: self._notice,
            Verb.JOIN: self._join,
            Verb.PART: self._part,
            Verb.CYCLE: self._cycle,
            Verb.NICK: self._nick,
            Verb.TOPIC: self._topic,
            Verb.CLEARTOPIC: lambda command, chat: self._put("TOPIC", self._channel(chat), ""),
            Verb.NAMES: lambda command, chat: self._put("NAMES", self._channel(chat)),
            Verb.LIST: self._list,
            Verb.WHO: lambda command, chat: self._put(
                "WHO", command.argument(0) or self._chat(chat)
            ),
            Verb.WHOIS: self._whois,
            Verb.WHOWAS: lambda command, chat: self._put("WHOWAS", command.argument(0)),
            Verb.AWAY: self._away,
            Verb.BACK: lambda command, chat: self._set_away(""),
            Verb.MONITOR: self._monitor,
            **self._rules_of_a_channel(),
            Verb.CTCP: self._ctcp,
            Verb.PING: self._ping,
            Verb.VERSION: lambda command, chat: self._send_ctcp(command.argument(0), "VERSION"),
            Verb.TIME: lambda command, chat: self._send_ctcp(command.argument(0), "TIME"),
            Verb.RAW: self._raw,
            Verb.CONNECT: lambda command, chat: engine.start(),
            Verb.DISCONNECT: lambda command, chat: engine.stop_soon(command.argument(0)),
            Verb.QUIT: lambda command, chat: engine.stop_soon(command.argument(0)),
            Verb.RECONNECT: lambda command, chat: engine.restart_soon(),
        }

    def _rules_of_a_channel(self) -> dict[Verb, Callable[[Command, str], None]]:
        """Who may come in, speak and decide."""
        return {
            Verb.INVITE: self._invite,
            Verb.KICK: self._kick,
            Verb.BAN: self._ban,
            Verb.UNBAN: lambda command, chat: self._change_modes(chat, "-b", command),
            Verb.KICKBAN: self._kickban,
            Verb.QUIET: lambda command, chat: self._quiet(chat, "+q", command.argument(0)),
            Verb.UNQUIET: lambda command, chat: self._quiet(chat, "-q", command.argument(0)),
            Verb.OP: lambda command, chat: self._change_modes(chat, "+o", command),
            Verb.DEOP: lambda command, chat: self._change_modes(chat, "-o", command),
            Verb.VOICE: lambda command, chat: self._change_modes(chat, "+v", command),
            Verb.DEVOICE: lambda command, chat: self._change_modes(chat, "-v", command),
            Verb.MODE: self._mode,
        }

    def execute(self, command: Command, chat: str) -> None:
        """Carry out a command typed in ``chat``. Raises UsageError or LocalProtocolError."""
        carry_out = self.table.get(command.verb)
        spec = spec_of(command.verb.value)
        if spec is not None and spec.only not in (None, Application.IRC):
            raise UsageError(f"/{command.verb.value} belongs to XMPP; this is IRC.")
        if carry_out is None:
            raise UsageError(
                f"/{command.verb.value} is carried out by the window, not by the server."
            )
        carry_out(command, chat)

    # -- talking

    def _say(self, command: Command, chat: str) -> None:
        self._engine.say(self._chat(chat), command.argument(0), MessageKind.MESSAGE)

    def _me(self, command: Command, chat: str) -> None:
        self._engine.say(self._chat(chat), command.argument(0), MessageKind.ACTION)

    def _msg(self, command: Command, chat: str) -> None:
        for target in command.argument(0).split(","):
            self._engine.say(target, command.argument(1), MessageKind.MESSAGE)

    def _query(self, command: Command, chat: str) -> None:
        if text := command.argument(1):
            self._engine.say(command.argument(0), text, MessageKind.MESSAGE)

    def _notice(self, command: Command, chat: str) -> None:
        for target in command.argument(0).split(","):
            self._engine.say(target, command.argument(1), MessageKind.NOTICE)

    # -- channels

    def _join(self, command: Command, chat: str) -> None:
        isupport = self._engine.state.isupport
        longest = isupport.number("CHANNELLEN", _USUAL_CHANNEL_LENGTH)
        for name in command.argument(0).split(","):
            if problem := check_channel(name, isupport.channel_types, longest):
                raise UsageError(problem.reason, f"Try: /join {problem.suggestion}")
        self._need_online()
        self._engine.join(command.argument(0), command.argument(1))

    def _part(self, command: Command, chat: str) -> None:
        if not self._engine.state.is_channel(chat):
            return  # A private chat: there is nothing to leave on the server.
        reason = command.argument(0)
        self._put("PART", chat, *([reason] if reason else []))

    def _cycle(self, command: Command, chat: str) -> None:
        channel = self._channel(chat)
        known = self._engine.state.channel(channel)
        key = known.modes.get("k", "") if known else ""
        self._put("PART", channel)
        self._put("JOIN", channel, *([key] if key else []))

    def _topic(self, command: Command, chat: str) -> None:
        channel, text = self._channel(chat), command.argument(0)
        if not text:
            self._put("TOPIC", channel)
        else:
            self._need_room("TOPICLEN", text, "The topic")
            self._put("TOPIC", channel, "" if text == "-" else text)

    def _invite(self, command: Command, chat: str) -> None:
        self._put("INVITE", command.argument(0), command.argument(1) or self._channel(chat))

    def _kick(self, command: Command, chat: str) -> None:
        reason = command.argument(1)
        self._need_room("KICKLEN", reason, "The reason")
        self._put("KICK", self._channel(chat), command.argument(0), *([reason] if reason else []))

    def _kickban(self, command: Command, chat: str) -> None:
        self._ban(command, chat)
        self._kick(command, chat)

    def _quiet(self, chat: str, mode: str, who: str) -> None:
        if "q" not in features_of(self._engine.state).list_modes:
            raise UsageError(
                "This server cannot quiet people.", "Moderate the channel: /mode +m, then /voice."
            )
        channel = self._channel(chat)
        self._put("MODE", channel, mode, self._mask_of(channel, who))

    def _ban(self, command: Command, chat: str) -> None:
        channel = self._channel(chat)
        self._put("MODE", channel, "+b", self._mask_of(channel, command.argument(0)))

    def _mask_of(self, channel: str, who: str) -> str:
        """A mask as it was typed; a nick by its address where that is known."""
        if not set(who) & set("!@*?$:"):
            known = self._engine.state.channel(channel)
            member = known.members.get(self._engine.state.fold(who)) if known else None
            host = member.user_host.rpartition("@")[2] if member else ""
            who = f"*!*@{host}" if host else f"{who}!*@*"
        return who

    def _list(self, command: Command, chat: str) -> None:
        self._need_online()
        self._engine.list_channels(command.argument(0))

    def _change_modes(self, chat: str, mode: str, command: Command) -> None:
        """``+o a b c``: as many per line as the server takes (ISUPPORT MODES)."""
        channel = self._channel(chat)
        names = command.argument(0).split()
        step = self._engine.state.isupport.modes_per_line
        for start in range(0, len(names), step):
            some = names[start : start + step]
            self._put("MODE", channel, mode[0] + mode[1] * len(some), *some)

    def _mode(self, command: Command, chat: str) -> None:
        words = command.argument(0).split()
        state = self._engine.state
        # Where “+x” may be a channel (CHANTYPES), it still means a mode here.
        is_target = words and words[0][0] not in "+-"
        if is_target and (state.is_channel(words[0]) or state.is_me(words[0])):
            self._put("MODE", *words)
        elif chat:
            channel = self._channel(chat)
            if words == ["-k"] and (known := state.channel(channel)):
                # Some servers take a key off only when it is named.
                words.append(known.modes.get("k") or "*")
            self._put("MODE", channel, *words)
        else:
            self._put("MODE", state.nick, *words)

    # -- people and ourselves

    def _nick(self, command: Command, chat: str) -> None:
        nick = command.argument(0)
        if problem := check_nick(nick, self._engine.state.isupport.nick_length):
            raise UsageError(problem.reason, f"Try: /nick {problem.suggestion}")
        self._put("NICK", nick)

    def _away(self, command: Command, chat: str) -> None:
        message = command.argument(0, "away")
        self._need_room("AWAYLEN", message, "The away message")
        self._set_away(message)

    def _set_away(self, message: str) -> None:
        self._need_online()
        self._engine.set_away(message)

    def _monitor(self, command: Command, chat: str) -> None:
        self._need_online()
        words = list(command.arguments)
        sign = words.pop(0) if words and words[0] in ("+", "-") else "+"
        if words and words[0][0] in "+-":  # “+bob”, written together.
            sign, words[0] = words[0][0], words[0][1:]
        nicks = [nick for word in words for nick in word.replace(",", " ").split()]
        for nick in nicks:
            if problem := check_nick(nick, self._engine.state.isupport.nick_length):
                raise UsageError(problem.reason, f"Try: /monitor {sign} {problem.suggestion}")
        self._engine.monitor(sign, nicks)

    def _whois(self, command: Command, chat: str) -> None:
        self._put("WHOIS", command.argument(0))
        self._engine.ask_about(command.argument(0), chat)

    def _ctcp(self, command: Command, chat: str) -> None:
        name, _, parameter = command.argument(1).partition(" ")
        if name.upper() == "ACTION":
            self._engine.say(command.argument(0), parameter, MessageKind.ACTION)
        else:
            self._send_ctcp(command.argument(0), name, parameter)

    def _ping(self, command: Command, chat: str) -> None:
        self._need_online()
        self._send_ctcp(command.argument(0), "PING", self._engine.ctcp_ping_token())

    def _send_ctcp(self, nick: str, name: str, parameter: str = "") -> None:
        self._put("PRIVMSG", nick, encode_ctcp(name, parameter))

    def _raw(self, command: Command, chat: str) -> None:
        self._need_online()
        self._engine.put_raw(command.argument(0))

    # -- checks

    def _put(self, command: str, *parameters: str) -> None:
        self._need_online()
        self._engine.put(command, *parameters)

    def _need_room(self, token: str, text: str, what: str) -> None:
        """Servers cut what is too long without a word, so it is refused here."""
        longest = self._engine.state.isupport.limit(token)
        length = len(text.encode("utf-8", "replace"))
        if length > longest:
            raise UsageError(
                f"{what} is too long: it has {length} bytes, this server keeps {longest}.",
                f"Leave out {length - longest}.",
            )

    def _need_online(self) -> None:
        if not self._engine.is_online:
            raise UsageError("This account is not connected.", "Connect it first: /connect")

    def _chat(self, chat: str) -> str:
        if not chat:
            raise LocalProtocolError(
                "This is the server’s own view: there is nobody to talk to.",
                "Open a channel with /join, or write to someone with /msg.",
            )
        return chat

    def _channel(self, chat: str) -> str:
        if not self._engine.state.is_channel(chat):
            raise UsageError("This works in a channel only.", "Go to the channel, or /join one.")
        return chat
