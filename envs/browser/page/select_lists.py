"""Lists of `<select>` elements in shadow roots that are hidden from scripts."""

import asyncio
from contextlib import suppress

from playwright.async_api import Error

from .tabs import Tabs

_EVALUATE_S = 1.0
_MAY_HIDE_ROOT = """([x, y]) => {
  let element = document.elementFromPoint(x, y);
  while (element?.shadowRoot) {
    const inner = element.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === element) break;
    element = inner;
  }
  const mayHide = element !== null && !element.shadowRoot &&
    /-|^(ARTICLE|ASIDE|BLOCKQUOTE|BODY|DIV|FOOTER|H[1-6]|HEADER|MAIN|NAV|P|SECTION|SPAN)$/.test(element.nodeName);
  return mayHide ? [x + scrollX, y + scrollY] : null;
}"""

_ADOPT_LIST = "function() { window[Symbol.for('screenwright.adoptList')]?.(this); }"


async def adopt_list(tabs: Tabs, x: float, y: float) -> None:
    """Let the page draw the list of a `<select>` at that CSS pixel, if its shadow root is hidden from scripts.

    Our scripts see the roots that scripts attach, but not a closed one that the document declares.
    """
    page = tabs.current
    with suppress(Error, TimeoutError):  # the page is being replaced, or is busy
        if not tabs.has_devtools:
            return
        on_page = await asyncio.wait_for(page.evaluate(_MAY_HIDE_ROOT, [x, y]), _EVALUATE_S)
        if not on_page:
            return
        session = await tabs.session()
        at = {"x": round(on_page[0]), "y": round(on_page[1])}
        node = {"backendNodeId": (await session.send("DOM.getNodeForLocation", at))["backendNodeId"]}
        if (await session.send("DOM.describeNode", node))["node"]["nodeName"] == "SELECT":
            select = (await session.send("DOM.resolveNode", node))["object"]["objectId"]
            call = {"objectId": select, "functionDeclaration": _ADOPT_LIST}
            await session.send("Runtime.callFunctionOn", call)
