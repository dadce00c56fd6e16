"""Django's admin site for the stock of a shop: run `python stock_site.py` in the environment of the applications.

The shop is in the database STOCK, with the tables of `stock.py`; users and sessions are in the database USERS, which
`python stock_site.py --build` makes. Every visitor is signed in as admin.
"""

import os
import sys
from types import ModuleType

import django
from django.apps import AppConfig
from django.conf import settings


class StockConfig(AppConfig):
    """The application `stock`, whose models are in this file."""

    name = "stock"
    path = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- Django takes a text


sys.modules["stock"] = ModuleType("stock")
APPS = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
settings.configure(
    DEBUG=True,
    SECRET_KEY="only on loopback, in a sandbox",  # noqa: S106 -- protects nothing
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPS), "__main__.StockConfig"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "__main__.signed_in",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["USERS"]},
        "stock": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("STOCK", ":memory:")},
    },
    DATABASE_ROUTERS=["__main__.StockRouter"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    STATIC_URL="/static/",
    USE_TZ=False,
)


class StockRouter:
    """The tables of the shop are in the database `stock`."""

    def db_for_read(self, model, **hints):
        """See Django."""
        return "stock" if model._meta.app_label == "stock" else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        """See Django."""
        return db == "default" and app_label != "stock"


def signed_in(get_response):
    """Middleware that signs every visitor in as admin."""

    def respond(request):
        from django.contrib.auth.models import User

        request.user = User.objects.get(username="admin")
        return get_response(request)

    return respond


django.setup()
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402

CATEGORIES = ("food", "household", "tools", "toys")


class Supplier(models.Model):
    """Where items come from."""

    name = models.CharField(max_length=80)
    town = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)

    class Meta:  # noqa: D106 -- Django's own name
        app_label, db_table, managed = "stock", "supplier", False

    def __str__(self):
        return self.name


class Item(models.Model):
    """Something that the shop sells."""

    name = models.CharField(max_length=80)
    category = models.CharField(max_length=20, choices=[(one, one.title()) for one in CATEGORIES])
    quantity = models.IntegerField()
    price = models.IntegerField("price in cents")
    supplier = models.ForeignKey(Supplier, models.PROTECT)
    discontinued = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:  # noqa: D106 -- Django's own name
        app_label, db_table, managed = "stock", "item", False

    def __str__(self):
        return self.name


@admin.register(Supplier)
class SupplierAdmin(admin.ModelAdmin):
    """Suppliers, with a search."""

    list_display = ("name", "town", "phone")
    search_fields = ("name", "town")


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):
    """Items, with filters, a search and an action."""

    list_display = ("name", "category", "quantity", "price", "supplier", "discontinued")
    list_filter = ("category", "discontinued")
    search_fields = ("name",)
    actions = ("discontinue",)

    @admin.action(description="Mark selected items as discontinued")
    def discontinue(self, request, items):
        """See the description."""
        items.update(discontinued=True)


admin.site.site_header = "Corner shop"
urlpatterns = [path("admin/", admin.site.urls)]
if sys.argv[1:] == ["--build"]:
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("admin", "", "not used")
else:
    call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False, skip_checks=True)
