"""The names that a composer completes: who is here, and where one may go. Pure."""

from collections.abc import Sequence

from chatlab.core.chats import Chat, ChatBook, ChatKind


def nicks_of(book: ChatBook, chat: Chat, speakers: Sequence[str]) -> list[str]:
    """The last to speak first, then everybody else by name, then contacts; never oneself."""
    state = book.accounts.get(chat.key.account)
    here = {name: member.nick for name, member in sorted(chat.members.items())}
    spoke = [nick for nick in speakers if nick.lower() in here or not here]
    known = dict.fromkeys([*spoke, *here.values()])
    if state is not None:
        known.pop(chat.own_nick or state.nick, None)
        known |= dict.fromkeys(contact.jid for contact in state.contacts.values())
    return list(known)


def channels_beside(book: ChatBook, chat: Chat) -> list[str]:
    """Channels of the same account."""
    own = [
        other.title
        for other in book.chats.values()
        if other.kind is ChatKind.CHANNEL and other.key.account == chat.key.account
    ]
    return sorted(own, key=str.lower)
