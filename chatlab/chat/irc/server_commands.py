"""Commands to the server itself: what it is, how it is, and who we are to it."""

from chatlab.chat.irc.command_group import CommandGroup, Engine, Handler
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.message import MessageKind

_SERVICE = "NickServ"


class ServerCommands(CommandGroup):
    """One method per row of ``core/command_table.py``."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.table: dict[Verb, Handler] = {
            Verb.LAG: self._lag,
            Verb.SETNAME: self._set_name,
            Verb.IDENTIFY: self._identify,
            Verb.REGISTER: self._register,
            Verb.OPER: lambda command, chat: self._put("OPER", *command.arguments),
            Verb.MOTD: lambda command, chat: self._ask(chat, "MOTD", *command.arguments),
            Verb.LUSERS: lambda command, chat: self._ask(chat, "LUSERS"),
            Verb.MAP: lambda command, chat: self._ask(chat, "MAP"),
            Verb.LINKS: lambda command, chat: self._ask(chat, "LINKS", *command.arguments),
            Verb.STATS: lambda command, chat: self._ask(
                chat, "STATS", *(command.arguments or ("u",))
            ),
            Verb.INFO: lambda command, chat: self._ask(chat, "INFO", *command.arguments),
            Verb.ADMIN: lambda command, chat: self._ask(chat, "ADMIN", *command.arguments),
        }

    def _lag(self, command: Command, chat: str) -> None:
        self._need_online()
        self._engine.tell_lag(chat)

    def _set_name(self, command: Command, chat: str) -> None:
        self._need_online()
        if "setname" not in self._engine.state.caps:
            raise UsageError(
                "This server cannot change a real name while you are connected.",
                "Change it in the account’s settings, then /reconnect.",
            )
        self._need_room("NAMELEN", command.argument(0), "The real name")
        self._put("SETNAME", command.argument(0))

    def _identify(self, command: Command, chat: str) -> None:
        self._need_online()
        words = " ".join(("IDENTIFY", *command.arguments))
        self._engine.say(_SERVICE, words, MessageKind.MESSAGE)

    def _register(self, command: Command, chat: str) -> None:
        self._need_online()
        password, address = command.arguments
        if "@" not in address:
            raise UsageError(
                f"“{address}” is no e-mail address.", "Usage: /register password e-mail"
            )
        words = f"REGISTER {password} {address}"
        self._engine.say(_SERVICE, words, MessageKind.MESSAGE)
