"""Entry point: decides between window and command line before anything heavy is imported."""

import sys


def main() -> int:
    """Run ChatLab with the process's arguments; returns the exit code."""
    from chatlab.cli.arguments import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
