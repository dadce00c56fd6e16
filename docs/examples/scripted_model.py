"""Test a program without a model: a scripted model replies in the format of UI-TARS-1.5."""

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15

with FakeEnv() as env:
    at = env.where("Greet")
    model = ScriptedModel(
        [
            f"Thought: I press the button.\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')",
            "Thought: It was pressed.\nAction: finished(content='done')",
        ]
    )
    result = Agent(model, dialect=UiTars15()).run("Press Greet", env)
    print(result.stop, result.answer, env.state.presses)
