"""Record a run, then read it back: every event, the screenshots, and what each step cost."""

from pathlib import Path

from screenwright import Agent, Decided, FakeEnv, Stepped, read_run

folder = Path("runs/greet")
with FakeEnv() as env:
    Agent("reader").run('Type "Ada" into Name. Click "Greet".', env, out=folder)

run = read_run(folder)
print(run.started.task, "->", run.ended.stop if run.ended else "interrupted")
for event in run.events:
    match event:
        case Decided(step=step, actions=actions):
            print(step, actions)
        case Stepped(step=step, total_s=total_s):
            print(f"  step {step} took {total_s:.2f} s")
print(len(list((folder / "images").iterdir())), "different screenshots")
