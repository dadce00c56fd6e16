"""Wagtail: pages of a server with Stimulus controllers and the editor Draftail."""

import os
import subprocess
from pathlib import Path

from ..app import App, Check, Site
from ..hand import Hand

BIN = Path.home() / ".cache/screenwright/apps/venv/bin"
MODEL = """from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page


class HomePage(Page):
    body = RichTextField(blank=True)
    views = models.IntegerField(default=0)
    content_panels = [*Page.content_panels, FieldPanel("body"), FieldPanel("views")]
"""
SETTINGS = """
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR.parent / "site.db"}}
ALLOWED_HOSTS = ["*"]
AUTH_PASSWORD_VALIDATORS = []
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
"""
FIRST = """
from home.models import HomePage
home = HomePage.objects.get()
for title in ("Contact", "News", "Old offer", "Unused"):
    home.add_child(instance=HomePage(title=title))
"""


def prepare(folder: Path) -> None:
    project = folder / "project"
    project.mkdir()
    subprocess.run([BIN / "wagtail", "start", "cms", project], check=True, stdout=subprocess.DEVNULL)
    (project / "home/models.py").write_text(MODEL)
    with (project / "cms/settings/dev.py").open("a") as file:
        file.write(SETTINGS)
    environment = os.environ | {
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_PASSWORD": "secret-pass",
        "DJANGO_SUPERUSER_EMAIL": "admin@example.test",
    }
    environment.pop("PYTHONPATH", None)
    for command in (("makemigrations", "home"), ("migrate",), ("createsuperuser", "--noinput"), ("shell", "-c", FIRST)):
        subprocess.run(
            [BIN / "python", "manage.py", *command], cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL
        )


def begin(hand: Hand) -> None:
    hand.open("/admin/")
    hand.click("#id_username")
    hand.type("admin")
    hand.press("tab")
    hand.type("secret-pass")
    hand.press("enter")


APP = App(
    "wagtail",
    ("wagtail",),
    ("BIN/python", "FOLDER/project/manage.py", "runserver", "127.0.0.1:PORT", "--noreload"),
    path="/admin/login/",
    prepare=prepare,
    begin=begin,
    moves=((18, 457, 56, 495),),  # a pulse around the icon of the help
)
MORE = "[data-w-dropdown-target=toggle]"
HOME = "select id from wagtailcore_page where title = '{}'"


def page(site: Site, title: str) -> int:
    return site.rows(HOME.format(title))[0]


def titles(site: Site) -> list[str]:
    return site.rows("select title from wagtailcore_page where depth > 2 order by path")


@APP.job
def add_a_page(hand: Hand, site: Site) -> Check:
    hand.open(f"/admin/pages/add/home/homepage/{site.rows('select id from wagtailcore_page where depth = 2')[0]}/")
    hand.click("#id_title")
    hand.type("Autumn sale", works=True)
    hand.click("[role=textbox]")
    hand.type("Everything must go.", works=True)
    hand.click(MORE, -1)
    hand.finish("Publish")
    return lambda: "Autumn sale" in titles(site)


@APP.job
def write_into_a_page(hand: Hand, site: Site) -> Check:
    hand.open(f"/admin/pages/{page(site, 'Contact')}/edit/")
    hand.click("[role=textbox]")
    hand.type("Call us.\nAny time.", works=True)
    hand.click(MORE, -1)
    hand.finish("Publish")
    query = "select body from home_homepage join wagtailcore_page p on p.id = page_ptr_id where title = 'Contact'"
    return lambda: "Call us." in site.rows(query)[0] and "Any time." in site.rows(query)[0]


@APP.job
def save_a_draft(hand: Hand, site: Site) -> Check:
    hand.open(f"/admin/pages/{page(site, 'News')}/edit/")
    hand.fill("#id_title", "Latest news", works=True)
    hand.finish("Save draft")
    return lambda: "Latest news" in site.rows("select draft_title from wagtailcore_page")


@APP.job
def unpublish_a_page(hand: Hand, site: Site) -> Check:
    hand.open(f"/admin/pages/{page(site, 'Old offer')}/unpublish/")
    hand.finish("Yes, unpublish it")
    return lambda: site.rows("select live from wagtailcore_page where title = 'Old offer'") == [0]


@APP.job
def delete_a_page(hand: Hand, site: Site) -> Check:
    hand.open("/admin/pages/")
    hand.click("[aria-label*='options for'], [aria-label^='Actions'], .w-dropdown__toggle--icon", -1)
    hand.open(f"/admin/pages/{page(site, 'Unused')}/delete/")
    hand.finish("Yes, delete it")
    return lambda: "Unused" not in titles(site)


@APP.job
def add_a_collection(hand: Hand, site: Site) -> Check:
    hand.open("/admin/collections/")
    hand.click("Add a collection")
    hand.click("#id_name")
    hand.type("Photographs", works=True)
    hand.click("#id_parent")
    hand.press("down")
    hand.press("enter")
    hand.finish("Create")
    return lambda: "Photographs" in site.rows("select name from wagtailcore_collection")


@APP.job
def add_a_redirect(hand: Hand, site: Site) -> Check:
    hand.open("/admin/redirects/add/")
    hand.click("#id_old_path")
    hand.type("/old-address", works=True)
    hand.click("#id_redirect_link")
    hand.type("http://127.0.0.1/new", works=True)
    hand.finish("Create")
    return lambda: site.rows("select old_path from wagtailredirects_redirect") == ["/old-address"]


@APP.job
def choose_a_page_in_a_dialog(hand: Hand, site: Site) -> Check:
    hand.open("/admin/redirects/add/")
    hand.click("#id_old_path")
    hand.type("/reach-us", works=True)
    hand.click("Choose a page")
    hand.click("Home", -1)
    hand.finish("Create")
    query = "select title from wagtailredirects_redirect join wagtailcore_page p on p.id = redirect_page_id"
    return lambda: site.rows(query) == ["Home"]


@APP.job
def search_a_page_and_rename_it(hand: Hand, site: Site) -> Check:
    hand.open("/admin/pages/search/")
    hand.click("[name=q]", -1)
    hand.type("contact", works=True)
    hand.click("Contact")
    hand.fill("#id_title", "Contact us", works=True)
    hand.click(MORE, -1)
    hand.finish("Publish")
    return lambda: "Contact us" in titles(site)
