"""The application, operated by our own agent: the embedded reader in a browser page.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/app_by_reader.py [FOLDER]

The reader types a task, starts it, watches it, approves its action, and reads its answer in the list of runs. The task
runs with a scripted model on the fake screen, and its rules ask before each action. Prints the reader's steps; exits
with 1 if the reader does not finish with the answer, or the task's action was not approved by way of the page. Its run
is recorded in FOLDER.
"""

import sys
import tempfile
from pathlib import Path

from app_server import DONE, FakeFactory, press, serving

from screenwright import Agent, ApprovalAnswered, BrowserEnv, Decided, read_run
from screenwright.agent.core.describe import describe_action

TASK = "Greet the world"
STEPS = (
    f'Type "{TASK}" into Task. Click "Run". Click "Watch". Click "Allow once". Wait for "finished". '
    f'Click "Screenwright". Tell me the "{TASK}".'
)
ANSWER = "It says hello."


def main() -> int:
    """Let the reader operate the application."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(sys.argv[1] if sys.argv[1:] else temporary)
        with (
            serving(Path(temporary), FakeFactory([press(), DONE], rules="confirm")) as client,
            BrowserEnv(client.server.url) as env,
        ):
            result = Agent("reader").run(STEPS, env, out=folder / "reader")
        for event in read_run(folder / "reader").events:
            if isinstance(event, Decided):
                print(f"{event.step}. {'; '.join(map(describe_action, event.actions)) or event.ending}")
        [run] = (Path(temporary) / "runs").iterdir()
        approvals = [event for event in read_run(run).events if isinstance(event, ApprovalAnswered)]
        approved = [event.by for event in approvals if event.allowed]
        print(f"{result.stop}: {result.answer or result.reason}; approved by {approved}")
        return 0 if result.finished and result.answer == ANSWER and approved == ["user"] else 1


if __name__ == "__main__":
    sys.exit(main())
