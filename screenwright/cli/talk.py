"""The terminal as the place where the model's questions are answered."""

import sys

from ..agent.loop.agent import Agent


def answer(agent: Agent) -> None:
    """Hand a line of standard input to the model that asked for the user; its end means that nobody answers."""
    print("      answer, or press Enter once the screen is as it should be: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if line:
        agent.tell(line.strip())
    else:
        print(file=sys.stderr)
        agent.decline()
