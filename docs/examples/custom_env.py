"""An environment of your own: it wraps another one and hides part of the screen from the model."""

from typing import Self

from PIL import ImageDraw

from screenwright import Action, ActionRefused, ActionResult, Agent, Env, EnvInfo, FakeEnv, Observation, Screenshot


class MaskedEnv:
    """`env` with the rectangle `hidden` (left, top, right, bottom) painted black; actions inside it are refused."""

    def __init__(self, env: Env, hidden: tuple[int, int, int, int]) -> None:
        self.env = env
        self.hidden = hidden

    def info(self) -> EnvInfo:
        return EnvInfo("masked", self.env.info().kind)

    def observe(self) -> Observation:
        seen = self.env.observe()
        image = seen.screenshot.image.copy()
        ImageDraw.Draw(image).rectangle(self.hidden, fill="black")
        return Observation(Screenshot(image), seen.facts, seen.location, seen.device)

    def execute(self, action: Action) -> ActionResult:
        left, top, right, bottom = self.hidden
        at = getattr(action, "at", None)
        if at is not None and left <= at.x < right and top <= at.y < bottom:
            raise ActionRefused("this part of the screen is hidden")
        return self.env.execute(action)

    def release(self) -> None:
        self.env.release()

    def close(self) -> None:
        self.env.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


if __name__ == "__main__":
    with MaskedEnv(FakeEnv(), hidden=(0, 30, 640, 75)) as env:
        # The button is in the hidden part, so the agent reports that it cannot find it.
        result = Agent("reader").run('Click "Greet".', env)
        print(result.stop, "-", result.reason)
