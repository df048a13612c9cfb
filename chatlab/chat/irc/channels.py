"""What a channel shows: its names, topic and modes."""

from collections.abc import Callable
from dataclasses import replace

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.isupport import ModeChange
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.presence import parse_listed_name
from chatlab.chat.irc.state import MAX_MEMBERS, Channel
from chatlab.core.chat import Member
from chatlab.core.errors import LocalProtocolError
from chatlab.core.events import MemberChanged, MembersListed, ModesChanged, TopicChanged


class Channels:
    """NAMES, TOPIC and MODE."""

    def __init__(self, context: Context, on_known: Callable[[Channel], None]) -> None:
        self._context = context
        self._on_known = on_known
        """Called once the members of a channel that we joined are known."""
        self._state = context.state

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("353", self._on_names)
        dispatcher.on("366", self._on_end_of_names)
        dispatcher.on("332", self._on_topic_reply)
        dispatcher.on("333", self._on_topic_author)
        dispatcher.on("TOPIC", self._on_topic)
        dispatcher.on("324", self._on_modes_reply)
        # RPL_CREATIONTIME, which the window shows nowhere.
        dispatcher.on("329", lambda event: None)
        dispatcher.on("MODE", self._on_mode)

    # -- names

    def _on_names(self, event: LineEvent) -> None:
        """``353 <me> <symbol> <channel> :<names>``; older servers leave the symbol out."""
        parameters = event.line.parameters
        if len(parameters) < 3:
            return
        name, listed = parameters[-2], parameters[-1]
        channel = self._state.channel(name)
        if channel is None:
            self._context.inform(f"In {name}: {listed}", event, code="353")
            return
        if channel.names is None:
            channel.names = {}
        signs = self._state.isupport.status_signs
        for word in listed.split():
            member = parse_listed_name(word, signs)
            if member.nick and len(channel.names) < MAX_MEMBERS:
                folded = self._state.fold(member.nick)
                channel.names[folded] = _completed(member, channel.members.get(folded))

    def _on_end_of_names(self, event: LineEvent) -> None:
        channel = self._state.channel(event.parameter(1))
        if channel is None:
            return
        channel.members, channel.names = channel.names or channel.members, None
        self._context.emit(
            MembersListed(self._context.account.id, channel.name, tuple(channel.members.values()))
        )
        if not channel.has_names:
            channel.has_names = True
            self._ask_for_modes(channel)
            self._on_known(channel)

    def _ask_for_modes(self, channel: Channel) -> None:
        try:
            self._context.outbox.put_question("MODE", channel.name)
        except LocalProtocolError:  # A server may spell a channel so that it cannot be named.
            self._context.inform(f"The modes of {channel.name} cannot be asked for.")

    # -- topic

    def _on_topic_reply(self, event: LineEvent) -> None:
        if (channel := self._state.channel(event.parameter(1))) is None:
            self._context.inform(
                f"The topic of {event.parameter(1)}: {event.parameter(2)}", event, code="332"
            )
            return
        channel.topic = event.parameter(2)
        self._context.emit(
            TopicChanged(self._context.account.id, channel.name, channel.topic, event.time_ns)
        )

    def _on_topic_author(self, event: LineEvent) -> None:
        """``333 <me> <channel> <who> <time>``."""
        if (channel := self._state.channel(event.parameter(1))) is not None:
            who = event.parameter(2).partition("!")[0]
            self._context.inform(f"The topic was set by {who}.", event, chat=channel.name)

    def _on_topic(self, event: LineEvent) -> None:
        if (channel := self._state.channel(event.parameter(0))) is not None:
            channel.topic = event.parameter(1)
            by = event.nick or "The server"
            self._context.emit(
                TopicChanged(
                    self._context.account.id, channel.name, channel.topic, event.time_ns, by
                )
            )

    # -- modes

    def _on_modes_reply(self, event: LineEvent) -> None:
        """``324 <me> <channel> <modes> [parameters]``: all modes as they are."""
        if (channel := self._state.channel(event.parameter(1))) is None:
            words = " ".join(event.line.parameters[1:])
            self._context.inform(f"Modes of {words}", event, code="324")
            return
        channel.modes.clear()
        parameters = event.line.parameters[3:]
        for change in self._state.isupport.parse_modes(event.parameter(2), parameters):
            self._apply_to_channel(channel, change)
        self._tell_modes(event, channel, "", "")

    def _on_mode(self, event: LineEvent) -> None:
        target, modes = event.parameter(0), event.parameter(1)
        words = event.line.parameters[1:]
        if (channel := self._state.channel(target)) is None:
            if target and not self._state.is_channel(target):
                self._context.inform(f"Your user modes: {' '.join(words)}", event, code="MODE")
            return
        changed: dict[str, Member] = {}
        for change in self._state.isupport.parse_modes(modes, words[1:]):
            if not self._apply_to_member(channel, change, changed):
                self._apply_to_channel(channel, change)
        for member in changed.values():
            self._context.emit(MemberChanged(self._context.account.id, channel.name, member))
        self._tell_modes(event, channel, " ".join(words), event.nick)

    def _tell_modes(self, event: LineEvent, channel: Channel, change: str, by: str) -> None:
        self._context.emit(
            ModesChanged(
                self._context.account.id,
                channel.name,
                change,
                channel.mode_text,
                event.time_ns,
                by,
            )
        )

    def _apply_to_channel(self, channel: Channel, change: ModeChange) -> None:
        if change.letter in self._state.isupport.channel_modes[0]:
            return  # A list (bans and the like): not part of the channel's modes.
        if change.is_set:
            channel.modes[change.letter] = change.parameter
        else:
            channel.modes.pop(change.letter, None)
        if change.letter == "k" and change.is_set and change.parameter.strip("*"):
            self._context.lasting.join(channel.name, change.parameter)

    def _apply_to_member(
        self, channel: Channel, change: ModeChange, changed: dict[str, Member]
    ) -> bool:
        """Whether the mode is a member status; then it is noted in ``changed``."""
        prefix = self._state.isupport.prefix
        sign = dict(prefix).get(change.letter)
        if sign is None:
            return False
        folded = self._state.fold(change.parameter)
        if member := channel.members.get(folded):
            signs = (
                set(member.prefixes) | {sign} if change.is_set else set(member.prefixes) - {sign}
            )
            ordered = "".join(s for _, s in prefix if s in signs)
            channel.members[folded] = changed[folded] = replace(member, prefixes=ordered)
        return True


def _completed(listed: Member, known: Member | None) -> Member:
    """NAMES says nicks and signs; what we know besides (account, away) is kept."""
    if known is None:
        return listed
    return replace(
        listed,
        account_name=known.account_name,
        is_away=known.is_away,
        is_bot=known.is_bot,
        user_host=listed.user_host or known.user_host,
    )
