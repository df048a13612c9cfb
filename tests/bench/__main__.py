"""``python -m tests.bench [BENCH …] [--repetitions N] [--write]``: ChatLab beside other programs.

Each bench measures ChatLab and its peers in turn, several times over, on this machine, and prints
medians. With ``--write`` the tables of those benches take their places in README.md beside this
file. Linux only: it reads /proc and X's frame buffer.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import delay, lines, loss, machine, start
from tests.bench.processes import BenchError
from tests.bench.table import Table

BENCHES: dict[str, tuple[Callable[[int], Table], int]] = {
    "start": (start.measure, 7),
    "lines": (lines.measure, 3),
    "loss": (loss.measure, 3),
    "delay": (delay.measure, 3),
}
"""What measures, and how many repetitions it takes for a steady median."""
README = Path(__file__).with_name("README.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure, beside others.")
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES], help="default: all of them")
    parser.add_argument("--repetitions", type=int, default=0, help="of each measurement")
    parser.add_argument("--write", action="store_true", help="put the results into README.md")
    options = parser.parse_args()
    if not sys.platform.startswith("linux"):
        print("The benches read /proc and X’s frame buffer: they need Linux.", file=sys.stderr)
        return 1
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Nobody starts ChatLab uncompiled twice.
    facts = [*machine.describe(), f"measured on {time.strftime('%Y-%m-%d')}"]
    print("\n".join(facts))
    failed = False
    for name in options.bench or BENCHES:
        measure, repetitions = BENCHES[name]
        print(f"\n{name} …", flush=True)
        try:
            table = measure(options.repetitions or repetitions)
        except BenchError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        print(table.text(), flush=True)
        failed |= not all(verdict.is_met for verdict in table.verdicts)
        if options.write:
            load = f"load average when this bench ended: {os.getloadavg()[0]:.2f}"
            write(name, table, [*facts, load])
    return 1 if failed else 0


def write(name: str, table: Table, facts: list[str]) -> None:
    """Put a table into the README, in the place of that bench's last one."""
    text = README.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    measured = "; ".join(facts)
    README.write_text(
        f"{head}{begin}\n{table.markdown()}\n\n*{measured}.*\n{end}{tail}", encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
