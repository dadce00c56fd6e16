"""A guard inspects each action before it is executed. The model receives the reason for a denial."""

from screenwright import Acted, Action, Agent, Allow, Deny, FakeEnv, Observation, ScriptedModel, Type, UiTars15


def no_passwords(action: Action, observation: Observation) -> Allow | Deny:
    if isinstance(action, Type) and "hunter2" in action.text:
        return Deny("passwords must not be typed")
    return Allow()


with FakeEnv() as env:
    name = env.where("Name")
    model = ScriptedModel(
        [
            f"Thought: I focus the field.\nAction: click(start_box='({name.x:.0f},{name.y:.0f})')",
            "Thought: I type the password.\nAction: type(content='hunter2')",
            "Thought: I may not do that.\nAction: call_user(content='Please type the password.')",
        ]
    )
    for event in Agent(model, dialect=UiTars15(), guard=no_passwords).stream("Log in", env):
        if isinstance(event, Acted):
            print(event.action, "refused: " + event.refused if event.refused else "done")
    assert env.state.text == ""
