"""A screen whose program is killed in the middle of an action: nothing of it runs any more, and its log ends there."""

from screenwright import Action, ActionResult, FakeEnv


class Killed(BaseException):
    """Ends an episode where a kill would: not even `Ended` is recorded."""


class KilledBy(FakeEnv):
    """Is killed by an action of the type `kind`, after it was carried out; `None` ends that."""

    def __init__(self, kind: type | None) -> None:
        super().__init__()
        self.kind = kind

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        result = super().execute(action)
        if self.kind is not None and isinstance(action, self.kind):
            raise Killed
        return result
