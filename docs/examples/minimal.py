"""The smallest program: the embedded reader operates a GUI that lives in memory."""

from screenwright import Agent, FakeEnv

with FakeEnv() as env:
    result = Agent("reader").run('Type "Ada" into Name. Click "Greet".', env)
    print(result.stop, f"after {result.steps} steps: the button was pressed {env.state.presses} time")
