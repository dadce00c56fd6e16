"""BrowserGym: the actions of its own sets by coordinates, its own waiting, the screenshot of its observation."""

import importlib
import io
from typing import Any

from line import chromium, serve, switches
from PIL import Image

KEYS = {"enter": "Enter", "down": "ArrowDown", "ctrl": "Control", "tab": "Tab"}


class BrowserGym:
    """Its open-ended task, at the least `slow_mo` that its benchmarks use."""

    def __init__(self) -> None:
        _use_the_systems_chromium()
        gymnasium = importlib.import_module("gymnasium")
        importlib.import_module("browsergym.core")
        actions = importlib.import_module("browsergym.core.action.highlevel")
        to_code = actions.HighLevelActionSet(subsets=["coord", "nav", "tab"], strict=False, multiaction=True)
        self.env = gymnasium.make(
            "browsergym/openended", task_kwargs={"start_url": "about:blank"}, headless=True,
            action_mapping=to_code.to_python_code, wait_for_user_message=False, slow_mo=100,
            viewport={"width": 960, "height": 600},
        )  # fmt: skip
        self.seen, _ = self.env.reset()

    def goto(self, url: str) -> None:
        self.step(f"goto({url!r})")

    def look(self) -> bytes:
        data = io.BytesIO()
        Image.fromarray(self.seen["screenshot"]).save(data, "PNG")
        return data.getvalue()

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        held = [KEYS[key] for key in modifiers]
        self.step("\n".join([
            *[f"keyboard_down({key!r})" for key in held], f"mouse_click({x}, {y}, {button!r})",
            *[f"keyboard_up({key!r})" for key in held],
        ]))  # fmt: skip

    def move(self, x: float, y: float) -> None:
        self.step(f"mouse_move({x}, {y})")

    def drag(self, path: list[tuple[float, float]]) -> None:
        (x, y), (to_x, to_y) = path[0], path[-1]
        self.step(f"mouse_drag_and_drop({x}, {y}, {to_x}, {to_y})")

    def scroll(self, x: float, y: float, pixels: int) -> None:
        self.step(f"scroll_at({round(x)}, {round(y)}, 0, {pixels})")

    def type(self, text: str) -> None:
        self.step(f"keyboard_type({text!r})")

    def keys(self, names: list[str]) -> None:
        self.step(f"keyboard_press({'+'.join(KEYS.get(name, name) for name in names)!r})")

    def step(self, action: str) -> None:
        """Carry it out; an error that the environment tells its agent of is raised."""
        self.seen, *_ = self.env.step(action)
        if self.seen["last_action_error"]:
            raise RuntimeError(self.seen["last_action_error"])


def _use_the_systems_chromium() -> None:
    """BrowserGym has no setting for the executable of its second browser, so both are led to the system's here."""
    sync_api: Any = importlib.import_module("playwright.sync_api")
    launch = sync_api.BrowserType.launch

    def led(self: Any, **options: Any) -> Any:
        options["args"] = [*(options.get("args") or []), *switches()]
        return launch(self, **{"executable_path": chromium(), **options})

    sync_api.BrowserType.launch = led


if __name__ == "__main__":
    serve(BrowserGym)
