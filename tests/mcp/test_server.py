"""The MCP server, with the client of the SDK: in this process, in both generations of the protocol."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, types
from mcp.client.context import ClientRequestContext
from slow_env import SlowEnv

from screenwright import (
    Action,
    Agent,
    Allow,
    Ask,
    AskUser,
    Click,
    Finish,
    GuardDecision,
    Observation,
    Screenshot,
    StopReason,
    Supervision,
    Wait,
    read_run,
)
from screenwright.agent.policy.policy import Policy
from screenwright.mcp.server import ScreenServer
from screenwright.session.held import HeldSession
from screenwright.session.holder import SessionHolder
from screenwright.session.protocol import TOOLS
from screenwright.testing import FakeEnv, ScriptedPolicy, eventually

GREET = FakeEnv().where("Greet")
AT_GREET = {"at": [GREET.x, GREET.y]}
GENERATIONS = ("legacy", "auto")


@dataclass
class Served:
    """A server with a fake screen; `script` is what its own agent does."""

    folder: Path
    env: FakeEnv = field(default_factory=FakeEnv)
    guard: Callable[[Action, Observation], GuardDecision] = lambda action, seen: Allow()
    script: tuple[Any, ...] = ()
    opened: int = 0
    approval_timeout_s: float = 300.0

    def __post_init__(self) -> None:
        self.holder = SessionHolder(self.open, idle_timeout_s=100)
        self.server = ScreenServer(self.holder, "fake", self.folder)

    def open(self) -> HeldSession:
        self.opened += 1
        policy: Policy = ScriptedPolicy(self.script)
        run = self.folder / f"run-{self.opened}"
        supervision = Supervision(approval_timeout_s=self.approval_timeout_s)
        return HeldSession(self.env, run, self.guard, supervision=supervision, open_agent=lambda: Agent(policy=policy))

    def with_client(self, use: Callable[[Client], Awaitable[object]], mode: str = "legacy", **options: Any) -> None:
        """Run `use` with a client that is connected."""

        async def connected() -> None:
            async with Client(self.server.protocol, mode=mode, **options) as client:
                await use(client)

        try:
            asyncio.run(asyncio.wait_for(connected(), 60))
        finally:
            self.holder.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.holder.close()


def data(result: types.CallToolResult) -> dict[str, Any]:
    """What a tool returned, as its text has it."""
    text = result.content[0]
    assert isinstance(text, types.TextContent)
    loaded: dict[str, Any] = json.loads(text.text)
    return loaded


@pytest.mark.parametrize("mode", GENERATIONS)
def test_look_returns_the_picture_in_its_own_pixels(served: Served, mode: str) -> None:
    async def use(client: Client) -> None:
        result = await client.call_tool("look")
        assert data(result) == {"width": 640, "height": 480, "location": "Fake window"}
        image = result.content[1]
        assert isinstance(image, types.ImageContent)
        shown = Screenshot.decoded(base64.b64decode(image.data))
        assert shown == served.env.observe().screenshot

    served.with_client(use, mode)


@pytest.mark.parametrize("mode", GENERATIONS)
def test_actions_are_carried_out_or_refused_with_the_reason(served: Served, mode: str) -> None:
    async def use(client: Client) -> None:
        assert data(await client.call_tool("click", AT_GREET)) == {"done": True}
        refused = await client.call_tool("navigate", {"url": "https://example.org"})
        assert (refused.is_error, data(refused)["error"]) == (True, "this screen has no navigate action")

    served.with_client(use, mode)
    assert served.env.state.presses == 1


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("click", {}, "click.at: Field required"),
        ("click", {"at": [1]}, "click.at.1: Field required"),
        ("click", {"at": ["1", "2"]}, "click.at.0: Input should be a valid number"),
        ("click", {"at": [1, 2], "color": "red"}, "click.color: Unexpected keyword argument"),
        ("click", {"at": [1, 2], "type": "back"}, "click has no argument 'type'"),
        ("click", {"at": [1, 2], "look": 1}, "look should be true or false"),
        ("keys", {"keys": ["hyper"]}, "there is no key named 'hyper'"),
        ("wait", {"seconds": 1e9}, "the seconds of a wait"),
        ("ground", {}, "text: Field required"),
        ("run_task", {"task": "  "}, "the task is empty"),
    ],
)
def test_wrong_arguments_are_refused_with_the_field(
    served: Served, tool: str, arguments: dict[str, Any], problem: str
) -> None:
    async def use(client: Client) -> None:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert problem in data(result)["error"]

    served.with_client(use)


def test_an_unknown_tool_is_an_error_of_the_protocol(served: Served) -> None:
    async def use(client: Client) -> None:
        with pytest.raises(MCPError, match="there is no tool 'shell'"):
            await client.call_tool("shell")

    served.with_client(use)


def test_every_schema_is_an_object_that_old_clients_understand(served: Served) -> None:
    async def use(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == [*TOOLS]
        for tool in tools:
            assert tool.description
            assert tool.input_schema["type"] == "object"
            written = json.dumps(tool.input_schema)
            assert not any(word in written for word in ("$ref", "anyOf", "prefixItems", "null", '"title"'))
        click = next(tool for tool in tools if tool.name == "click").input_schema
        assert click["required"] == ["at"]
        assert click["properties"]["at"] == {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
        }

    served.with_client(use)


# -- approvals


def asking(action: Action, observation: Observation) -> GuardDecision:
    return Ask("buttons", "a button may send something")


class User:
    """The user of a client with elicitation."""

    def __init__(self, action: str, **content: Any) -> None:
        self.answer = types.ElicitResult(action=action, content=content or None)  # type: ignore[arg-type]
        self.asked: list[str] = []

    async def __call__(self, _context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.asked.append(params.message)
        return self.answer


@pytest.mark.parametrize("mode", GENERATIONS)
def test_an_approval_reaches_the_user_by_elicitation(tmp_path: Path, mode: str) -> None:
    served, user = Served(tmp_path, guard=asking), User("accept", allow=True)

    async def use(client: Client) -> None:
        assert data(await client.call_tool("click", AT_GREET)) == {"done": True}

    served.with_client(use, mode, elicitation_callback=user)
    assert served.env.state.presses == 1
    assert user.asked == [
        f"click at {GREET.x:g}, {GREET.y:g} -- allow it?\nRule 'buttons' asks: a button may send something\n"
        "On: Fake window"
    ]


@pytest.mark.parametrize("mode", GENERATIONS)
@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (User("accept", allow=False, text="not today"), "not today"),
        (User("accept"), "the user did not allow it (rule 'buttons')"),
        (User("decline"), "the user did not allow it (rule 'buttons')"),
        (User("cancel"), "it needs an approval ('buttons': a button may send something), and no one answered"),
    ],
    ids=["no", "empty", "declined", "dismissed"],
)
def test_only_an_explicit_yes_allows_an_action(tmp_path: Path, mode: str, user: User, reason: str) -> None:
    served = Served(tmp_path, guard=asking)

    async def use(client: Client) -> None:
        assert data(await client.call_tool("click", AT_GREET)) == {"done": False, "error": reason}

    served.with_client(use, mode, elicitation_callback=user)
    assert served.env.state.presses == 0


@pytest.mark.parametrize("mode", GENERATIONS)
def test_a_client_without_elicitation_gets_the_reason(tmp_path: Path, mode: str) -> None:
    served = Served(tmp_path, guard=asking)

    async def use(client: Client) -> None:
        result = data(await client.call_tool("click", AT_GREET))
        assert result["error"] == (
            "it needs an approval ('buttons': a button may send something), and no one can be asked here"
        )

    served.with_client(use, mode)


def test_an_answer_to_no_question_is_refused(served: Served) -> None:
    async def use(client: Client) -> None:
        with pytest.raises(MCPError, match="no call waits for this answer"):
            await client.session.call_tool("click", AT_GREET, request_state="made up", allow_input_required=True)

    served.with_client(use, "auto")


def test_a_call_whose_client_does_not_come_back_with_the_answer_ends(tmp_path: Path) -> None:
    served = Served(tmp_path, guard=asking)
    served.approval_timeout_s = 0.05

    async def use(client: Client) -> None:
        parked = await client.session.call_tool("click", AT_GREET, allow_input_required=True)
        assert isinstance(parked, types.InputRequiredResult)
        ((call, _),) = served.server._parked.values()  # pyright: ignore[reportPrivateUsage]
        await asyncio.to_thread(eventually, lambda: call.is_done, True)
        again = await client.session.call_tool("click", AT_GREET, allow_input_required=True)
        assert isinstance(again, types.InputRequiredResult)
        assert len(served.server._parked) == 1, "the first one is forgotten"  # pyright: ignore[reportPrivateUsage]

    served.with_client(use, "auto", elicitation_callback=User("accept", allow=True))
    assert served.env.state.presses == 0


# -- tasks


@pytest.mark.parametrize("mode", GENERATIONS)
def test_a_task_reports_progress_asks_and_links_to_its_recording(tmp_path: Path, mode: str) -> None:
    served = Served(tmp_path, script=((Click(GREET),), AskUser("Which name?"), Finish("greeted")))
    user = User("accept", text="Ada")
    lines: list[tuple[float, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        lines.append((progress, message))

    async def use(client: Client) -> None:
        result = await client.call_tool("run_task", {"task": "Greet"}, progress_callback=on_progress)
        answer = data(result)
        assert (answer["outcome"], answer["answer"], answer["steps"]) == ("finished", "greeted", 3)
        link = result.content[-1]
        assert isinstance(link, types.ResourceLink)
        recording = (await client.read_resource(link.uri)).contents[0]
        assert isinstance(recording, types.TextResourceContents)
        assert json.loads(recording.text.splitlines()[0])["task"] == "Greet"

    served.with_client(use, mode, elicitation_callback=user)
    assert served.env.state.presses == 1
    assert user.asked == ["Which name?"]
    at = f"{GREET.x:g}, {GREET.y:g}"
    assert [line for _, line in lines] == [f"step 1: click at {at}", "step 2: ends", "step 3: ends"]
    assert [done for done, _ in lines] == [1, 2, 3]


@pytest.mark.parametrize("mode", GENERATIONS)
@pytest.mark.parametrize(("tool", "arguments"), [("wait", {"seconds": 600}), ("run_task", {"task": "Wait"})])
def test_a_cancelled_call_ends_on_the_screen_too(
    tmp_path: Path, mode: str, tool: str, arguments: dict[str, Any]
) -> None:
    env = SlowEnv()
    served = Served(tmp_path, env, script=((Wait(600),),))

    async def use(client: Client) -> None:
        call = asyncio.create_task(client.call_tool(tool, arguments))
        await asyncio.to_thread(env.started.wait, 60)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.to_thread(eventually, lambda: served.holder.session()[0].idle_s > 0, True)
        assert data(await client.call_tool("click", AT_GREET)) == {"done": True}

    served.with_client(use, mode)
    if tool == "run_task":
        ended = read_run(tmp_path / "run-1-task-1").ended
        assert ended is not None
        assert ended.stop is StopReason.CANCELLED


# -- the session behind it


def test_after_it_was_idle_a_new_screen_opens_and_the_client_is_informed(served: Served) -> None:
    served.holder._idle_timeout_s = 0.0  # pyright: ignore[reportPrivateUsage]

    async def use(client: Client) -> None:
        await client.call_tool("look")
        served.holder.close_if_idle()
        served.env = FakeEnv()
        result = data(await client.call_tool("look"))
        assert result["screen"] == ("This is a new screen: the session has ended: it was not used for 0 seconds.")
        assert "screen" not in data(await client.call_tool("look"))

    served.with_client(use)
    assert served.opened == 2


def test_a_screen_that_cannot_be_opened_is_the_reply(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.env.close()

    async def use(client: Client) -> None:
        assert "the fake screen was closed" in data(await client.call_tool("look"))["error"]

    served.with_client(use)


# -- resources


def test_runs_are_resources_with_their_events_and_screenshots(served: Served) -> None:
    async def use(client: Client) -> None:
        await client.call_tool("look")
        (run,) = (await client.list_resources()).resources
        assert (run.name, run.uri) == ("run-1", "screenwright://runs/run-1")
        text = (await client.read_resource(run.uri)).contents[0]
        assert isinstance(text, types.TextResourceContents)
        (observed,) = [json.loads(line) for line in text.text.splitlines() if '"observed"' in line]
        name = observed["observation"]["screenshot"]
        blob = (await client.read_resource(f"{run.uri}/images/{name}.png")).contents[0]
        assert isinstance(blob, types.BlobResourceContents)
        assert Screenshot.decoded(base64.b64decode(blob.blob)).sha256 == name
        assert len((await client.list_resource_templates()).resource_templates) == 2

    served.with_client(use)


@pytest.mark.parametrize(
    "address", ["..", "%2e%2e", "%2E%2E%2Fsecret", "a%2Fb", ".hidden", "linked", "run-1/images/x.png", "none", "a%00b"]
)
def test_nothing_but_runs_can_be_read(tmp_path: Path, address: str) -> None:
    for folder in ("secret", "runs/.hidden", "runs/a/b"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "events.jsonl").write_text("secret")
    (tmp_path / "runs/linked").symlink_to(tmp_path / "secret")
    served = Served(tmp_path / "runs")

    async def use(client: Client) -> None:
        with pytest.raises(MCPError, match="there is no such resource"):
            await client.read_resource(f"screenwright://runs/{address}")

    served.with_client(use)
