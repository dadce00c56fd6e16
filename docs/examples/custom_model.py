"""A model of your own: it wraps another one and counts the screenshots that it is sent. It passes `mypy --strict`."""

from collections.abc import Callable, Sequence

from screenwright import (
    Agent,
    Completion,
    FakeEnv,
    ImagePart,
    Message,
    Model,
    ModelInfo,
    Sampling,
    ScriptedModel,
    UiTars15,
)


class CountedModel:
    """Asks `model`, and keeps the number of screenshots of each request."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.screenshots: list[int] = []

    def info(self) -> ModelInfo:
        return self.model.info()

    def connect(self) -> None:
        self.model.connect()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = lambda text: False
    ) -> Completion:
        self.screenshots.append(sum(isinstance(part, ImagePart) for message in messages for part in message.parts))
        return self.model.complete(messages, sampling, stop)


with FakeEnv() as env:
    replies = ["Thought: I wait.\nAction: wait()", "Thought: Done.\nAction: finished(content='done')"]
    counted = CountedModel(ScriptedModel(replies))
    print(Agent(counted, dialect=UiTars15()).run("Wait once", env).stop, counted.screenshots)
