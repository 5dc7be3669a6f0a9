"""Where workers are, and how press reaches them: always by TLS, with a secret that all share."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

from press.blog import Blog
from press.machine.python import ensure
from press.voice.errors import PressError
from press.workers.remote import over_ssh
from press.workers.task import packages_of, resources_of

if TYPE_CHECKING:
    from distributed import Client, Security

SECRET = "workers.pem"
ENVIRONMENT = "distributed.nanny.pre-spawn-environ"
SETTINGS: Mapping[str, Any] = {
    "distributed.scheduler.allowed-failures": 1,  # a post that killed two workers is given up
    "distributed.comm.timeouts.connect": "10s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # It would look at itself a hundred times a second, which the scripts would pay for.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "logging": {"distributed": "critical", "tornado": "critical"},  # press tells it in its words
}
HERE = "127.0.0.1:0"
"""Of what Dask shows in the open: on this machine alone."""
FORMS = "say local:N, ssh:HOST,HOST, tls://HOST:PORT or a file.py with a function `cluster`"


def ready(blog: Blog) -> None:
    """Have the engine, and have it do as press wants."""
    ensure("workers", blog.root)
    import dask

    dask.config.set(SETTINGS)  # before the engine is loaded, which reads them then
    import distributed  # noqa: F401 — what it would set is known then

    # What a run depends on, press sets itself. Each by its name: settings are only ever added to.
    dask.config.set({ENVIRONMENT: dict.fromkeys(dask.config.get(ENVIRONMENT))})


def security(blog: Blog, *, make: bool = False) -> "Security":
    from distributed import Security

    path = blog.local / SECRET
    if make and not path.exists():
        made = Security.temporary()
        path.parent.mkdir(exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{made.tls_client_key}{made.tls_client_cert}")
    if not path.exists():
        problem = "is missing; it is the secret that the machines share"
        raise PressError(f".press/{SECRET}", problem, "copy it from where the scheduler runs")
    roles = ("client", "scheduler", "worker")
    files = {f"tls_{role}_{part}": str(path) for role in roles for part in ("key", "cert")}
    return Security(require_encryption=True, tls_ca_file=str(path), **files)


@asynccontextmanager
async def connected(blog: Blog, where: str) -> AsyncIterator["Client"]:
    """A client of the cluster that `--workers` names."""
    ready(blog)
    from distributed import Client

    async with AsyncExitStack() as stack:
        try:
            address, secure = await stack.enter_async_context(_scheduler(blog, where))
            client = Client(address, security=secure, asynchronous=True, set_as_default=False)
            await client
        except (OSError, TimeoutError) as error:
            told = f"cannot be reached ({next(iter(str(error).splitlines()), 'it kept silent')})"
            remedy = "see that the scheduler runs there, with the same .press/workers.pem"
            raise PressError(where, told, remedy) from error
        try:
            yield client
        finally:
            # Whoever was lost meanwhile has been told of, and hears no farewell.
            with suppress(OSError, TimeoutError):
                await client.close()


@asynccontextmanager
async def _scheduler(blog: Blog, where: str) -> AsyncIterator[tuple[str, "Security"]]:
    """Where it is, and how one speaks to it."""
    kind, _, rest = where.partition(":")
    if where.startswith("tls://"):
        yield where, security(blog)
    elif kind == "ssh" and rest:
        secure = security(blog, make=True)
        secret = (blog.local / SECRET).read_bytes()
        async with over_ssh(blog, rest.split(","), secret, secure) as address:
            yield address, secure
    else:
        made = await _cluster(blog, where)
        try:
            yield made.scheduler_address, made.security
        finally:
            await made.close()


async def _cluster(blog: Blog, where: str) -> Any:
    kind, _, rest = where.partition(":")
    if kind == "local" and rest.isdecimal() and int(rest):
        from distributed import LocalCluster, Security

        return await LocalCluster(
            n_workers=int(rest),
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls",
            security=Security.temporary(),
            dashboard_address=HERE,
            worker_dashboard_address=HERE,
            memory_limit=None,
            resources=resources_of(packages_of(blog.root)),
            asynchronous=True,
        )
    path = Path(where)
    if path.suffix == ".py" and path.is_file():
        make = run_path(str(path)).get("cluster")
        if callable(make):
            return await _closed(path, await make())
        raise PressError(
            f"{path}:1", "has no function `cluster`", "let it return a cluster of Dask"
        )
    raise PressError(f"--workers {where}", "names no workers", FORMS)


async def _closed(path: Path, made: Any) -> Any:
    """Somebody's cluster, if nobody else can look in."""
    if not str(made.scheduler_address).startswith("tls://"):
        await made.close()
        remedy = "give it `security=Security.temporary()` of distributed and the protocol tls"
        raise PressError(f"{path}:1", "its cluster speaks in the open", remedy)
    return made
