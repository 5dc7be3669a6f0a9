"""The command line: words in, exit code out."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from press import __version__
from press.blog import Blog
from press.errors import PressError, Problems, unexpected
from press.terminal import say

ABOUT = """\
Run the scripts behind the posts, and hold the posts to the results.

A post _posts/DATE-SLUG.md is paired with the script code/SLUG.py. A run leaves figures in
img/SLUG/ and a record in _data/runs/SLUG.json; both are committed, and Jekyll builds the
site from them without Python.
"""

EXAMPLES = """\
examples:
  ./press build                    run what changed, then make the site in _site
  ./press status                   what is current, what changed and why, what a run costs
  ./press build --refresh SLUG     run a post again and see whether its numbers hold
  ./press verify                   prove every published number, and write nothing
  ./press new "Why zeros never learn"
"""


COMMANDS = {
    "build": "run what changed, then make the site",
    "serve": "build, watch and show the site on this machine, reloading it",
    "status": "what is current, what changed and why, what a run costs",
    "verify": "run again elsewhere and compare with what is published",
    "new": "begin a post and its script",
    "pin": "pin the packages that posts name",
    "test": "test everything; words that are not ours go to pytest",
}


def main(words: Sequence[str] | None = None) -> int:
    # A shell starts what it puts in the background with SIGINT ignored; SIGTERM needs it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    options = _options(sys.argv[1:] if words is None else words)
    try:
        options.main(Blog(options.blog.resolve()), options)
    except (PressError, Problems) as error:
        _tell(error, options)
    except KeyboardInterrupt:
        say("press: stopped; the last good results are as they were")
    except Exception as error:
        _tell(unexpected(error, "press"), options)
    else:
        return 0
    return 1


def _tell(error: PressError | Problems, options: argparse.Namespace) -> None:
    """Say what is wrong, with paths as the author writes them."""
    root = f"{options.blog.resolve()}/"
    say("\n".join(line.removeprefix(root) for line in str(error).split("\n")))
    if options.debug:
        for one in error.errors if isinstance(error, Problems) else [error]:
            traceback.print_exception(one)


def _stop(*_: object) -> None:
    """Be stopped by SIGTERM as by Ctrl-C, which a running kernel is ended for too."""
    os.kill(os.getpid(), signal.SIGINT)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="press",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"press {__version__}")
    parser.add_argument(
        "--blog", type=Path, default=Path(), metavar="FOLDER", help="work on the blog in FOLDER"
    )
    parser.add_argument("--debug", action="store_true", help="show where in press an error arose")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, about in COMMANDS.items():
        command = commands.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}."
        )
        if name in words:
            chosen = _command(name)
            chosen.words(command)
            command.set_defaults(main=chosen.main)
    options, rest = parser.parse_known_args(words)
    options.rest = rest
    if rest and options.command != "test":
        parser.error(f"unknown words: {' '.join(rest)}")
    return options


def _command(name: str) -> ModuleType:
    """Only the command that is asked for: a build that runs nothing must start fast."""
    match name:
        case "build":
            from press.commands import build

            return build
        case "serve":
            from press.commands import serve

            return serve
        case "status":
            from press.commands import status

            return status
        case "verify":
            from press.commands import verify

            return verify
        case "new":
            from press.commands import new

            return new
        case "pin":
            from press.commands import pin

            return pin
    from press.commands import test

    return test
