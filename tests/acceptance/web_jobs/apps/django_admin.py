"""Django's admin site: server-side pages, native selects, popups."""

from ..app import App, Check, Site
from ..hand import Hand

APP = App(
    "django",
    ("django",),
    ("BIN/python", "HERE/../reader_apps/site_django.py"),
    path="/admin/",
    environment={"DATABASE": "FOLDER/site.db"},
)


def begin(hand: Hand) -> None:
    hand.open("/admin/")
    hand.click("#id_username")
    hand.type("admin")
    hand.press("tab")
    hand.type("secret-pass")
    hand.press("enter")


APP.begin = begin


@APP.job
def add_a_group(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/group/add/")
    hand.click("#id_name")
    hand.type("Editors")
    hand.finish("Save")
    return lambda: site.rows("select name from auth_group") == ["Editors"]


@APP.job
def choose_permissions_by_double_click(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/group/add/")
    hand.click("#id_name")
    hand.type("Reviewers")
    hand.click("#id_permissions_input")
    hand.type("view session")
    hand.double_click("#id_permissions_from option")
    hand.scroll_to("Save", "#content")
    hand.finish("Save")
    query = (
        "select count(*) from auth_group_permissions join auth_group g on g.id = group_id where g.name = 'Reviewers'"
    )
    return lambda: site.rows(query) == [1]


@APP.job
def add_a_user(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/user/")
    hand.click("Add user")
    hand.click("#id_username")
    hand.type("nora")
    hand.click("#id_password1")
    hand.type("correct horse 7")
    hand.press("tab")
    hand.type("correct horse 7")
    hand.scroll_to("Save", "#content")
    hand.finish("Save")
    return lambda: "nora" in site.rows("select username from auth_user")


@APP.job
def name_a_user(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/user/")
    hand.click("nora")
    hand.fill("#id_first_name", "Nora")
    hand.fill("#id_last_name", "Lindqvist")
    hand.scroll_to("Save", "#content")
    hand.finish("Save")
    return lambda: ("Nora", "Lindqvist") in site.rows("select first_name, last_name from auth_user")


@APP.job
def set_a_date_by_its_calendar(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/user/")
    hand.click("nora")
    hand.scroll_to("#calendarlink1", "#content")
    hand.click("#calendarlink1")
    hand.click("12")
    hand.finish("Save")
    return lambda: site.rows("select strftime('%d', date_joined) from auth_user where username = 'nora'") == ["12"]


@APP.job
def search_and_make_staff(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/user/")
    hand.click("#searchbar")
    hand.type("nora", submit=True)
    hand.click("nora")
    hand.scroll_to("#id_is_staff", "#content")
    hand.click("#id_is_staff")
    hand.scroll_to("Save", "#content")
    hand.finish("Save")
    return lambda: site.rows("select is_staff from auth_user where username = 'nora'") == [1]


@APP.job
def rename_a_group(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/group/")
    hand.click("Editors")
    hand.fill("#id_name", "Authors")
    hand.finish("Save")
    return lambda: "Authors" in site.rows("select name from auth_group")


@APP.job
def delete_by_the_action_of_a_list(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/group/")
    hand.click(".action-select", 0)
    hand.click("[name=action]")
    hand.press("down")
    hand.press("enter")
    hand.click("[name=index]")
    hand.finish("Yes, I\u2019m sure")
    return lambda: site.rows("select name from auth_group") == ["Reviewers"]


@APP.job
def delete_a_group_by_its_page(hand: Hand, site: Site) -> Check:
    hand.open("/admin/auth/group/")
    hand.click("Reviewers")
    hand.click("Delete")
    hand.finish("Yes, I\u2019m sure")
    return lambda: site.rows("select name from auth_group") == []
