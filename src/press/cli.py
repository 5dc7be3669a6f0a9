"""The command line: words in, exit code out."""

import argparse
import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from press import __version__
from press.blog import Blog
from press.voice.errors import PressError, Problems, unexpected
from press.voice.terminal import say

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
    "gather": "put together what the shards of a build have made",
    "diff": "what moved between two commits, or since the last one",
    "new": "begin a post and its script",
    "pin": "pin the packages that posts name",
    "worker": "work for a press on another machine",
    "test": "test everything; words that are not ours go to pytest",
}


ANYWHERE = ("new", "worker", "test")
"""Commands that need no blog."""
SELDOM = 50_000
"""How many new objects make garbage be looked for: nearly all of what press reads stays."""
DEEP = 20_000
"""How deep code may be nested: a text may be put together of a thousand pieces."""


def main(words: Sequence[str] | None = None) -> int:
    # A shell starts what it puts in the background with SIGINT ignored; SIGTERM needs it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    sys.setrecursionlimit(DEEP)
    gc.set_threshold(SELDOM)
    try:
        return _done(_options(sys.argv[1:] if words is None else words))
    except KeyboardInterrupt:
        say("press: stopped; the last good results are as they were")
        return 1


def _done(options: argparse.Namespace) -> int:
    try:
        blog = Blog(options.blog.resolve())
        if options.command not in ANYWHERE and not _is_one(blog):
            problem = "there is none, so this is no blog"
            raise PressError("Gemfile", problem, "go to its folder, or name it with --blog")
        options.main(blog, options)
    except (PressError, Problems) as error:
        _tell(error, options)
    except Exception as error:
        _tell(unexpected(error, "press"), options)
    else:
        return 0
    return 1


def _is_one(blog: Blog) -> bool:
    return (blog.root / "Gemfile").is_file() or blog.posts.is_dir()


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
    anywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    anywhere.add_argument("--blog", type=Path, metavar="FOLDER", help="work on the blog in FOLDER")
    about = "show where in press an error arose"
    anywhere.add_argument("--debug", action="store_true", help=about)
    parser = argparse.ArgumentParser(
        prog="press",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[anywhere],
    )
    parser.add_argument("--version", action="version", version=f"press {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, about in COMMANDS.items():
        description = f"{about[0].upper()}{about[1:]}."
        command = commands.add_parser(name, help=about, description=description, parents=[anywhere])
        if name in words:
            # Only the command that is asked for: a build that runs nothing must start fast.
            chosen = import_module(f"press.commands.{name}")
            chosen.words(command)
            command.set_defaults(main=chosen.main)
    options, rest = parser.parse_known_args(words, argparse.Namespace(blog=Path(), debug=False))
    options.rest = rest
    if rest and options.command != "test":
        parser.error(f"unknown words: {' '.join(rest)}")
    return options
