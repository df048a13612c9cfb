"""Python without the pauses of its garbage collector, which grow with the session.

A full collection looks at every object there is: a tenth of a second after 50,000 messages, in the
middle of a keystroke. Here there is none: each collection but those of the very youngest ends by
setting aside what survived it, so that a pause depends on what came since the last one and not on
the session. What becomes garbage in a cycle after that waits for ``sweep``, which the window asks
for when nobody is looking. Everything else, messages above all, is in no cycle and freed at once, as
always.
"""

import gc
import sys
import time

YOUNG = 1_000
"""Objects made before the youngest are looked at; Python's 700 is for smaller programs."""
ROUNDS = 2
"""Collections of the youngest before one that looks at what all of those left: 1 to 2 ms of work."""
_NEVER = 2**31 - 1
SWITCH_S = 0.001
"""A thread that computes (the history's) holds the interpreter no longer than this: the window
lets go of it at each look into a file, and has to wait to get it back."""
SWEEP_S = 600.0
"""At most this often everything is looked at."""


class GentleCollector:
    """Acts on the whole process, from ``start`` on."""

    def __init__(self) -> None:
        self._swept = time.monotonic()
        self._before = gc.get_threshold(), sys.getswitchinterval()

    def start(self) -> None:
        """Set aside what the program itself consists of, and all that survives from now on."""
        gc.freeze()
        gc.set_threshold(YOUNG, ROUNDS, _NEVER)
        gc.callbacks.append(self._on_phase)
        gc.enable()
        sys.setswitchinterval(SWITCH_S)

    def stop(self) -> None:
        """Back to Python's ways, with nothing set aside."""
        gc.callbacks.remove(self._on_phase)
        thresholds, interval = self._before
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
        gc.unfreeze()

    def sweep(self) -> None:
        """Look at everything, unless that was done lately. Takes a moment: call it unseen."""
        if time.monotonic() - self._swept < SWEEP_S:
            return
        gc.unfreeze()
        gc.collect()  # Its end sets aside what survived.
        self._swept = time.monotonic()

    def _on_phase(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] > 0:
            gc.freeze()
