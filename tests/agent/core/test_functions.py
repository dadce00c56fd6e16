"""Functions of the program as actions: their schema, the arguments of a model, errors, and time."""

import asyncio
import enum
import threading
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from screenwright import ActionFunction, ActionRefused, CallFunction, action
from screenwright.agent.core.functions import MAX_OUTPUT
from screenwright.envs.interrupt import Interrupted


def never() -> bool:
    return False


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@action
def stock(article: Annotated[str, Field(description="its name")], size: Size = Size.SMALL, limit: int = 3) -> str:
    """The number of articles.

    In the warehouse.
    """
    return f"{limit} {size.name} {article}"


def perform(function: ActionFunction[..., Any], arguments: str = "{}") -> str:
    return function.perform(CallFunction(function.spec.name, arguments), never).output


def test_the_schema_has_the_names_types_choices_and_defaults() -> None:
    assert stock.spec.description == "The number of articles.\n\nIn the warehouse."
    assert stock.spec.tool() == {
        "type": "function",
        "function": {
            "name": "stock",
            "description": stock.spec.description,
            "parameters": {
                "type": "object",
                "properties": {
                    "article": {"title": "Article", "type": "string", "description": "its name"},
                    "size": {"enum": ["small", "large"], "title": "Size", "type": "string", "default": "small"},
                    "limit": {"title": "Limit", "type": "integer", "default": 3},
                },
                "required": ["article"],
                "additionalProperties": False,
            },
        },
    }


def test_the_program_calls_it_as_before() -> None:
    assert stock("tea", limit=5) == "5 SMALL tea"


def test_a_call_of_a_model_is_validated_and_converted() -> None:
    assert perform(stock, '{"article": "tea", "size": "large"}') == "3 LARGE tea"
    assert perform(stock, '{"article": "7", "limit": "9"}') == "9 SMALL 7"


def test_lists_and_truth_values_may_come_as_texts_as_in_xml() -> None:
    @action
    def order(articles: list[str], express: bool, kind: Literal["a", "b"] = "a") -> list[object]:
        """Order."""
        return [articles, express, kind]

    assert perform(order, '{"articles": "[\\"tea\\"]", "express": "true", "kind": "b"}') == '[["tea"],true,"b"]'


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("{}", "the arguments of stock are invalid: article: Field required"),
        ('{"article": "tea", "colour": 1}', "the arguments of stock are invalid: colour: Extra inputs"),
        ('{"article": "tea", "limit": "many"}', "the arguments of stock are invalid: limit: Input should be a valid"),
        ("[1]", "the arguments of stock are invalid: Input should be an object"),
        ("{", "the arguments of stock are invalid: Invalid JSON"),
    ],
)
def test_invalid_arguments_are_refused_with_the_field(arguments: str, problem: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        perform(stock, arguments)
    assert str(refused.value).startswith(problem)


def test_results_are_text_or_json_and_of_limited_length() -> None:
    class Found(BaseModel):
        count: int

    @action
    def find(what: str) -> object:
        """Find."""
        return {"model": Found(count=2), "nothing": None, "long": "x" * 9000}[what]

    assert perform(find, '{"what": "model"}') == '{"count":2}'
    assert perform(find, '{"what": "nothing"}') == ""
    assert len(perform(find, '{"what": "long"}')) == MAX_OUTPUT


def test_an_exception_is_the_reason_of_a_refusal() -> None:
    @action
    def fail() -> None:
        """Fail."""
        raise LookupError("no such order")

    with pytest.raises(ActionRefused, match="fail failed: LookupError: no such order"):
        perform(fail)


def test_a_function_that_takes_too_long_is_left_behind() -> None:
    released, ended = threading.Event(), threading.Event()

    @action(timeout_s=0.1)
    def slow() -> None:
        """Wait."""
        released.wait(20)
        ended.set()

    with pytest.raises(ActionRefused, match=r"slow did not return within 0\.1 s"):
        perform(slow)
    released.set()
    assert ended.wait(20)


def test_a_stop_does_not_wait_for_a_function() -> None:
    started, released, ended = threading.Event(), threading.Event(), threading.Event()

    @action
    def slow() -> None:
        """Wait."""
        started.set()
        released.wait(20)
        ended.set()

    with pytest.raises(Interrupted):
        slow.perform(CallFunction("slow"), started.is_set)
    released.set()
    assert ended.wait(20)


def test_a_coroutine_runs_and_is_cancelled_when_it_takes_too_long() -> None:
    cancelled = threading.Event()

    async def wait(seconds: float) -> str:
        """Wait."""
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "found"

    assert perform(action(name="look_up")(wait), '{"seconds": 0}') == "found"
    with pytest.raises(ActionRefused, match="wait did not return"):
        perform(action(timeout_s=0.1)(wait), '{"seconds": 60}')
    assert cancelled.wait(20)


def untyped(article) -> None:  # type: ignore[no-untyped-def]
    """Order."""


def undocumented(article: str) -> None:
    raise NotImplementedError


def several(*articles: str) -> None:
    """Order."""


class Order(BaseModel):
    article: str


def structured(order: Order) -> None:
    """Order."""


def of_anything(order: dict[str, int]) -> None:
    """Order."""


def of_threads(thread: threading.Thread) -> None:
    """Order."""


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (untyped, "the parameter article of the action untyped needs a type"),
        (undocumented, "needs a docstring"),
        (several, "has no name that a model could use"),
        (structured, "a parameter of the action structured is an object"),
        (of_anything, "a parameter of the action of_anything is an object"),
        (of_threads, "cannot be validated"),
        (lambda: None, "cannot be the name of an action"),
    ],
)
def test_what_a_model_could_not_call_is_refused(function: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        action(function)
