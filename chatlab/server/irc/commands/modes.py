"""MODE for channels (b k l i m n s t, o v) and for oneself (i)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.server.irc.channel import Channel, full_mask
from chatlab.server.irc.commands.request import Request
from chatlab.server.irc.limits import KEY_LENGTH, MAX_BANS, MAX_MODES
from chatlab.server.irc.lines import cut_text, fold, is_middle
from chatlab.server.irc.network import tell
from chatlab.server.irc.numerics import (
    ERR_BANLISTFULL,
    ERR_CHANOPRIVSNEEDED,
    ERR_INVALIDMODEPARAM,
    ERR_NOSUCHNICK,
    ERR_UMODEUNKNOWNFLAG,
    ERR_UNKNOWNMODE,
    ERR_USERNOTINCHANNEL,
    ERR_USERSDONTMATCH,
    RPL_BANLIST,
    RPL_CHANNELMODEIS,
    RPL_CREATIONTIME,
    RPL_ENDOFBANLIST,
    RPL_UMODEIS,
)

_FLAGS = "imnst"
_ALWAYS_WITH_PARAMETER = "bkov"
_KNOWN = _FLAGS + _ALWAYS_WITH_PARAMETER + "l"
_MASK_LENGTH = 150


@dataclass(frozen=True, slots=True)
class Change:
    """One letter of a MODE command with its sign and the parameter that belongs to it."""

    is_set: bool
    letter: str
    parameter: str | None

    @property
    def sign(self) -> str:
        return "+" if self.is_set else "-"


def parse_changes(parameters: Sequence[str]) -> list[Change]:
    """Take ``+ov-k ann bob key`` apart; letters without their parameter get None."""
    if not parameters:
        return []
    letters, rest = parameters[0], list(parameters[1:])
    changes, is_set = [], True
    for letter in letters:
        if letter in "+-":
            is_set = letter == "+"
            continue
        takes_one = letter in _ALWAYS_WITH_PARAMETER or (letter == "l" and is_set)
        changes.append(Change(is_set, letter, rest.pop(0) if takes_one and rest else None))
    return changes


def handle_mode(request: Request) -> None:
    if request.argument(0).startswith("#"):
        _channel_mode(request)
    else:
        _user_mode(request)


def _channel_mode(request: Request) -> None:
    channel = request.channel(request.argument(0))
    if channel is None:
        return
    if request.count == 1:
        is_member = request.client in channel.members
        request.reply(RPL_CHANNELMODEIS, channel.name, *channel.modes(with_key=is_member))
        request.reply(RPL_CREATIONTIME, channel.name, str(channel.created))
        return
    done: list[Change] = []
    with_parameter = 0
    for change in parse_changes(request.line.parameters[1:]):
        with_parameter += change.parameter is not None
        if with_parameter > MAX_MODES:
            break
        if change.letter not in _KNOWN:
            request.reply(ERR_UNKNOWNMODE, change.letter)
        elif change.letter == "b" and change.parameter is None:
            _send_bans(request, channel)
        elif not channel.is_operator(request.client):
            request.reply(ERR_CHANOPRIVSNEEDED, channel.name)
            break
        elif applied := _apply(request, channel, change):
            done.append(applied)
    if done:
        event = request.network.event(request.client, "MODE", channel.name, *_written(done))
        tell(channel.members, event)


def _written(changes: Sequence[Change]) -> list[str]:
    """Changes as MODE says them: ``+o-m ann``."""
    letters, sign = "", ""
    for change in changes:
        letters += change.letter if change.sign == sign else change.sign + change.letter
        sign = change.sign
    return [letters, *(change.parameter for change in changes if change.parameter is not None)]


def _apply(request: Request, channel: Channel, change: Change) -> Change | None:
    """Carry out one change of an operator; None when it changed nothing or was refused."""
    match change.letter:
        case "o" | "v":
            return _rank(request, channel, change)
        case "b":
            return _ban(request, channel, change)
        case "k":
            return _key(request, channel, change)
        case "l":
            return _limit(request, channel, change)
        case flag:
            if (flag in channel.flags) == change.is_set:
                return None
            channel.flags.symmetric_difference_update(flag)
            return change


def _rank(request: Request, channel: Channel, change: Change) -> Change | None:
    if change.parameter is None:
        _lacks_parameter(request, channel, change)
        return None
    whom = request.network.find(change.parameter)
    if whom is None:
        request.reply(ERR_NOSUCHNICK, change.parameter)
        return None
    member = channel.members.get(whom)
    if member is None:
        request.reply(ERR_USERNOTINCHANNEL, whom.nick, channel.name)
        return None
    has_it = member.is_operator if change.letter == "o" else member.is_voiced
    if has_it == change.is_set:
        return None
    if change.letter == "o":
        member.is_operator = change.is_set
    else:
        member.is_voiced = change.is_set
    return Change(change.is_set, change.letter, whom.nick)


def _ban(request: Request, channel: Channel, change: Change) -> Change | None:
    parameter = change.parameter or ""
    if not is_middle(parameter):
        _lacks_parameter(request, channel, change)
        return None
    mask = cut_text(full_mask(parameter), _MASK_LENGTH)
    if not change.is_set:
        return Change(False, "b", mask) if channel.unban(mask) else None
    if len(channel.bans) >= MAX_BANS:
        request.reply(ERR_BANLISTFULL, channel.name, mask)
        return None
    is_new = channel.ban(mask, request.client.source, request.network.now())
    return Change(True, "b", mask) if is_new else None


def _key(request: Request, channel: Channel, change: Change) -> Change | None:
    """Any key takes a key away, as everywhere; a new one replaces the old."""
    if not change.is_set:
        old, channel.key = channel.key, ""
        return Change(False, "k", old) if old else None
    key = cut_text(change.parameter or "", KEY_LENGTH)
    if not is_middle(key) or "," in key:
        _lacks_parameter(request, channel, change)
        return None
    if key == channel.key:
        return None
    channel.key = key
    return Change(True, "k", key)


def _limit(request: Request, channel: Channel, change: Change) -> Change | None:
    if not change.is_set:
        old, channel.limit = channel.limit, 0
        return Change(False, "l", None) if old else None
    text = change.parameter or ""
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not limit:
        _lacks_parameter(request, channel, change)
        return None
    if limit == channel.limit:
        return None
    channel.limit = limit
    return Change(True, "l", str(limit))


def _lacks_parameter(request: Request, channel: Channel, change: Change) -> None:
    """Numeric 696: which mode, what was given, and what is wanted."""
    wanted = {"o": "a nick", "v": "a nick", "b": "a mask", "k": "a key", "l": "a number"}
    text = f"Mode {change.letter} needs {wanted[change.letter]}"
    given = change.parameter or "*"
    request.reply(ERR_INVALIDMODEPARAM, channel.name, change.letter, given, text=text)


def _send_bans(request: Request, channel: Channel) -> None:
    for ban in channel.bans:
        request.reply(RPL_BANLIST, channel.name, ban.mask, ban.setter, str(ban.time))
    request.reply(RPL_ENDOFBANLIST, channel.name)


def _user_mode(request: Request) -> None:
    client, network, nick = request.client, request.network, request.argument(0)
    if fold(nick) != fold(client.nick):
        found = network.find(nick)
        request.reply(ERR_USERSDONTMATCH if found else ERR_NOSUCHNICK, *([] if found else [nick]))
        return
    if request.count == 1:
        request.reply(RPL_UMODEIS, "+i" if client.is_invisible else "+")
        return
    done = []
    for change in parse_changes(request.line.parameters[1:2]):
        if change.letter != "i":
            request.reply(ERR_UMODEUNKNOWNFLAG, text=f"Unknown user mode {change.letter}")
        elif client.is_invisible != change.is_set:
            client.is_invisible = change.is_set
            done.append(change)
    if done:
        client.send(network.event(client, "MODE", client.nick, *_written(done)))
