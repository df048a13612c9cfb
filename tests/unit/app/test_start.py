"""The window is painted before what stands behind it is loaded."""

import subprocess
import sys

LATER = (
    "chatlab.app.backstage",
    "chatlab.app.session",
    "chatlab.app.stage",
    "chatlab.ui.presenter",
    "chatlab.ui.dialog_desk",
    "chatlab.core.comparison",
    "chatlab.core.events",
    "chatlab.core.rules",
    "chatlab.store.history",
    "irc",
    "keyring",
    "scapy",
    "slixmpp",
    "sqlite3",
)


def test_what_the_first_paint_does_not_need_is_not_loaded_before_it() -> None:
    code = f"import sys, chatlab.app.window\nprint(*set(sys.modules) & set({LATER!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_no_source_is_searched_for_features_of_pyside() -> None:
    code = "import linecache, chatlab.app.window\nprint(*linecache.cache)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "chatlab" not in run.stdout
