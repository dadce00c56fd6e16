"""OSWorld's machine as a sandbox of this machine, for tasks that need no virtual machine."""

from .machine import SandboxMachine

__all__ = ["SandboxMachine"]
