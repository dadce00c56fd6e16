"""Lists of `<select>` elements in shadow roots that are hidden from scripts."""

import asyncio
from contextlib import suppress

from playwright.async_api import CDPSession, Error

from .tabs import Tabs

_EVALUATE_S = 1.0
_MAY_HOST_ROOT = """/-|^(ARTICLE|ASIDE|BLOCKQUOTE|BODY|DIV|FOOTER|H[1-6]|HEADER|I?FRAME|MAIN|NAV|P|SECTION|SPAN)$/"""
_MAY_HIDE_ROOT_AT = f"""([x, y]) => {{
  let element = document.elementFromPoint(x, y);
  while (element?.shadowRoot) {{
    const inner = element.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === element) break;
    element = inner;
  }}
  const mayHide = element !== null && !element.shadowRoot && {_MAY_HOST_ROOT}.test(element.nodeName);
  return mayHide ? [x + scrollX, y + scrollY] : null;
}}"""
_FOCUSED = "document.activeElement"
_FOCUSED_INSIDE = """function() {
  let element = this.contentDocument?.activeElement ?? this.activeElement ?? this;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}"""
_MAY_HIDE_FOCUS = f"""() => {{
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element !== null && element !== document.body && {_MAY_HOST_ROOT}.test(element.nodeName);
}}"""
_MAX_DEPTH = 8

_ADOPT_LIST = "function() { window[Symbol.for('screenwright.adoptList')]?.(this); }"


async def adopt_list(tabs: Tabs, x: float, y: float) -> None:
    """Let the page draw the list of a `<select>` at that CSS pixel, if its shadow root is hidden from scripts.

    Our scripts see the roots that scripts attach, but not a closed one that the document declares.
    """
    page = tabs.current
    with suppress(Error, TimeoutError):  # the page is being replaced, or is busy
        if not tabs.has_devtools:
            return
        on_page = await asyncio.wait_for(page.evaluate(_MAY_HIDE_ROOT_AT, [x, y]), _EVALUATE_S)
        if not on_page:
            return
        session = await tabs.session()
        at = {"x": round(on_page[0]), "y": round(on_page[1])}
        node = {"backendNodeId": (await session.send("DOM.getNodeForLocation", at))["backendNodeId"]}
        if (await session.send("DOM.describeNode", node))["node"]["nodeName"] == "SELECT":
            await _adopt(session, (await session.send("DOM.resolveNode", node))["object"]["objectId"])


async def adopt_focused_list(tabs: Tabs) -> None:
    """As `adopt_list`, for the `<select>` that has the focus."""
    page = tabs.current
    with suppress(Error, TimeoutError):
        if not tabs.has_devtools or not await asyncio.wait_for(page.evaluate(_MAY_HIDE_FOCUS), _EVALUATE_S):
            return
        session = await tabs.session()
        focused = (await session.send("Runtime.evaluate", {"expression": _FOCUSED}))["result"]
        for _ in range(_MAX_DEPTH):
            focused = await _call(session, focused["objectId"], _FOCUSED_INSIDE)
            if focused["className"] == "HTMLSelectElement":
                await _adopt(session, focused["objectId"])
                return
            node = (await session.send("DOM.describeNode", {"objectId": focused["objectId"]}))["node"]
            roots = [root for root in node.get("shadowRoots", ()) if root["shadowRootType"] == "closed"]
            if not roots:
                return
            root = {"backendNodeId": roots[0]["backendNodeId"]}
            focused = (await session.send("DOM.resolveNode", root))["object"]


async def _adopt(session: CDPSession, select: str) -> None:
    await _call(session, select, _ADOPT_LIST)


async def _call(session: CDPSession, on: str, function: str) -> dict[str, str]:
    """The remote object that the JavaScript `function` returns when it is called on the object `on`."""
    call = {"objectId": on, "functionDeclaration": function}
    return dict((await session.send("Runtime.callFunctionOn", call))["result"])
