"""Reads texts out of Python source with `ast`; nothing of the source is executed.

The result of a text that is put together is a template: an expression whose value the source does not tell remains
as `{expression}`, as in an f-string. A name that is assigned once is replaced by its value. An expression with an
f-string inside is `{f-string}`, because Python versions write those differently.
"""

import ast
import inspect
import json
import re
import string
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

Scope: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_STRIPS = ("strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "replace")
_DEDENTS = {"dedent": textwrap.dedent, "cleandoc": inspect.cleandoc}
_JSON_OPTIONS = ("indent", "ensure_ascii", "separators", "sort_keys")


class ExtractionError(ValueError):
    """A file has no such text."""


_ASSIGNMENT = r"""^[ \t]*{name}[ \t]*=[ \t]*([rR]?(?P<quotes>\"{{3}}|'{{3}})(?:\\.|.)*?(?P=quotes))"""
"""An assignment of a string in triple quotes, in text around it that is not Python, such as Markdown."""


class _Unknown(str):
    """An expression whose value the source does not tell, as a placeholder."""

    __slots__ = ()


def extract_texts(source: str, name: str) -> tuple[str, ...]:
    """The texts that `name` may mean in the Python file `source`, in the order of the file.

    `NAME` is an assignment at module level, `Class.method.name` one inside a function, `return` the value that a
    function returns, and `*` any text in it; `NAME['key'][0]` is an element. A name that is assigned several times
    has several texts. A list or dictionary is returned as JSON.

    Raises:
        ExtractionError: there is no such text, or the file is not Python.
    """
    try:
        module = ast.parse(source)
        wanted = ast.parse(re.sub(r"\breturn\b", "__return__", name.replace("*", "__any__")), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExtractionError(f"the file is not Python source: {error}") from error
    keys: list[Any] = []
    while isinstance(wanted, ast.Subscript):
        keys.insert(0, ast.literal_eval(wanted.slice))
        wanted = wanted.value
    scopes: list[Scope] = [module]
    parts = ast.unparse(wanted).split(".")
    while parts and (inner := _definition(scopes[-1], parts[0])) is not None:
        scopes.append(inner)
        del parts[0]
    nodes = _nodes(scopes[-1], ".".join(parts))
    try:
        texts = [_text(_element(node, keys, scopes)) for node in nodes]
    except RecursionError as error:
        raise ExtractionError(f"its text {name} is nested too deeply") from error
    found = tuple(dict.fromkeys(text for text in texts if text is not None))
    if not found:
        raise ExtractionError(f"it has no text {name}")
    return found


def extract_from_text(text: str, name: str) -> tuple[str, ...]:
    """As `extract_texts`, for a file that only shows Python source, such as a README.

    Finds strings in triple quotes that are assigned to `name`.

    Raises:
        ExtractionError: there is none.
    """
    found = re.finditer(_ASSIGNMENT.format(name=re.escape(name)), text, re.DOTALL | re.MULTILINE)
    texts = tuple(dict.fromkeys(str(ast.literal_eval(match[1])) for match in found))
    if not texts:
        raise ExtractionError(f"it has no text {name}")
    return texts


def _definition(scope: Scope, name: str) -> Scope | None:
    definitions = (node for node in _statements(scope) if isinstance(node, Scope) and not isinstance(node, ast.Module))
    return next((node for node in definitions if node.name == name), None)


def _statements(scope: Scope) -> Iterator[ast.AST]:
    """The nodes of `scope`, without the bodies of inner functions and classes."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, Scope):
            waiting[:0] = ast.iter_child_nodes(node)


def _nodes(scope: Scope, target: str) -> Iterator[ast.expr]:
    """The expressions that `target` names in `scope`."""
    for node in _statements(scope):
        if target == "__any__" and isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call):
            yield node
        elif target == "__return__" and isinstance(node, ast.Return) and node.value:
            yield node.value
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if target in map(ast.unparse, targets):
                yield node.value


def _element(node: ast.expr, keys: Sequence[Any], scopes: Sequence[Scope]) -> Any:
    value = _value(node, scopes)
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) and not isinstance(value, _Unknown) else None


def _value(node: ast.expr, scopes: Sequence[Scope], resolving: frozenset[str] = frozenset()) -> Any:
    """The value of an expression as far as the source tells it."""

    def value(inner: ast.expr) -> Any:
        return _value(inner, scopes, resolving)

    match node:
        case ast.Constant(constant):
            return constant
        case ast.JoinedStr(parts):
            return "".join(str(value(part)) for part in parts)
        case ast.FormattedValue(expression, _, _):
            known = value(expression)
            return known if isinstance(known, str) else _unknown(expression)
        case ast.BinOp(left, ast.Add(), right):
            return _sum(node, value(left), value(right))
        case ast.BinOp(left, ast.Mod(), _) if isinstance(template := value(left), str):
            return template
        case ast.List(items) | ast.Tuple(items):
            return [value(item) for item in items]
        case ast.Dict(keys, values):
            return {value(key): value(item) for key, item in zip(keys, values, strict=True) if key is not None}
        case ast.Subscript(base, ast.Constant(key)):
            try:
                return value(base)[key]
            except (KeyError, IndexError, TypeError):
                return _unknown(node)
        case ast.Name(name) if name not in resolving:
            found = _assigned_once(name, scopes)
            return _unknown(node) if found is None else _value(found[0], found[1], resolving | {name})
        case ast.Call():
            return _called(node, [value(argument) for argument in node.args], value)
        case _:
            return _unknown(node)


def _unknown(node: ast.expr) -> _Unknown:
    nested = any(isinstance(inner, ast.JoinedStr) for inner in ast.walk(node))
    return _Unknown("{f-string}" if nested else f"{{{ast.unparse(node)}}}")


def _sum(node: ast.expr, left: Any, right: Any) -> Any:
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    unknown = isinstance(left, _Unknown) and isinstance(right, _Unknown)
    return f"{left}{right}" if isinstance(left, str) and isinstance(right, str) and not unknown else _unknown(node)


def _called(node: ast.Call, arguments: list[Any], value: Any) -> Any:
    """The value of a call that only puts texts together."""
    options = {keyword.arg: value(keyword.value) for keyword in node.keywords if keyword.arg}
    name = ast.unparse(node.func).rpartition(".")[2]
    on = value(node.func.value) if isinstance(node.func, ast.Attribute) else None
    first = arguments[0] if arguments else None
    if isinstance(on, str) and not isinstance(on, _Unknown):
        if name == "format":
            return _formatted(on, options)
        if name == "join" and isinstance(first, list):
            return on.join(map(str, first))
        if name in _STRIPS and all(isinstance(argument, str) for argument in arguments):
            return getattr(on, name)(*arguments)
    if name in _DEDENTS and isinstance(first, str):
        return _DEDENTS[name](first)
    if ast.unparse(node.func) == "json.dumps" and isinstance(first, dict | list):
        known = {key: options[key] for key in _JSON_OPTIONS if key in options}
        if isinstance(known.get("separators"), list):
            known["separators"] = tuple(known["separators"])
        return json.dumps(first, **known)
    if name[:1].isupper() and isinstance(first, str):  # a template class, such as jinja2.Template
        return first
    return _unknown(node)


def _formatted(template: str, values: dict[str, Any]) -> str:
    """`template.format(**values)`, where unknown values stay placeholders."""
    text = ""
    try:
        for literal, field, _, _ in string.Formatter().parse(template):
            known = values.get(field or "")
            text += literal
            if field is not None:
                text += known if isinstance(known, str) and not isinstance(known, _Unknown) else f"{{{field}}}"
    except ValueError:  # not a format string
        return template
    return text


def _assigned_once(name: str, scopes: Sequence[Scope]) -> tuple[ast.expr, Sequence[Scope]] | None:
    """The only value that `name` is assigned in the innermost scope that has it, and the scopes around that value."""
    for depth in range(len(scopes), 0, -1):
        scope = scopes[depth - 1]
        if isinstance(scope, ast.ClassDef) and depth < len(scopes):
            continue  # a method does not see the names of its class
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef) and name in _parameters(scope):
            return None
        bound = [node for node in _statements(scope) if _binds(node, name)]
        if bound:
            values = list(_nodes(scope, name))
            return (values[0], scopes[:depth]) if len(bound) == len(values) == 1 else None
    return None


def _binds(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
