"""Follow an episode in asyncio, with a limit of the cost by your own prices."""

import asyncio

from screenwright import Agent, Completion, Decided, Ended, FakeEnv, Limits, Price, ScriptedModel, UiTars15, Usage


async def main() -> None:
    used = Usage(prompt=1200, completion=60, cached=800)
    replies = ["Thought: I wait.\nAction: wait()", "Thought: Done.\nAction: finished(content='done')"]
    model = ScriptedModel([Completion(reply, used) for reply in replies])
    prices = {"scripted": Price(input=2.0, output=8.0, cached=0.5)}  # yours, for a million tokens
    agent = Agent(model, dialect=UiTars15(), prices=prices, limits=Limits(cost=0.10))
    with FakeEnv() as env:
        async for event in agent.astream("Wait once", env):
            match event:
                case Decided(step=step, thought=thought):
                    print(step, thought)
                case Ended(stop=stop, cost=cost):
                    print(stop, f"for {cost:.5f}")


asyncio.run(main())
