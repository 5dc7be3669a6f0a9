"""Workers on this machine: how near twelve posts of three seconds come to the ideal, and what a
task costs its caller.

`bench/workers.py [TASKS]`, with the Python in .press/venv; leave the machine alone meanwhile.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contenders import ROOT, copy_from_blog

WORKERS, POSTS, SECONDS = 3, 12, 3
SLEEP = "# %% sleep\nimport time\n\ntime.sleep({seconds})\nprint({number})\n"
POST = '---\nlayout: post\ntitle: Post {number}\n---\n\n{{% include cell.html name="sleep" %}}\n'
MEASURED = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
sys.exit(code)
"""


def main(tasks: int) -> None:
    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        root = Path(folder)
        copy_from_blog(root, ("_data/quotes.yml", "_data/colours.yml", "_config.yml"))
        with at_work(root) as address:
            build = ("build", "--shard", "1/1", "--workers", address)
            lay(root, "warm", WORKERS, 0)
            timed(root, build)
            lay(root, "long", POSTS, SECONDS)
            ideal = POSTS * SECONDS / WORKERS
            share = timed(root, build)["seconds"] / ideal
            lay(root, "one", 1, 0)
            one = timed(root, build)
            lay(root, "many", tasks, 0)
            many = timed(root, build)
    overhead = 1000 * (many["busy"] - one["busy"]) / (tasks - 1)
    print(f"{POSTS} posts of {SECONDS} s, {WORKERS} workers: {share:.2f} × the ideal {ideal:.0f} s")
    print(
        f"{tasks} tasks in {many['seconds']:.0f} s, each {overhead:.0f} ms of the caller's own time"
    )
    print(f"its memory: {one['memory']:.0f} MB with one task, {many['memory']:.0f} MB with all")


def lay(root: Path, name: str, count: int, seconds: float) -> None:
    for number in range(count):
        for path, text in (
            (f"_posts/2026-01-01-{name}-{number:04}.md", POST),
            (f"code/{name}-{number:04}.py", SLEEP),
        ):
            file = root / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(text.format(number=number, seconds=seconds))


@contextmanager
def at_work(root: Path) -> Iterator[str]:
    """A scheduler with its workers, all by TLS."""
    from press.workers.remote import AT_WORK, free_port

    address = f"tls://127.0.0.1:{free_port()}"
    started: list[subprocess.Popen[str]] = []
    try:
        for words in (["--scheduler"], *[[]] * WORKERS):
            command = [*press(root), "worker", *words, address]
            child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            started.append(child)
            assert child.stderr
            next(line for line in child.stderr if AT_WORK in line or "the scheduler is at" in line)
        yield address
    finally:
        for child in reversed(started):
            child.send_signal(signal.SIGTERM)
            child.communicate()


def timed(root: Path, words: Sequence[str]) -> dict[str, float]:
    """Seconds of a whole command, those that it was at work itself, and its memory in MB."""
    command = [sys.executable, "-c", MEASURED, *press(root), *words]
    begun = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds = time.perf_counter() - begun
    busy, memory = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": seconds, "busy": busy, "memory": memory}


def press(root: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "press", "--blog", str(root)]


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
