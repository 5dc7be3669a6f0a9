"""Test everything; words that are not ours go to pytest."""

import argparse
import os
import sys

from press.blog import Blog
from press.machine.browser import ensure_browsers
from press.machine.python import ensure
from press.machine.ruby import ensure_jekyll
from press.machine.ssh import ensure_ssh


def words(parser: argparse.ArgumentParser) -> None:
    """All words are pytest's."""


def main(blog: Blog, options: argparse.Namespace) -> None:
    ensure("test", blog.root)
    ensure_jekyll(blog.root)
    ensure_browsers()
    ensure_ssh()
    os.chdir(blog.root)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *options.rest])
