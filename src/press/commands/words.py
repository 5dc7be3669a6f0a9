"""Words of the command line that several commands share."""

import argparse
import math

from press.flow.mode import TIME_LIMIT
from press.flow.shards import shard


def add_slugs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slugs", nargs="*", metavar="SLUG", help="only these posts (default: all)")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="how many posts run side by side (default: as many as there are cores for)",
    )


def add_shard(parser: argparse.ArgumentParser) -> None:
    about = "of what has to be run, only this machine's part; make no site"
    parser.add_argument("--shard", type=shard, metavar="K/N", help=about)


def add_workers(parser: argparse.ArgumentParser) -> None:
    about = (
        "run elsewhere: local:N, ssh:HOST,HOST, tls://HOST:PORT,"
        " or a file.py whose `cluster` makes one of Dask's"
    )
    parser.add_argument("--workers", metavar="WHERE", help=about)


def add_baseurl(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--baseurl", metavar="/PATH", help="the folder of the server it is for")


def add_time_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"how long one cell may take (default: {TIME_LIMIT})",
    )


def seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("more than 0 seconds")
    return number


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
