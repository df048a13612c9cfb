"""Who is where: JOIN, PART, KICK, QUIT, NICK, and what changes about people."""

from dataclasses import replace

from chatlab.chat.irc.batches import Batch, Batches
from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.state import MAX_MEMBERS, Channel
from chatlab.core.chat import Member
from chatlab.core.events import (
    Departure,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    NickInUse,
)
from chatlab.protocol.irc import split_source

MAX_NAMED = 20
"""Nicks that are named of those who went in a netsplit."""


class Presence:
    """Keeps the member lists and tells about every change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("JOIN", self._on_join)
        dispatcher.on("PART", self._on_part)
        dispatcher.on("KICK", self._on_kick)
        dispatcher.on("QUIT", self._on_quit)
        dispatcher.on("NICK", self._on_nick)
        dispatcher.on("AWAY", self._on_away)
        dispatcher.on("ACCOUNT", self._on_account)
        dispatcher.on("CHGHOST", self._on_chghost)
        dispatcher.on("SETNAME", lambda event: None)  # Real names are not shown anywhere.
        dispatcher.on("INVITE", self._on_invite)
        dispatcher.on("PRIVMSG NOTICE", self._on_words)

    def fold(self, batches: Batches) -> None:
        """Have the ends of netsplits and netjoins told, once for each channel."""
        batches.on_end("netsplit", self._on_netsplit)
        batches.on_end("netjoin", self._on_netjoin)

    def _on_join(self, event: LineEvent) -> None:
        """``JOIN #channel [account :real name]`` (extended-join)."""
        for name in event.parameter(0).split(","):
            if self._state.is_channel(name) and event.nick:
                self._joined(event, name)

    def _joined(self, event: LineEvent, name: str) -> None:
        state = self._state
        source = event.line.sender
        is_self = state.is_me(source.nick)
        channel = state.channel(name)
        if is_self:
            channel = state.channels[state.fold(name)] = Channel(name)
            self._learn_own_prefix(source.user, source.host)
            self._context.lasting.join(name)
        if channel is None:
            return
        account = event.parameter(1)
        member = Member(
            nick=source.nick,
            account_name="" if account == "*" else account,
            user_host=source.user_host,
        )
        if len(channel.members) < MAX_MEMBERS:
            channel.members[state.fold(source.nick)] = member
        self._context.emit(
            MemberJoined(
                self._context.account.id,
                channel.name,
                member,
                event.time_ns,
                is_self,
                not is_self and _note_in_batch(event, "netjoin", channel.name),
            )
        )
        if is_self:
            self._context.outbox.joined(state.fold(name))

    def _learn_own_prefix(self, user: str, host: str) -> None:
        """Our prefix decides how much text fits into a line."""
        self._state.user = user or self._state.user
        self._state.host = host or self._state.host

    def _on_part(self, event: LineEvent) -> None:
        for name in event.parameter(0).split(","):
            if (channel := self._state.channel(name)) is not None:
                self._leave(event, channel, event.nick, Departure.PART, event.parameter(1))

    def _on_kick(self, event: LineEvent) -> None:
        channel = self._state.channel(event.parameter(0))
        if channel is not None:
            nick, reason = event.parameter(1), event.parameter(2)
            self._leave(event, channel, nick, Departure.KICK, reason, by=event.nick)

    def _leave(
        self,
        event: LineEvent,
        channel: Channel,
        nick: str,
        how: Departure,
        reason: str,
        by: str = "",
    ) -> None:
        folded = self._state.fold(nick)
        is_self = self._state.is_me(nick)
        member = channel.members.pop(folded, None)
        if channel.names is not None:
            channel.names.pop(folded, None)
        if is_self:
            self._state.channels.pop(self._state.fold(channel.name), None)
            # Somebody who was thrown out does not come back by himself.
            self._context.lasting.leave(channel.name)
        elif member is None:
            return
        shown = member.nick if member else nick
        self._context.emit(
            MemberLeft(
                self._context.account.id,
                (channel.name,),
                shown,
                how,
                event.time_ns,
                reason,
                by,
                is_self,
            )
        )

    def _on_quit(self, event: LineEvent) -> None:
        folded = self._state.fold(event.nick)
        channels = self._state.channels_of(event.nick)
        if dcc := self._context.lasting.dcc:
            dcc.quit(event.nick)
        for channel in channels:
            channel.members.pop(folded, None)
            if channel.names is not None:
                channel.names.pop(folded, None)
        if channels and not self._state.is_me(event.nick):
            self._context.emit(
                MemberLeft(
                    self._context.account.id,
                    tuple(channel.name for channel in channels),
                    event.nick,
                    Departure.QUIT,
                    event.time_ns,
                    event.parameter(0),
                    is_folded=all(
                        _note_in_batch(event, "netsplit", channel.name) for channel in channels
                    ),
                )
            )

    def _on_netsplit(self, batch: Batch, event: LineEvent) -> None:
        """``BATCH +x netsplit <server> <server>`` is over."""
        servers = " and ".join(batch.parameters[:2])
        for chat, nicks in batch.people.items():
            text = f"Netsplit: {servers} lost each other. {_people(nicks, 'left')}"
            self._context.inform(text, event, chat=chat, code="netsplit")

    def _on_netjoin(self, batch: Batch, event: LineEvent) -> None:
        servers = " and ".join(batch.parameters[:2])
        for chat, nicks in batch.people.items():
            text = f"Netjoin: {servers} are together again. {_people(nicks, 'came back')}"
            self._context.inform(text, event, chat=chat, code="netjoin")

    def _on_words(self, event: LineEvent) -> None:
        if "bot" in event.line.tags:
            self._change(event.nick, is_bot=True)

    def _on_nick(self, event: LineEvent) -> None:
        old, new = event.nick, event.parameter(0)
        if not old or not new:
            return
        state = self._state
        is_self = state.is_me(old)
        channels = state.channels_of(old)
        if dcc := self._context.lasting.dcc:
            dcc.renamed(old, new)
        for channel in channels:
            member = channel.members.pop(state.fold(old))
            channel.members[state.fold(new)] = replace(member, nick=new)
            if channel.names is not None and (listed := channel.names.pop(state.fold(old), None)):
                channel.names[state.fold(new)] = replace(listed, nick=new)
        if is_self:
            state.nick = new
            self._context.emit(NickInUse(self._context.account.id, new))
        names = tuple(channel.name for channel in channels)
        if names or is_self:
            self._context.emit(
                MemberRenamed(self._context.account.id, names, old, new, event.time_ns, is_self)
            )

    def _on_away(self, event: LineEvent) -> None:
        """``AWAY [:message]`` of somebody else (away-notify)."""
        self._change(event.nick, is_away=bool(event.parameter(0)))

    def _on_account(self, event: LineEvent) -> None:
        """``ACCOUNT <name or *>`` (account-notify)."""
        account = event.parameter(0)
        self._change(event.nick, account_name="" if account == "*" else account)

    def _on_chghost(self, event: LineEvent) -> None:
        """``CHGHOST <new user> <new host>``."""
        user, host = event.parameter(0), event.parameter(1)
        if not (user and host):
            return
        if self._state.is_me(event.nick):
            self._learn_own_prefix(user, host)
        self._change(event.nick, user_host=f"{user}@{host}")

    def _change(
        self,
        nick: str,
        *,
        is_away: bool | None = None,
        account_name: str | None = None,
        user_host: str | None = None,
        is_bot: bool | None = None,
    ) -> None:
        folded = self._state.fold(nick)
        for channel in self._state.channels_of(nick):
            old = channel.members[folded]
            new = replace(
                old,
                is_away=old.is_away if is_away is None else is_away,
                account_name=old.account_name if account_name is None else account_name,
                user_host=old.user_host if user_host is None else user_host,
                is_bot=old.is_bot if is_bot is None else is_bot,
            )
            if new != old:
                channel.members[folded] = new
                self._context.emit(MemberChanged(self._context.account.id, channel.name, new))

    def _on_invite(self, event: LineEvent) -> None:
        """``INVITE <nick> <channel>``: for us, or seen in a channel (invite-notify)."""
        nick, name = event.parameter(0), event.parameter(1)
        if self._state.is_me(nick):
            self._context.inform(
                f"{event.nick} invites you to {name}.",
                event,
                hint=f"To go there: /join {name}",
                code="INVITE",
            )
        elif self._state.channel(name) is not None:
            self._context.inform(
                f"{event.nick} invited {nick}.", event, chat=self._context.chat_name(name)
            )


def _note_in_batch(event: LineEvent, kind: str, chat: str) -> bool:
    """Whether the event belongs to a batch of this kind, which then tells of it at its end."""
    if event.batch is None or event.batch.kind != kind:
        return False
    event.batch.people.setdefault(chat, []).append(event.nick)
    return True


def _people(nicks: list[str], what: str) -> str:
    names = ", ".join(nicks[:MAX_NAMED])
    more = f" and {len(nicks) - MAX_NAMED} more" if len(nicks) > MAX_NAMED else ""
    return f"{len(nicks)} {what}: {names}{more}."


def parse_listed_name(name: str, signs: str) -> Member:
    """One name of RPL_NAMREPLY: ``@+nick!user@host`` (multi-prefix, userhost-in-names)."""
    bare = name.lstrip(signs) if signs else name
    source = split_source(bare)
    return Member(
        nick=source.nick, prefixes=name[: len(name) - len(bare)], user_host=source.user_host
    )
