"""A window that is killed, and the one after it: ``python -m tests.e2e.drive_crash``."""

import json
import os
import signal
import sys
from pathlib import Path

from chatlab.core.chats import ChatBook
from tests.helpers.window_play import Facts, Play, Scene, play

LINE = "these were the last words"


def transcripts(book: ChatBook) -> dict[str, list[str]]:
    """What each chat shows, in words."""
    return {
        f"{key.account} {key.name}": [entry.text for entry in chat.entries]
        for key, chat in sorted(book.chats.items())
    }


def _keep(shown: Facts) -> None:
    place = Path(os.environ["CHATLAB_HOME"], "shown.json")
    place.write_text(json.dumps(shown), encoding="utf-8")


async def killed(stage: Play) -> Facts:
    """Says a line; when its frames are shown, the program is killed."""
    plain, sealed = await stage.lab()
    stage.type_in(plain, LINE)
    said = await stage.echoed(plain, LINE)
    heard = await stage.until("the line on the other side", lambda: stage.said(sealed.chat, LINE))
    assert heard is not None
    await stage.until("its frames", lambda: stage.feed.attribution(heard.id).frames)
    frames = [list(stage.feed.attribution(each.id).frames) for each in (said, heard)]
    shown: Facts = {
        "frames": frames,
        "count": stage.feed.count,
        "transcripts": transcripts(stage.book),
    }
    _keep(shown)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


async def offered(stage: Play) -> Facts:
    """The next start says what was kept."""
    await stage.until("the offer", stage.window.bar.messages)
    await stage.picture("offered-after-crash")
    (message,) = stage.window.bar.messages()
    return {"text": message.text, "action": message.action}


SCENES: dict[str, Scene] = {"killed": killed, "offered": offered}

if __name__ == "__main__":
    sys.exit(play(SCENES[sys.argv[1]], lab=sys.argv[1] == "killed"))
