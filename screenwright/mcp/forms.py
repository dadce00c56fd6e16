"""Questions to the user of a client, as forms of MCP's elicitation."""

from mcp import types

from ..agent.core.approvals import Scope
from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest

_ALLOW, _SCOPE, _TEXT = "allow", "scope", "text"
_SCOPES = {Scope.ONCE: "once", Scope.HOST: "on this host", Scope.RUN: "for this session"}


def can_elicit(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether the client shows forms to its user."""
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def form_of(request: ApprovalRequest) -> types.ElicitRequestFormParams:
    """The form that asks `request`."""
    if request.kind == "question":
        text = {"type": "string", "title": "Answer"}
        return _form(request.question, {_TEXT: text}, _TEXT)
    about = [f"{request.question} -- allow it?"]
    about += [f"Rule {request.rule!r} asks: {request.reason}"] if request.rule else []
    about += [f"On: {request.place}"] if request.place else []
    fields: dict[str, object] = {_ALLOW: {"type": "boolean", "title": "Allow", "default": False}}
    if len(request.scopes) > 1:
        names = [_SCOPES[scope] for scope in request.scopes]
        fields[_SCOPE] = {"type": "string", "title": "For how long", "enum": names, "default": names[0]}
    fields[_TEXT] = {"type": "string", "title": "If not, why"}
    return _form("\n".join(about), fields, _ALLOW)


def answer_of(result: object, request: ApprovalRequest) -> ApprovalAnswer | None:
    """The answer in a filled-in form; None if the user gave none. Only an explicit yes allows the action."""
    if not isinstance(result, types.ElicitResult) or result.action == "cancel":
        return None
    content = result.content or {}
    text = str(content.get(_TEXT) or "").strip()
    if request.kind == "question":
        return ApprovalAnswer(True, text=text) if result.action == "accept" else None
    allowed = result.action == "accept" and content.get(_ALLOW) is True
    scope = next((one for one in request.scopes if _SCOPES[one] == content.get(_SCOPE)), Scope.ONCE)
    return ApprovalAnswer(allowed, scope if allowed else Scope.ONCE, "" if allowed else text)


def _form(message: str, fields: dict[str, object], required: str) -> types.ElicitRequestFormParams:
    schema = {"type": "object", "properties": fields, "required": [required]}
    return types.ElicitRequestFormParams(message=message, requested_schema=schema)
