"""A function of yours that the model may call in addition to its actions on the screen."""

import json

from screenwright import Acted, Agent, FakeEnv, ScriptedModel, action

ORDERS = {1042: "shipped"}


@action(timeout_s=10)
def order_status(number: int) -> str:
    """The status of an order, from our database."""
    return ORDERS[number]


def call(name: str, **arguments: object) -> str:
    """What a model of the Qwen family writes to call a function."""
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


with FakeEnv() as env:
    model = ScriptedModel([call("order_status", number=1042), call("computer_use", action="answer", text="shipped")])
    agent = Agent(model, dialect="qwen3-vl", actions=[order_status])
    for event in agent.stream("What is the status of order 1042?", env):
        if isinstance(event, Acted) and event.result is not None:
            print(event.action, "->", event.result.output)
