"""Follow an episode event by event: save each screenshot and print what the agent does."""

from screenwright import Acted, Agent, Decided, Ended, FakeEnv, Observed

with FakeEnv() as env:
    for event in Agent("reader").stream('Type "Ada" into Name. Click "Greet".', env):
        match event:
            case Observed(step=step, observation=observation):
                observation.screenshot.image.save(f"step-{step}.png")
            case Decided(step=step, actions=actions):
                print(f"step {step}: {actions}")
            case Acted(refused=str(reason)) if reason:
                print(f"  refused: {reason}")
            case Ended(stop=stop, answer=answer):
                print(stop, answer)
