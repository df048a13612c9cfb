"""Channels from the members' side: JOIN, PART, TOPIC, NAMES, LIST, INVITE, KICK."""

from chatlab.server.irc.channel import Channel, Topic
from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.request import Request, is_visible, lines_of_words
from chatlab.server.irc.limits import (
    CHANNEL_LENGTH,
    MAX_CHANNELS,
    MAX_CHANNELS_PER_CLIENT,
    MAX_TARGETS,
    REASON_LENGTH,
    TOPIC_LENGTH,
)
from chatlab.server.irc.lines import cut_text, is_channel_name, matches, to_bytes
from chatlab.server.irc.network import Network, tell
from chatlab.server.irc.numerics import (
    ERR_BADCHANMASK,
    ERR_CHANOPRIVSNEEDED,
    ERR_NOSUCHNICK,
    ERR_TOOMANYCHANNELS,
    ERR_USERNOTINCHANNEL,
    ERR_USERONCHANNEL,
    RPL_AWAY,
    RPL_ENDOFNAMES,
    RPL_INVITING,
    RPL_LIST,
    RPL_LISTEND,
    RPL_LISTSTART,
    RPL_NAMREPLY,
    RPL_NOTOPIC,
    RPL_TOPIC,
    RPL_TOPICWHOTIME,
)


def handle_join(request: Request) -> None:
    """``JOIN #a,#b key`` or ``JOIN 0``, which leaves all channels (RFC 2812, section 3.2.1)."""
    client, network = request.client, request.network
    if request.argument(0) == "0":
        for channel in network.channels_of(client):
            _part(network, client, channel, None)
        return
    keys = request.argument(1).split(",")
    for number, name in enumerate(request.argument(0).split(",")):
        _join(request, name, keys[number] if number < len(keys) else "")


def _join(request: Request, name: str, key: str) -> None:
    network, client = request.network, request.client
    if not is_channel_name(name) or len(to_bytes(name)) > CHANNEL_LENGTH:
        request.reply(ERR_BADCHANMASK, name)
        return
    channel = network.channel(name)
    if channel is not None and client in channel.members:
        return
    if len(client.channels) >= MAX_CHANNELS_PER_CLIENT:
        request.reply(ERR_TOOMANYCHANNELS, name)
        return
    if channel is None and len(network.channels) >= MAX_CHANNELS:
        request.reply(ERR_TOOMANYCHANNELS, name, text="This server has too many channels")
        return
    if channel is not None and (refusal := channel.refusal(client, key)):
        request.reply(refusal, channel.name)
        return
    channel = network.enter(client, name)
    _announce(network, client, channel)
    if channel.topic:
        _send_topic(request, channel)
    _send_names(request, channel)


def _announce(network: Network, client: Client, channel: Channel) -> None:
    """Tell everybody in the channel, the newcomer included, each in the form it asked for."""
    plain = network.event(client, "JOIN", channel.name)
    account = client.account or "*"
    extended = network.event(client, "JOIN", channel.name, account, text=client.real_name)
    for member in channel.members:
        member.send(extended if member.has("extended-join") else plain)
    if client.away is not None:
        away = network.event(client, "AWAY", text=client.away, needs="away-notify")
        tell(channel.members.keys() - {client}, away)


def handle_part(request: Request) -> None:
    reason = cut_text(request.argument(1), REASON_LENGTH) or None
    for name in request.argument(0).split(","):
        if channel := request.own_channel(name):
            _part(request.network, request.client, channel, reason)


def _part(network: Network, client: Client, channel: Channel, reason: str | None) -> None:
    tell(channel.members, network.event(client, "PART", channel.name, text=reason))
    network.leave(client, channel)


def handle_topic(request: Request) -> None:
    """Ask for the topic, set it, or clear it with an empty one."""
    client, network, name = request.client, request.network, request.argument(0)
    if request.count == 1:
        if channel := request.channel(name):
            _send_topic(request, channel)
        return
    channel = request.own_channel(name)
    if channel is None:
        return
    if not channel.may_set_topic(client):
        request.reply(ERR_CHANOPRIVSNEEDED, channel.name)
        return
    text = cut_text(request.argument(1), TOPIC_LENGTH)
    channel.topic = Topic(text, client.source, network.now()) if text else None
    tell(channel.members, network.event(client, "TOPIC", channel.name, text=text))


def _send_topic(request: Request, channel: Channel) -> None:
    if channel.topic is None:
        request.reply(RPL_NOTOPIC, channel.name)
        return
    topic = channel.topic
    request.reply(RPL_TOPIC, channel.name, text=topic.text)
    request.reply(RPL_TOPICWHOTIME, channel.name, topic.setter, str(topic.time))


def handle_names(request: Request) -> None:
    """Without a channel there is only the end of the list: a server's whole is no answer."""
    if not request.argument(0):
        request.reply(RPL_ENDOFNAMES, "*")
        return
    for name in request.argument(0).split(",")[:MAX_TARGETS]:
        channel = request.network.channel(name)
        if channel is not None and channel.is_visible_to(request.client):
            _send_names(request, channel)
        else:
            request.reply(RPL_ENDOFNAMES, name)


def _send_names(request: Request, channel: Channel) -> None:
    client = request.client
    words = [
        member.prefixes(every=client.has("multi-prefix"))
        + (other.source if client.has("userhost-in-names") else other.nick)
        for other, member in channel.members.items()
        if client in channel.members or is_visible(client, other)
    ]
    for text in lines_of_words(words):
        request.reply(RPL_NAMREPLY, "@" if channel.is_secret else "=", channel.name, text=text)
    request.reply(RPL_ENDOFNAMES, channel.name)


def handle_list(request: Request) -> None:
    """All channels, or those that match one of the names or masks."""
    masks = [mask for mask in request.argument(0).split(",") if mask]
    request.reply(RPL_LISTSTART, "Channel")
    for channel in request.network.channels.values():
        is_asked = not masks or any(matches(mask, channel.name) for mask in masks)
        if is_asked and channel.is_visible_to(request.client):
            topic = channel.topic.text if channel.topic else ""
            request.reply(RPL_LIST, channel.name, str(len(channel.members)), text=topic)
    request.reply(RPL_LISTEND)


def handle_invite(request: Request) -> None:
    client, network = request.client, request.network
    whom = network.find(request.argument(0))
    if whom is None:
        request.reply(ERR_NOSUCHNICK, request.argument(0))
        return
    channel = request.own_channel(request.argument(1))
    if channel is None:
        return
    if not channel.may_invite(client):
        request.reply(ERR_CHANOPRIVSNEEDED, channel.name)
        return
    if whom in channel.members:
        request.reply(ERR_USERONCHANNEL, whom.nick, channel.name)
        return
    channel.invited.add(whom)
    request.reply(RPL_INVITING, whom.nick, channel.name)
    if whom.away is not None:
        request.reply(RPL_AWAY, whom.nick, text=whom.away)
    whom.send(network.event(client, "INVITE", whom.nick, channel.name))
    notice = network.event(client, "INVITE", whom.nick, channel.name, needs="invite-notify")
    tell((other for other in channel.members if other is not client), notice)


def handle_kick(request: Request) -> None:
    client, network = request.client, request.network
    channel = request.own_channel(request.argument(0))
    if channel is None:
        return
    if not channel.is_operator(client):
        request.reply(ERR_CHANOPRIVSNEEDED, channel.name)
        return
    reason = cut_text(request.argument(2), REASON_LENGTH) or client.nick
    for nick in request.argument(1).split(",")[:MAX_TARGETS]:
        whom = network.find(nick)
        if whom is None:
            request.reply(ERR_NOSUCHNICK, nick)
        elif whom not in channel.members:
            request.reply(ERR_USERNOTINCHANNEL, whom.nick, channel.name)
        else:
            kick = network.event(client, "KICK", channel.name, whom.nick, text=reason)
            tell(channel.members, kick)
            network.leave(whom, channel)
