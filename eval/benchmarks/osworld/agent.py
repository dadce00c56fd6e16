"""Our agent with the interface of OSWorld's runner: `reset`, then `predict` for every observation.

    agent = OSWorldAgent("http://127.0.0.1:8000/v1", max_steps=15)
    agent.reset(logger)
    response, actions = agent.predict(instruction, env.controller_observation)

The actions are pyautogui code, or `WAIT`, `DONE`, `FAIL`, for `DesktopEnv.step` with `action_space="pyautogui"`. The
rules are those of ByteDance's agent for UI-TARS-1.5: a call for the user becomes a wait, the fourth one a failure;
replies that cannot be parsed end the episode as done; the last allowed prediction becomes `FAIL`.
"""

from collections.abc import Mapping

from ....agent.core.context import DecisionContext, HistoryStep
from ....agent.core.decision import AskUser, Ending, Finish
from ....agent.core.image_history import History
from ....agent.core.model import Model, Sampling
from ....agent.dialects.dialect import Dialect
from ....agent.dialects.registry import dialect_named
from ....agent.loop.open_model import open_model
from ....agent.policy.model_policy import ModelPolicy
from ....agent.record.events import Decided, Replied
from ....envs.actions import Action, Wait
from ....envs.env import ActionRefused
from ....envs.osworld import code_of
from ....envs.screenshot import Screenshot

WAIT, DONE, FAIL = "WAIT", "DONE", "FAIL"
MAX_USER_CALLS = 3
"""How many calls for the user become waits."""


class OSWorldAgent:
    """An agent for `lib_run_single` of OSWorld. `model` and `dialect`: see `Agent`.

    `max_steps` is the number of predictions; the last one becomes `FAIL`, as in the published runs. None leaves the
    limit to the runner.

    Raises:
        ValueError: there is no such model or dialect.
    """

    action_space = "pyautogui"

    def __init__(
        self,
        model: Model | str,
        *,
        dialect: Dialect | str | None = None,
        history: History | None = None,
        sampling: Sampling | None = None,
        max_steps: int | None = None,
        system: str = "Linux",
    ) -> None:
        self._policy = ModelPolicy(
            open_model(model) if isinstance(model, str) else model,
            dialect_named(dialect) if isinstance(dialect, str) else dialect,
            history=history,
            sampling=sampling,
        )
        self._max_steps = max_steps
        self._system = system
        self._steps: list[HistoryStep] = []
        self._notes: tuple[str, ...] = ()
        self._calls = 0

    def reset(self, logger: object = None, **ignored: object) -> None:
        """Start a new task. The arguments that OSWorld passes, a logger and the machine's address, are ignored."""
        self._steps.clear()
        self._notes = ()
        self._calls = 0

    def predict(self, instruction: str, observation: Mapping[str, object]) -> tuple[str, list[str]]:
        """The model's reply to the screenshot in `observation` (PNG bytes), and its actions.

        Raises:
            ModelLost: the model does not respond; the runner leaves the task unscored.
            ValueError: there is no screenshot.
        """
        self._policy.open()
        png = observation.get("screenshot")
        if not isinstance(png, bytes):
            raise ValueError("the observation contains no screenshot as bytes")
        self._steps.append(HistoryStep(Screenshot(png=png), self._notes))
        self._notes = ()
        reply, decided = "", None
        context = DecisionContext(instruction, len(self._steps), tuple(self._steps))
        for event in self._policy.decide(context, lambda: False):
            if isinstance(event, Replied):
                reply = event.text if event.purpose == "act" else reply
            elif isinstance(event, Decided):
                decided = event
        self._steps[-1].screenshot.release()
        if decided is None:
            return reply, [DONE]
        self._steps[-1] = HistoryStep(self._steps[-1].screenshot, self._steps[-1].notes, reply)
        if self._max_steps is not None and len(self._steps) >= self._max_steps and not _ends(decided.ending):
            return reply, [FAIL]
        return reply, self._commands(decided)

    def _commands(self, decided: Decided) -> list[str]:
        commands: list[str] = []
        for action in decided.actions:
            try:
                commands.append(self._command(action))
            except ActionRefused as refusal:
                self._notes = (f"Your last action could not be executed: {refusal}.",)
                return commands or [WAIT]
        if decided.ending is not None:
            commands.append(self._ending(decided.ending))
        return commands

    def _command(self, action: Action) -> str:
        return WAIT if isinstance(action, Wait) else code_of(action, self._system)

    def _ending(self, ending: Ending) -> str:
        if isinstance(ending, Finish):
            return DONE
        if isinstance(ending, AskUser):
            self._calls += 1
            return WAIT if self._calls <= MAX_USER_CALLS else FAIL
        return FAIL


def _ends(ending: Ending | None) -> bool:
    return ending is not None and not isinstance(ending, AskUser)
