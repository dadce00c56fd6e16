"""Fill in a web form in Chromium from its pixels, and return the answer that the page gives."""

from pathlib import Path

from screenwright import Agent, BrowserEnv, Limits

page = Path(__file__).with_name("form.html").as_uri()
task = (
    'Type "Ada Lovelace" into Full name. Select "Darjeeling" from Tea. Check "Wrap as a gift". '
    'Click "Place order". Tell me the order number.'
)
with BrowserEnv(page) as env:
    result = Agent("reader", limits=Limits(steps=20, seconds=120)).run(task, env, out="runs/form")
print(result.stop, result.answer)
