"""``chatlab doctor``: can this machine capture; what is missing, and the command that mends it."""

import argparse
import json
import sys

from chatlab.app.checks import Check, Verdict, check_all, is_fit
from chatlab.core.errors import UsageError

_SIGNS = {
    Verdict.OK: "ok  ",
    Verdict.INFO: "info",
    Verdict.WARNING: "note",
    Verdict.FAILED: "FAIL",
}


def doctor(options: argparse.Namespace) -> int:
    """Print what was found; returns 1 when something essential is missing."""
    wanted = _wanted(options)
    if options.fix:
        from chatlab.capture.enabling import change

        print(change(wanted), file=sys.stderr if options.json else sys.stdout)
    checks = check_all()
    print(json.dumps(as_object(checks), ensure_ascii=False) if options.json else as_text(checks))
    return 0 if is_fit(checks) else 1


def _wanted(options: argparse.Namespace) -> tuple[str, ...]:
    """The arguments for the installer."""
    if not options.fix and (options.remove or options.user or options.everybody):
        words = "“--remove”, “--user” and “--everybody” say what “--fix” is to do."
        raise UsageError(words, "Add --fix.")
    if options.remove:
        return ("--remove",)
    if options.everybody:
        return ("--everybody",)
    if options.user:
        return (str(options.user),)
    from chatlab.capture.facts import installing_user

    return installing_user()


def as_object(checks: tuple[Check, ...]) -> dict[str, object]:
    """For programs: one object with everything that was looked at."""
    rows = [
        {"name": c.name, "verdict": c.verdict.value, "words": c.words, "remedy": c.remedy}
        for c in checks
    ]
    can_capture = any(c.name.startswith("Capture") and c.verdict is Verdict.OK for c in checks)
    return {"fit": is_fit(checks), "can_capture": can_capture, "checks": rows}


def as_text(checks: tuple[Check, ...]) -> str:
    """For a terminal: a line a check, its remedy indented below."""
    lines = []
    for check in checks:
        lines.append(f"{_SIGNS[check.verdict]}  {check.name}: {check.words}")
        lines += [f"        {step}" for step in check.remedy.splitlines()]
    return "\n".join(lines)
