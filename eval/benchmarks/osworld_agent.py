"""Our agent as OSWorld's own runner calls one: `reset`, then `predict` for every look at the screen.

    agent = OSWorldAgent("http://127.0.0.1:8000/v1", max_steps=15)
    agent.reset(logger)
    response, actions = agent.predict(instruction, env.controller_observation)

The actions are pyautogui code, or `WAIT`, `DONE`, `FAIL`, for `DesktopEnv.step` with `action_space="pyautogui"`. The
rules are those of ByteDance's agent for UI-TARS-1.5: a call for the user is a wait, the fourth time a failure; replies
that cannot be read end the episode as done; the step after the last that is allowed fails.
"""

from collections.abc import Mapping

from ...agent.core.context import DecisionContext, HistoryStep
from ...agent.core.decision import AskUser, Ending, Finish
from ...agent.core.model import Model, Sampling
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.registry import dialect_named
from ...agent.loop.open_model import open_model
from ...agent.policy.image_history import ChunkedHistory, History
from ...agent.policy.model_policy import ModelPolicy
from ...agent.record.events import Decided, Replied
from ...envs.actions import Action, Wait
from ...envs.env import ActionRefused
from ...envs.osworld import code_of
from ...envs.screenshot import Screenshot

WAIT, DONE, FAIL = "WAIT", "DONE", "FAIL"
CALLS_FOR_THE_USER = 3
"""How often a call for the user is only waited out."""


class OSWorldAgent:
    """An agent for `lib_run_single` of OSWorld. `model` and `dialect` are as in `Agent`.

    `max_steps` is how many predictions count; the last of them becomes `FAIL`, as in the runs whose figures are
    published. None leaves that to the runner.

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
            history=history or ChunkedHistory(),
            sampling=sampling,
        )
        self._max_steps = max_steps
        self._system = system
        self._looks: list[HistoryStep] = []
        self._notes: tuple[str, ...] = ()
        self._calls = 0

    def reset(self, logger: object = None, **more: object) -> None:
        """Forget the last task. The logger and the machine's address, which OSWorld hands over, are not needed."""
        self._looks.clear()
        self._notes = ()
        self._calls = 0

    def predict(self, instruction: str, observation: Mapping[str, object]) -> tuple[str, list[str]]:
        """The model's reply to the screenshot in `observation` (PNG bytes), and what to do.

        Raises:
            ModelLost: the model does not answer; the runner leaves such a task unscored.
            ValueError: there is no screenshot.
        """
        self._policy.open()
        png = observation.get("screenshot")
        if not isinstance(png, bytes):
            raise ValueError("the observation holds no screenshot as bytes")
        self._looks.append(HistoryStep(Screenshot(png=png), self._notes))
        self._notes = ()
        reply, decided = "", None
        context = DecisionContext(instruction, len(self._looks), tuple(self._looks))
        for event in self._policy.decide(context, lambda: False):
            if isinstance(event, Replied):
                reply = event.text if event.purpose == "act" else reply
            elif isinstance(event, Decided):
                decided = event
        self._looks[-1].screenshot.drop_pixels()
        if decided is None:
            return reply, [DONE]
        self._looks[-1] = HistoryStep(self._looks[-1].screenshot, self._looks[-1].notes, reply)
        if self._max_steps is not None and len(self._looks) >= self._max_steps and not _ends(decided.ending):
            return reply, [FAIL]
        return reply, self._commands(decided)

    def _commands(self, decided: Decided) -> list[str]:
        commands: list[str] = []
        for action in decided.actions:
            try:
                commands.append(self._command(action))
            except ActionRefused as refusal:
                self._notes = (f"Your last action could not be done: {refusal}.",)
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
            return WAIT if self._calls <= CALLS_FOR_THE_USER else FAIL
        return FAIL


def _ends(ending: Ending | None) -> bool:
    return ending is not None and not isinstance(ending, AskUser)
