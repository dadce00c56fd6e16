"""The MCP server: the tools of a held session, and recorded runs as resources.

    server = ScreenServer(SessionHolder(open_session, 1800), "browser", Path("runs"))
    async with Client(server.protocol) as client:
        await client.call_tool("look")

A call runs on a thread, and ends within half a second of its cancellation. What the rules ask about goes to the user of
the client by elicitation: in the call itself, or with the newest protocol as a result that asks for input. A client
without elicitation gets a refusal with the reason.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import anyio
from mcp import MCPError, types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from .._version import __version__
from ..agent.guard.approval import ApprovalRequest
from ..agent.record.trajectory import RunError
from ..envs.env import EnvError
from ..session.caller import Caller, CallRefused
from ..session.holder import SessionHolder
from ..session.tools import DATA_NOTE, SessionTool, ToolReply, refusal, session_tools
from .forms import answer_of, can_elicit, form_of
from .runs import TEMPLATES, RunResources
from .tool_call import ANSWER_S, ToolCall

_INSTRUCTIONS = (
    "Operates one screen with mouse and keyboard. Call look first: its picture shows the screen, and all points are in "
    "pixels of that picture. An action returns when the screen has settled; pass look=true to see its effect at once. "
    "Give run_task a whole task instead of single actions where you can describe it completely. "
) + DATA_NOTE

_APPROVAL = "approval"
_CLOSE_S = 5.0

Context = ServerRequestContext[Any, Any]


class ScreenServer:
    """Serves the session of `holder`, which operates a screen of `kind`. `protocol` is the server of the SDK."""

    def __init__(self, holder: SessionHolder, kind: str, runs: Path) -> None:
        self._holder = holder
        self._tools = session_tools(kind)
        self._runs = RunResources(runs)
        self._parked: dict[str, tuple[ToolCall, ApprovalRequest]] = {}
        """Calls that wait for the answer of a client that brings it with another request."""
        self.protocol: Server[Any] = Server(
            "screenwright",
            version=__version__,
            title="Screenwright",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    # -- tools

    async def _list_tools(self, _ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in self._tools.values()])

    async def _call_tool(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        if params.request_state is not None:
            call = self._resumed(params)
        else:
            tool = self._tools.get(params.name)
            if tool is None:
                raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:60]!r}")
            work = self._work(tool, dict(params.arguments or {}))
            call = ToolCall(work, can_ask=can_elicit(ctx.session.client_capabilities))
        call.is_followed = True
        try:
            return await self._follow(call, ctx)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSE_S):
                await call.cancel()
            raise

    def _work(self, tool: SessionTool, arguments: dict[str, Any]) -> Callable[[Caller], ToolReply]:
        def work(caller: Caller) -> ToolReply:
            try:
                session, note = self._holder.session()
                reply = tool.call(session, arguments, caller)
            except (CallRefused, EnvError, RunError, ValueError, ImportError) as error:
                return refusal(str(error))
            return reply if not note else replace(reply, data={"screen": note, **reply.data})

        return work

    async def _follow(self, call: ToolCall, ctx: Context) -> types.CallToolResult | types.InputRequiredResult:
        """Report progress and pass on questions until the call has its reply, or waits for another request."""
        while True:
            match event := await call.events.get():
                case str():
                    call.lines += 1
                    await ctx.session.report_progress(call.lines, None, event)
                case ToolReply():
                    return _result(event)
                case Exception():
                    raise event
                case _ if ctx.session.can_send_request:
                    await self._ask(call, event, ctx)
                case _:
                    return self._park(call, event)

    async def _ask(self, call: ToolCall, request: ApprovalRequest, ctx: Context) -> None:
        answer = None
        form = form_of(request)
        with anyio.move_on_after(request.timeout_s or ANSWER_S):
            try:
                result = await ctx.session.elicit_form(form.message, form.requested_schema, ctx.request_id)
                answer = answer_of(result, request)
            except MCPError:  # the client cannot show it
                answer = None
        call.answer(answer)

    def _park(self, call: ToolCall, request: ApprovalRequest) -> types.InputRequiredResult:
        state = token_urlsafe()
        call.is_followed = False
        self._parked = {name: one for name, one in self._parked.items() if not one[0].is_done}
        self._parked[state] = (call, request)
        question = types.ElicitRequest(params=form_of(request))
        return types.InputRequiredResult(input_requests={_APPROVAL: question}, request_state=state)

    def _resumed(self, params: types.CallToolRequestParams) -> ToolCall:
        parked = self._parked.pop(params.request_state or "", None)
        if parked is None:
            raise MCPError(types.INVALID_PARAMS, "no call waits for this answer: it has ended, or was answered before")
        call, request = parked
        call.answer(answer_of((params.input_responses or {}).get(_APPROVAL), request))
        return call

    # -- resources

    async def _list_resources(
        self, _ctx: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=await anyio.to_thread.run_sync(self._runs.listed))

    async def _list_templates(
        self, _ctx: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=TEMPLATES)

    async def _read_resource(self, _ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            found = await anyio.to_thread.run_sync(self._runs.read, str(params.uri))
        except KeyError as error:
            raise MCPError(types.INVALID_PARAMS, "there is no such resource") from error
        return types.ReadResourceResult(contents=[found])


def _described(tool: SessionTool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=tool.read_only)
    return types.Tool(name=tool.name, description=tool.description, input_schema=dict(tool.schema), annotations=hints)


def _result(reply: ToolReply) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(text=json.dumps(reply.data, ensure_ascii=False))]
    if reply.png is not None:
        content.append(types.ImageContent(data=base64.b64encode(reply.png).decode(), mime_type="image/png"))
    if isinstance(resource := reply.data.get("resource"), str):
        content.append(types.ResourceLink(name="recording", uri=resource, mime_type="application/jsonl"))
    # Some clients show the structured content instead of the content, and would drop the picture.
    structured = reply.data if reply.png is None else None
    return types.CallToolResult(content=content, structured_content=structured, is_error=not reply.ok)
