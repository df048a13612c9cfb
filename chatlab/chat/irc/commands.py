"""What a user types, carried out: one method per row of ``core/command_table.py``."""

from chatlab.chat.irc.channel_commands import ChannelCommands
from chatlab.chat.irc.command_group import CommandGroup, Engine, Handler
from chatlab.chat.irc.dcc_commands import DccCommands
from chatlab.chat.irc.server_commands import ServerCommands
from chatlab.core.account import Application
from chatlab.core.commands import Command, Verb, spec_of
from chatlab.core.errors import UsageError
from chatlab.core.message import MessageKind
from chatlab.core.nick import check_nick
from chatlab.protocol.ctcp import encode_ctcp


class Commands(CommandGroup):
    """Carries out commands for one account."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.table: dict[Verb, Handler] = {
            Verb.SAY: self._say,
            Verb.ME: self._me,
            Verb.MSG: self._msg,
            Verb.QUERY: self._query,
            Verb.NOTICE: self._notice,
            Verb.NICK: self._nick,
            Verb.LIST: self._list,
            Verb.WHO: lambda command, chat: self._ask(
                chat, "WHO", command.argument(0) or self._chat(chat)
            ),
            Verb.WHOIS: self._whois,
            Verb.WHOWAS: lambda command, chat: self._ask(chat, "WHOWAS", command.argument(0)),
            Verb.AWAY: self._away,
            Verb.BACK: lambda command, chat: self._set_away(""),
            Verb.MONITOR: self._monitor,
            Verb.CTCP: self._ctcp,
            Verb.PING: self._ping,
            Verb.VERSION: lambda command, chat: self._ask_client("VERSION", command, chat),
            Verb.TIME: lambda command, chat: self._ask_client("TIME", command, chat),
            Verb.RAW: self._raw,
            Verb.CONNECT: lambda command, chat: engine.start(),
            Verb.DISCONNECT: lambda command, chat: engine.stop_soon(command.argument(0)),
            Verb.QUIT: lambda command, chat: engine.stop_soon(command.argument(0)),
            Verb.RECONNECT: lambda command, chat: engine.restart_soon(),
            **ChannelCommands(engine).table,
            **ServerCommands(engine).table,
            **DccCommands(engine).table,
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

    # -- people and ourselves

    def _list(self, command: Command, chat: str) -> None:
        self._need_online()
        self._engine.list_channels(command.argument(0))

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

    def _ask_client(self, name: str, command: Command, chat: str) -> None:
        """VERSION or TIME: of somebody's client, or else of the server."""
        if nick := command.argument(0):
            self._send_ctcp(nick, name)
        else:
            self._ask(chat, name)

    def _ping(self, command: Command, chat: str) -> None:
        self._need_online()
        if not command.arguments:
            self._engine.tell_lag(chat)
            return
        self._send_ctcp(command.argument(0), "PING", self._engine.ctcp_ping_token())

    def _send_ctcp(self, nick: str, name: str, parameter: str = "") -> None:
        self._put("PRIVMSG", nick, encode_ctcp(name, parameter))

    def _raw(self, command: Command, chat: str) -> None:
        self._need_online()
        self._engine.put_raw(command.argument(0))
