"""`screenwright run` opens a screen in a size that the model gets in its own pixels, unless the user chose one."""

from typing import Any

import pytest

from screenwright import Agent, ScriptedModel
from screenwright.agent.dialects.registry import dialect_for_model, with_max_image_pixels
from screenwright.cli.commands.run import unscaled
from screenwright.envs.config import BrowserConfig, DesktopConfig, ScreenConfig, VncConfig
from screenwright.envs.geometry import Size


def opened(model: str, screen: ScreenConfig, max_pixels: int | None = None) -> Any:
    dialect = dialect_for_model(model)
    assert dialect is not None
    if max_pixels is not None:
        dialect = with_max_image_pixels(dialect, max_pixels)
    return unscaled(screen, Agent(ScriptedModel([]), dialect=dialect))


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("UI-TARS-1.5-7B", "1288x728"),
        ("Qwen3-VL-8B", "1280x704"),
        ("Qwen2.5-VL-7B", "1288x728"),
        ("reader", "1280x720"),
    ],
)
@pytest.mark.parametrize("screen", [BrowserConfig(), DesktopConfig(virtual=True)], ids=["browser", "desktop"])
def test_default_size_is_one_that_the_model_gets_unscaled(model: str, size: str, screen: ScreenConfig) -> None:
    found = opened(model, screen).screen
    assert found == size
    width, height = map(int, found.split("x"))
    dialect = dialect_for_model(model)
    assert dialect is not None
    assert dialect.image_rule.resize(Size(width, height)) == Size(width, height)


@pytest.mark.parametrize(
    "screen",
    [BrowserConfig(screen="1280x720"), BrowserConfig(scale=2), VncConfig(address="127.0.0.1:1")],
    ids=["chosen", "scaled", "remote"],
)
def test_size_that_is_given_is_kept(screen: ScreenConfig) -> None:
    assert opened("UI-TARS-1.5-7B", screen) is screen


def test_limit_on_pixels_does_not_make_the_screen_small() -> None:
    screen = BrowserConfig()
    assert opened("UI-TARS-1.5-7B", screen, 400_000) is screen
