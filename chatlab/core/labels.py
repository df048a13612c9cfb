"""What private chats are called: as the roster calls the other party."""

from collections.abc import Iterable

from chatlab.core.chat import AccountState, Chat, ChatKind


def label_of(state: AccountState | None, name: str) -> str:
    """The contact's name for a chat with ``name`` (lower case); empty where there is none."""
    contact = state.contacts.get(name) if state is not None else None
    return contact.name if contact is not None else ""


def relabel(state: AccountState, chats: Iterable[Chat]) -> list[Chat]:
    """Take the roster's names over; returns the chats that are called otherwise now."""
    changed = []
    for chat in chats:
        if chat.key.account != state.account.id or chat.kind is not ChatKind.PRIVATE:
            continue
        if chat.key.name in state.contacts and chat.label != label_of(state, chat.key.name):
            chat.label = label_of(state, chat.key.name)
            changed.append(chat)
    return changed
