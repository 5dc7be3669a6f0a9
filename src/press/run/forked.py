"""Kernels as forks of a process that is loaded; where that cannot be, as processes of their own."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from press.run.mothers import can_be, mother

NAME = "press"


class Provisioner(LocalProvisioner):
    """Of kernels, for jupyter_client."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **given: Any) -> Any:
        try:
            folder, environment = str(given["cwd"]), given["env"]
            begun = mother(folder, environment)
            begun.wait()
            self.process = begun.fork(cmd[cmd.index("-f") :], folder, environment)
        except OSError:
            return await super().launch_kernel(cmd, **given)
        return self.connection_info


def known() -> Mapping[str, Any]:
    """What the description of a kernel says so that it is a fork; nothing where it cannot be."""
    if not can_be():
        return {}
    place = EntryPoint(
        NAME, f"{__name__}:{Provisioner.__name__}", "jupyter_client.kernel_provisioners"
    )
    KernelProvisionerFactory.instance().provisioners[NAME] = place
    return {"kernel_provisioner": {"provisioner_name": NAME}}
