"""One-line messages for validation errors."""

from pydantic import ValidationError


def first_problem(error: ValidationError) -> str:
    """The first problem of `error`, such as `tasks.0.id: Field required`."""
    problem = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(map(str, problem["loc"]))
    return (f"{path}: {problem['msg']}" if path else problem["msg"]).replace("\n", " ")
