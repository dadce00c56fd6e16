import pytest

from screenwright.eval.benchmarks.demo import EditText


@pytest.mark.desktop
def test_each_reset_of_the_editor_shows_the_same_pixels() -> None:
    pixels: list[bytes] = []
    for seed in range(2):
        with EditText().set_up(seed) as instance:
            pixels.append(instance.env.observe().screenshot.image.tobytes())
    assert pixels[0] == pixels[1]
