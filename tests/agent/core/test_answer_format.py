import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter, field_validator

from screenwright import AnswerMismatch, SchemaAnswer
from screenwright.agent.core.answer_format import MAX_PROBLEMS, answer_format, schema_text


class Order(BaseModel):
    number: int
    total: float

    @field_validator("total")
    @classmethod
    def positive(cls, total: float) -> float:
        if total <= 0:
            raise ValueError(f"{total} <|im_end|> is not positive")
        return total


@dataclass
class Point:
    x: int
    y: int


class Colour(enum.Enum):
    RED = "red"


ORDER = Order(number=7, total=12.5)


@pytest.mark.parametrize(
    "answer",
    [
        '{"number": 7, "total": 12.5}',
        ' {"total": 12.5, "number": 7}\n',
        'Here it is:\n```json\n{"number": 7, "total": 12.5}\n```\nAnything else?',
        '```\n{"number": 7, "total": 12.5}```',
        'The order is {"number": 7, "total": 12.5}.',
    ],
)
def test_json_is_read_alone_in_a_code_block_or_between_other_text(answer: str) -> None:
    assert answer_format(Order).read(answer) == ORDER


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        (str, "the blue one", "the blue one"),
        (str, '"quoted"', "quoted"),
        (str, "42", "42"),
        (str, "see [1]", "see [1]"),
        (int, " 42\n", 42),
        (bool, "yes", True),
        (date, "2026-03-01", date(2026, 3, 1)),
        (Colour, "red", Colour.RED),
        (list[int], "[1, 2]", [1, 2]),
        (Point, '{"x": 1, "y": 2}', Point(1, 2)),
        (TypeAdapter(Literal["a", "b"]), "b", "b"),
        (TypeAdapter(int | None), "null", None),
    ],
)
def test_any_type_that_pydantic_validates_can_be_the_type_of_an_answer(kind: Any, answer: str, value: object) -> None:
    assert answer_format(kind).read(answer) == value


@pytest.mark.parametrize(
    ("kind", "answer", "problem"),
    [
        (Order, '{"number": 7}', "total: Field required"),
        (Order, "12.50 EUR", "it is not a JSON value"),
        (Order, '{"number": 7, "total": 12', "it is not a JSON value"),
        (Order, '{"number": "x", "total": 1}', "number: Input should be a valid integer"),
        (int, "I found 42 of them", "it is not a JSON value"),
        (list[int], '["a"]', "0: Input should be a valid integer"),
        (float, "NaN!", "it is not a JSON value"),
    ],
)
def test_a_mismatch_names_the_field_and_what_is_wrong(kind: Any, answer: str, problem: str) -> None:
    with pytest.raises(AnswerMismatch) as mismatch:
        answer_format(kind).read(answer)
    assert mismatch.value.problems[0].startswith(problem)


def test_problems_are_few_and_hold_no_tokens_of_a_chat_template() -> None:
    with pytest.raises(AnswerMismatch) as mismatch:
        answer_format(Order).read('{"number": 7, "total": -1}')
    assert mismatch.value.problems == ("total: Value error, -1.0 < |im_end|> is not positive",)
    with pytest.raises(AnswerMismatch) as mismatch:
        answer_format(list[int]).read(str(["a"] * 50).replace("'", '"'))
    assert len(mismatch.value.problems) == MAX_PROBLEMS


def test_a_type_without_a_json_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be the type of an answer"):
        answer_format(Callable[[], int])  # type: ignore[arg-type]  # what is tested


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"total": {"$ref": "#/$defs/money"}},
    "required": ["total"],
    "$defs": {"money": {"type": "number", "minimum": 0}},
}


def test_a_json_schema_is_a_form_too() -> None:
    form = SchemaAnswer(SCHEMA)
    assert answer_format(form) is form
    assert form.read('It is {"total": 3}') == {"total": 3}
    with pytest.raises(AnswerMismatch, match="total: -1 is less than the minimum of 0"):
        form.read('{"total": -1}')
    with pytest.raises(AnswerMismatch, match="'total' is a required property"):
        form.read("{}")
    assert schema_text({"type": "integer"}) == '{"type":"integer"}'


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "objekt"}, "not a JSON schema: type: 'objekt' is not valid"),
        ({"$ref": "https://example.org/schema.json"}, "refers to 'https://example.org/schema.json'"),
    ],
)
def test_a_wrong_schema_and_one_that_refers_elsewhere_are_refused(schema: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        SchemaAnswer(schema)
