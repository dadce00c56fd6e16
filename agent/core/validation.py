"""One-line messages for invalid values."""

import inspect
from types import UnionType

from pydantic import ValidationError


def first_problem(error: ValidationError) -> str:
    """The first problem of `error`, such as `tasks.0.id: Field required`."""
    problem = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(map(str, problem["loc"]))
    return (f"{path}: {problem['msg']}" if path else problem["msg"]).replace("\n", " ")


def check_returned(value: object, kind: type | UnionType, by: str, expected: str) -> None:
    """Check what a function of the program has returned; `by` names the function.

    Raises:
        TypeError: it is not of that kind. A coroutine that was not awaited is named as such.
    """
    if isinstance(value, kind):
        return
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError(f"{by} must be a plain function, not a coroutine function, and return {expected}")
    raise TypeError(f"{by} returned {value!r:.80}, but must return {expected}")
