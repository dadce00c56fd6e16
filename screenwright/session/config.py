"""The settings of a held session: those of a run, which outside agents then control."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from ..agent.core.supervision import NO_INTERVENTION
from ..agent.loop.config.run import RunConfig
from ..envs.config import BrowserConfig, setting
from ..envs.secrets import Secret
from .held import UNLIMITED, HeldSession


class SessionConfig(RunConfig):
    """The settings of `screenwright session start` and `screenwright mcp`."""

    group: ClassVar[str] = "recording and approval"

    idle_timeout: float = setting(1800.0, "seconds without a call after which the screen is closed", gt=0, common=True)
    picture_edge: int | None = setting(
        None, "largest side of the pictures that agents get, in pixels (default: unscaled)", ge=200
    )

    def build_session(
        self, folder: Path, secrets: tuple[Secret, ...] = (), report: Callable[[str], object] = lambda line: None
    ) -> HeldSession:
        """The session, recorded in `folder`; its screen opens with the first call.

        `report` is called with a line about the model, when the first task contacts it.

        Raises:
            ValueError: settings contradict each other or are not supported.
            EnvUnavailable: a file that they name cannot be read.
            ImportError: the extra of this kind of screen is not installed.
        """
        restarts = self.env.restarts if isinstance(self.env, BrowserConfig) else 0
        return HeldSession(
            self.env.build(folder),
            folder,
            self.build_guard(),
            self.build_rules(),
            secrets,
            self.limits.build(UNLIMITED),
            replace(NO_INTERVENTION, restarts=restarts, approval_timeout_s=self.approval_timeout),
            lambda: self.build_agent(report=report),
            self.picture_edge,
        )
