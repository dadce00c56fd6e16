"""Masks of what changed while a secret was typed, on screens that are known by their pixels alone."""

from PIL import Image, ImageDraw, ImageFont

from screenwright import Screenshot
from screenwright.envs.masks import TypedMasks

FONT = ImageFont.load_default(14)
SECRET = "hunter-Two&7"
LINE = (20, 40)


def screen(*texts: tuple[tuple[int, int], str], shade: str = "white") -> Screenshot:
    image = Image.new("RGB", (320, 200), shade)
    for at, text in texts:
        ImageDraw.Draw(image).text(at, text, fill="black", font=FONT)
    return Screenshot(image)


def hides(masked: Screenshot, shown: Screenshot, at: tuple[int, int], text: str = SECRET) -> bool:
    """Whether every pixel of `text` at `at` was replaced."""
    left, top, right, bottom = (int(one) for one in ImageDraw.Draw(shown.image).textbbox(at, text, font=FONT))
    area = (left + 1, top + 1, right - 1, bottom - 1)
    old, new = shown.image.crop(area), masked.image.crop(area)
    ink = sum(a != b for a, b in zip(old.convert("L").tobytes(), new.convert("L").tobytes(), strict=True))
    return ink > 0.9 * area_of(area)


def area_of(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def typed() -> TypedMasks:
    """After a secret was typed at `LINE`."""
    masks = TypedMasks()
    masks.begin(screen(), "{{bank}}", window=1)
    assert hides(masks.apply(screen((LINE, SECRET))), screen((LINE, SECRET)), LINE)
    masks.end()
    return masks


def test_a_screen_without_secrets_is_left_alone() -> None:
    shot = screen((LINE, SECRET))
    assert TypedMasks().apply(shot) is shot


def test_what_appears_late_is_masked_until_something_else_is_done() -> None:
    masks = TypedMasks()
    masks.begin(screen(), "{{bank}}")
    assert masks.apply(screen()).sha256 == screen().sha256
    late = screen((LINE, SECRET), ((150, 150), SECRET))
    assert all(hides(masks.apply(late), late, at) for at in (LINE, (150, 150)))
    masks.end()
    other = screen((LINE, SECRET), ((20, 100), "another text"))
    assert not hides(masks.apply(other), other, (20, 100), "another text")


def test_a_text_whose_end_is_drawn_after_the_next_action_is_found_elsewhere() -> None:
    masks = TypedMasks()
    masks.begin(screen(), "{{bank}}")
    masks.apply(screen((LINE, SECRET[:8])))
    masks.end()
    shown = screen((LINE, SECRET), ((20, 120), SECRET))  # as a terminal that repeats each line
    masked = masks.apply(shown)
    assert all(hides(masked, shown, at) for at in (LINE, (20, 120)))


def test_a_text_that_was_drawn_in_another_way_is_found() -> None:
    masks = typed()
    shown = screen(((33, 120), SECRET))
    shown.image.putpixel((60, 129), (224, 224, 224))  # where two letters touch
    assert hides(masks.apply(shown), shown, (33, 120))


def test_what_replaces_the_text_later_is_not_searched_for() -> None:
    masks = typed()
    masks.apply(screen((LINE, SECRET)))
    later = screen((LINE, "another text"), ((20, 120), "another text"))
    assert not hides(masks.apply(later), later, (20, 120), "another text")


def test_dots_that_become_letters_stay_masked() -> None:
    masks = TypedMasks()
    masks.begin(screen(), "{{bank}}")
    masks.apply(screen((LINE, "............")))
    masks.end()
    shown = screen((LINE, SECRET))
    assert hides(masks.apply(shown), shown, LINE)


def test_a_text_that_scrolled_is_found_again_even_after_its_place_was_cleared() -> None:
    masks = typed()
    for at in ((20, 57), (33, 120)):
        scrolled = screen((at, SECRET))
        assert hides(masks.apply(scrolled), scrolled, at)
        assert masks.apply(screen()).sha256 == screen().sha256


def test_a_mask_ends_with_its_window_or_with_the_pixels_that_were_there_before() -> None:
    new = screen((LINE, "a new page"))
    assert hides(typed().apply(new, frozenset({1})), new, LINE, "a new page")
    assert not hides(typed().apply(new, frozenset({2})), new, LINE, "a new page")
    masks = typed()
    masks.apply(screen())
    assert not hides(masks.apply(new), new, LINE, "a new page")


def test_pixels_of_one_colour_are_not_hidden() -> None:
    blue = screen(shade="blue")
    assert typed().apply(blue).sha256 == blue.sha256


def test_a_screen_that_changed_its_size_meanwhile_is_masked_as_a_whole() -> None:
    masks = TypedMasks()
    masks.begin(Screenshot(Image.new("RGB", (100, 100))), "{{bank}}")
    shown = screen((LINE, SECRET))
    assert hides(masks.apply(shown), shown, LINE)
