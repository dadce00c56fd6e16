"""Locates the target of a step among the texts and controls of a screen."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import TypeVar

from .similarity import normalize, similarity
from .steps import ElementType, Target
from .vision.controls import SQUARES
from .vision.screen import Area, ControlKind, Screen, ScreenControl, TextSegment, Word

T = TypeVar("T")

_MIN_SCORE = 0.8  # tolerates one wrong letter in seven
_PARTIAL_MATCH = 0.88  # factor for a match that is only a part of its segment
_TIE = 0.005
"""Matches whose scores differ by less than this are equally good."""

_SPELLING = 0.025
"""Texts that differ only in capitals and spaces score at most this much less, see similarity.py."""

_AMBIGUOUS = 0.05  # two different texts whose scores are closer than this are ambiguous
_CONFIDENT = 0.96  # the score of a text that looks the same, see similarity.py
_REACH_PX = 420.0  # the largest distance of a field right of its label
_SAME_REACH_PX = 24.0  # fields whose distances from equal labels differ by less than this are equally likely
_WORD_GAP = 0.5  # of the height: words of one text are at most this far apart
_BETWEEN_LABELS = SQUARES | frozenset("/|·•\u203a»>→")
"""Words that separate labels on one line, such as links."""

_CHECKBOX_REACH = 2.6
"""The largest distance of a check box from its label, in heights of the label."""

_CLOSE_LABELS = frozenset("x\u00d7\u2715\u2716")
_CAPTIONED = (ControlKind.BUTTON, ControlKind.TAB)
_BOXES = (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN, ControlKind.TAB)
_CONTROL_KINDS = {
    ElementType.BUTTON: (ControlKind.BUTTON, ControlKind.ICON),
    ElementType.LINK: (ControlKind.LINK,),
    ElementType.TAB: (ControlKind.TAB,),
    ElementType.FIELD: (ControlKind.FIELD, ControlKind.TEXT_AREA, ControlKind.DROP_DOWN),
    ElementType.CHECKBOX: (ControlKind.CHECKBOX, ControlKind.RADIO),
    ElementType.LIST: (ControlKind.DROP_DOWN, ControlKind.PANE, ControlKind.TEXT_AREA),
    ElementType.ICON: (ControlKind.ICON,),
    ElementType.SECTION: (ControlKind.BUTTON,),
    ElementType.SUBMIT: (ControlKind.BUTTON, ControlKind.TAB),
}

_CHOICES = frozenset(("cancel", "no", "close", "back", "discard", "not now", "later", "skip"))
_SUBMIT_LABELS = frozenset(("submit", "ok", "login", "log in", "sign in", "continue", "send", "go", "done"))


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text on the screen that may be the target, with its score, up to 1; `rest` is the other text of its segment."""

    area: Area
    score: float
    rest: str
    text: str

    @property
    def is_label(self) -> bool:
        """Whether the match is a label of its own, not a word within a sentence; signs and numbers do not count."""
        return re.search(r"[^\W\d_]{2}", self.rest) is None


def text_matches(screen: Screen, target: Target) -> list[TextMatch]:
    """All matches for the text of `target`, best first; equal scores are in reading order."""
    if not target.text.strip():
        return []
    found = [best for segment in screen.segments if (best := _best_match(segment, target.text)) is not None]
    found += _matches_across_lines(screen.segments, target.text)
    found += _matches_across_gaps(screen.segments, target.text)
    # Reading order in rows of 12 px, since the tops of texts on one line differ by a few pixels.
    return sorted(found, key=lambda match: (-round(match.score, 2), match.area.top // 12, match.area.left))


def is_visible(screen: Screen, target: Target) -> bool:
    """Whether the text of `target`, or a control of its type, is anywhere on the screen."""
    return bool(text_matches(screen, target) or find_targets(screen, target))


def find_targets(screen: Screen, target: Target, changed: Sequence[Area] = ()) -> list[Area]:
    """The areas that `target` may refer to: none if it is not on the screen, several if it is ambiguous.

    Of equal texts, enabled ones are preferred to disabled ones, those in the `changed` areas of the screen, such as an
    open menu, to others, and controls to plain text.
    """
    if not target.text:
        return _select([control.area for control in controls_of_type(screen, target.element_type)], target.ordinal)
    labels = _labels(screen, target)
    if not labels and normalize(target.text) in _CLOSE_LABELS:
        return _close_buttons(screen)[:1]
    if not labels and target.element_type is ElementType.SUBMIT:
        return _only_submit_button(screen)
    return _select(_best(labels), target.ordinal) if target.ordinal else _best(_preferred(screen, labels, changed))


def _labels(screen: Screen, target: Target) -> list[TextMatch]:
    """The matches for the text of `target` that differ from the best in spelling at most, in reading order."""
    labels = [match for match in text_matches(screen, target) if match.is_label or _is_link(screen, target, match)]
    found = _of_type(screen, labels, target.element_type)
    if not found or _is_uncertain(found):
        return []
    alike: list[TextMatch] = []
    for match in found:
        is_new = not any(other.area.overlaps(match.area) for other in alike)  # OCR may read a text twice
        if is_new and match.score >= found[0].score - _SPELLING:
            alike.append(match)
    return sorted(alike, key=lambda match: (match.area.top // 12, match.area.left))


def _best(matches: Sequence[TextMatch]) -> list[Area]:
    best = max((match.score for match in matches), default=0.0)
    return [match.area for match in matches if match.score >= best - _TIE]


def find_fields(screen: Screen, target: Target, *, by_caption: bool = False) -> list[ScreenControl]:
    """The fields that `target` labels: the nearest frame around it, right of it, or below it.

    With `by_caption`, also a button whose caption it is, or whose caption may be the choice of a list. Nothing is typed
    into a button. Several if the label is ambiguous.
    """
    if not target.text:
        return _select(list(controls_of_type(screen, target.element_type)), target.ordinal)
    boxes = screen.of_kind(*_BOXES, ControlKind.TEXT_AREA, ControlKind.PANE)
    captions = [box.area for box in boxes if box.kind in _CAPTIONED]
    if not by_caption:
        boxes = tuple(box for box in boxes if box.kind not in _CAPTIONED)
    nearest: dict[Area, tuple[float, ScreenControl]] = {}
    best_score = 0.0
    for match in text_matches(screen, target):
        if nearest and match.score < best_score - _TIE:
            break
        if not by_caption and any(_is_frame_of(caption, match.area) for caption in captions):
            continue  # the caption of a button is no label
        near = [(away, box) for box in boxes if (away := _distance_to(match.area, box)) is not None]
        near = [each for each in near if not _is_around(each[1], near)]
        if near:
            best_score = match.score
            away, box = min(near, key=lambda each: (each[0], each[1].area.width * each[1].area.height))
            nearest[box.area] = min((away, box), nearest.get(box.area, (away, box)), key=lambda each: each[0])
    reach = 2 * min((away for away, _ in nearest.values()), default=0.0) + _SAME_REACH_PX
    return _select([box for away, box in nearest.values() if away <= reach], target.ordinal)


def _is_around(pane: ScreenControl, near: Sequence[tuple[float, ScreenControl]]) -> bool:
    """Whether `pane` only groups other boxes."""
    return pane.kind is ControlKind.PANE and any(
        box is not pane and pane.area.contains(box.area, slack=0) for _, box in near
    )


def find_checkboxes(screen: Screen, target: Target) -> list[ScreenControl]:
    """The check boxes or radio buttons of `target`: each left of its text, or else right of it."""
    checkboxes = screen.of_kind(ControlKind.CHECKBOX, ControlKind.RADIO)
    if not target.text:
        return _select(list(checkboxes), target.ordinal)
    labels = _select(_best(_labels(screen, Target(target.text))), target.ordinal)
    found = [_checkbox_next_to(checkboxes, area) for area in labels]
    return list(dict.fromkeys(checkbox for checkbox in found if checkbox is not None))


def controls_of_type(screen: Screen, element_type: ElementType | None) -> tuple[ScreenControl, ...]:
    """The controls of a type, in reading order."""
    if element_type is None:
        return ()
    controls = screen.of_kind(*_CONTROL_KINDS[element_type])
    if element_type is ElementType.BUTTON and any(control.text for control in controls):
        controls = tuple(control for control in controls if control.text)
    if element_type is ElementType.FIELD and any(control.is_editable for control in controls):
        controls = tuple(control for control in controls if control.is_editable)
    if element_type is ElementType.LIST and any(control.kind is ControlKind.DROP_DOWN for control in controls):
        controls = tuple(control for control in controls if control.kind is ControlKind.DROP_DOWN)
    if element_type is ElementType.SUBMIT:
        controls = tuple(control for control in controls if normalize(control.text) in _SUBMIT_LABELS)
        controls = tuple(control for control in controls if normalize(control.text) == "submit") or controls
    if element_type is ElementType.SECTION:
        controls = tuple(control for control in controls if control.area.width >= 4 * control.area.height)
    return tuple(sorted(controls, key=lambda control: (control.area.top // 12, control.area.left)))


def value_of(screen: Screen, target: Target) -> str | None:
    """The value that `target` labels: after it in the same segment, else right of it, else below it."""
    for match in text_matches(screen, target):
        segment = next((segment for segment in screen.segments if segment.area.contains(match.area)), None)
        if segment is None:
            continue
        after = " ".join(word.text for word in segment.words if word.area.left >= match.area.right - 2).strip(" :=-")
        if after:
            return after
        label = normalize(target.text)
        others = [other for other in screen.segments if other is not segment and normalize(other.text) != label]
        nearest = _right_of(segment.area, others) or _below(segment.area, others)
        if nearest is not None:
            return nearest.text
    return None


def _right_of(area: Area, others: list[TextSegment]) -> TextSegment | None:
    row = [other for other in others if other.area.row_overlap(area) > 0.5 and other.area.left >= area.right]
    return min(row, key=lambda other: other.area.left, default=None)


def _below(area: Area, others: list[TextSegment]) -> TextSegment | None:
    column = [other for other in others if other.area.column_overlap(area) > 0.3 and other.area.top >= area.bottom - 4]
    return min(column, key=lambda other: other.area.top, default=None)


def _best_match(segment: TextSegment, wanted: str) -> TextMatch | None:
    """The words in `segment` most similar to `wanted`; a part of the segment scores slightly less than all of it."""
    size = len(wanted.split())
    best: TextMatch | None = None
    for length in {size - 1, size, size + 1, len(segment.words)}:
        for start in range(len(segment.words) - length + 1 if length > 0 else 0):
            run = segment.words[start : start + length]
            text = " ".join(word.text for word in run)
            before = _attached_to(run[0], segment.words[:start][::-1])
            rest = " ".join((*before[::-1], *_attached_to(run[-1], segment.words[start + length :])))
            score = similarity(text, wanted) * (_PARTIAL_MATCH if rest else 1.0)
            if score >= _MIN_SCORE and (best is None or score > best.score):
                best = TextMatch(Area.union(word.area for word in run), score, rest, text)
    return best


def _attached_to(word: Word, others: Sequence[Word]) -> list[str]:
    """The texts of `others`, nearest first, up to a gap as between the entries of a menu bar, or to a separator."""
    attached: list[str] = []
    for other in others:
        gap = max(other.area.left, word.area.left) - min(other.area.right, word.area.right)
        if gap > _WORD_GAP * max(word.area.height, other.area.height) or other.text in _BETWEEN_LABELS:
            break
        attached.append(other.text)
        word = other
    return attached


def _matches_across_lines(segments: tuple[TextSegment, ...], wanted: str) -> Iterable[TextMatch]:
    """Matches that wrap from the end of one line to the start of the next."""
    words = wanted.split()
    if len(words) < 2:
        return
    for upper, lower in pairwise(segments):
        if not 0 < lower.area.top - upper.area.top < 2 * upper.area.height:
            continue
        for cut in range(1, len(words)):
            ends, starts = upper.words[-cut:], lower.words[: len(words) - cut]
            if len(ends) < cut or len(starts) < len(words) - cut:
                continue
            score = similarity(" ".join(word.text for word in (*ends, *starts)), wanted) * _PARTIAL_MATCH
            if score >= _MIN_SCORE:
                rest = " ".join(word.text for word in (*upper.words[:-cut], *lower.words[len(words) - cut :]))
                yield TextMatch(Area.union(word.area for word in ends), score, rest, wanted)


def _matches_across_gaps(segments: tuple[TextSegment, ...], wanted: str) -> Iterable[TextMatch]:
    """Matches that OCR returned in two parts on one row."""
    parts = [part for part in segments if part.text != wanted and normalize(part.text) in normalize(wanted)]
    for left, right in permutations(parts, 2):
        gap, text = right.area.left - left.area.right, f"{left.text} {right.text}"
        is_adjacent = left.area.row_overlap(right.area) > 0.6 and -4 <= gap <= left.area.height
        if is_adjacent and (score := similarity(text, wanted)) >= _MIN_SCORE:
            yield TextMatch(Area.union((left.area, right.area)), score, "", text)


def _of_type(screen: Screen, found: list[TextMatch], element_type: ElementType | None) -> list[TextMatch]:
    """Keep the matches inside a control of the given type, if any of the good ones are."""
    if element_type is None or not found:
        return found
    controls = screen.of_kind(*_CONTROL_KINDS[element_type])
    good = [match for match in found if match.score >= found[0].score - 0.15]
    fitting = [match for match in good if any(_covers(control, match.area) for control in controls)]
    if element_type is ElementType.LINK and not fitting:  # a word inside text of one colour is not a link
        return [match for match in found if not match.rest]
    return fitting or found


def _covers(control: ScreenControl, area: Area) -> bool:
    is_link = control.kind is ControlKind.LINK
    return control.area.contains(area, slack=8) or (is_link and area.contains(control.area, slack=8))


def _is_link(screen: Screen, target: Target, match: TextMatch) -> bool:
    """Whether `match` is a link within a sentence, whose text is the target's.

    A long link may continue below, and adjacent links look like one; of those, the exact text is required.
    """
    links = [link for link in screen.of_kind(ControlKind.LINK) if _covers(link, match.area)]
    wanted = normalize(target.text)
    is_whole = any(similarity(link.text, target.text) >= _MIN_SCORE or normalize(link.text) in wanted for link in links)
    return is_whole or (bool(links) and match.text == target.text)


def _is_uncertain(found: list[TextMatch]) -> bool:
    """Whether no match is exact and two different texts score nearly the same."""
    near = {normalize(match.text) for match in found if match.score >= found[0].score - _AMBIGUOUS}
    return found[0].score < _CONFIDENT * _PARTIAL_MATCH and len(near) > 1


def _select(found: list[T], ordinal: int | None) -> list[T]:
    """All of `found`, or only the one at `ordinal`, counted from 1; -1 is the last."""
    if ordinal is None:
        return found
    index = ordinal if ordinal < 0 else ordinal - 1
    return [found[index]] if -len(found) <= index < len(found) else []


def _preferred(screen: Screen, matches: Sequence[TextMatch], changed: Sequence[Area]) -> Sequence[TextMatch]:
    disabled = [control.area for control in screen.controls if control.disabled]
    frames = [control.area for control in screen.of_kind(*_BOXES)]
    links = [control.area for control in screen.of_kind(ControlKind.LINK)]
    preferences: tuple[Callable[[Area], bool], ...] = (
        lambda area: not any(_is_frame_of(frame, area) for frame in disabled),
        lambda area: any(region.contains(area) for region in changed),
        lambda area: area in links or any(_is_frame_of(frame, area) for frame in frames),
    )
    for is_preferred in preferences:
        matches = [match for match in matches if is_preferred(match.area)] or matches
    return matches


def _is_frame_of(frame: Area, area: Area) -> bool:
    return frame.contains(area, slack=8) and frame.width < 3 * area.width + 80


def _only_submit_button(screen: Screen) -> list[Area]:
    """The button that submits a form, if the screen shows no other choice, as a dialog does."""
    found = controls_of_type(screen, ElementType.SUBMIT)
    labels = {normalize(button.text) for button in screen.of_kind(*_CAPTIONED)}
    return [found[0].area] if len(found) == 1 and not labels & _CHOICES else []


def _close_buttons(screen: Screen) -> list[Area]:
    """The close buttons, small squares in the top right corner of a frame, from top to bottom."""
    squares = [control.area for control in screen.of_kind(ControlKind.ICON, ControlKind.CHECKBOX)]
    frames = [control.area for control in screen.of_kind(ControlKind.PANE, ControlKind.TEXT_AREA, *_BOXES)]
    corners = (square for square in squares if any(_is_top_right(square, frame) for frame in frames))
    return sorted(corners, key=lambda square: square.top)


def _is_top_right(square: Area, frame: Area) -> bool:
    is_near = frame.right - square.right < square.width and square.top - frame.top < square.height
    return is_near and frame.contains(square)


def _checkbox_next_to(checkboxes: tuple[ScreenControl, ...], area: Area) -> ScreenControl | None:
    row = [box for box in checkboxes if box.area.row_overlap(area) > 0.6]
    reach = _CHECKBOX_REACH * area.height
    before = [box for box in row if -6 <= area.left - box.area.right + 6 <= reach + 6]
    after = [box for box in row if 0 <= box.area.left - area.right <= reach]
    if before:
        return max(before, key=lambda box: box.area.right)
    return min(after, key=lambda box: box.area.left, default=None)


def _distance_to(target: Area, box: ScreenControl) -> float | None:
    """The distance of `box` from its label in pixels; None if `box` cannot belong to it.

    Three times the distance for a box below the label: it probably has a label of its own.
    """
    area = box.area
    if area.contains(target, slack=8):
        return 0.0 if box.kind in _BOXES and area.width < 4 * target.width + 200 else None
    if area.row_overlap(target) > 0.6 and -8 <= area.left - target.right <= _REACH_PX:
        return max(area.left - target.right, 1.0)
    if area.column_overlap(target) > 0.4 and -10 <= area.top - target.bottom <= 2.5 * target.height:
        return 3 * max(area.top - target.bottom, 1.0)
    return None
