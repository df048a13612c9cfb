"""``chatlab --selftest``: does this installation work; for packagers, support and CI.

Beside the doctor's checks it paints a window, starts the lab server and the helper processes, and
sends one message through them, all on loopback.
"""

import asyncio
import json
import os
import time

from chatlab.app.checks import Check, Verdict, check_all, is_fit
from chatlab.cli.doctor import as_object, as_text
from chatlab.core.errors import ChatlabError


def selftest(*, as_json: bool) -> int:
    """Print what was found; returns 1 when anything essential does not work."""
    checks = (*check_all(), _window(), _round_trip())
    print(json.dumps(as_object(checks), ensure_ascii=False) if as_json else as_text(checks))
    return 0 if is_fit(checks) else 1


def _window() -> Check:
    """Qt can make and paint a widget, where there is no screen in memory."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen" if not _has_screen() else "")
    started = time.perf_counter()
    from PySide6.QtWidgets import QApplication, QLabel

    application = QApplication.instance() or QApplication(["chatlab"])
    label = QLabel("ChatLab")
    is_painted = not label.grab().isNull()
    took_ms = (time.perf_counter() - started) * 1000
    application.quit()
    verdict = Verdict.OK if is_painted else Verdict.FAILED
    return Check("Window", verdict, f"Painted {took_ms:.0f} ms after Qt was asked for.")


def _has_screen() -> bool:
    if os.name == "nt" or os.uname().sysname == "Darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _round_trip() -> Check:
    """One message to the lab server and back, and its frames where this user may capture."""
    try:
        frames = asyncio.run(_say_to_the_lab())
    except ChatlabError as error:
        return Check("Round trip", Verdict.FAILED, str(error), "Report this with the text above.")
    words = "A message went to the lab server and came back"
    if frames:
        noun = "frame" if frames == 1 else "frames"
        return Check("Round trip", Verdict.OK, f"{words}, in {frames} captured {noun}.")
    return Check("Round trip", Verdict.WARNING, f"{words}; no frames could be captured.")


async def _say_to_the_lab() -> int:
    from chatlab.app.scratch import ScratchFolder
    from chatlab.app.trial import one_message
    from chatlab.server.lab import LabServer

    with ScratchFolder() as folder:
        server = LabServer()
        address = await server.start(folder.path)
        try:
            return await one_message(address, folder.path)
        finally:
            await server.stop()
