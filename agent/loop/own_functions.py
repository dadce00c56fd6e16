"""The functions of the program that the model of an episode may call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...envs.actions import CallFunction
from ...envs.env import ActionRefused, ActionResult
from ..core.functions import ActionFunction, FunctionSpec


@dataclass(frozen=True, slots=True)
class OwnFunctions:
    """Functions with different names. Coroutines run on `loop`, if it runs.

    Raises:
        ValueError: two have the same name.
    """

    functions: tuple[ActionFunction[..., Any], ...] = ()
    loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        if twice := sorted(name for name in {*self.names} if self.names.count(name) > 1):
            raise ValueError(f"two actions have the name {twice[0]}")

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(spec.name for spec in self.specs)

    @property
    def specs(self) -> tuple[FunctionSpec, ...]:
        """What the model learns about them."""
        return tuple(function.spec for function in self.functions)

    def perform(self, call: CallFunction, interrupted: Callable[[], bool]) -> ActionResult:
        """Call the function; raises as `ActionFunction.perform`."""
        function = next((one for one in self.functions if one.spec.name == call.name), None)
        if function is None:
            raise ActionRefused(f"there is no function {call.name:.80}")
        return function.perform(call, interrupted, self.loop)
