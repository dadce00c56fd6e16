"""What the models of all vendors have in common: settings, interruption, missing extras, and cheap imports."""

import copy
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from vendor_server import (
    KEY,
    Json,
    anthropic_function,
    anthropic_reply,
    computer_call,
    gemini_call,
    gemini_reply,
    member,
    openai_function,
    openai_message,
    openai_reasoning,
    openai_reply,
    thinking,
    vendor_model,
    vendor_server,
)

from screenwright import Agent, AgentConfig, Ended, FakeEnv, RunConfig, Screenshot, StopReason, open_model
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.messages import ImagePart, Message
from screenwright.agent.core.model import ModelLost, Sampling
from screenwright.agent.policy.policy import PolicyProvider
from screenwright.agent.vendors.exchange import (
    Exchange,
    ScreenKind,
    VendorCall,
    VendorConversation,
    VendorReply,
    fitted,
)
from screenwright.agent.vendors.model import VendorModel
from screenwright.agent.vendors.policy import VendorPolicy
from screenwright.envs.actions import Wait
from screenwright.envs.config import SettingError
from screenwright.envs.geometry import Size

ADDRESSES = ["openai:gpt-5.4", "anthropic:claude-opus-5", "gemini:gemini-3.5-flash"]
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
URLS = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "gemini": "GOOGLE_GEMINI_BASE_URL"}

for_each_vendor = pytest.mark.parametrize("address", ADDRESSES)


@pytest.fixture
def vendor(address: str) -> str:
    return address.partition(":")[0]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS.values():
        monkeypatch.setenv(name, KEY)


@for_each_vendor
def test_the_address_opens_a_model_that_brings_its_policy(address: str, vendor: str) -> None:
    model = open_model(address, timeout_s=5.0)
    assert isinstance(model, VendorModel)
    assert isinstance(model, PolicyProvider)
    assert model.info().name == address.partition(":")[2]
    policy = Agent(model).policy
    assert isinstance(policy, VendorPolicy)
    info = policy.info()
    assert (info.dialect, info.model.name) == ("", model.name)
    assert info.prompt_sha256
    assert model.title in info.prompt_source


@for_each_vendor
def test_a_run_stops_soon_while_the_api_is_silent(address: str, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with vendor_server() as server:
        server.silent.set()
        monkeypatch.setenv(URLS[vendor], server.url)
        agent = Agent(address)

        def stop() -> None:
            assert server.asked.wait(60)
            agent.stop()

        stopper = threading.Thread(target=stop)
        stopper.start()
        *_, end = agent.stream("Press Greet", FakeEnv())
        stopper.join()
        agent.close()
    assert isinstance(end, Ended)
    assert end.stop is StopReason.CANCELLED


@for_each_vendor
def test_a_connection_that_is_refused_is_the_cause(address: str, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with vendor_server() as server:
        monkeypatch.setenv(URLS[vendor], server.url)
    opened: Any = open_model(address)
    model = type(opened)(opened.name, retries=1, backoff_s=0.01)
    advice = f"check {URLS[vendor]}, which sets its address, and the network"
    with pytest.raises(ModelLost, match=rf"is down: the connection was refused; {advice} \(tried 2 times\)"):
        model.complete([Message.of("user", "Hi")], Sampling())
    model.close()


@for_each_vendor
def test_an_api_that_is_silent_for_too_long_is_given_up(
    address: str, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vendor_server() as server:
        server.silent.set()
        monkeypatch.setenv(URLS[vendor], server.url)
        model: Any = open_model(address, timeout_s=0.2)
        with pytest.raises(ModelLost, match=r"sent nothing for 0\.2 s"):
            model.complete([Message.of("user", "Hi")], Sampling())
        model.close()


@for_each_vendor
def test_settings_reach_the_request(address: str, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = AgentConfig.of(
        model=address,
        long_edge=320,
        max_tokens=500,
        request={"reasoning_effort": "low", "service_tier": "flex"},
        **({} if vendor == "anthropic" else {"temperature": 0.5}),
    )
    with vendor_server() as server:
        monkeypatch.setenv(URLS[vendor], server.url)
        policy = config.build_policy()
        assert isinstance(policy, VendorPolicy)
        agent = Agent(policy=policy)
        *_, end = agent.stream("Press Greet", FakeEnv())
        agent.close()
    (body,) = server.requests
    expected: dict[str, Callable[[Any], Any]] = {
        "openai": lambda body: (body["max_output_tokens"], body["reasoning"]["effort"], body["temperature"]),
        "anthropic": lambda body: (body["max_tokens"], body["output_config"]["effort"], 0.5),
        "gemini": lambda body: (
            body["generationConfig"]["maxOutputTokens"],
            body["generationConfig"]["thinkingConfig"]["thinking_level"].lower(),
            body["generationConfig"]["temperature"],
        ),
    }
    assert expected[vendor](body) == (500, "low", 0.5)
    assert body["service_tier"] == "flex"
    assert isinstance(end, Ended)


@for_each_vendor
def test_settings_of_dialects_are_refused(address: str) -> None:
    with pytest.raises(SettingError, match="does not apply to"):
        AgentConfig.of(model=address, dialect="holo2").build_policy()
    with pytest.raises(ValueError, match="dialect and prompt do not apply"):
        Agent(address, dialect="holo2")


@for_each_vendor
def test_parameters_that_the_api_does_not_have_are_refused_before_the_run(address: str) -> None:
    with pytest.raises(ValueError, match="API has no request parameter repetition_penalty: leave it out"):
        AgentConfig.of(model=address, request={"repetition_penalty": 1.1}).build_policy()


def test_the_long_edge_is_a_setting_of_these_models_only() -> None:
    with pytest.raises(SettingError, match="applies to the APIs of vendors"):
        AgentConfig.of(long_edge=1000).build_policy()


@for_each_vendor
def test_a_missing_key_is_reported_before_a_screen_is_opened(
    address: str, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEYS[vendor])
    with pytest.raises(ValueError, match=f"needs a key: set .*{KEYS[vendor]}"):
        RunConfig.of(model=address).build_agent()


@for_each_vendor
def test_a_key_that_no_request_can_carry_is_reported_without_repeating_it(
    address: str, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS[vendor], "“sk-hunter2”")
    with pytest.raises(ValueError, match=f"{KEYS[vendor]} contains characters that an API key cannot have") as refused:
        RunConfig.of(model=address).build_agent()
    assert "hunter2" not in str(refused.value)


def test_a_variable_of_an_sdk_that_no_request_can_carry_is_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-“x”")
    with pytest.raises(ModelLost, match="a variable of its SDK has '“', which no header can carry"):
        open_model("openai:gpt-5.4").complete((Message.of("user", "Hi"),), Sampling())


@pytest.mark.slow
@for_each_vendor
@pytest.mark.parametrize("value", ["nonsense", "ftp://host", "http://"])
def test_an_address_that_is_none_is_reported_before_a_screen_is_opened(
    address: str, vendor: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URLS[vendor], value)
    with pytest.raises(ValueError, match=f"^{URLS[vendor]} is not an address: write it as https://"):
        RunConfig.of(model=address).build_agent()


@for_each_vendor
def test_a_missing_sdk_names_the_extra(address: str, vendor: str) -> None:
    package = {"gemini": "google"}.get(vendor, vendor)
    code = (
        "import sys\n"
        f"sys.modules[{package!r}] = None\n"
        "from screenwright.cli.main import main\n"
        f"sys.exit(main(['run', 'a task', '--model', {address!r}]))"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"pip install 'screenwright[{vendor}]'" in done.stderr


def test_no_sdk_is_imported_until_a_model_is_opened() -> None:
    code = (
        "import sys, screenwright.agent.loop.agent, screenwright.agent.loop.config.run\n"
        "print([name for name in ('openai', 'anthropic', 'google.genai') if name in sys.modules])"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# -- replies and sizes


@pytest.mark.parametrize(
    ("screen", "long_edge", "size"),
    [
        (Size(1920, 1080), 1280, Size(1280, 720)),
        (Size(1080, 2400), 1280, Size(576, 1280)),
        (Size(800, 600), 1280, Size(800, 600)),
        (Size(5000, 1), 100, Size(100, 1)),
    ],
)
def test_screenshots_are_only_scaled_down_and_keep_their_shape(screen: Size, long_edge: int, size: Size) -> None:
    assert fitted(screen, long_edge) == size


def test_the_outcome_of_each_call_follows_from_the_action_that_was_refused() -> None:

    calls = (
        VendorCall("1", "a", (Wait(1), Wait(2))),
        VendorCall("2", "look"),
        VendorCall("3", "b", (Wait(3),)),
        VendorCall("4", "end", (Finish("x"),)),
    )
    outcomes = [
        VendorReply(calls).outcomes(Exchange(SHOT, None, refused=refused))
        for refused in (None, (0, "no"), (1, "no"), (2, "no"))
    ]
    after = "Not executed: an earlier action of the same reply failed."
    assert outcomes == [
        ("", "", "", ""),
        ("no", after, after, after),
        ("no", after, after, after),
        ("", "", "no", after),
    ]


# -- replies of any form

REPLIES: dict[str, Json] = {
    "openai": openai_reply(
        1,
        openai_reasoning(1, "why"),
        openai_message("text"),
        computer_call(1, {"type": "click", "button": "left", "x": 1, "y": 2, "keys": ["CTRL"]}, {"type": "wait"}),
        openai_function(2, "give_up", reason="no"),
    ),
    "anthropic": anthropic_reply(
        thinking("why"),
        {"type": "text", "text": "text"},
        member(1, "left_click", coordinate=[1, 2], text="ctrl"),
        member(2, "zoom", region=[1, 2, 3, 4]),
        anthropic_function(3, "give_up", reason="no"),
    ),
    "gemini": gemini_reply(
        {"text": "why", "thought": True},
        gemini_call("click", "c1", x=1, y=2, safety_decision={"decision": "require_confirmation"}),
        gemini_call("hotkey", keys=["Control", "A"]),
    ),
}
SHOT = Screenshot(Image.new("RGB", (8, 8)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*path, name)
        yield from paths(one, (*path, name))


@for_each_vendor
@given(data=st.data())
def test_a_reply_with_any_value_in_any_place_is_read_or_is_an_error_of_the_model(address: str, data: Any) -> None:
    vendor, _, name = address.partition(":")
    model: Any = vendor_model(address)
    reply = copy.deepcopy(REPLIES[vendor])
    *path, last = data.draw(st.sampled_from([*paths(reply)]))
    place: Any = reply
    for name in path:
        place = place[name]
    place[last] = data.draw(JSON)
    try:
        read = model.checked(reply)
    except ModelLost:
        return
    if not read.problem and isinstance(reply.get("output", reply.get("content", [])), list):
        assert read.parsed().moves
        image = ImagePart.of(SHOT, SHOT.size)
        exchanges = Exchange(SHOT, image, reply=reply, acknowledged=True), Exchange(SHOT, image)
        for chained in (True, False):
            json.dumps(model.request(VendorConversation("t", "s", ScreenKind.DESKTOP, exchanges, chained=chained)))


def test_all_of_the_replies_are_read_as_they_are() -> None:
    assert [len(vendor_model(f"{vendor}:m").read(reply).calls) for vendor, reply in REPLIES.items()] == [2, 3, 2]
