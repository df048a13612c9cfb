"""Commands about a channel: going there, leaving, its topic, and who may do what in it."""

from chatlab.chat.irc.command_group import CommandGroup, Engine, Handler
from chatlab.chat.irc.describing import features_of
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.nick import check_channel

_USUAL_CHANNEL_LENGTH = 200


class ChannelCommands(CommandGroup):
    """One method per row of ``core/command_table.py``."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.table: dict[Verb, Handler] = {
            Verb.JOIN: self._join,
            Verb.PART: self._part,
            Verb.CYCLE: self._cycle,
            Verb.TOPIC: self._topic,
            Verb.CLEARTOPIC: lambda command, chat: self._put("TOPIC", self._channel(chat), ""),
            Verb.NAMES: lambda command, chat: self._ask(chat, "NAMES", self._channel(chat)),
            Verb.KNOCK: self._knock,
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

    def _join(self, command: Command, chat: str) -> None:
        isupport = self._engine.state.isupport
        longest = isupport.number("CHANNELLEN", _USUAL_CHANNEL_LENGTH)
        for name in command.argument(0).split(","):
            if problem := check_channel(name, isupport.channel_types, longest):
                raise UsageError(problem.reason, f"Try: /join {problem.suggestion}")
        self._need_online()
        for key in command.argument(1).split(","):
            self._need_room("KEYLEN", key, "The key")
        self._engine.join(command.argument(0), command.argument(1))

    def _part(self, command: Command, chat: str) -> None:
        """As in other clients, ``/part #other bye`` leaves that channel and not this one."""
        reason = command.argument(0)
        first, _, rest = reason.partition(" ")
        if (named := self._engine.state.channel(first)) is not None:
            chat, reason = named.name, rest.strip()
        if not self._engine.state.is_channel(chat):
            if transfers := self._engine.transfers:
                transfers.close_chat(chat)
            return  # A private chat: there is nothing to leave on the server.
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
            self._ask(chat, "TOPIC", channel)
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

    def _knock(self, command: Command, chat: str) -> None:
        self._need_online()
        if not self._engine.state.isupport.has("KNOCK"):
            raise UsageError(
                "This server knows no knocking.", "Write to somebody who is in the channel: /msg"
            )
        channel, words = command.argument(0), command.argument(1)
        self._put("KNOCK", channel, *([words] if words else []))

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
            if words[:1] == ["+k"]:
                self._need_room("KEYLEN", "".join(words[1:2]), "The key")
            if words == ["-k"] and (known := state.channel(channel)):
                # Some servers take a key off only when it is named.
                words.append(known.modes.get("k") or "*")
            if words:
                self._put("MODE", channel, *words)
            else:
                self._ask(chat, "MODE", channel)
        else:
            self._put("MODE", state.nick, *words)
