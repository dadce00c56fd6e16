"""Templates of a web application."""

from ..template import App, Collection
from .program import WebProgram
from .screen import opener


class WebCollection(Collection):
    """The templates of tasks in `program`."""

    def __init__(self, program: WebProgram) -> None:
        super().__init__(App(program.name, "", enter=opener(program), web=program))
        self.program = program
