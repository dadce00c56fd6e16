"""Best of N: a comparative judge chooses one rollout of each variant of a task, once all of them have ended."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...agent.record.trajectory import read_run
from ..core.picks import Pick, read_picks, write_picks
from ..core.record import Record
from ..core.store import Store
from ..core.task import TaskError
from ..judges.best_of import Attempt, BestOfJudge


def pick_best(store: Store, records: Sequence[Record], judge: BestOfJudge) -> Iterator[Pick]:
    """Choose a rollout for each variant that has no choice yet, write it to the store, and yield it.

    Raises:
        RunError: a recording cannot be read, or the choice cannot be written.
    """
    picks = {(pick.task, pick.seed): pick for pick in read_picks(store) if pick.trial is not None}
    variants: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in records:
        variants[record.id.task, record.id.seed].append(record)
    for variant, rollouts in variants.items():
        if variant not in picks:
            picks[variant] = _pick(store, [record for record in rollouts if record.is_judged], variant, judge)
            write_picks(store, picks.values())
            yield picks[variant]


def _pick(store: Store, rollouts: Sequence[Record], variant: tuple[str, int], judge: BestOfJudge) -> Pick:
    task, seed = variant
    if not rollouts:
        return Pick(task, seed, None, "no rollout has ended", 0)
    attempts = [_attempt(store, record) for record in rollouts]
    different = {(attempt.steps, attempt.answer, attempt.last.sha256): attempt for attempt in reversed(attempts)}
    if len(different) == 1:
        return Pick(task, seed, attempts[0].trial, "all rollouts did the same", 1)
    shown = sorted(different.values(), key=lambda attempt: attempt.trial)
    try:
        trial, score = judge(rollouts[0].instruction, shown, f"{task}/{seed}")
    except TaskError as error:
        return Pick(task, seed, None, str(error), len(shown))
    return Pick(task, seed, trial, score.why, len(shown), score.usage)


def _attempt(store: Store, record: Record) -> Attempt:
    events = read_run(store.folder_of(record.id)).events
    return Attempt.of(record.id.trial, record.answer, events)
