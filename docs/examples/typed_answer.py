"""An answer as a value of your own type: the model is asked for it, and asked again if it does not fit."""

from pydantic import BaseModel

from screenwright import Agent, AnswerRejected, FakeEnv, ScriptedModel, UiTars15


class Order(BaseModel):
    number: int
    total: float


with FakeEnv() as env:
    # A model that answers with a sentence first, and with JSON when it is asked again.
    model = ScriptedModel(
        [
            "Thought: It is ordered.\nAction: finished(content='Order 7 for 12.50 EUR')",
            '{"number": 7, "total": 12.5}',
        ]
    )
    agent = Agent(model, dialect=UiTars15())
    result = agent.run("Order green tea and report the order", env, output=Order)
    if result.output is None:
        print(result.stop, result.reason)
    else:
        print(f"order {result.output.number} costs {result.output.total:.2f}")
    for event in agent.stream("Order green tea and report the order", env, output=Order):
        if isinstance(event, AnswerRejected):
            print("asked again:", *event.problems)
