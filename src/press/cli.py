"""The command line: words in, exit code out."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from press import __version__
from press.blog import Blog
from press.build import TIME_LIMIT, Order
from press.errors import PressError, Problems
from press.say import say

ROOT = Path(__file__).resolve().parents[2]

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


def main(words: Sequence[str] | None = None) -> int:
    # A shell starts what it puts in the background with SIGINT ignored; SIGTERM needs it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    options = _options(words)
    try:
        options.run(Blog(options.blog.resolve()), options)
    except (PressError, Problems) as error:
        say(str(error))
    except KeyboardInterrupt:
        say("press: stopped; the last good results are as they were")
    except OSError as error:
        say(_system_error(error, options.blog))
    else:
        return 0
    return 1


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(words)
    if rest and options.run is not _test:
        parser.error(f"unknown words: {' '.join(rest)}")
    options.rest = rest
    return options


def _stop(*_: object) -> None:
    """Be stopped by SIGTERM as by Ctrl-C, which a running kernel is ended for too."""
    os.kill(os.getpid(), signal.SIGINT)


def _system_error(error: OSError, root: Path) -> str:
    place = str(error.filename or "press").removeprefix(f"{root.resolve()}/")
    problem = (error.strerror or str(error)).lower()
    return f"{place}: {problem}; mend that and run ./press again (results are as they were)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="press",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"press {__version__}")
    parser.add_argument(
        "--blog", type=Path, default=ROOT, metavar="FOLDER", help="work on the blog in FOLDER"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_build(commands)
    _add_serve(commands)
    _add_status(commands)
    _add_verify(commands)
    _add_new(commands)
    _add_test(commands)
    return parser


if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def _add_build(commands: "Commands") -> None:
    parser = _command(commands, "build", _build, "run what changed, then make the site")
    _add_slugs(parser)
    parser.add_argument("--refresh", action="store_true", help="run current posts too")
    parser.add_argument(
        "--sample", action="store_true", help="rehearse on small stand-in data, in .press/sample"
    )
    parser.add_argument(
        "--check", action="store_true", help="run nothing; fail if a result is not current"
    )
    parser.add_argument("--baseurl", metavar="/PATH", help="the folder of the server it is for")
    _add_jobs(parser)
    _add_time_limit(parser)


def _add_serve(commands: "Commands") -> None:
    parser = _command(
        commands, "serve", _serve, "build, watch and show the site on this machine, reloading it"
    )
    parser.add_argument("--port", type=int, default=4000, help="the port (default: 4000)")
    parser.add_argument("--baseurl", metavar="/PATH", help="the folder of the server it is for")
    _add_time_limit(parser)


def _add_status(commands: "Commands") -> None:
    parser = _command(
        commands, "status", _status, "what is current, what changed and why, what a run costs"
    )
    _add_slugs(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_verify(commands: "Commands") -> None:
    parser = _command(
        commands, "verify", _verify, "run again elsewhere and compare with what is published"
    )
    _add_slugs(parser)
    parser.add_argument(
        "--snippets",
        action="store_true",
        help="run the runnable copy of every quoted cell instead, on small stand-in data",
    )
    _add_jobs(parser)
    _add_time_limit(parser)


def _add_new(commands: "Commands") -> None:
    parser = _command(commands, "new", _new, "begin a post and its script")
    parser.add_argument("title", metavar="TITLE")


def _add_test(commands: "Commands") -> None:
    _command(commands, "test", _test, "test press and the site; other words go to pytest")


def _command(commands: "Commands", name: str, run: object, about: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _add_slugs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slugs", nargs="*", metavar="SLUG", help="only these posts (default: all)")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="how many posts run side by side (default: as many as there are cores for)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _add_time_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-limit",
        type=float,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"how long one cell may take (default: {TIME_LIMIT})",
    )


# Each command imports what it needs itself: a build that runs nothing must start fast.


def _build(blog: Blog, options: argparse.Namespace) -> None:
    from press.build import build, rehearse

    order = Order(
        slugs=tuple(options.slugs),
        refresh=options.refresh,
        check=options.check,
        rehearsal=options.sample,
        jobs=options.jobs,
        time_limit=options.time_limit,
        baseurl=options.baseurl,
    )
    (rehearse if options.sample else build)(blog, order)


def _serve(blog: Blog, options: argparse.Namespace) -> None:
    from press.serve import serve

    serve(blog, Order(time_limit=options.time_limit, baseurl=options.baseurl), options.port)


def _status(blog: Blog, options: argparse.Namespace) -> None:
    from press.status import status

    status(blog, options.slugs, as_json=options.json)


def _verify(blog: Blog, options: argparse.Namespace) -> None:
    from press.snippets import verify_snippets
    from press.verify import verify

    (verify_snippets if options.snippets else verify)(
        blog, options.slugs, options.time_limit, options.jobs
    )


def _new(blog: Blog, options: argparse.Namespace) -> None:
    from press.new import new

    new(blog, options.title)


def _test(blog: Blog, options: argparse.Namespace) -> None:
    from press.install import ensure, ensure_chromium, ensure_jekyll

    ensure("test")
    ensure_jekyll(blog.root)
    ensure_chromium()
    os.chdir(blog.root)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *options.rest])
