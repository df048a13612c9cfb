"""Who is away and logged in, asked once for each small channel (WHOX).

Later changes come by themselves (away-notify, account-notify); what was before we joined does not.
"""

from dataclasses import replace

from chatlab.chat.irc.answers import Answers
from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.state import Channel
from chatlab.core.events import MembersListed

MAX_MEMBERS_ASKED = 100
"""For a larger channel the answer would be more traffic than it is worth."""
_TOKEN = "152"
_FIELDS = f"%tcuhnfa,{_TOKEN}"
"""Token, channel, user, host, nick, flags, account; the answer keeps an order of its own."""
_PARAMETERS = 8


class WhoX:
    """Questions of ours, and their answers."""

    def __init__(self, context: Context, answers: Answers) -> None:
        self._context = context
        self._answers = answers
        self._asked: set[str] = set()
        """Folded channels."""

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("354", self._on_row)
        dispatcher.on("315", self._on_end)

    def joined(self, channel: Channel) -> None:
        state = self._context.state
        if state.isupport.has("WHOX") and len(channel.members) <= MAX_MEMBERS_ASKED:
            self._asked.add(state.fold(channel.name))
            self._context.outbox.put_question("WHO", channel.name, _FIELDS)

    def _on_row(self, event: LineEvent) -> None:
        """``354 <me> <token> <channel> <user> <host> <nick> <flags> <account>``."""
        parameters = event.line.parameters
        if len(parameters) != _PARAMETERS or parameters[1] != _TOKEN:
            self._context.inform(f"Who: {' '.join(parameters[1:])}", event, code="354")
            return
        _, _, name, user, host, nick, flags, account = parameters
        state = self._context.state
        channel = state.channel(name)
        folded = state.fold(nick)
        if channel is None or (member := channel.members.get(folded)) is None:
            return
        bot_mode = state.isupport.text("BOT")
        channel.members[folded] = replace(
            member,
            user_host=f"{user}@{host}",
            is_away="G" in flags[:1],
            is_bot=bool(bot_mode) and bot_mode in flags,
            account_name="" if account == "0" else account,
        )

    def _on_end(self, event: LineEvent) -> None:
        """``315 <me> <mask> :<words>``."""
        name = event.parameter(1)
        folded = self._context.state.fold(name)
        if folded not in self._asked:
            text, chat = f"That is everybody who matches {name}.", self._answers.chat_of("315")
            self._context.inform(text, event, chat=chat, code="315")
            return
        self._asked.discard(folded)
        if (channel := self._context.state.channel(name)) is not None:
            members = tuple(channel.members.values())
            self._context.emit(MembersListed(self._context.account.id, channel.name, members))
