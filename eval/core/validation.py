"""Pydantic's validation errors as one line."""

from pydantic import ValidationError


def first_problem(error: ValidationError) -> str:
    """The first problem of `error`, such as `tasks.0.id: Field required`."""
    problem = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}".replace("\n", " ")
