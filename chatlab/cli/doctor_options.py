"""What may be written behind ``chatlab doctor``; apart, for it is read before anything heavy."""

import argparse


def add_doctor_options(command: argparse.ArgumentParser) -> None:
    """Make the command’s options known."""
    command.add_argument("--json", action="store_true", help="as one JSON object")
    fix = command.add_argument_group("changing what this system allows (Linux)")
    fix.add_argument("--fix", action="store_true", help="let yourself capture, once and for all")
    fix.add_argument(
        "--remove", action="store_true", help="with --fix: take away what that installed"
    )
    who = fix.add_mutually_exclusive_group()
    who.add_argument("--user", metavar="NAME", default="", help="with --fix: let somebody else")
    who.add_argument("--everybody", action="store_true", help="with --fix: let all users capture")
