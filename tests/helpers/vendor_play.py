"""Episodes with a model behind a vendor's API, against a loopback server that answers with a script."""

import json
from typing import Any, ClassVar

import pytest
from vendor_server import Answer, Json, vendor_server

from screenwright import Acted, Agent, AgentConfig, Ended, Event, FakeEnv, Limits, StopReason, action


class Play:
    """Runs the task "Press Greet" with the model at `address`; a subclass names the vendor's variable and path."""

    address: ClassVar[str]
    variable: ClassVar[str]
    path: ClassVar[str]
    base: ClassVar[str] = ""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.env = FakeEnv()
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []

    def at(self, url: str) -> None:
        """Let the SDK send to `url`."""
        self._monkeypatch.setenv(self.variable, f"{url}{self.base}")

    def __call__(
        self, *answers: Json | Answer, model: str = "", request: Json | None = None, **agent: Any
    ) -> list[Event]:
        address = model or self.address
        with vendor_server(*answers) as server:
            self.at(server.url)
            if request is not None:
                agent["policy"] = AgentConfig.of(model=address, request=request).build_policy()
            acting = Agent(None if "policy" in agent else address, limits=Limits(steps=10), **agent)
            try:
                events = list(acting.stream("Press Greet", self.env))
            finally:
                acting.close()
            self.requests, self.headers = server.requests, server.headers
            assert set(server.paths) <= {self.path}
        return events

    def place(self, label: str) -> list[int]:
        """The centre of the control `label`, in pixels."""
        where = self.env.where(label)
        return [round(where.x), round(where.y)]


class OpenAiPlay(Play):
    """With OpenAI's computer tool."""

    address = "openai:gpt-5.4"
    variable = "OPENAI_BASE_URL"
    path = "/v1/responses"
    base = "/v1"

    def greet(self) -> Json:
        """A click on the button."""
        return click_at(*self.place("Greet"))


def click_at(x: int, y: int, **more: Any) -> Json:
    """A click in OpenAI's form."""
    return {"type": "click", "button": "left", "x": x, "y": y, **more}


def without_data_urls(value: Any) -> Any:
    """`value` with each image in a data URL as `IMAGE`, for comparisons."""
    if isinstance(value, dict):
        return {name: without_data_urls(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_data_urls(one) for one in value]
    return "IMAGE" if isinstance(value, str) and value.startswith("data:image/png;base64,") else value


def ended(events: list[Event]) -> Ended:
    """The last event."""
    assert isinstance(events[-1], Ended)
    return events[-1]


@action
def stock(article: str, warehouse: int = 1) -> int:
    """The number of articles in a warehouse."""
    return {"green tea": 4}[article] * warehouse


STOCK: dict[str, Any] = {"article": "green tea", "warehouse": 2}


def check_own_action(play: Play, call: Json, end: Json) -> None:
    """A function of the program is offered, called by `call`, and its result is in the request that `end` answers."""
    events = play(call, end, actions=[stock])
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "eight")
    acted = [event.result for event in events if isinstance(event, Acted)]
    assert [result.output for result in acted if result is not None] == ["8"]
    assert "The number of articles in a warehouse." in json.dumps(play.requests[0])
    assert 'Result of stock: \\"8\\"' in json.dumps(play.requests[1])


def check_reserved_name(address: str, name: str) -> None:
    """A function of the program cannot have the name of a tool of the vendor."""

    @action(name=name)
    def other(url: str) -> None:
        """Open it."""

    with pytest.raises(ValueError, match=f"has a tool {name!r} itself"):
        Agent(address, actions=[other])
