"""As little of Django as oscar needs; the database is SQLite in memory, made without migrations."""

import oscar
from oscar.defaults import *  # noqa: F403  the way oscar's settings are meant to be taken over


class _Unmigrated:
    """Every app is made from its models as they are."""

    def __contains__(self, _app: str) -> bool:
        return True

    def __getitem__(self, _app: str) -> None:
        return None


SECRET_KEY = "unused"
INSTALLED_APPS = oscar.INSTALLED_APPS
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
MIGRATION_MODULES = _Unmigrated()
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
SITE_ID = 1
USE_TZ = True
OSCAR_DEFAULT_CURRENCY = "USD"
