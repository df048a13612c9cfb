"""Which engine an account gets, and when slixmpp is loaded."""

import subprocess
import sys


def loaded_by(*statements: str) -> set[str]:
    """Top-level packages that a fresh Python has after these statements."""
    code = "; ".join(
        [*statements, "import sys", "print(*{n.partition('.')[0] for n in sys.modules})"]
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


def test_slixmpp_is_loaded_for_nobody_but_xmpp_accounts() -> None:
    imports = "import chatlab.app.session, chatlab.cli.say, chatlab.cli.connect, chatlab.app.window"
    assert "slixmpp" not in loaded_by(imports)
    assert "slixmpp" in loaded_by("import chatlab.chat.xmpp.connection")
