"""Answers and reactions in the real window, with the real lab: ``python -m tests.e2e.drive_tags``."""

import sys

from chatlab.core.message import Message
from tests.helpers.window_play import Facts, Play, Scene, play


async def answering(stage: Play) -> Facts:
    """Bob answers alice by key and adds a sign; alice sees both, and the frames of the answer."""
    from PySide6.QtCore import Qt

    from chatlab.ui.widgets.reaction_chooser import ReactionChooser

    control = Qt.KeyboardModifier.ControlModifier
    plain, sealed = await stage.lab()
    stage.type_in(plain, "shall we?")
    await stage.echoed(plain, "shall we?")
    question = await stage.until("the question", lambda: stage.said(sealed.chat, "shall we?"))
    assert isinstance(question, Message)
    stage.window.chats.activate(sealed)
    sealed.transcript.message_selected.emit(question.id)
    await stage.press(Qt.Key.Key_R, control)
    await stage.until("the strip", lambda: sealed.composer.answered is not None)
    await stage.picture("answering")
    stage.type_in(sealed, "yes, at ten")
    answer = await stage.framed(plain, "yes, at ten")

    sealed.transcript.message_selected.emit(question.id)
    await stage.press(Qt.Key.Key_R, control, Qt.KeyboardModifier.ShiftModifier)
    chooser = await stage.until("the chooser", lambda: stage.window.findChild(ReactionChooser))
    assert isinstance(chooser, ReactionChooser)
    await stage.picture("reactions", chooser)
    chooser.buttons[0].click()

    def reactions() -> tuple[str, ...]:
        said = stage.said(plain.chat, "shall we?")
        return tuple(one.people[0] for one in said.reactions) if said else ()

    await stage.until("the reaction", reactions)
    await stage.picture("answered")
    return {
        "reply_to": answer.reply_to,
        "question": question.msgid,
        "reactions": list(reactions()),
        "frames": len(stage.feed.attribution(answer.id).frames),
    }


SCENES: dict[str, Scene] = {"answering": answering}

if __name__ == "__main__":
    sys.exit(play(SCENES[sys.argv[1]], lab=True))
