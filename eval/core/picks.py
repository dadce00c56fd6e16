"""Which of several rollouts a comparative judge chose, for each variant of a task: the file `picks.json`."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from screenwright._files import read_file

from ...agent.core.model import Usage
from ...agent.core.validation import first_problem
from ...agent.record.trajectory import RunError
from .store import Store

PICKS = "picks.json"


@dataclass(frozen=True, slots=True)
class Pick:
    """The choice for `task` and `seed`: the `trial`, None if the judge gave no verdict; `why` explains either.

    `compared` is the number of different rollouts that the judge saw; it was not asked about a single one.
    """

    task: str
    seed: int
    trial: int | None
    why: str
    compared: int
    usage: Usage = Usage()


_PICKS = TypeAdapter(tuple[Pick, ...])


def read_picks(store: Store) -> tuple[Pick, ...]:
    """The choices of an evaluation; none if it has no such file.

    Raises:
        RunError: the file is damaged.
    """
    path = store.folder / PICKS
    try:
        return _PICKS.validate_json(read_file(path, inside=store.folder))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise RunError(f"{path}: {first_problem(error)}") from error


def write_picks(store: Store, picks: Iterable[Pick]) -> None:
    """Replace the choices of an evaluation.

    Raises:
        RunError: they cannot be written.
    """
    store.write_text(PICKS, _PICKS.dump_json(tuple(picks), indent=1).decode())
