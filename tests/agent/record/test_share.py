"""A copy of a run to show to others: texts and pictures."""

from collections.abc import Iterable
from dataclasses import replace

from screenwright import (
    Action,
    Click,
    Decided,
    Episode,
    Event,
    FakeEnv,
    Finish,
    Navigate,
    Observed,
    Screenshot,
    ScriptedPolicy,
    Type,
    Usage,
    mask_events,
    render_page,
)
from screenwright.agent.core.decision import Ending
from screenwright.agent.record.events import Replied
from screenwright.agent.record.trajectory import event_to_json
from screenwright.envs.env import Fact
from screenwright.envs.geometry import Box

TYPED = 'Ada "Countess" Lovelace'
REPLY = r'{"type": "Ada \"Countess\" Lovelace", "url": "https%3A%2F%2Fmail.example.org", "folder": "/home/ada/x"}'
URL = "https://mail.example.org/inbox?user=ada"


def recorded(*, quoted: str = "Statement of account") -> list[Event]:
    """A run that types a name; its page, its model and a fact name what is private."""
    env = FakeEnv()
    script: list[tuple[Action, ...] | Ending] = [
        (Click(env.where("Name")),),
        (Type(TYPED),),
        (Navigate(URL), Type("ok")),
        Finish(f"typed {TYPED!r} on mail.example.org"),
    ]
    events: list[Event] = []
    for event in Episode(f"Type {TYPED} on {URL}", env, ScriptedPolicy(script)).run():
        if isinstance(event, Observed):
            seen = replace(event.observation, location="Inbox of Ada", facts=(Fact("A tab opened: {}.", (quoted,)),))
            events.append(replace(event, observation=seen, notes=(*event.notes, f'A tab opened: "{quoted}".')))
        else:
            events.append(event)
        if isinstance(event, Decided):
            events.append(Replied(event.step, 0, REPLY, Usage(10, 5)))
    return events


def test_no_text_of_a_shared_run_holds_what_was_typed_titles_hosts_or_values_of_facts() -> None:
    text = "\n".join(event_to_json(event).decode() for event in mask_events(recorded())).lower()
    for private in ("countess", "lovelace", "example.org", "inbox", "statement", "/home/"):
        assert private not in text
    assert "type [typed text] on https://[host 1]/" in text
    assert '"url": "https%3a%2f%2f[host 1]"' in text.replace('\\"', '"')


def test_short_typed_texts_and_values_are_masked_where_they_stand_alone() -> None:
    masked = mask_events(recorded(quoted="x"))
    typed = [
        action.text
        for event in masked
        if isinstance(event, Decided)
        for action in event.actions
        if isinstance(action, Type)
    ]
    assert typed == ["[typed text]", "[typed text]"]
    facts = {str(fact) for event in masked if isinstance(event, Observed) for fact in event.observation.facts}
    assert facts == {'A tab opened: "[value]".'}


def test_what_changed_while_a_text_was_typed_is_covered_in_all_later_screenshots() -> None:
    events = recorded()
    before, after = (
        [event.observation.screenshot for event in run if isinstance(event, Observed)]
        for run in (events, mask_events(events))
    )
    name = FakeEnv().where("Name")
    box = (round(name.x) - 60, round(name.y) - 14, round(name.x) + 60, round(name.y) + 14)
    assert [one.sha256 == other.sha256 for one, other in zip(before, after, strict=True)][:2] == [True, True]
    for one, other in list(zip(before, after, strict=True))[2:]:
        assert one.image.crop(box).tobytes() != other.image.crop(box).tobytes()


def test_lines_that_show_a_masked_text_are_covered_wherever_they_are() -> None:
    def read_lines(screenshot: Screenshot) -> Iterable[tuple[str, Box]]:
        return [("Dear Ada Countess Lovelace,", Box(400, 400, 500, 420)), ("Fruits", Box(10, 10, 60, 30))]

    events = recorded()
    before = next(event for event in events if isinstance(event, Observed)).observation.screenshot
    shared = mask_events(events, read_lines)
    after = next(event for event in shared if isinstance(event, Observed)).observation.screenshot
    changed = [point for point in ((450, 410), (30, 20)) if before.image.getpixel(point) != after.image.getpixel(point)]
    assert changed == [(450, 410)]


def test_a_shared_page_says_that_it_is_masked() -> None:
    assert '"masked":true' in render_page(mask_events(recorded()), masked=True)
    assert '"masked":false' in render_page(recorded())
