"""Posts run by workers: the same results as at home, and a word for whatever goes wrong."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from press.blog import Blog
from press.cli import main
from press.flow.posts import gather
from press.machine.ssh import SERVER
from press.workers.job import Done, Job, done_in, job_in
from press.workers.luggage import Luggage
from press.workers.remote import free_port
from press.workers.task import difference, own_digest, packages_of

from .conftest import PATIENCE, ROOT, Press, add_post, empty_blog, waited

SCRIPT = """\
# %% setup
import matplotlib.pyplot as plt

# %% curve
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, {n}])

# %% results tags=["values"]
import os
{{"number": {n}, "trims": os.environ.get("MALLOC_TRIM_THRESHOLD_", "never")}}
"""
SLOW = """\
# %% sleep
import os, pathlib, time
pathlib.Path({started!r}).write_text(str(os.getpid()))
time.sleep({seconds})

# %% results tags=["values"]
{{"number": 7}}
"""
POISON = """\
# %% poison
import os, psutil, signal
os.kill(psutil.Process().parent().parent().pid, signal.SIGKILL)
"""


READER = """\
# %% read
from keras.datasets import mnist
mnist.load_data()
"""
CUT = """\
import press.workers.job as job
whole = job.Done.packed
job.Done.packed = lambda done: (data := whole(done))[: len(data) // 2]
"""
CLUSTER = """\
async def cluster():
    from distributed import LocalCluster, Security

    return await LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", protocol="{protocol}",
        security=Security.temporary() if "{protocol}" == "tls" else None,
        dashboard_address="127.0.0.1:0", asynchronous=True,
    )
"""


SECONDS = 10
"""In which what is told to end has ended, if nothing keeps it."""
fault = pytest.mark.often(20)


def results(blog: Blog) -> dict[str, object]:
    files = [path for path in (blog.root / "img").rglob("*") if path.is_file()]
    found: dict[str, object] = {blog.shown(path): path.read_bytes() for path in files}
    for path in blog.records.glob("*.json"):
        tree = json.loads(path.read_bytes())
        del tree["provenance"]
        found[path.name] = tree
    return found


def test_results_are_those_of_home(
    blog: Blog, press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    for n in range(3):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n))
    add_post(blog, "bad", "# %% bad\n1 / 0\n")
    home = Blog(tmp_path / "home")
    shutil.copytree(blog.root, home.root)

    away = press("build", "--workers", "local:2")
    assert main(["--blog", str(home.root), "build"]) == 1

    assert len([name for name in results(blog) if name.endswith(".json")]) == 3
    assert results(blog) == results(home)
    # Dask has its workers give memory back at once, which makes training take thrice as long.
    values = json.loads(blog.record("post-0").read_text())["values"]
    assert values["trims"]["text"] == "never"
    assert away.code == 1
    error = "code/bad.py:2: cell 'bad' raised ZeroDivisionError: division by zero; mend the cell"
    assert away.err.splitlines()[-1] == error

    again = press("build", "--refresh", "--workers", "local:1", "post-0")

    assert again.code == 0, again.err
    assert "post-0: from tls://" in again.err
    assert "; every result is as it was" in again.err
    assert results(blog) == results(home)

    told = press("verify", "--workers", "local:1", "post-0")

    assert told.code == 0, told.err
    assert told.out.splitlines()[-1].split() == ["post-0", "byte", "for", "byte"]


SEEDED = """\
# %% draw
import random
seed = 42
drawn = random.Random(seed).random()

# %% claims tags=["claim"]
assert 0 <= drawn < 1
assert drawn < 0.9

# %% results tags=["values"]
{"drawn": drawn}
"""


def test_a_seed_of_a_post_is_a_task(blog: Blog, press: Press, tmp_path: Path) -> None:
    add_post(blog, "post", SEEDED)
    assert press("build").code == 0
    home = Blog(tmp_path / "home")
    shutil.copytree(blog.root, home.root)

    away = press("verify", "--seeds", "4", "--keep", "--workers", "local:2")
    assert main(["--blog", str(home.root), "verify", "--seeds", "4", "--keep"]) == 1

    assert away.code == 1
    lines = [line for line in away.err.splitlines() if line.startswith("code/post.py")]
    assert re.fullmatch(r"code/post.py:8: the claim holds for [1-3] of 4 seeds; .*", lines[0])
    assert len(lines) == 1
    outcomes = [
        json.loads((one.root / "_data" / "seeds" / "post.json").read_text()) for one in (blog, home)
    ]
    for outcome in outcomes:
        del outcome["date"]
    assert outcomes[0] == outcomes[1]

    again = press("verify", "--seeds", "4", "--workers", "local:1")

    assert "4 of 4 runs are known from before" in again.err
    assert again.out == away.out


def test_what_goes_over_the_wire_comes_whole_or_not_at_all() -> None:
    job = Job(("build", "x"), {"code/x.py": b"\0\xff"}, "digest", {"numpy": "2"})
    done = Done(0, "said", "worker", {"img/x.svg": b"<svg>"})

    assert job_in(job.packed()) == job
    assert done_in(done.packed()) == done
    data = done.packed()
    for length in (0, 1, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match="not whole"):
            done_in(data[:length])


def test_scripts_of_other_posts_stay_at_home_unless_they_are_named(blog: Blog) -> None:
    text = "# %% a\nprint(open('words.txt').read(), open('../far/list.txt').read())\n"
    add_post(blog, "alone", text)
    (blog.root / "far").mkdir()
    (blog.root / "far" / "list.txt").write_text("words")
    add_post(blog, "told-of", "# %% a\nprint(1)\n")
    add_post(blog, "helper", "# %% a\n# As in told-of.\nprint(1)\n")
    add_post(blog, "user", "# %% a\nimport helper\n")
    (blog.code / "words.txt").write_text("words")

    luggage = Luggage(blog)
    gone = {work.slug: luggage.of(work) for work in gather(blog).works}

    beside = {"code/matplotlibrc", "code/words.txt"}
    along = {slug: {n for n in files if n.startswith("code/")} for slug, files in gone.items()}
    assert along == {
        "alone": {"code/alone.py", *beside},
        "told-of": {"code/told-of.py", *beside},
        "helper": {"code/helper.py", "code/told-of.py", *beside},
        "user": {"code/user.py", "code/helper.py", "code/told-of.py", *beside},
    }
    assert [slug for slug, files in gone.items() if "far/list.txt" in files] == ["alone"]
    assert all(
        b"layout: post" in files[f"_posts/2026-11-20-{slug}.md"] for slug, files in gone.items()
    )


def test_without_workers_the_engine_is_not_loaded() -> None:
    code = """
import importlib, sys
for command in ("build", "verify", "worker", "status"):
    importlib.import_module(f"press.commands.{command}")
print([name for name in sys.modules if name.split(".")[0] in ("dask", "distributed")])
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("where", ["local:0", "nowhere", "tcp://127.0.0.1:1"])
def test_workers_that_are_none_are_told(where: str, blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))

    told = press("build", "--workers", where)

    assert told.code == 1
    assert told.err.splitlines()[-1] == (
        f"--workers {where}: names no workers; say local:N, ssh:HOST,HOST, tls://HOST:PORT or a "
        "file.py with a function `cluster`"
    )


@pytest.mark.parametrize(("protocol", "code"), [("tcp", 1), ("tls", 0)])
def test_a_cluster_of_ones_own_must_not_speak_in_the_open(
    protocol: str, code: int, blog: Blog, press: Press, tmp_path: Path
) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))
    file = tmp_path / "cluster.py"
    file.write_text(CLUSTER.format(protocol=protocol))

    told = press("build", "--workers", str(file))

    assert told.code == code, told.err
    assert ("its cluster speaks in the open" in told.err) == (code == 1)
    assert blog.record("post").exists() == (code == 0)


@pytest.fixture
def port() -> int:
    return free_port()


Started = subprocess.Popen[str]
Start = Callable[..., Started]


@pytest.fixture
def start(blog: Blog) -> Iterator[Start]:
    """Start a press of its own process; in the end nothing is left of it but whole results."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str, source: Path | str = ROOT / "src", **others: str) -> Started:
        command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), *words]
        environment = {**os.environ, "PYTHONPATH": str(source), **others}
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        begun.append(child)
        return child

    yield begin
    for child in reversed(begun):
        child.terminate()
        try:
            child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:  # a worker looks for a lost scheduler for a while
            child.kill()
            child.communicate()
    try:
        waited(lambda: not of(blog))
    finally:
        for one in of(blog):
            one.kill()
    for path in blog.records.glob("*"):
        assert json.loads(path.read_bytes())["values"], path
    unfinished = [*blog.local.rglob("press-*"), *(blog.root / "img").rglob(".*")]
    assert not unfinished


def of(blog: Blog) -> list[psutil.Process]:
    """The processes that are at work for a blog, whoever began them."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if str(blog.root) in f"{one.cwd()} {one.cmdline()}":
                found.append(one)
    return found


def heard(child: Started, words: str) -> None:
    assert child.stderr
    for line in child.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended and never said {words!r}")


@pytest.fixture
def address(start: Start, port: int) -> str:
    where = f"tls://127.0.0.1:{port}"
    heard(start("worker", "--scheduler", where), "the scheduler is at")
    return where


def alive(process: int) -> bool:
    return bool(psutil.pid_exists(process) and psutil.Process(process).status() != "zombie")


def slow(blog: Blog, tmp_path: Path, seconds: float = 600) -> Path:
    """A post that says when it runs, and by which kernel."""
    started = tmp_path / "started"
    add_post(blog, "post", SLOW.format(started=str(started), seconds=seconds))
    return started


def kernel_of(started: Path) -> int:
    """Once it has said so: a file is there before its words are."""
    waited(lambda: started.exists() and started.read_text())
    return int(started.read_text())


@fault
@pytest.mark.parametrize("above", [1, 2], ids=["its press", "itself"])
def test_a_worker_that_is_killed_is_replaced(
    above: int, blog: Blog, start: Start, address: str, tmp_path: Path
) -> None:
    started = slow(blog, tmp_path, 2)
    heard(start("worker", address), "at work for")
    caller = start("build", "--workers", address)
    kernel = kernel_of(started)
    worker = psutil.Process(kernel).parents()[above]
    started.unlink()

    worker.kill()

    said = caller.communicate(timeout=PATIENCE)[1]
    assert caller.returncode == 0, said
    assert started.exists()
    waited(lambda: not alive(kernel))
    assert json.loads(blog.record("post").read_text())["values"]["number"]["text"] == "7"
    assert not list(blog.records.glob(".*"))


@fault
def test_a_post_that_kills_its_workers_is_given_up(blog: Blog, start: Start, address: str) -> None:
    add_post(blog, "post", POISON)
    heard(start("worker", address), "at work for")

    caller = start("build", "--workers", address)

    assert "ended two workers that ran it, and is given up" in caller.communicate()[1]
    assert caller.returncode == 1
    assert not blog.record("post").exists()


@fault
def test_a_caller_that_is_killed_leaves_nothing_at_work(
    blog: Blog, start: Start, address: str, tmp_path: Path
) -> None:
    started = slow(blog, tmp_path)
    heard(start("worker", address), "at work for")
    caller = start("build", "--workers", address)
    kernel = kernel_of(started)

    caller.kill()

    waited(lambda: not alive(kernel))


@fault
def test_a_scheduler_that_is_killed_ends_the_caller_in_words(
    blog: Blog, start: Start, port: int, tmp_path: Path
) -> None:
    address = f"tls://127.0.0.1:{port}"
    started = slow(blog, tmp_path)
    scheduler = start("worker", "--scheduler", address)
    heard(scheduler, "the scheduler is at")
    heard(start("worker", address), "at work for")
    caller = start("build", "--workers", address)
    kernel = kernel_of(started)

    scheduler.send_signal(signal.SIGKILL)

    said = caller.communicate()[1]
    assert said.endswith("was lost with the scheduler; start that again, and then ./press\n"), said
    assert caller.returncode == 1
    waited(lambda: not alive(kernel))


@fault
def test_a_result_that_is_cut_short_is_told(
    blog: Blog, start: Start, address: str, tmp_path: Path
) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))
    (tmp_path / "sitecustomize.py").write_text(CUT)
    source = f"{tmp_path}{os.pathsep}{ROOT / 'src'}"
    heard(start("worker", address, source=source), "at work for")

    caller = start("build", "--workers", address)

    said = caller.communicate()[1]
    assert "-post.md:1: what came back is not whole (" in said
    assert said.endswith("; run ./press again\n")
    assert caller.returncode == 1
    assert not blog.record("post").exists()


@fault
def test_a_worker_without_the_data_is_told(
    blog: Blog, start: Start, address: str, tmp_path: Path
) -> None:
    add_post(blog, "post", READER)
    nowhere = {"MNIST_NPZ": str(tmp_path / "nowhere.npz"), "HOME": str(tmp_path)}
    heard(start("worker", address, **nowhere), "at work for")

    caller = start("build", "--workers", address)

    said = caller.communicate()[1]
    assert f"{tmp_path}/nowhere.npz: there is no such file (MNIST_NPZ names it); " in said
    assert caller.returncode == 1
    assert not blog.record("post").exists()


@fault
def test_a_worker_with_another_press_is_left_out(
    blog: Blog, start: Start, address: str, tmp_path: Path
) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))
    other = tmp_path / "src"
    shutil.copytree(ROOT / "src", other)
    with (other / "press" / "blog.py").open("a") as file:
        file.write("# newer\n")
    heard(start("worker", address, source=other), "at work for")

    caller = start("build", "--workers", address)

    said = caller.communicate()[1]
    assert "is left out: it has another press; update it to the same commit" in said
    assert "has no worker that is as this press is" in said
    assert caller.returncode == 1


def test_a_worker_needs_what_posts_name(blog: Blog) -> None:
    pins = blog.root / "requirements" / "posts.txt"
    pins.parent.mkdir(exist_ok=True)
    pins.write_text(f"psutil=={psutil.__version__}\nno-such-package==1.0\n")
    packages = packages_of(blog.root)
    assert packages["psutil"] == psutil.__version__
    assert "no-such-package" not in packages

    job = Job((), {}, own_digest(), {**packages, "psutil": "0.1"})

    assert f"it has psutil {psutil.__version__} (here: 0.1)" in difference(job)


def test_without_the_secret_nobody_gets_in(start: Start, address: str, blog: Blog) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))
    secret = blog.local / "workers.pem"
    assert secret.stat().st_mode & 0o077 == 0
    other = empty_blog(blog.root / ".press")
    from press.workers.cluster import security

    other.local.mkdir(exist_ok=True)
    security(other, make=True)
    shutil.copy(other.local / "workers.pem", secret)

    caller = start("build", "--workers", address)

    assert "cannot be reached" in caller.communicate()[1]
    assert caller.returncode == 1


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hosts named a and b, which are this machine, reached by a server of ssh."""
    place, port = tmp_path / "ssh", free_port()
    place.mkdir()
    for name in ("key", "host"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)]
        subprocess.run(make, check=True)
    (place / "server").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile none\n"
        f"AuthorizedKeysFile {place}/key.pub\nStrictModes no\nUsePAM no\n"
    )
    (place / "client").write_text(
        f"Host a b\nHostName 127.0.0.1\nPort {port}\nIdentityFile {place}/key\n"
        f"UserKnownHostsFile {place}/known\nStrictHostKeyChecking accept-new\n"
    )
    ssh = place / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {place}/client "$@"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [str(SERVER), "-D", "-e", "-f", str(place / "server")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        assert server.stderr
        assert b"listening" in server.stderr.readline()
        yield
        server.terminate()


def test_workers_are_reached_by_ssh(hosts: None, tmp_path: Path) -> None:
    blog = _whole_copy(tmp_path / "here")
    there = _whole_copy(tmp_path / "there")
    for n in range(2):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n))

    done = _pressed(blog, "build", "--workers", f"ssh:a:{there.root},b:{there.root}")

    assert done.returncode == 0, done.stderr
    assert {path.stem for path in blog.records.glob("*.json")} == {"post-0", "post-1"}
    secret = there.local / "workers.pem"
    assert secret.read_bytes() == (blog.local / "workers.pem").read_bytes()
    assert secret.stat().st_mode & 0o077 == 0
    waited(lambda: not _at_work(there))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (
            "ssh:a:{empty}",
            "that `ssh a` asks for nothing, and that {empty} there is this repository",
        ),
        ("ssh:nowhere.invalid", "ssh:nowhere.invalid: gives no worker (ssh: Could not resolve"),
        ("ssh:-oProxyCommand=true", "see that `ssh -oProxyCommand=true` asks for nothing"),
    ],
)
def test_a_host_without_a_worker_is_told(
    where: str, told: str, hosts: None, blog: Blog, press: Press, tmp_path: Path
) -> None:
    add_post(blog, "post", SCRIPT.format(n=1))
    empty = tmp_path / "empty"
    empty.mkdir()

    said = press("build", "--workers", where.format(empty=empty))

    assert told.format(empty=empty) in said.err
    assert said.code == 1
    assert not blog.record("post").exists()


def _pressed(blog: Blog, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["./press", *words], cwd=blog.root, capture_output=True, text=True)


def _at_work(blog: Blog) -> bool:
    commands = (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
    return any("worker" in words and str(blog.root) in words for words in commands)


def test_the_page_on_running_elsewhere_is_so(hosts: None, tmp_path: Path, port: int) -> None:
    """Each of its commands, as it stands there, but for the port and the posts of this blog."""
    text = (ROOT / "docs" / "running-elsewhere.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 12
    blog = _whole_copy(tmp_path / "blog")
    (blog.root / ".gitignore").write_text(".press\n_site\npart-*\n")
    for n in range(2):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n))
    git = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "A state"]):
        subprocess.run([*git, *words], cwd=blog.root, check=True)
    staying: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            line = command.replace("8786", str(port))
            if line.startswith("./press worker"):
                child = subprocess.Popen(
                    line.split(), cwd=blog.root, stderr=subprocess.PIPE, text=True
                )
                staying.append(child)
                heard(child, "the scheduler is at" if "--scheduler" in line else "at work for")
                continue
            if "--shard" in line:  # another machine's
                part = tmp_path / f"part-{line.split()[-1][0]}"
                _without_results(blog, part)
                subprocess.run(line.split(), cwd=part, check=True, capture_output=True)
                continue
            if "gather" in line:
                _forget(blog)
                for part in tmp_path.glob("part-*"):
                    shutil.move(part, blog.root)
            done = subprocess.run(line.split(), cwd=blog.root, capture_output=True, text=True)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    finally:
        for child in reversed(staying):
            child.terminate()
            child.wait(PATIENCE)
            if child.stderr:
                child.stderr.close()


def _whole_copy(place: Path) -> Blog:
    """A blog with a press of its own, and this one's packages."""
    place.mkdir()
    blog = empty_blog(place)
    for name in ("press", "src", "requirements"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, blog.root / name)
    blog.local.mkdir(exist_ok=True)
    (blog.local / "venv").symlink_to(ROOT / ".press" / "venv")
    return blog


def _without_results(blog: Blog, place: Path) -> None:
    left_out = shutil.ignore_patterns(".git", ".press", "_site", "runs", "img", "downloads")
    shutil.copytree(blog.root, place, ignore=left_out)
    (place / ".press").mkdir()
    (place / ".press" / "venv").symlink_to(ROOT / ".press" / "venv")


def _forget(blog: Blog) -> None:
    for folder in (blog.records, blog.root / "img", blog.downloads):
        shutil.rmtree(folder, ignore_errors=True)
