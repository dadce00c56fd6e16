"""The script that runs in every page."""

from importlib import resources

PAGE_SCRIPT = resources.files("screenwright.envs.browser").joinpath("page_script.js").read_text(encoding="utf-8")
