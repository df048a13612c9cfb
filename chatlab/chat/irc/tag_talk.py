"""What is said without a text: reactions, and taking a message back."""

from chatlab.chat.irc.client_tags import REDACTION, is_usable, passes
from chatlab.chat.irc.context import Context
from chatlab.core.errors import UsageError
from chatlab.core.events import ReactionSeen
from chatlab.protocol.irc import format_line

MAX_REACTION_LENGTH = 64


class TagTalk:
    """Reactions and redactions of one connection. The caller has checked that we are online."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def react(self, chat: str, msgid: str, reaction: str, *, is_removed: bool) -> None:
        """Raises UsageError where the server would not pass it on."""
        context = self._context
        name = "draft/unreact" if is_removed else "draft/react"
        if not passes(context.state, name, "draft/reply"):
            raise UsageError("This server passes no reactions on.", "Answer in words.")
        _check(chat, msgid)
        if not reaction.strip() or len(reaction) > MAX_REACTION_LENGTH:
            raise UsageError(
                f"A reaction has 1 to {MAX_REACTION_LENGTH} characters.", "One emoji will do."
            )
        tags = {f"+{name}": reaction, "+draft/reply": msgid}
        context.outbox.put_line(format_line("TAGMSG", chat, tags=tags))
        if "echo-message" not in context.state.caps:
            nick, now_ns = context.state.nick, context.timing.clock_ns()
            context.emit(
                ReactionSeen(context.account.id, chat, nick, msgid, reaction, now_ns, is_removed)
            )

    def retract(self, chat: str, msgid: str, reason: str) -> None:
        """Raises UsageError where the server cannot."""
        if not self._context.state.caps & REDACTION:
            raise UsageError(
                "This server cannot take messages back.", "What was said is with its readers."
            )
        _check(chat, msgid)
        self._context.outbox.put_command("REDACT", chat, msgid, *([reason] if reason else []))


def _check(chat: str, msgid: str) -> None:
    if not chat or not is_usable(msgid):
        raise UsageError(
            "The server gave this message no name, so nothing can refer to it.",
            "Newer messages may have one.",
        )
