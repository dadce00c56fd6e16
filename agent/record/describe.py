"""What the loop did besides acting, as one line for progress output and the viewer."""

from ..core.supervision import Rung
from .events import Checked, Condensed, NeedsUser, Reflected, Told, Trouble


def describe_care(event: Reflected | Checked | Condensed | NeedsUser | Told | Trouble) -> str:
    """What the loop did beside looking, deciding and acting, in words."""
    match event:
        case Reflected(rung=rung, seen=seen):
            return f"going in circles ({_RUNGS[rung]}): {seen}"
        case Checked(holds=holds, reason=reason):
            verdict = {True: "holds", False: "does not hold", None: "could not be judged"}[holds]
            return f"second look: the finish {verdict}" + (f": {reason}" if reason else "")
        case NeedsUser(question=question):
            return f"the user is asked: {question}"
        case Told(text=text):
            return f"the user says: {text}" if text else "the user hands the screen back"
        case Trouble(message=message):
            return message
        case Condensed(looks=looks, text=text):
            said = f"in short: {text}" if text else "are left out: there is no room for them"
            return f"the first {looks} steps {said}"


_RUNGS = {
    Rung.TELL: "the model is told",
    Rung.HOTTER: "sampled at a higher temperature",
    Rung.CLOSER: "a closer look at the target",
    Rung.PLAN: "a fresh plan is asked for",
    Rung.USER: "the user is asked",
    Rung.STUCK: "given up as stuck",
}
