"""BrowserGym as a peer: its coordinate actions, its own waiting, and the screenshot of its observation."""

import importlib
import io

from peer import serve_peer
from PIL import Image
from system_chromium import use_system_chromium

KEYS = {"enter": "Enter", "down": "ArrowDown", "ctrl": "Control", "tab": "Tab"}


class BrowserGymPeer:
    """Its open-ended task with the smallest `slow_mo` that its benchmarks use."""

    def __init__(self) -> None:
        use_system_chromium()
        gymnasium = importlib.import_module("gymnasium")
        importlib.import_module("browsergym.core")
        actions = importlib.import_module("browsergym.core.action.highlevel")
        to_code = actions.HighLevelActionSet(subsets=["coord", "nav", "tab"], strict=False, multiaction=True)
        self.env = gymnasium.make(
            "browsergym/openended", task_kwargs={"start_url": "about:blank"}, headless=True,
            action_mapping=to_code.to_python_code, wait_for_user_message=False, slow_mo=100,
            viewport={"width": 960, "height": 600},
        )  # fmt: skip
        self.observation, _ = self.env.reset()

    def goto(self, url: str) -> None:
        self.step(f"goto({url!r})")

    def screenshot(self) -> bytes:
        data = io.BytesIO()
        Image.fromarray(self.observation["screenshot"]).save(data, "PNG")
        return data.getvalue()

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        keys = [KEYS[key] for key in modifiers]
        self.step("\n".join([
            *[f"keyboard_down({key!r})" for key in keys], f"mouse_click({x}, {y}, {button!r})",
            *[f"keyboard_up({key!r})" for key in keys],
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
        """Execute one action; raises the error that its agent would be shown."""
        self.observation, *_ = self.env.step(action)
        if self.observation["last_action_error"]:
            raise RuntimeError(self.observation["last_action_error"])


if __name__ == "__main__":
    serve_peer(BrowserGymPeer)
